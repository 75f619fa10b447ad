"""The invariants of a response, by the numbers of the design, over whatever models, providers and networks do."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millstream.codec import dumps
from millstream.events import (
    ArgsDelta,
    ArgSettled,
    ArgsReplaced,
    CallFailed,
    CallOpened,
    CallSealed,
    Event,
    ReasoningDelta,
    Record,
    Rejected,
    TextDelta,
    Truncated,
)
from millstream.routing.router import Router
from millstream.routing.surrogates import SurrogateJoiner, printable
from millstream.routing.turn import Turn
from millstream.wire.format import Ask
from millstream.wire.formats import format_named
from millstream.wire_events import (
    ArgsPiece,
    ArgsWhole,
    CallBegan,
    CallClosed,
    CallLeft,
    Finished,
    ItemOpened,
    ReasoningPiece,
    TextPiece,
    WireEvent,
)
from tests.conformance.rules import wrong_in_input, wrong_in_messages
from tests.property.bodies import WIRES, Said, cut, sse, things
from tests.property.faults import mutated
from tests.response import CALL_EVENTS, answered, check_end, open_any, read

_RESPONSE = st.lists(things(), max_size=5)
_SIDES = st.sampled_from(("openai-chat", "openai-responses"))

# --- at the router: wire events of several items, interleaved ---


@st.composite
def scripts(draw: st.DrawFn) -> tuple[list[Said], list[list[WireEvent]], list[WireEvent]]:
    """What is said, the wire events of each part of it, and all of them in an order that keeps that of each part."""
    said = draw(st.lists(things(), min_size=1, max_size=5))
    parts = [_wire_events(item, one, draw) for item, one in enumerate(said)]
    order = draw(st.permutations([item for item, part in enumerate(parts) for _ in part[1:]]))
    # items open in the order of their numbers, and then grow in any order
    waiting = [iter(part[1:]) for part in parts]
    opened: list[WireEvent] = []
    mixed: list[WireEvent] = []
    for item in order:
        while len(opened) <= item:
            opened.append(parts[len(opened)][0])
            mixed.append(opened[-1])
        mixed.append(next(waiting[item]))
    mixed += [part[0] for part in parts[len(opened) :]]
    return said, parts, mixed


def _wire_events(item: int, said: Said, draw: st.DrawFn) -> list[WireEvent]:
    if said.kind == "text":
        return [ItemOpened(item), *(TextPiece(item, piece) for piece in said.pieces)]
    if said.kind == "reasoning":
        return [ItemOpened(item), *(ReasoningPiece(item, piece) for piece in said.pieces)]
    ends: list[list[WireEvent]] = [
        [],
        [CallClosed(item)],
        [CallClosed(item, complete=False)],
        [CallLeft(item)],
        [ArgsWhole(item, "".join(map(printable, [said.text]))), CallClosed(item)],
        [CallClosed(item), ArgsPiece(item, " late")],
    ]
    pieces = [ArgsPiece(item, piece) for piece in said.pieces]
    loses: bool = draw(st.booleans())
    if pieces and loses:
        pieces.pop(draw(st.integers(0, len(pieces) - 1)))  # lost, so that the text is no JSON or another
    return [CallBegan(item, said.name, f"id{item}"), *pieces, *draw(st.sampled_from(ends))]


def route(events: list[WireEvent], finished: Finished | None) -> tuple[Router, Turn, list[Event]]:
    """The events, each allowed by the table of lives; without an end the response is given up."""
    router, turn, made = Router(1, open_any), Turn(), list[Event]()
    for event in events:
        made += router.feed(event)
    made += router.cut("torn") if finished is None else router.feed(finished)
    for routed in made:
        if isinstance(routed, CALL_EVENTS):
            turn.observe(routed)
    return router, turn, made


_FINISHED = st.sampled_from((None, Finished("stop", good=True), Finished("length", good=False)))


@given(scripts(), st.data())
def test_1_events_do_not_depend_on_how_the_text_is_cut(
    script: tuple[list[Said], list[list[WireEvent]], list[WireEvent]], data: st.DataObject
) -> None:
    in_order = [event for part in script[1] for event in part]
    recut: list[WireEvent] = []
    for event in in_order:
        if isinstance(event, TextPiece | ReasoningPiece | ArgsPiece):
            recut += [type(event)(event.item, piece) for piece in data.draw(cut(event.text))]
        else:
            recut.append(event)
    finished = data.draw(_FINISHED)
    assert apart(route(recut, finished)[2]) == apart(route(in_order, finished)[2])


def apart(events: list[Event]) -> tuple[list[Event], dict[object, str]]:
    """What happened, and beside it each text; of a rejected call only up to the character that decided."""
    texts: dict[object, str] = {}
    happened: list[Event] = []
    for event in events:
        if isinstance(event, ArgsDelta):
            texts[event.call] = texts.get(event.call, "") + event.text
        elif isinstance(event, TextDelta | ReasoningDelta):
            texts[type(event), event.item] = texts.get((type(event), event.item), "") + event.text
        else:
            happened.append(event)
        if isinstance(event, CallFailed) and isinstance(event.failure, Rejected):
            texts[event.call] = texts.get(event.call, "")[: event.failure.at + 1]
    return happened, texts


@given(scripts(), _FINISHED)
def test_2_the_deltas_of_each_call_and_text_are_its_text_although_they_interleave(
    script: tuple[list[Said], list[list[WireEvent]], list[WireEvent]], finished: Finished | None
) -> None:
    said, parts, mixed = script
    router, _, events = route([*mixed], finished)
    calls = {routed.item: routed for routed in router.calls.values()}
    for item, one in enumerate(said):
        if one.kind != "call":
            kind = TextDelta if one.kind == "text" else ReasoningDelta
            shown = "".join(event.text for event in events if isinstance(event, kind) and event.item == item)
            whole = printable(one.text)
            assert shown == whole or shown + "\ufffd" == whole  # a half at the very end waits for the end
            continue
        call = calls[item]
        shown = "".join(event.text for event in events if isinstance(event, ArgsDelta) and event.call == call.call)
        sent = printable("".join(event.text for event in parts[item] if isinstance(event, ArgsPiece)))
        if not any(isinstance(event, ArgsWhole) for event in parts[item]):
            assert sent.startswith(shown)
            assert call.args_text.startswith(shown)


@given(scripts(), _FINISHED)
def test_3_and_5_sealed_arguments_are_what_json_reads_and_settled_values_are_in_them(
    script: tuple[list[Said], list[list[WireEvent]], list[WireEvent]], finished: Finished | None
) -> None:
    router, _, events = route(script[2], finished)
    for call in router.calls.values():
        if call.sealed is None:
            continue
        assert call.sealed.value == json.loads(call.args_text or "{}")
        its = [
            event
            for event in events
            if isinstance(event, ArgsReplaced | ArgSettled | CallSealed) and event.call == call.call
        ]
        void = max((i for i, event in enumerate(its) if isinstance(event, ArgsReplaced)), default=-1)
        *settled, last = its[void + 1 :]
        assert last == CallSealed(call.call, call.sealed.value)
        for event in settled:
            assert isinstance(event, ArgSettled)
            assert _at(call.sealed.value, event.path) == event.value


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


@given(scripts(), _FINISHED)
def test_6_every_call_that_opened_ends_once_or_is_sealed_and_nothing_follows_its_end(
    script: tuple[list[Said], list[list[WireEvent]], list[WireEvent]], finished: Finished | None
) -> None:
    router, turn, events = route(script[2], finished)  # and the table of lives has allowed every event
    opened = [event.call.id for event in events if isinstance(event, CallOpened)]
    assert opened == list(router.calls)
    for id_, call in router.calls.items():
        ends = [event for event in events if isinstance(event, CallFailed) and event.call.id == id_]
        assert len(ends) == (call.sealed is None)
        assert turn.state(id_) == ("sealed" if call.sealed is not None else "ended")
        for end in ends:
            assert isinstance(end.failure, Rejected | Truncated)


# --- characters cut in two ---


@given(st.text(alphabet=st.characters(categories=("L", "So", "Cs", "Zs"))), st.data())
def test_text_cut_anywhere_even_within_characters_comes_back_whole(text: str, data: st.DataObject) -> None:
    whole = printable(text)
    joiner = SurrogateJoiner[int]()
    pieces = [joiner.join(0, piece) for piece in data.draw(cut(whole))]
    assert "".join(pieces) + joiner.rest(0) == whole
    assert all(piece == printable(piece) for piece in pieces)


# --- from the bytes: both wires ---


@given(_RESPONSE, _SIDES, st.data())
def test_a_response_says_what_was_said_on_either_wire_however_its_bytes_are_cut(
    said: list[Said], api: str, data: st.DataObject
) -> None:
    body = sse(WIRES[api](said))
    places = sorted(data.draw(st.sets(st.integers(0, len(body)), max_size=8)))
    chunks = [body[start:end] for start, end in zip([0, *places], [*places, len(body)], strict=True)]
    response = read(chunks, api)
    assert response.told() == read([body], api).told()
    assert response.router.broke is None
    texts = "".join(event.text for event in response.events if isinstance(event, TextDelta))
    assert texts == "".join(printable(one.text) for one in said if one.kind == "text")
    calls = [one for one in said if one.kind == "call"]
    assert response.sealed == {i: json.loads(printable(one.text)) for i, one in enumerate(calls)}
    assert [routed.call.name for routed in response.router.calls.values()] == [one.name for one in calls]


@pytest.mark.parametrize("api", WIRES)
@given(said=_RESPONSE, data=st.data())
def test_whatever_is_done_to_a_body_it_ends_in_a_known_way_and_can_be_written_down(
    api: str, said: list[Said], data: st.DataObject
) -> None:
    body = data.draw(mutated(WIRES[api](said)))
    response = read([body], api)
    check_end(response)
    for seq, event in enumerate(response.events):
        dumps(Record(seq, 0.0, event)).encode()
    request = format_named(api).request(Ask("m", answered(response.reply())))
    written = json.loads(json.dumps(request, ensure_ascii=False, allow_nan=False).encode())
    wrong = wrong_in_input(written["input"]) if "input" in written else wrong_in_messages(written["messages"])
    assert wrong == []


@pytest.mark.parametrize("api", WIRES)
@given(said=_RESPONSE, data=st.data())
def test_the_beginning_of_a_body_seals_nothing_that_the_whole_does_not(
    api: str, said: list[Said], data: st.DataObject
) -> None:
    body = sse(WIRES[api](said))
    whole = read([body], api)
    part = read([body[: data.draw(st.integers(0, len(body)))]], api)
    check_end(part)
    assert part.sealed.items() <= whole.sealed.items() or all(
        whole.sealed[i] == args for i, args in part.sealed.items()
    )
