"""Text, tools of the provider and ends: wire events in, events out."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from millstream.errors import WireError
from millstream.events import (
    AnnotationAdded,
    ProviderEvent,
    ReasoningDelta,
    RefusalDelta,
    ServerToolUpdated,
    TextDelta,
    TextReplaced,
    TurnEnded,
    Usage,
)
from millstream.routing.router import Router
from millstream.wire_events import (
    AnnotationPiece,
    ArgsPiece,
    ArgsWhole,
    Broke,
    CallBegan,
    CallClosed,
    CallLeft,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    RefusalPiece,
    ServerToolMoved,
    TextPiece,
    TextWhole,
    WireEvent,
)
from tests.unit.routing.calls import call, feed, names, open_arguments, router

_ONE_OF_EACH: list[WireEvent] = [
    ItemOpened(1),
    CallBegan(2, "f"),
    ArgsPiece(0, " "),
    ArgsWhole(0, " "),
    CallClosed(0),
    CallLeft(0),
    TextPiece(1, "a"),
    TextWhole(1, "a"),
    RefusalPiece(1, "a"),
    ReasoningPiece(1, "a"),
    AnnotationPiece(1, {}),
    ServerToolMoved(1, "t", "s", {}),
    Echo(1, {}),
    Finished("stop", good=True),
    Ended(),
    Broke(WireError("m")),
    Passed("n", {}),
]


def test_there_is_one_of_each_wire_event_here() -> None:
    assert {type(event) for event in _ONE_OF_EACH} == set(get_args(WireEvent))


@pytest.mark.parametrize("event", _ONE_OF_EACH, ids=lambda event: type(event).__name__)
def test_every_wire_event_has_a_handler(event: WireEvent) -> None:
    to = router()
    feed(to, CallBegan(0, "f"))
    to.feed(event)


@pytest.mark.parametrize(
    ("piece", "delta"), [(TextPiece, TextDelta), (ReasoningPiece, ReasoningDelta), (RefusalPiece, RefusalDelta)]
)
def test_text_of_each_sort_keeps_its_item_and_turn(piece: Any, delta: Any) -> None:
    to = Router(3, open_arguments)
    assert feed(to, piece(0, "a"), piece(4, "é"), piece(4, "")) == [delta("a", 3, 0), delta("é", 3, 4)]


@pytest.mark.parametrize(
    ("piece", "delta"), [(TextPiece, TextDelta), (ReasoningPiece, ReasoningDelta), (RefusalPiece, RefusalDelta)]
)
@pytest.mark.parametrize("end", [Ended(), Broke(WireError("m"))])
def test_characters_cut_in_two_are_joined_and_a_half_that_stays_alone_is_shown_at_the_end(
    piece: Any, delta: Any, end: WireEvent
) -> None:
    to = router()
    pieces = [piece(0, "a\ud83d"), piece(1, "\ud83d"), piece(0, "\ude00b"), piece(1, "x"), piece(0, "\ud83d")]
    assert feed(to, *pieces) == [delta("a", 1, 0), delta("😀b", 1, 0), delta("\ufffdx", 1, 1)]
    assert to.feed(end)[0] == delta("\ufffd", 1, 0)


def test_text_of_two_sorts_in_one_item_does_not_meet() -> None:
    assert feed(router(), TextPiece(0, "\ud83d"), RefusalPiece(0, "\ude00")) == [RefusalDelta("\ufffd", 1, 0)]


def test_the_whole_text_takes_the_place_of_what_was_streamed() -> None:
    to = router()
    assert feed(to, TextPiece(0, "a\ud83d"), TextWhole(0, "b\ud83d")) == [
        TextDelta("a", 1, 0),
        TextReplaced("b\ufffd", 1, 0),
    ]
    assert names(to.feed(Ended())) == ["TurnEnded"]  # no half is left of what was replaced


def test_a_provider_s_own_data_is_passed_on_such_that_it_can_be_written_down() -> None:
    odd, safe = {"a": ["\ud83d", float("nan")]}, {"a": ["\ufffd", None]}
    assert feed(
        router(), AnnotationPiece(2, odd), ServerToolMoved(2, "t\ud83d", "s\ud83d", odd), Passed("n\ud83d", odd)
    ) == [
        AnnotationAdded(safe, 1, 2),
        ServerToolUpdated("t\ufffd", "s\ufffd", safe, 1, 2),
        ProviderEvent("n\ufffd", safe, 1),
    ]


def test_a_good_end() -> None:
    to = router()
    usage = Usage(1, 2, raw={"cost": float("inf")})
    ended = feed(to, Finished("stop", good=True), Ended(usage, {"flagged": "\ud83d"}, "resp"))
    assert ended == [TurnEnded(1, "stop", Usage(1, 2, raw={"cost": None}), {"flagged": "\ufffd"})]
    assert to.finished == Finished("stop", good=True)
    assert to.ended == Ended(Usage(1, 2, raw={"cost": None}), {"flagged": "\ufffd"}, "resp")
    assert to.broke is None


def test_an_end_that_says_nothing() -> None:
    to = router()
    assert feed(to, Ended()) == [TurnEnded(1, "")]
    assert feed(router(), Finished("odd\ud83d", good=False), Ended(Usage(1))) == [TurnEnded(1, "odd\ufffd", Usage(1))]


def test_the_first_reason_holds() -> None:
    to = router()
    feed(to, Finished("length", good=False), Finished("stop", good=True))
    assert to.finished == Finished("length", good=False)


def test_a_response_that_broke_ends_nothing_by_itself() -> None:
    to, broke = router(), Broke(WireError("m"), "stop")
    assert feed(to, *call("{", closed=False), broke)[2:] == []
    assert to.broke is broke
    assert names(to.cut("torn")) == ["CallFailed"]


def test_the_frontier_is_the_item_opened_last() -> None:
    to = router()
    seen = [to.frontier]
    for event in (
        CallBegan(0, "f"),
        ArgsPiece(0, "{}"),
        ItemOpened(1),
        TextPiece(1, "a"),
        CallBegan(2, "g"),
        Passed("n", {}),
    ):
        to.feed(event)
        seen.append(to.frontier)
    assert seen == [-1, 0, 0, 1, 1, 2, 2]


def test_what_goes_back_is_not_an_event() -> None:
    assert feed(router(), Echo(0, {"id": "x"})) == []
