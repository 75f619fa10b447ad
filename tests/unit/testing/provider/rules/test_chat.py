"""The rules of Chat Completions: for each one body that is accepted and one that is refused."""

from typing import Any

import pytest

from millstream.testing.provider.rules import check_chat

USER: dict[str, Any] = {"role": "user", "content": "hi"}


def call(call_id: str = "call_1", arguments: Any = "{}", name: Any = "f") -> dict[str, Any]:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def said(*calls: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": None, "tool_calls": list(calls)} | fields


def answer(call_id: str = "call_1", content: Any = "x") -> dict[str, Any]:
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def body(*messages: Any, **fields: Any) -> dict[str, Any]:
    return {"model": "m", "messages": [USER, *messages], "stream": True} | fields


STRICT: dict[str, Any] = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
CUSTOM_CALL = {"id": "call_1", "type": "custom", "custom": {"name": "f", "input": "print(1)"}}
FORMAT: dict[str, Any] = {"type": "json_schema", "json_schema": {"name": "n", "schema": STRICT, "strict": True}}

CASES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("model", body(), {"messages": [USER]}, "you must provide a model parameter"),
    ("messages", body(), {"model": "m"}, "Missing required parameter: 'messages'."),
    ("no messages", body(), body() | {"messages": []}, "Invalid 'messages': empty array."),
    (
        "messages type",
        body(),
        body() | {"messages": "x"},
        "Invalid type for 'messages': expected an array, but got a str",
    ),
    (
        "message type",
        body(),
        body("x"),
        "Invalid type for 'messages[1]': expected an object, but got a string instead.",
    ),
    (
        "stream",
        body(stream=False),
        body(stream="yes"),
        "Invalid type for 'stream': expected a boolean, but got a string",
    ),
    (
        "stream options",
        body(stream_options={"include_usage": True}),
        body(stream=False, stream_options={"include_usage": True}),
        "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
    ),
    (
        "role",
        body({"role": "developer", "content": "x"}),
        body({"role": "bot", "content": "x"}),
        "Invalid value: 'bot'.",
    ),
    ("no role", body(), body({"content": "x"}), "Missing required parameter: 'messages[1].role'."),
    ("no content", body(), body({"role": "user"}), "Invalid value for 'content': expected a string, got null."),
    (
        "silent",
        body({"role": "assistant", "content": ""}),
        body({"role": "assistant", "content": None}),
        "Invalid value",
    ),
    ("content type", body(), body({"role": "user", "content": 1}), "Invalid type for 'messages[1].content'"),
    (
        "parts",
        body({"role": "user", "content": [{"type": "text", "text": "x"}]}),
        body({"role": "user", "content": [{"type": "input_text", "text": "x"}]}),
        "Invalid value: 'input_text'. Supported values are: 'text', 'image_url', 'input_audio', and 'file'.",
    ),
    (
        "parts of a tool",
        body(said(call()), answer(content=[{"type": "text", "text": "x"}])),
        body(said(call()), answer(content=[{"type": "image_url", "image_url": {"url": "x"}}])),
        "Invalid value: 'image_url'.",
    ),
    (
        "text of a part",
        body({"role": "user", "content": [{"type": "text", "text": "x"}]}),
        body({"role": "user", "content": [{"type": "text", "text": None}]}),
        "Invalid type for 'messages[1].content[0].text': expected a string, but got null instead.",
    ),
    (
        "unanswered",
        body(said(call("a"), call("b")), answer("b"), answer("a")),
        body(said(call("a"), call("b")), answer("b")),
        (
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            "'tool_call_id'. The following tool_call_ids did not have response messages: a"
        ),
    ),
    (
        "answered too late",
        body(said(call()), answer(), USER),
        body(said(call()), USER, answer()),
        "An assistant message with 'tool_calls' must be followed by",
    ),
    (
        "answered twice",
        body(said(call()), answer()),
        body(said(call()), answer(), answer()),
        "Invalid parameter: Duplicate value for 'tool_call_id' of 'call_1', in messages[2] and messages[3].",
    ),
    (
        "no such call",
        body(said(call()), answer()),
        body(said(call()), answer("call_2")),
        "Invalid parameter: 'tool_call_id' of 'call_2' not found in 'tool_calls' of previous message.",
    ),
    (
        "an answer to nothing",
        body(said(call()), answer()),
        body(answer()),
        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.",
    ),
    (
        "one id for two calls",
        body(said(call("a"), call("b")), answer("a"), answer("b")),
        body(said(call("a"), call("a")), answer("a")),
        "Invalid parameter: Duplicate value for 'id' of 'a' in 'tool_calls' of messages[1].",
    ),
    (
        "ids may come again",
        body(said(call("a")), answer("a"), said(call("a")), answer("a")),
        body(said(call("a")), answer("a"), said(call("a"))),
        "An assistant message",
    ),
    (
        "an answer without id",
        body(),
        body(said(call()), {"role": "tool", "content": "x"}),
        "Missing required parameter",
    ),
    (
        "arguments type",
        body(said(call(arguments='{"a":1}')), answer()),
        body(said(call(arguments={"a": 1})), answer()),
        "Invalid type for 'messages[1].tool_calls[0].function.arguments': expected a string, but got an object",
    ),
    (
        "arguments",
        body(said(call(arguments='{"a":1}')), answer()),
        body(said(call(arguments='{"a":')), answer()),
        "Invalid 'messages[1].tool_calls[0].function.arguments': expected a string that holds valid JSON.",
    ),
    (
        "arguments that Python takes for JSON",
        body(said(call(arguments="[1e5]")), answer()),
        body(said(call(arguments='{"a": NaN}')), answer()),
        "Invalid 'messages[1].tool_calls[0].function.arguments'",
    ),
    (
        "a number of any length",
        body(said(call(arguments="9" * 5000)), answer()),
        body(said(call(arguments="9" * 5000 + "x")), answer()),
        "Invalid 'messages[1].tool_calls[0].function.arguments'",
    ),
    (
        "name of a call",
        body(said(call(name="a-B_1")), answer()),
        body(said(call(name="a b")), answer()),
        (
            "Invalid 'messages[1].tool_calls[0].function.name': string does not match pattern. Expected a string that "
            "matches the pattern '^[a-zA-Z0-9_-]+$'."
        ),
    ),
    (
        "empty name of a call",
        body(said(call()), answer()),
        body(said(call(name="")), answer()),
        "Invalid 'messages[1].tool_calls[0].function.name': empty string.",
    ),
    (
        "id length",
        body(said(call("x" * 40)), answer("x" * 40)),
        body(said(call("x" * 41)), answer("x" * 41)),
        (
            "Invalid 'messages[1].tool_calls[0].id': string too long. Expected a string with maximum length 40, but "
            "got a string with length 41 instead."
        ),
    ),
    ("no calls", body(said(call()), answer()), body(said()), "Invalid 'messages[1].tool_calls': empty array."),
    (
        "calls of a user",
        body(said(call()), answer()),
        body(USER | {"tool_calls": [call()]}, answer()),
        "Invalid parameter: only messages with role 'assistant' can have 'tool_calls'",
    ),
    (
        "custom calls",
        body(said(CUSTOM_CALL), answer()),
        body(said(CUSTOM_CALL | {"custom": {"name": "f"}}), answer()),
        "Missing required parameter: 'messages[1].tool_calls[0].custom.input'.",
    ),
    (
        "type of a call",
        body(),
        body(said(call() | {"type": "x"}), answer()),
        "Invalid value: 'x'. Supported values are",
    ),
    (
        "response format",
        body(response_format=FORMAT),
        body(response_format=FORMAT | {"json_schema": {"name": "n", "schema": {"type": "object"}, "strict": True}}),
        "Invalid schema for response_format 'n': In context=()",
    ),
]


@pytest.mark.parametrize(
    ("accepted", "refused", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_rule(accepted: dict[str, Any], refused: dict[str, Any], message: str) -> None:
    assert check_chat(accepted) is None
    refusal = check_chat(refused)
    assert refusal is not None
    assert refusal.message.startswith(message)
    assert refusal.status == 400
    assert refusal.body["error"]["type"] == "invalid_request_error"


def test_a_body_that_is_no_object() -> None:
    refusal = check_chat([])
    assert refusal is not None
    assert refusal.code == "invalid_type"
