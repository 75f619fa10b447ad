"""What a response says, as one JSON object."""

from __future__ import annotations

import json
from typing import Any

import pytest

from millstream.errors import UsageError
from millstream.limits import Limits
from millstream.testing.summary import Reading, summarise
from tests.cuts import every_way


def body(*messages: dict[str, Any], done: bool = False) -> bytes:
    events = [f"data: {json.dumps(message)}\n\n" for message in messages]
    return "".join([*events, "data: [DONE]\n\n" if done else ""]).encode()


def chunk(finish: str | None = None, /, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def tool(arguments: str, index: int = 0, name: str = "f") -> dict[str, Any]:
    return {"index": index, "id": f"call_{index}", "function": {"name": name, "arguments": arguments}}


_NOTHING: dict[str, Any] = {
    "text": "",
    "refusal": None,
    "calls": [],
    "server_calls": [],
    "reason": None,
    "usage": None,
    "error": None,
}


def test_a_whole_response() -> None:
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "cost": 3}
    data = body(
        chunk(content="Hel"),
        chunk(content="lo"),
        chunk(refusal="No."),
        chunk(tool_calls=[tool('{"a": 1}')]),
        chunk("tool_calls"),
        {"choices": [], "usage": usage},
        done=True,
    )
    call = {
        "id": "call_0",
        "name": "f",
        "kind": "function",
        "arguments": {"a": 1},
        "arguments_raw": '{"a": 1}',
        "state": "sealed",
    }
    assert summarise(data, "openai-chat") == _NOTHING | {
        "text": "Hello",
        "refusal": "No.",
        "calls": [call],
        "reason": "tool_calls",
        "usage": usage,
    }


@pytest.mark.parametrize(
    ("text", "end", "state", "arguments"),
    [
        ('{"a": 1}', "stop", "sealed", {"a": 1}),
        ("", "stop", "sealed", {}),
        ('{"a": 1', "stop", "rejected", None),
        ('{"a": 1}{"a": 1}', "stop", "rejected", None),
        ('{"a": 1', "length", "torn", None),
        ('{"a": 1}', "length", "torn", {"a": 1}),
        ('{"a": 1}', None, "torn", {"a": 1}),
    ],
)
def test_how_a_call_ended(text: str, end: str | None, state: str, arguments: object) -> None:
    (call,) = summarise(body(chunk(tool_calls=[tool(text)]), chunk(end)), "openai-chat")["calls"]
    assert (call["state"], call["arguments"], call["arguments_raw"]) == (state, arguments, text)


def test_how_a_response_ended() -> None:
    torn = summarise(body(chunk(content="Hi")), "openai-chat")
    assert (torn["text"], torn["reason"]) == ("Hi", None)
    assert torn["error"] == {
        "type": "torn",
        "code": None,
        "message": torn["error"]["message"],
        "retryable": True,
    }
    failed = summarise(
        body(chunk("stop"), {"error": {"message": "m", "code": "c", "type": "t"}, "usage": {"prompt_tokens": 1}}),
        "openai-chat",
    )
    assert (failed["reason"], failed["usage"]) == ("stop", {"prompt_tokens": 1})
    assert (failed["error"]["code"], failed["error"]["type"], failed["error"]["retryable"]) == ("c", "t", False)


def test_text_that_was_replaced_and_items_in_order() -> None:
    text = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0}
    done = {"type": "response.output_text.done", "output_index": 0, "content_index": 0, "text": "One. "}
    data = body(
        text | {"delta": "Oen"}, text | {"output_index": 1, "delta": "Two."}, done, {"type": "response.completed"}
    )
    assert summarise(data, "openai-responses")["text"] == "One. Two."


def item(type_: str, index: int = 0, **fields: Any) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": index, "item": {"type": type_, "id": "x"} | fields}


@pytest.mark.parametrize(
    ("fields", "arguments"),
    [
        ({"arguments": '{"a": 1}'}, {"a": 1}),
        ({"arguments": {"a": 1}}, {"a": 1}),
        ({"arguments": "{"}, None),
        ({"arguments": ""}, None),
        ({"action": {"type": "search"}}, {"type": "search"}),
        ({"arguments": "{", "operation": {"type": "update"}}, {"type": "update"}),
    ],
)
def test_calls_the_provider_runs(fields: dict[str, Any], arguments: object) -> None:
    (call,) = summarise(body(item("mcp_call", status="completed", **fields)), "openai-responses")["server_calls"]
    assert call == {
        "id": "x",
        "name": "mcp_call",
        "kind": "server:mcp_call",
        "arguments": arguments,
        "status": "completed",
    }


def test_of_a_server_call_the_item_counts_and_not_its_small_updates() -> None:
    moved = {"type": "response.mcp_call.completed", "output_index": 0, "item_id": "x"}
    data = body(item("mcp_call", name="search", call_id="c", arguments="{}"), moved)
    (call,) = summarise(data, "openai-responses")["server_calls"]
    assert (call["id"], call["name"], call["status"]) == ("c", "search", "done")
    (call,) = summarise(body(moved), "openai-responses")["server_calls"]
    assert (call["id"], call["status"]) == (None, "completed")


@pytest.mark.parametrize("type_", ["mcp_list_tools", "compaction", "shell_call_output"])
def test_what_is_no_call_is_none(type_: str) -> None:
    assert summarise(body(item(type_)), "openai-responses")["server_calls"] == []


def test_it_does_not_matter_how_the_bytes_are_cut() -> None:
    data = body(chunk(content="é😀"), chunk(tool_calls=[tool('{"a": "é"}')]), chunk("tool_calls"), done=True)
    for chunks in every_way(data):
        reading = Reading("openai-chat")
        for one in chunks:
            reading.feed(one)
        reading.end()
        assert reading.summary() == summarise(data, "openai-chat")


def test_the_limits_hold() -> None:
    reading = Reading("openai-chat", Limits(max_calls_per_turn=1, max_args_chars=4))
    reading.feed(body(chunk(tool_calls=[tool("{     }"), tool("{}", 1)]), chunk("stop"), done=True))
    reading.end()
    assert [call["state"] for call in reading.summary()["calls"]] == ["rejected", "rejected"]


def test_another_format_is_refused() -> None:
    with pytest.raises(UsageError, match="no wire format"):
        summarise(b"", "openai")
