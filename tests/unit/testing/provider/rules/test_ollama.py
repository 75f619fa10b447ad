"""The rules of Ollama: a body that is right, and the smallest change that makes it wrong."""

from typing import Any

import pytest

from millstream.testing.provider.rules import check_ollama
from tests.unit.testing.provider.rules.breaking import GONE, with_change

BODY: dict[str, Any] = {
    "model": "m",
    "stream": True,
    "think": True,
    "options": {"temperature": 0},
    "unknown": "is ignored",
    "tools": [{"type": "function", "function": {"name": "f", "description": "x", "parameters": {"type": "object"}}}],
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": "",
            "thinking": "hm",
            "tool_calls": [
                {"id": "1", "function": {"index": 0, "name": "f", "arguments": {"a": 1}}},
                {"function": {"name": "g", "arguments": {}}},
            ],
        },
        {"role": "tool", "tool_name": "f", "content": "x"},
        {"role": "tool", "tool_name": "g", "content": "x"},
    ],
}
CALL = ("messages", 2, "tool_calls", 0, "function")
WRONG: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("model",), GONE, "model is required"),
    (("model",), 7, "json: cannot unmarshal number into Go struct field ChatRequest.model of type string"),
    (("stream",), "true", "cannot unmarshal string into Go struct field ChatRequest.stream of type bool"),
    (("think",), [], "cannot unmarshal array into Go struct field ChatRequest.think"),
    (("options",), [], "cannot unmarshal array into Go struct field ChatRequest.options of Go struct"),
    (("messages",), "Hi", "cannot unmarshal string into Go struct field ChatRequest.messages of Go slice"),
    (("messages", 1, "role"), "human", 'invalid messages.role: "human"'),
    (("messages", 1, "content"), [{"type": "text"}], "cannot unmarshal array into Go struct field"),
    ((*CALL, "arguments"), "{}", "cannot unmarshal string into Go struct field ChatRequest.messages.tool_calls"),
    ((*CALL, "name"), "", "messages.tool_calls.function.name is required"),
    (("tools", 0, "function", "name"), GONE, "tools.function.name is required"),
    (("tools", 0, "function", "parameters"), "{}", "ChatRequest.tools.function.parameters of Go struct"),
    (("messages", 3), GONE, 'the result of "f" comes next, not that of "g"'),
    (("messages", 4), GONE, "no message of the role tool answers the call of g"),
    (("messages", 5), {"role": "tool", "content": "x"}, "comes behind no call"),
    (("messages", 3, "tool_name"), "g", 'the result of "f" comes next'),
    (("messages", 3, "role"), "user", "no message of the role tool answers the call of f, g"),
    (("messages", 2, "role"), "user", "has tool_calls"),
]


def test_the_body_is_right() -> None:
    assert check_ollama(BODY) is None
    assert check_ollama(with_change(BODY, ("messages", 3, "tool_name"), GONE)) is None


@pytest.mark.parametrize(("path", "value", "says"), WRONG, ids=[says[:60] for _, _, says in WRONG])
def test_the_smallest_change_is_refused(path: tuple[str | int, ...], value: Any, says: str) -> None:
    refusal = check_ollama(with_change(BODY, path, value))
    assert refusal is not None
    assert says in refusal.message
    assert refusal.body == {"error": refusal.message}
