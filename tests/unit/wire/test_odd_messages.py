"""Messages of which any field may be missing or of another type: whatever comes, a response ends once, and in order."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from millstream.codec import dumps
from millstream.events import Record
from millstream.events.values import is_array, is_object
from millstream.wire.formats import FORMATS
from tests.response import answered, check_end, read
from tests.unit.wire import bedrock_wire as bedrock
from tests.unit.wire.sessions import args, call, calls, created, done, item, recording, says, text, turn_complete

_Messages = list[dict[str, Any]]
_ODD: Final[tuple[Any, ...]] = (None, 7, "odd", "", [None], {"odd": 1})
_NOTHING: Final[tuple[str, dict[str, Any]]] = ("", {})

_REASONING: _Messages = [{"text": "Hm"}, {"signature": "s"}, {"redactedContent": "aGk="}]
_RESULT: dict[str, Any] = {"toolUseId": "s", "type": "web_result", "status": "success"}
_CONVERSE: _Messages = [
    {name: payload}
    for name, payload in (
        ("messageStart", {"role": "assistant"}),
        *(bedrock.delta({"reasoningContent": piece}) for piece in _REASONING),
        bedrock.stop(),
        bedrock.delta({"citation": {"title": "a"}}, 1),
        bedrock.delta({"text": "Hi"}, 1),
        bedrock.start(2, "web", "s", type="server_tool_use"),
        bedrock.args("{}", 2),
        bedrock.stop(2),
        ("contentBlockStart", {"contentBlockIndex": 3, "start": {"toolResult": _RESULT}}),
        bedrock.delta({"toolResult": [{"json": {"a": 1}}]}, 3),
        bedrock.stop(3),
        bedrock.start(4),
        bedrock.args('{"a":', 4),
        bedrock.args("1}", 4),
        bedrock.stop(4),
        bedrock.message_stop("tool_use"),
        bedrock.metadata(trace={"guardrail": {"a": 1}}),
    )
]
_SESSION: _Messages = [
    created(),
    item("m", type="message"),
    text("Hi", "m"),
    item("m", done=True, type="message", content=[{"type": "text", "text": "Hi!"}]),
    call(),
    args('{"a":'),
    {"type": "response.function_call_arguments.done", "item_id": "item_1", "arguments": '{"a":1}'},
    call(done=True, arguments='{"a":1}'),
    item("x", type="mcp_call"),
    item("x", done=True, type="mcp_call"),
    done(),
    {"type": "error", "error": {"message": "x"}},
    created("resp_2"),
    call("b", name="g"),
    call("b", done=True),
    done("incomplete", "resp_2", status_details={"reason": "max_output_tokens"}),
    created("resp_3"),
    done("failed", "resp_3", status_details={"error": {"message": "x"}}),
]
_LIVE: _Messages = [
    {"setupComplete": {}},
    {"serverContent": {"modelTurn": {"parts": [{"text": "Hm", "thought": True}, {"text": "Hi"}]}}},
    says("Hi"),
    calls({"id": "a", "name": "f", "args": {"a": 1}}),
    {"toolCallCancellation": {"ids": ["a"]}},
    {"serverContent": {"interrupted": True, "inputTranscription": {"text": "No"}}},
    turn_complete(turnCompleteReason="RESPONSE_REJECTED"),
    says("Bye"),
    turn_complete(),
]
_WIRES: dict[str, _Messages] = {"bedrock-converse": _CONVERSE, "openai-realtime-ws": _SESSION, "gemini-live-ws": _LIVE}


def body(api: str, messages: _Messages) -> bytes:
    """The messages as they travel; those of Bedrock each in a frame named by its one key."""
    if api != "bedrock-converse":
        return recording(*messages)
    frames = [bedrock.event_frame(*next(iter(message.items()), _NOTHING)) for message in messages]
    return b"".join(frames)


def places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place below a value."""
    inner = list(value.items()) if is_object(value) else list(enumerate(value)) if is_array(value) else []
    for key, one in inner:
        yield (*path, key)
        yield from places(one, (*path, key))


def odd_ones(messages: _Messages) -> Iterator[_Messages]:
    """The messages with one of them missing or said twice, or one field of one of them missing or another value."""
    for i, message in enumerate(messages):
        yield messages[:i] + messages[i + 1 :]
        yield [*messages[: i + 1], message, *messages[i + 1 :]]
        for path in places(message):
            for value in (*_ODD, copy):  # the module stands for nothing at all
                changed: Any = copy.deepcopy(message)
                holder = changed
                for key in path[:-1]:
                    holder = holder[key]
                if value is copy:
                    del holder[path[-1]]
                else:
                    holder[path[-1]] = value
                yield [*messages[:i], changed, *messages[i + 1 :]]


@pytest.mark.parametrize("api", _WIRES)
def test_whatever_comes_a_response_ends_once_and_every_call_of_it(api: str) -> None:
    for messages in odd_ones(_WIRES[api]):
        response = read([body(api, messages)], api)
        check_end(response)
        for seq, event in enumerate(response.events):
            dumps(Record(seq, 0.0, event))
        if api in FORMATS:
            json.dumps(FORMATS[api].entries(answered(response.reply())), allow_nan=False)
