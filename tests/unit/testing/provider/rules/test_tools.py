"""The rules of tool definitions and choices on both wires: one body that is accepted and one that is refused."""

from typing import Any

import pytest

from millstream.testing.provider.rules import check_chat, check_responses

OPEN: dict[str, Any] = {"type": "object", "properties": {}}
CLOSED: dict[str, Any] = OPEN | {"additionalProperties": False}
STRICT: dict[str, Any] = CLOSED | {"properties": {"a": {"type": "string"}}, "required": ["a"]}
NESTED: dict[str, Any] = STRICT | {"properties": {"a": {"type": "array", "items": {"type": "object"}}}}


def chat(**fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True} | fields


def responses(**fields: Any) -> dict[str, Any]:
    return {"model": "m", "input": "hi", "stream": True} | fields


def chat_tool(name: Any = "f", parameters: Any = None, **fields: Any) -> dict[str, Any]:
    schema = OPEN if parameters is None else parameters
    return {"type": "function", "function": {"name": name, "parameters": schema} | fields}


def responses_tool(**fields: Any) -> dict[str, Any]:
    return {"type": "function", "name": "f", "parameters": OPEN} | fields


CHAT: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("tools", chat(tools=[chat_tool()]), chat(tools=[]), "Invalid 'tools': empty array."),
    (
        "tool shape",
        chat(tools=[chat_tool()]),
        chat(tools=[{"type": "function", "name": "f"}]),
        "Missing required parameter: 'tools[0].function'.",
    ),
    (
        "tool name",
        chat(tools=[chat_tool("x" * 64)]),
        chat(tools=[chat_tool("x" * 65)]),
        "Invalid 'tools[0].function.name': string",
    ),
    ("tool name type", chat(), chat(tools=[chat_tool(None)]), "Invalid type for 'tools[0].function.name'"),
    (
        "tool pattern",
        chat(tools=[chat_tool("a-b")]),
        chat(tools=[chat_tool("a.b")]),
        "Invalid 'tools[0].function.name': string does",
    ),
    (
        "tool text",
        chat(tools=[chat_tool(description="x")]),
        chat(tools=[chat_tool(description=1)]),
        "Invalid type for 'tools[0]",
    ),
    (
        "tool strict",
        chat(tools=[chat_tool(strict=False)]),
        chat(tools=[chat_tool(strict="yes")]),
        "Invalid type for 'tools[0]",
    ),
    (
        "tool schema",
        chat(tools=[chat_tool(parameters=STRICT)]),
        chat(tools=[chat_tool(parameters={"type": "string"})]),
        "Invalid schema for function 'f': schema must be a JSON Schema of 'type: \"object\"', got 'type: \"string\"'.",
    ),
    (
        "strict schema",
        chat(tools=[chat_tool(parameters=STRICT, strict=True)]),
        chat(tools=[chat_tool(parameters=STRICT | {"additionalProperties": True}, strict=True)]),
        "Invalid schema for function 'f': In context=(), 'additionalProperties' is required to be supplied and to be",
    ),
    (
        "strict schema, required",
        chat(tools=[chat_tool(parameters=STRICT | {"required": []})]),
        chat(tools=[chat_tool(parameters=STRICT | {"required": []}, strict=True)]),
        (
            "Invalid schema for function 'f': In context=(), 'required' is required to be supplied and to be an array "
            "including every key in properties. Missing 'a'."
        ),
    ),
    (
        "strict schema, nested",
        chat(tools=[chat_tool(parameters=NESTED)]),
        chat(tools=[chat_tool(parameters=NESTED, strict=True)]),
        "Invalid schema for function 'f': In context=('properties', 'a', 'items'), 'additionalProperties'",
    ),
    (
        "strict schema, choices",
        chat(
            tools=[
                chat_tool(parameters=STRICT | {"properties": {"a": {"anyOf": [STRICT, {"type": "null"}]}}}, strict=True)
            ]
        ),
        chat(
            tools=[chat_tool(parameters=STRICT | {"properties": {"a": {"anyOf": [{"type": "object"}]}}}, strict=True)]
        ),
        "Invalid schema for function 'f': In context=('properties', 'a', 'anyOf', '0')",
    ),
    (
        "custom tool",
        chat(tools=[{"type": "custom", "custom": {"name": "f"}}]),
        chat(tools=[{"type": "custom", "custom": {}}]),
        "Missing required parameter: 'tools[0].custom.name'.",
    ),
    (
        "tool type",
        chat(tools=[{"type": "x:search"}]),
        chat(tools=[{"type": "x"}]),
        "Invalid value: 'x'. Supported values",
    ),
    (
        "tool choice",
        chat(tools=[chat_tool()], tool_choice="required"),
        chat(tool_choice="auto"),
        "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
    ),
    (
        "tool choice word",
        chat(tools=[chat_tool()], tool_choice="auto"),
        chat(tools=[chat_tool()], tool_choice="any"),
        "Invalid value",
    ),
    (
        "tool choice name",
        chat(tools=[chat_tool()], tool_choice={"type": "function", "function": {"name": "f"}}),
        chat(tools=[chat_tool()], tool_choice={"type": "function", "function": {"name": "g"}}),
        "Invalid value for 'tool_choice': no function named 'g' is specified in the 'tools' parameter.",
    ),
    (
        "parallel calls",
        chat(tools=[chat_tool()], parallel_tool_calls=False),
        chat(parallel_tool_calls=False),
        "Invalid value for 'parallel_tool_calls'",
    ),
]

