"""Calls written as text come out of any wire as calls, in their place among the items."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from millstream.errors import WireError
from millstream.events import CallFailed, CallSealed, Truncated
from millstream.events.values import Usage
from millstream.routing.reply import ReplyBuilder
from millstream.routing.router import Router
from millstream.transcript import CallItem, ReasoningItem, TextItem
from millstream.wire.format import ReadOptions, decoder
from millstream.wire.formats import format_named
from millstream.wire.text_calls import TextCallReader, TextCallStyle
from millstream.wire_events import (
    AnnotationPiece,
    ArgsPiece,
    Broke,
    CallBegan,
    CallClosed,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    TextPiece,
    TextWhole,
    WireEvent,
)
from tests.cuts import bytewise, randomly
from tests.response import open_any
from tests.unit.wire.chat_wire import Chunk, chunk, tool, tools

_NAMES = frozenset({"f", "g"})
_CALL = '<tool_call>{"name": "f", "arguments": {"a": 1}}</tool_call>'


class _Inner:
    """A reader that says what a test wrote."""

    def __init__(self, *events: WireEvent) -> None:
        self.reason: str | None = "because"
        self.usage: Usage | None = Usage(1, 2)
        self._events = list(events)

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        del message, event
        return self._events

    def done(self) -> list[WireEvent]:
        return [Finished("done", good=True)]

    def end(self) -> list[WireEvent]:
        return [Ended()]


def read(*events: WireEvent, style: TextCallStyle = "hermes") -> list[WireEvent]:
    return TextCallReader(_Inner(*events), style, _NAMES).accept({})


def test_prose_and_calls_take_turns() -> None:
    events: list[WireEvent] = [
        ItemOpened(0),
        TextPiece(0, f"See: {_CALL}"),
        TextPiece(0, f" and {_CALL}"),
        Finished("stop", good=True),
    ]
    assert read(*events) == [
        ItemOpened(0),
        TextPiece(0, "See: "),
        CallBegan(1, "f"),
        ArgsPiece(1, '{"a": 1}'),
        CallClosed(1),
        ItemOpened(2),
        TextPiece(2, " and "),
        CallBegan(3, "f"),
        ArgsPiece(3, '{"a": 1}'),
        CallClosed(3),
        Finished("stop", good=True),
    ]


def test_native_calls_and_everything_else_pass_under_new_numbers() -> None:
    events: list[WireEvent] = [
        ItemOpened(0),
        ReasoningPiece(0, "<tool_call>Hm"),
        ItemOpened(1),
        TextPiece(1, _CALL + "!"),
        AnnotationPiece(1, {}),
        CallBegan(2, "g", "x"),
        ArgsPiece(2, "{}"),
        CallClosed(2),
        Echo(2, {"e": 1}),
        Passed("ping", {}),
    ]
    assert read(*events) == [
        ItemOpened(0),
        ReasoningPiece(0, "<tool_call>Hm"),
        ItemOpened(1),
        CallBegan(2, "f"),
        ArgsPiece(2, '{"a": 1}'),
        CallClosed(2),
        ItemOpened(3),
        TextPiece(3, "!"),
        AnnotationPiece(3, {}),
        CallBegan(4, "g", "x"),
        ArgsPiece(4, "{}"),
        CallClosed(4),
        Echo(4, {"e": 1}),
        Passed("ping", {}),
    ]


@pytest.mark.parametrize(
    "then",
    [ItemOpened(1), CallBegan(1, "g"), Finished("stop", good=True), Broke(WireError("no")), Ended(), TextPiece(1, "")],
)
def test_what_was_held_is_text_where_its_text_ends(then: WireEvent) -> None:
    said = read(TextPiece(0, "a <tool_ca"), then)
    assert said[:2] == [TextPiece(0, "a "), TextPiece(0, "<tool_ca")]
    assert said[2:] in ([then], [])


def test_each_text_is_looked_at_by_itself() -> None:
    assert read(TextPiece(0, "<tool_"), ItemOpened(1), TextPiece(1, _CALL[6:])) == [
        TextPiece(0, "<tool_"),
        ItemOpened(1),
        TextPiece(1, _CALL[6:]),
    ]


def test_the_whole_text_and_the_echo_of_a_text_with_calls_stay_out() -> None:
    assert read(TextPiece(0, "Hi"), TextWhole(0, "Ho"), Echo(0, {})) == [
        TextPiece(0, "Hi"),
        TextWhole(0, "Ho"),
        Echo(0, {}),
    ]
    said = read(TextPiece(0, _CALL), TextWhole(0, _CALL), Echo(0, {}))
    assert [event for event in said if isinstance(event, Passed)] == said[3:]
    assert len(said) == 5


def test_behind_the_end_text_is_text() -> None:
    said = read(TextPiece(0, "Hi"), Finished("stop", good=True), TextPiece(0, _CALL))
    assert said == [TextPiece(0, "Hi"), Finished("stop", good=True), TextPiece(0, _CALL)]


def test_it_is_a_reader() -> None:
    reader = TextCallReader(_Inner(TextPiece(0, "<")), "hermes", _NAMES)
    assert (reader.reason, reader.usage) == ("because", Usage(1, 2))
    assert reader.accept({}) == []
    assert reader.done() == [TextPiece(0, "<"), Finished("done", good=True)]
    assert reader.end() == [Ended()]


# --- on a wire ---


def body(*chunks: Chunk) -> bytes:
    return "".join(f"data: {json.dumps(one)}\n\n" for one in chunks).encode() + b"data: [DONE]\n\n"


def routed(pieces: list[bytes], api: str, style: TextCallStyle | None) -> tuple[Router, ReplyBuilder, list[object]]:
    """The response routed: the router, the reply, and the events about calls."""
    reading = decoder(format_named(api), ReadOptions(_NAMES, text_calls=style), max_message_bytes=1 << 20)
    router, builder, events = Router(1, open_any), ReplyBuilder(1, api, "m"), list[object]()
    for piece in [*pieces, None]:
        for event in reading.end() if piece is None else reading.feed(piece):
            builder.feed(event)
            events += [one for one in router.feed(event) if isinstance(one, CallSealed | CallFailed)]
    if router.broke is not None:
        events += router.cut("stream cut")
    return router, builder, events


_TEXT = f"Let me see.\n{_CALL}\n<tool_call>\n" + '{"name": "g", "arguments": {}}\n</tool_call>'
_BODY = body(
    chunk(reasoning_content="Hm"), *[chunk(content=_TEXT[i : i + 5]) for i in range(0, len(_TEXT), 5)], chunk("stop")
)


def test_a_chat_server_that_does_not_read_calls() -> None:
    """vllm-project/vllm#51697, ollama/ollama#7881: the call stands in the content, and the reason is "stop"."""
    for pieces in ([_BODY], bytewise(_BODY), randomly(_BODY, 20, seed=1)):
        router, builder, events = routed(pieces, "openai-chat", "hermes")
        sealed = [event for event in events if isinstance(event, CallSealed)]
        assert [(event.call.name, event.args) for event in sealed] == [("f", {"a": 1}), ("g", {})]
        reply = builder.reply(router)
        assert [type(item) for item in reply.items] == [ReasoningItem, TextItem, CallItem, CallItem]
        assert reply.text == "Let me see.\n"
        assert [call.provider_id for call in reply.calls] == ["call_1_0", "call_1_1"]


