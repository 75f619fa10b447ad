"""Each leniency: the deviation is read right with it, and refused by its name without it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

import pytest

from millstream.errors import WireError
from millstream.wire.compat import ALL, MEANINGS, Leniency, Tolerance
from millstream.wire.dialects import SEEN
from millstream.wire.format import ReadOptions, decoder
from millstream.wire.formats import decoding_named
from millstream.wire_events import ArgsPiece, ArgsWhole, Broke, CallBegan, Ended, TextPiece, WireEvent
from tests.unit.wire import chat_wire as chat
from tests.unit.wire import responses_wire as responses
from tests.unit.wire.chat_wire import chunk, tool, tools

_PARIS, _TOKYO = '{"city": "Paris"}', '{"city": "Tokyo"}'
_ONE = [("f", "a", _PARIS)]
_TWO = [("f", "a", _PARIS), ("f", "b", _TOKYO)]
_END = chunk("tool_calls")


def open_call(**fields: Any) -> dict[str, Any]:
    """The first piece of a call, with fields over it."""
    return {"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}} | fields


def more(text: Any, **fields: Any) -> dict[str, Any]:
    """A later piece of a call, with fields over it."""
    return {"index": 0, "function": {"arguments": text}} | fields


@dataclass(frozen=True, slots=True)
class Case:
    """A server that deviates: what it sends, in one name, and what it means by it."""

    leniency: Leniency
    messages: list[dict[str, Any]]
    calls: list[tuple[str, str, str]]
    text: str = ""

    @property
    def api(self) -> str:
        return "openai-chat" if "choices" in self.messages[0] else "openai-responses"


CASES = [
    Case("missing_index", [tools(tool(None, "a", "f", _PARIS)), tools(tool(None, "b", "f", _TOKYO)), _END], _TWO),
    Case("index_always_0", [tools(tool(0, "a", "f", _PARIS)), tools(tool(0, "b", "f", _TOKYO)), _END], _TWO),
    Case("index_restarts", [tools(tool(3, "a", "f", _PARIS[:4])), tools(tool(0, arguments=_PARIS[4:])), _END], _ONE),
    Case("missing_id", [tools(tool(0, None, "f", _PARIS)), _END], [("f", "", _PARIS)]),
    Case(
        "missing_id",
        [responses.function(call_id=""), responses.function(call_id="", done=True), responses.completed()],
        [("f", "fc_0", "")],
    ),
    Case(
        "duplicate_id",
        [tools(tool(0, "a", "f", _PARIS), tool(1, "a", "g", _TOKYO)), _END],
        [("f", "a", _PARIS), ("g", "a", _TOKYO)],
    ),
    Case(
        "duplicate_id",
        [
            responses.function(0, call_id="a", done=False),
            responses.function(0, call_id="a", done=True),
            responses.function(1, call_id="a", id="fc_9"),
            responses.function(1, call_id="a", id="fc_9", done=True),
            responses.completed(),
        ],
        [("f", "a", ""), ("f", "a", "")],
    ),
    Case("rotating_ids", [tools(open_call()), tools(more(_PARIS, id="b")), _END], _ONE),
    Case(
        "rotating_ids",
        [
            responses.message(),
            responses.text("Hi", item_id="msg_x"),
            responses.text("!", item_id="msg_y"),
            responses.message(done=True, id="msg_z"),
            responses.completed(),
        ],
        [],
        "Hi!",
    ),
    Case(
        "id_in_function",
        [tools({"index": 0, "function": {"id": "a", "name": "f", "arguments": _PARIS}}), _END],
        _ONE,
    ),
    Case("empty_id_or_name", [tools(open_call()), tools(more(_PARIS, id="")), _END], _ONE),
    Case(
        "empty_id_or_name",
        [tools(open_call()), tools(more("", function={"name": "", "arguments": _PARIS})), _END],
        _ONE,
    ),
    Case("null_fields", [tools(open_call()), tools(more(_PARIS, id=None)), _END], _ONE),
    Case("null_fields", [tools(open_call(function={"name": "f", "arguments": None})), tools(more(_PARIS)), _END], _ONE),
    Case("null_literal", [tools(open_call()), tools(more(_PARIS, id="null")), _END], _ONE),
    Case(
        "repeated_name", [tools(open_call()), tools(more("", function={"name": "f", "arguments": _PARIS})), _END], _ONE
    ),
    Case("repeated_name", [tools(open_call()), tools(more(_PARIS, id="a")), _END], _ONE),
    Case(
        "late_name",
        [tools(tool(0, "a", "wea", "")), tools(tool(0, None, "ther", "")), tools(tool(0, arguments=_PARIS)), _END],
        [("weather", "a", _PARIS)],
    ),
    Case("late_name", [tools({"index": 0, "id": "a"}), tools(tool(0, None, "f", _PARIS)), _END], _ONE),
    Case(
        "late_name",
        [
            responses.function(name=""),
            responses.args("{}"),
            responses.function(done=True, arguments="{}"),
            responses.completed(),
        ],
        [("f", "call_0", "{}")],
    ),
    Case("args_object", [tools(tool(0, "a", "f", {"city": "Paris"})), _END], _ONE),
    Case(
        "args_repeated_whole",
        [
            tools(open_call()),
            tools(more(_PARIS[:5])),
            tools(more(_PARIS[5:])),
            tools(more(_PARIS), finish="tool_calls"),
        ],
        _ONE,
    ),
    Case(
        "content_list",
        [chunk(content=[{"type": "text", "text": "Hi"}, {"type": "text", "text": "!"}]), chunk("stop")],
        [],
        "Hi!",
    ),
    Case("content_after_finish", [chunk(content="Hi"), chunk("stop"), chunk(content="!")], [], "Hi!"),
    Case("finish_reason_outside_enum", [chunk(content="Hi"), chunk("", content="!"), chunk("stop")], [], "Hi!"),
    Case("finish_reason_outside_enum", [chunk(content="Hi!"), chunk("eos")], [], "Hi!"),
    Case("finish_reason_twice", [chunk(content="Hi!"), chunk("stop"), chunk("stop")], [], "Hi!"),
    Case("no_done_marker", [chunk(content="Hi!"), chunk("stop")], [], "Hi!"),
    Case(
        "missing_output_index",
        [
            {"type": "response.output_item.added", "item": {"type": "message", "id": "msg_0", "content": []}},
            {"type": "response.output_text.delta", "item_id": "msg_0", "delta": "Hi!"},
            {"type": "response.output_item.done", "item": {"type": "message", "id": "msg_0", "content": []}},
            responses.completed(),
        ],
        [],
        "Hi!",
    ),
    Case(
        "shared_output_index",
        [
            responses.message(),
            responses.text("Hi!"),
            responses.message(done=True),
            responses.function(),
            responses.function(done=True, arguments="{}"),
            responses.completed(),
        ],
        [("f", "call_0", "{}")],
        "Hi!",
    ),
    Case("missing_item_events", [responses.text("Hi!"), responses.completed()], [], "Hi!"),
    Case("missing_item_events", [responses.function(done=True), responses.completed()], [("f", "call_0", "")]),
    Case(
        "missing_item_events",
        [responses.completed(responses.function(done=True, arguments="{}")["item"])],
        [("f", "call_0", "{}")],
    ),
]

every_case = pytest.mark.parametrize("case", CASES, ids=[f"{case.leniency}-{i}" for i, case in enumerate(CASES)])


def read(case: Case, leniencies: frozenset[Leniency]) -> list[WireEvent]:
    """What is read of a server that deviates, "[DONE]" and the end of the body included."""
    reading = decoder(decoding_named(case.api), ReadOptions(leniencies=leniencies), max_message_bytes=1_000_000)
    events = [event for message in case.messages for event in reading.accept(message)]
    if case.leniency != "no_done_marker" and case.api == "openai-chat":
        events += reading.feed(b"data: [DONE]\n\n")
    return events + reading.end()


def calls(events: list[WireEvent]) -> list[tuple[str, str, str]]:
    texts: dict[int, str] = {}
    for event in events:
        if isinstance(event, ArgsPiece):
            texts[event.item] = texts.get(event.item, "") + event.text
        elif isinstance(event, ArgsWhole):
            texts[event.item] = event.text
    began = [event for event in events if isinstance(event, CallBegan)]
    return [(event.name, event.provider_id, texts.get(event.item, "")) for event in began]


def test_every_leniency_has_a_meaning_a_source_and_a_case() -> None:
    names = get_args(Leniency)
    assert set(names) == ALL
    assert list(MEANINGS) == list(names)
    assert list(SEEN) == list(names)
    assert {case.leniency for case in CASES} == ALL


@every_case
def test_with_it_alone_the_deviation_is_read_right(case: Case) -> None:
    events = read(case, frozenset({case.leniency}))
    assert isinstance(events[-1], Ended)
    assert calls(events) == case.calls
    assert "".join(event.text for event in events if isinstance(event, TextPiece)) == case.text
    assert events == read(case, ALL)


@every_case
def test_without_it_the_response_breaks_and_says_what_to_write(case: Case) -> None:
    allowed = ALL - {case.leniency}
    (broke,) = [event for event in read(case, allowed) if isinstance(event, Broke)]
    error = broke.error
    assert (error.kind, error.retryable) == ("protocol", False)
    assert error.message == f"the provider sent {MEANINGS[case.leniency]}, which is not its wire ({case.leniency})"
    written = ", ".join(f'"{name}"' for name in sorted(ALL))
    assert error.hint == (
        f"If this server is like that, write Model(…, lenient={{{written}}}), or lenient=True for everything."
    )


def test_what_to_write_holds_what_is_allowed_already() -> None:
    with pytest.raises(WireError, match=r'lenient=\{"content_list", "missing_index"\}'):
        Tolerance(frozenset({"content_list"})).bear("missing_index")
    Tolerance(frozenset({"content_list"})).bear("content_list")


def test_what_breaks_comes_after_what_was_read_before() -> None:
    case = Case("missing_index", [tools(open_call()), tools(tool(None, "b", "f", _TOKYO)), _END], [])
    events = read(case, frozenset())
    assert chat.names(events) == ["CallBegan", "Broke"]  # the call is told of, so that it has an end


# --- what is no deviation ---


OFFICIAL: list[list[dict[str, Any]]] = [
    # Azure: the first chunk has no choices, and the ids of chunks vary
    [{"choices": [], "id": "", "model": "", "prompt_filter_results": []}, chunk(content="Hi!"), chunk("stop")],
    # OpenAI: "stop" with calls, which gpt-4o-mini sends after a forced tool
    [tools(open_call()), tools(more(_PARIS)), chunk("stop")],
    # OpenAI: usage, padding and moderation in chunks of their own or beside a choice
    [chunk(content="Hi!") | {"obfuscation": "x", "usage": None}, chunk("stop"), {"choices": [], "usage": {}}],
    # the form before tools
    [chunk(function_call={"name": "f", "arguments": ""}), chunk(function_call={"arguments": _PARIS}), _END],
    # fields that the wire does not have, whatever they hold
    [chunk(content="Hi!", reasoning_content="Hm", tool_calls=None, role=None), chunk("stop") | {"x_groq": {}}],
    [tools(open_call(type="FUNCTION", extra_content={"google": {}}), finish="tool_calls")],
    # several calls, one behind the other or interleaved
    [tools(tool(0, "a", "f", _PARIS[:3]), tool(1, "b", "f", "")), tools(more(_PARIS[3:])), _END],
    [responses.message(), responses.text("Hi!"), responses.message(done=True), responses.completed()],
    [
        responses.function(0),
        responses.function(1),
        responses.args("{}", 1),
        responses.args("{}"),
        responses.completed(),
    ],
    # the smaller events may be missing, and what has no meaning here may come
    [responses.message(), responses.text_done("Hi!"), {"type": "keepalive"}, {"type": "x"}, responses.completed()],
    # an item said again, as after a reconnect
    [
        responses.message(),
        responses.message(),
        responses.text("Hi!"),
        responses.message(done=True),
        responses.completed(),
    ],
]


@pytest.mark.parametrize("messages", OFFICIAL)
def test_what_the_official_hosts_send_needs_no_leniency(messages: list[dict[str, Any]]) -> None:
    case = Case("missing_index", messages, [])
    events = read(case, frozenset())
    assert isinstance(events[-1], Ended)
    assert events == read(case, ALL)


def test_arguments_that_only_look_repeated_are_text() -> None:
    doubled = [tools(open_call()), tools(more("{")), tools(more("{")), _END]  # vLLM's doubled brace
    assert calls(read(Case("missing_index", doubled, []), ALL)) == [("f", "a", "{{")]
    two = [tools(open_call()), tools(more(_PARIS)), tools(more(_TOKYO)), _END]
    assert calls(read(Case("missing_index", two, []), ALL)) == [("f", "a", _PARIS + _TOKYO)]
    long = '{"a": "' + "x" * 70_000 + '"}'
    pieces = [tools(more(long[i : i + 1_000])) for i in range(0, len(long), 1_000)]
    again = [tools(open_call()), *pieces, tools(more(long)), _END]
    assert calls(read(Case("missing_index", again, []), ALL)) == [
        ("f", "a", long + long)
    ]  # more than is kept to compare


def test_an_error_is_reported_in_its_own_words_however_it_is_written() -> None:
    said = b'error: {"message": "out of memory"}\n\n', b'event: error\ndata: {"message": "out of memory"}\n\n'
    for body in (
        *said,
        b'data: {"error": {"message": "out of memory"}, "choices": []}\n\n',
        b'{"error": "out of memory"}',
    ):
        reading = decoder(decoding_named("openai-chat"), ReadOptions(leniencies=frozenset()), max_message_bytes=1_000)
        (broke,) = reading.feed(body) + reading.end()
        assert isinstance(broke, Broke)
        assert broke.error.message == "the provider says: out of memory"


# --- a response whose trailer did not come ---


def test_a_body_given_up_after_the_model_had_finished_is_no_deviation() -> None:
    reading = decoder(decoding_named("openai-chat"), ReadOptions(leniencies=frozenset()), max_message_bytes=1_000)
    reading.accept(chunk("stop", content="Hi!"))
    (ended,) = reading.cut()
    assert isinstance(ended, Ended)
    assert reading.over
    assert reading.cut() == []


def test_one_given_up_before_is_torn() -> None:
    for api in ("openai-chat", "openai-responses"):
        reading = decoder(decoding_named(api), ReadOptions(), max_message_bytes=1_000)
        reading.accept(chunk(content="Hi!") if api == "openai-chat" else responses.message())
        (broke,) = reading.cut()
        assert isinstance(broke, Broke)
        assert broke.error.kind == "torn"
