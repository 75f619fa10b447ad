"""The rules of Anthropic Messages: a body that is right, and the smallest change that makes it wrong."""

from typing import Any

import pytest

from millstream.testing.provider.rules import check_anthropic
from millstream.testing.provider.rules.signature import signature_of
from tests.unit.testing.provider.rules.breaking import GONE, with_change

TOOL: dict[str, Any] = {
    "name": "f",
    "description": "x",
    "input_schema": {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False},
    "strict": True,
    "eager_input_streaming": True,
}
BODY: dict[str, Any] = {
    "model": "m",
    "max_tokens": 2048,
    "stream": True,
    "system": [{"type": "text", "text": "x"}],
    "thinking": {"type": "enabled", "budget_tokens": 1024},
    "tools": [TOOL, {"type": "web_search_20250305", "name": "web_search"}],
    "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
    "messages": [
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": signature_of("hm")},
                {"type": "text", "text": "Well."},
                {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}},
                {"type": "tool_use", "id": "toolu_2", "name": "f", "input": {"a": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "x", "is_error": True},
                {"type": "tool_result", "tool_use_id": "toolu_2", "content": [{"type": "text", "text": "x"}]},
                {"type": "text", "text": "And now?"},
            ],
        },
    ],
}
CALLS = ("messages", 1, "content")
RESULTS = ("messages", 2, "content")
SCHEMA = ("tools", 0, "input_schema")
EMPTY = {"type": "text", "text": ""}
WRONG: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("max_tokens",), GONE, "max_tokens: Field required"),
    (("max_tokens",), 0, "max_tokens: must be greater"),
    (("max_tokens",), "9", "max_tokens: Input should be a valid integer"),
    (("max_tokens",), 1024, "`max_tokens` must be greater than `thinking.budget_tokens`"),
    (("model",), GONE, "model: Field required"),
    (("model",), "", "at least 1 character"),
    (("stream",), "yes", "stream: Input should be a valid boolean"),
    (("input",), [], "input: Extra inputs are not permitted"),
    (("parallel_tool_calls",), True, "parallel_tool_calls: Extra inputs are not permitted"),
    (("temperature",), 0.5, "`temperature` may only be set to 1 when thinking is enabled"),
    (("system",), [EMPTY], "system: text content blocks must be non-empty"),
    (("messages",), [], "at least one message is required"),
    (("messages",), GONE, "messages: Field required"),
    (("messages", 0, "role"), "system", "messages.0.role: Input should be 'user' or 'assistant'"),
    (("messages", 0, "role"), "assistant", 'first message must use the "user" role'),
    (("messages", 0, "content"), "", "messages.0: all messages must have non-empty content"),
    (("messages", 0, "content"), [], "messages.0: all messages must have non-empty content"),
    (("messages", 0, "name"), "x", "messages.0.name: Extra inputs are not permitted"),
    (("messages", 3), {"role": "assistant", "content": "So "}, "cannot end with trailing whitespace"),
    ((*CALLS, 1, "text"), "", "messages: text content blocks must be non-empty"),
    ((*CALLS, 1, "text"), " \n", "must contain non-whitespace text"),
    ((*CALLS, 0, "signature"), "", "messages.1.content.0: Invalid `signature` in `thinking` block"),
    ((*CALLS, 0, "signature"), GONE, "messages.1.content.0.thinking.signature: Field required"),
    ((*CALLS, 0, "thinking"), "hmm", "messages.1.content.0: Invalid `signature` in `thinking` block"),
    ((*CALLS, 0), GONE, "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `text`"),
    ((*CALLS, 2, "id"), GONE, "messages.1.content.2.tool_use.id: Field required"),
    ((*CALLS, 2, "id"), "a b", "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"),
    ((*CALLS, 2, "input"), "{}", "tool_use.input: Input should be a valid dictionary"),
    ((*CALLS, 2, "arguments"), "{}", "tool_use.arguments: Extra inputs are not permitted"),
    ((*CALLS, 3, "id"), "toolu_1", "messages.1.content.3: `tool_use` ids must be unique"),
    ((*CALLS, 3, "id"), "toolu_9", "unexpected `tool_use_id` found in `tool_result` blocks: toolu_2"),
    ((*CALLS, 1, "type"), "output_text", "Input tag 'output_text' found"),
    (
        (*RESULTS, 1),
        GONE,
        "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: toolu_2",
    ),
    ((*RESULTS, 1, "tool_use_id"), "toolu_1", "Found multiple `tool_result` blocks with id: toolu_1"),
    ((*RESULTS, 1, "tool_use_id"), "toolu_7", "unexpected `tool_use_id`"),
    ((*RESULTS, 1, "content", 0, "text"), "", "text content blocks must be non-empty"),
    (
        (*RESULTS, 0, "content"),
        [{"type": "image", "source": {}}],
        "all content must be type text if `is_error` is true",
    ),
    ((*RESULTS, 0, "tool_call_id"), "x", "Extra inputs are not permitted"),
    (("messages", 2, "content"), "x", "without `tool_result` blocks immediately after: toolu_1, toolu_2"),
    (("messages", 2), GONE, "without `tool_result` blocks immediately after"),
    (("messages", 2, "role"), "assistant", "`tool_result` blocks can only be in `user` messages"),
    (("messages", 1, "role"), "user", "`thinking` blocks can only be in `assistant` messages"),
    (("tools", 0, "name"), "a.b", "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"),
    (("tools", 0, "name"), "web_search", "tools: Tool names must be unique."),
    (("tools", 0, "parameters"), {}, "tools.0.custom.parameters: Extra inputs are not permitted"),
    (("tools", 0, "strict"), None, "tools.0.custom.strict: Input should be a valid boolean"),
    (SCHEMA, GONE, "tools.0.custom.input_schema: Field required"),
    ((*SCHEMA, "type"), GONE, "tools.0.custom.input_schema.type: Field required"),
    ((*SCHEMA, "type"), "array", "input_schema.type: Input should be 'object'"),
    ((*SCHEMA, "anyOf"), [], "input_schema does not support oneOf, allOf, or anyOf at the top level"),
    ((*SCHEMA, "additionalProperties"), GONE, "'additionalProperties' must be explicitly set to false"),
    ((*SCHEMA, "properties", "a", "minimum"), 1, "For 'integer' type, properties minimum are not supported"),
    ((*SCHEMA, "properties", "a", "oneOf"), [{"type": "null"}], "Schema type 'oneOf' is not supported"),
    ((*SCHEMA, "$defs"), {"d": {"type": "object"}}, "'additionalProperties' must be explicitly set to false"),
    ((*SCHEMA, "properties", "a", "items"), {"type": "string", "minLength": 1}, "properties minLength are not"),
    ((*SCHEMA, "properties", "a", "anyOf"), [{"type": "object"}], "'additionalProperties' must be explicitly set"),
    (("tool_choice", "type"), "required", "tool_choice.type: Input should be 'auto', 'any', 'tool' or 'none'"),
    (("tool_choice",), {"type": "any"}, "Thinking may not be enabled when tool_choice forces tool use."),
    (("tool_choice",), {"type": "tool", "name": "g"}, "Tool 'g' not found in provided tools"),
    (("tools",), [], "tool_choice may only be specified while providing tools"),
    (("thinking", "budget_tokens"), 9, "Input should be greater than or equal to 1024"),
    (("thinking", "budget_tokens"), GONE, "thinking.enabled.budget_tokens: Field required"),
]


