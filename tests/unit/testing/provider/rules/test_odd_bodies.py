"""No body is too odd to be checked: the rules accept or refuse it, and never stumble."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from millstream.testing.provider import rules
from millstream.testing.provider.rules.shapes import is_array, is_object
from tests.unit.testing.provider.rules.test_anthropic import BODY as ANTHROPIC
from tests.unit.testing.provider.rules.test_bedrock import BODY as BEDROCK
from tests.unit.testing.provider.rules.test_cohere import BODY as COHERE
from tests.unit.testing.provider.rules.test_completions import BODY as COMPLETIONS
from tests.unit.testing.provider.rules.test_gemini import BODY as GEMINI
from tests.unit.testing.provider.rules.test_interactions import BODY as INTERACTIONS
from tests.unit.testing.provider.rules.test_ollama import BODY as OLLAMA

ODD: tuple[Any, ...] = (None, True, 7, 1.5, "x", "", [], {}, ["x"], [[]], {"type": "x"})
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "null"}}]}},
    "required": ["a"],
    "additionalProperties": False,
    "$defs": {"b": {"type": "integer"}},
}
CHAT: dict[str, Any] = {
    "model": "m",
    "stream": True,
    "stream_options": {"include_usage": True},
    "tools": [
        {"type": "function", "function": {"name": "f", "description": "x", "parameters": SCHEMA, "strict": True}},
        {"type": "custom", "custom": {"name": "g"}},
    ],
    "tool_choice": {"type": "function", "function": {"name": "f"}},
    "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "strict": True}},
    "messages": [
        {"role": "system", "content": "x"},
        {"role": "user", "content": [{"type": "text", "text": "x"}, {"type": "image_url", "image_url": {"url": "x"}}]},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}},
                {"id": "2", "type": "custom", "custom": {"name": "g", "input": "x"}},
            ],
        },
        {"role": "tool", "tool_call_id": "1", "content": "x"},
        {"role": "tool", "tool_call_id": "2", "content": [{"type": "text", "text": "x"}]},
    ],
}
RESPONSES: dict[str, Any] = {
    "model": "m",
    "stream": True,
    "store": False,
    "stream_options": {"include_obfuscation": False},
    "reasoning": {"effort": "low"},
    "tools": [
        {"type": "function", "name": "f", "parameters": SCHEMA, "strict": True},
        {"type": "custom", "name": "g"},
    ],
    "tool_choice": {"type": "function", "name": "f"},
    "text": {"format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True}},
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "x"}]},
        {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"},
        {"type": "function_call", "id": "fc_1", "call_id": "1", "name": "f", "arguments": "{}"},
        {"type": "custom_tool_call", "id": "ctc_1", "call_id": "2", "name": "g", "input": "x"},
        {"type": "function_call_output", "call_id": "1", "output": [{"type": "input_text", "text": "x"}]},
        {"type": "custom_tool_call_output", "call_id": "2", "output": "x"},
        {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "x"}]},
    ],
}


def changed(value: Any) -> Iterator[Any]:
    """The value with each of its parts in turn replaced by something odd, or left out."""
    yield from ODD
    parts: list[tuple[Any, Any]] = []
    if is_object(value):
        parts = list(value.items())
    elif is_array(value):
        parts = list(enumerate(value))
    for key, part in parts:
        copy = value.copy()
        del copy[key]
        yield copy
        for odd in changed(part):
            copy = value.copy()
            copy[key] = odd
            yield copy


BODIES: list[tuple[Callable[[Any], object], dict[str, Any]]] = [
    (rules.check_chat, CHAT),
    (rules.check_responses, RESPONSES),
    (rules.check_anthropic, ANTHROPIC),
    (rules.check_gemini, GEMINI),
    (rules.check_bedrock, BEDROCK),
    (rules.check_ollama, OLLAMA),
    (rules.check_cohere, COHERE),
    (rules.check_completions, COMPLETIONS),
    (rules.check_interactions, INTERACTIONS),
]


@pytest.mark.parametrize(("check", "body"), BODIES)
def test_no_body_is_too_odd_to_be_checked(check: Callable[[Any], object], body: dict[str, Any]) -> None:
    assert check(body) is None
    verdicts = [type(check(odd)).__name__ for odd in changed(body)]
    assert len(verdicts) > 80
    assert set(verdicts) == {"NoneType", "Refusal"}