RESPONSES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (
        "tools",
        responses(tools=[]),
        responses(tools={}),
        "Invalid type for 'tools': expected an array, but got an object instead.",
    ),
    (
        "tool shape",
        responses(tools=[responses_tool()]),
        responses(tools=[{"type": "function", "function": responses_tool()}]),
        "Missing required parameter: 'tools[0].name'.",
    ),
    (
        "tool schema",
        responses(tools=[responses_tool()]),
        responses(tools=[{"type": "function", "name": "f"}]),
        "Missing required parameter: 'tools",
    ),
    (
        "tool type",
        responses(tools=[{"type": "web_search"}]),
        responses(tools=[{"type": "bash"}]),
        "Invalid value: 'bash'.",
    ),
    (
        "tool name",
        responses(tools=[responses_tool(name="x" * 128)]),
        responses(tools=[responses_tool(name="x" * 129)]),
        "Invalid 'tools[0].name'",
    ),
    (
        "custom tool",
        responses(tools=[{"type": "custom", "name": "f"}]),
        responses(tools=[{"type": "custom"}]),
        "Missing required parameter: 'tools[0].name'.",
    ),
    (
        "strict tool",
        responses(tools=[responses_tool(parameters=CLOSED, strict=True)]),
        responses(tools=[responses_tool(parameters=OPEN, strict=True)]),
        "Invalid schema for function 'f': In context=(), 'additionalProperties' is required to be supplied and to be",
    ),
    (
        "tool choice",
        responses(tools=[responses_tool()], tool_choice={"type": "function", "name": "f"}),
        responses(tools=[responses_tool()], tool_choice={"type": "function", "name": "g"}),
        "Tool choice 'g' not found in 'tools' parameter.",
    ),
    (
        "tool choice word",
        responses(tool_choice="auto"),
        responses(tool_choice="any"),
        "Invalid value: 'any'. Supported values are:",
    ),
]


@pytest.mark.parametrize(
    ("accepted", "refused", "message"), [case[1:] for case in CHAT], ids=[case[0] for case in CHAT]
)
def test_chat(accepted: dict[str, Any], refused: dict[str, Any], message: str) -> None:
    assert check_chat(accepted) is None
    refusal = check_chat(refused)
    assert refusal is not None
    assert refusal.message.startswith(message)


@pytest.mark.parametrize(
    ("accepted", "refused", "message"), [case[1:] for case in RESPONSES], ids=[case[0] for case in RESPONSES]
)
def test_responses(accepted: dict[str, Any], refused: dict[str, Any], message: str) -> None:
    assert check_responses(accepted) is None
    refusal = check_responses(refused)
    assert refusal is not None
    assert refusal.message.startswith(message)
