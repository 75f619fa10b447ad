"""What the official SDK makes of recorded streams of Anthropic, event by event: the same, wherever it is right.

It is not where a call was cut: it makes a plausible input of what came, and nothing says that it is none.
"""

from __future__ import annotations

import json
from typing import Any

import httpx2
import pytest
from anthropic.lib.streaming._beta_messages import accumulate_event
from anthropic.types.beta import BetaRawMessageStreamEvent

from millstream.testing.summary import summarise
from millstream.transcript import ReasoningItem
from millstream.wire.sse import SseParser
from millstream.wire_events import Broke
from tests.conformance.streams import Stream, streams
from tests.corpus import requires_corpus
from tests.response import read

pytestmark = requires_corpus

_STREAMS = [stream for stream in streams() if stream.api == "anthropic-messages"]
_WRONG = "anth-eager-invalid-json-closed"
_CUT = "anth-max-tokens-open-block"


def accumulated(stream: Stream) -> Any:
    """The message that the SDK makes of a stream."""
    parser, bufs, message = SseParser(16 * 1024 * 1024), dict[int, bytes](), None
    for one in [*parser.feed(stream.body), parser.end()]:
        data = json.loads(getattr(one, "data", "{}"))
        if data.get("type") not in (None, "ping", "error"):
            event: BetaRawMessageStreamEvent = data
            message = accumulate_event(
                event=event, current_snapshot=message, json_bufs=bufs, request_headers=httpx2.Headers()
            )
    return message


@pytest.mark.parametrize(
    "stream", [one for one in _STREAMS if one.name not in (_WRONG, _CUT)], ids=lambda stream: stream.name
)
def test_the_sdk_says_the_same(stream: Stream) -> None:
    response = read([stream.body], stream.api)
    if isinstance(response.last, Broke):
        pytest.skip("it broke off")
    message, ours = accumulated(stream), summarise(stream.body, stream.api)
    assert message.stop_reason == ours["reason"]
    assert message.usage.output_tokens == ours["usage"]["output_tokens"]
    assert "".join(block.text for block in message.content if block.type == "text") == ours["text"]
    thoughts = [item.text for item in response.reply().items if isinstance(item, ReasoningItem) and item.text]
    assert [block.thinking for block in message.content if block.type == "thinking" and block.thinking] == thoughts
    calls = [(one["id"], one["name"], one["arguments"]) for one in ours["calls"] + ours["server_calls"]]
    theirs = [(one.id, one.name, one.input) for one in message.content if one.type.endswith("tool_use")]
    assert sorted(calls, key=str) == sorted(theirs, key=str)


def named(name: str) -> Stream:
    return next(stream for stream in _STREAMS if stream.name == name)


def test_of_a_call_that_was_cut_the_sdk_makes_an_input_and_we_do_not() -> None:
    assert accumulated(named(_CUT)).content[0].input == {}
    (call,) = summarise(named(_CUT).body, "anthropic-messages")["calls"]
    assert (call["arguments"], call["state"]) == (None, "torn")


def test_on_a_call_that_is_no_json_the_sdk_breaks_and_we_go_on() -> None:
    with pytest.raises(ValueError, match="Unable to parse tool parameter JSON"):
        accumulated(named(_WRONG))
    said = summarise(named(_WRONG).body, "anthropic-messages")
    assert [(call["arguments"], call["state"]) for call in said["calls"]] == [(None, "rejected")]
    assert (said["reason"], said["error"]) == ("tool_use", None)