def test_the_body_is_right() -> None:
    assert check_anthropic(BODY) is None


@pytest.mark.parametrize(("path", "value", "says"), WRONG, ids=[says[:60] for _, _, says in WRONG])
def test_the_smallest_change_is_refused(path: tuple[str | int, ...], value: Any, says: str) -> None:
    refusal = check_anthropic(with_change(BODY, path, value))
    assert refusal is not None
    assert says in refusal.message
    assert refusal.status == 400
    assert refusal.body["type"] == "error"
    assert refusal.body["error"] == {"type": "invalid_request_error", "message": refusal.message}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("thinking",), {"type": "adaptive"}),
        (("thinking",), None),
        (("system",), "Be brief."),
        (("messages", 3), {"role": "assistant", "content": "So"}),
        (("messages", 3), {"role": "user", "content": "Two in a row are one."}),
        ((*CALLS, 0), {"type": "redacted_thinking", "data": "x"}),
        ((*CALLS, 0, "signature"), "EqMBreal"),
        ((*RESULTS, 0, "content"), GONE),
        ((*RESULTS, 2), {"type": "image", "source": {}}),
        (("tools", 0, "strict"), False),
    ],
)
def test_what_may_be_otherwise(path: tuple[str | int, ...], value: Any) -> None:
    assert check_anthropic(with_change(BODY, path, value)) is None


def test_text_before_the_results_is_refused() -> None:
    results = BODY["messages"][2]["content"]
    refusal = check_anthropic(with_change(BODY, RESULTS, [results[2], *results[:2]]))
    assert refusal is not None
    assert "immediately after" in refusal.message