def test_it_is_opt_in_and_needs_tools() -> None:
    router, builder, events = routed([_BODY], "openai-chat", None)
    assert events == []
    assert builder.reply(router).text == _TEXT


def test_the_same_from_ollama_and_in_the_history_of_the_wire() -> None:
    lines = "".join(json.dumps({"message": {"content": piece}}) + "\n" for piece in (_TEXT[:40], _TEXT[40:]))
    last = json.dumps({"done": True, "done_reason": "stop"})
    router, builder, _ = routed([lines.encode(), last.encode()], "ollama-native", "auto")
    reply = builder.reply(router)
    assert [call.name for call in reply.calls] == ["f", "g"]


def test_torn_within_a_call_it_is_truncated_and_never_sealed() -> None:
    cut = body(chunk(content=_TEXT[: _TEXT.index('"a": 1') + 4]))[: -len(b"data: [DONE]\n\n")]
    _, _, (end,) = routed([cut], "openai-chat", "hermes")
    assert isinstance(end, CallFailed)
    assert isinstance(end.failure, Truncated)


@pytest.mark.parametrize(
    "text", ['<tool_call>{"name": "f", "arguments": {"a": 1}', '{"name": "f", "arguments": {"a": 1}']
)
def test_a_stop_string_that_took_the_end_of_a_call(text: str) -> None:
    """`</tool_call>` given as a stop string is not sent; the arguments are whole, and the model stopped well."""
    _, _, (end,) = routed([body(chunk(content=text), chunk("stop"))], "openai-chat", "auto")
    assert isinstance(end, CallSealed)
    assert end.args == {"a": 1}
    _, _, (end,) = routed([body(chunk(content=text), chunk("length"))], "openai-chat", "auto")
    assert isinstance(end, CallFailed)


def test_native_calls_beside_text() -> None:
    native = body(chunk(content=_CALL), tools(tool(0, "x", "g", "{}")), chunk("tool_calls"))
    router, builder, _ = routed([native], "openai-chat", "hermes")
    assert [(call.name, call.provider_id) for call in builder.reply(router).calls] == [("f", "call_1_0"), ("g", "x")]
