"""The rules of Cohere: a body that is right, and the smallest change that makes it wrong."""

from typing import Any

import pytest

from millstream.testing.provider.rules import check_cohere
from tests.unit.testing.provider.rules.breaking import GONE, with_change

BODY: dict[str, Any] = {
    "model": "m",
    "stream": True,
    "strict_tools": True,
    "tool_choice": "REQUIRED",
    "tools": [{"type": "function", "function": {"name": "f", "description": "x", "parameters": {"type": "object"}}}],
    "messages": [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {
            "role": "assistant",
            "tool_plan": "hm",
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "2", "type": "function", "function": {"name": "f", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "2", "content": "x"},
        {"role": "tool", "tool_call_id": "1", "content": [{"type": "document", "document": {"data": "x"}}]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "x"}, {"type": "text", "text": "So."}]},
    ],
}
CALL = ("messages", 2, "tool_calls", 0)
FUNCTION = ("tools", 0, "function")
WRONG: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("model",), GONE, "invalid request: 'model' is required"),
    (("stream",), "true", "parameter 'stream' is of another type but should be of type boolean"),
    (("input",), "Hi", "unknown field: parameter 'input' is not a valid field"),
    (("tool_choice",), "auto", "'auto' is not valid for 'tool_choice', use one of REQUIRED, NONE"),
    (("tools",), [], "tool_choice can only be specified with tools"),
    ((*FUNCTION, "strict"), True, "unknown field: parameter 'tools[0].function.strict' is not a valid field"),
    ((*FUNCTION, "name"), "a.b", "tool name 'a.b' may only contain"),
    ((*FUNCTION, "parameters"), GONE, "'tools[0].function.parameters' is required"),
    ((*FUNCTION, "parameters"), {"type": "array"}, "parameters.type' must be object"),
    (("tools", 0, "type"), "custom", "'custom' is not valid for 'tools[0].type'"),
    (("messages",), [], "list of messages must not be empty"),
    (("messages", 1, "role"), "developer", "'developer' is not valid for 'messages[1].role'"),
    (("messages", 1, "name"), "x", "'messages[1].name' is not a valid field"),
    (("messages", 1, "content"), GONE, "'messages[1].content' is required"),
    (("messages", 1, "content"), "", "'messages[1].content' must have content or tool calls"),
    (("messages", 1, "content", 0, "type"), "input_text", "'input_text' is not valid for"),
    (("messages", 1, "tool_calls"), [], "'messages[1].tool_calls' is not a valid field"),
    ((*CALL, "id"), GONE, "'messages[2].tool_calls[0].id' is required"),
    ((*CALL, "id"), "2", "tool call ids must be unique"),
    ((*CALL, "function", "arguments"), {}, "should be of type string"),
    ((*CALL, "function", "arguments"), "{", "must be a string of valid json"),
    (("messages", 3), GONE, "all tool calls must be followed by a message of the role tool; there is none for 2"),
    (("messages", 3, "tool_call_id"), "9", "tool call id [9] not found in previous tool calls"),
    (("messages", 3, "tool_call_id"), "1", "tool call id [1] not found in previous tool calls"),
    (("messages", 3, "role"), "user", "'messages[3].tool_call_id' is not a valid field"),
    (("messages", 6), {"role": "tool", "tool_call_id": "1", "content": "x"}, "not found in previous tool calls"),
]


def test_the_body_is_right() -> None:
    assert check_cohere(BODY) is None


@pytest.mark.parametrize(("path", "value", "says"), WRONG, ids=[says[:60] for _, _, says in WRONG])
def test_the_smallest_change_is_refused(path: tuple[str | int, ...], value: Any, says: str) -> None:
    refusal = check_cohere(with_change(BODY, path, value))
    assert refusal is not None
    assert says in refusal.message
    assert refusal.body["message"] == refusal.message
