from __future__ import annotations

from types import SimpleNamespace
from typing import Any, TypedDict

import pytest

from millstream.arguments import Partial
from millstream.events import CallKind
from millstream.limits import Limits
from millstream.routing.calls import CallRouter
from millstream.runtime.handle import CallHandle
from millstream.toolbox.decorator import tool
from millstream.toolbox.toolbox import Toolbox
from millstream.wire_events import ArgsPiece, CallBegan, CallClosed


class Trip(TypedDict):
    city: str
    days: int


@tool
def book(trip: dict[str, Any], note: str = "") -> str:
    return f"{trip}{note}"


def handle(*pieces: str, closed: bool = False, kind: CallKind = "function") -> CallHandle:
    """The live view of a call of `book` whose argument text is `pieces` so far."""

    def open_arguments(name: str, kind: CallKind) -> Any:
        return Toolbox([book]).open_arguments(name, kind, limits=Limits(), coerce=True)

    router = CallRouter(
        1, open_arguments, has_started=lambda _: False, taken_ids=frozenset(), max_calls=9, max_chars=99
    )
    router.began(CallBegan(0, "book", "call_1", kind))
    for piece in pieces:
        router.piece(ArgsPiece(0, piece))
    if closed:
        router.closed(CallClosed(0, complete=True))
    response: Any = SimpleNamespace(router=router)
    return CallHandle(next(iter(router.calls.values())).call, response)


def test_partial_shows_part_by_part_what_is_there_and_what_is_final() -> None:
    call = handle('{"trip":{"city":"Par', 'is","da')
    partial = call.partial
    assert partial.value == {"trip": {"city": "Paris"}}
    assert partial["trip"]["city"].final
    assert not partial["trip"].final
    assert "note" not in partial
    assert call.args is None


def test_partial_of_a_sealed_call_is_final() -> None:
    call = handle('{"trip":{},"note":"x"}', closed=True)
    assert call.partial == Partial({"trip": {}, "note": "x"}, None)
    assert call.partial["note"].final


def test_partial_of_a_call_that_was_rejected_or_has_not_begun_is_empty() -> None:
    assert handle('{"trip":{},"trip":').partial == Partial(None, ())
    assert handle().partial == Partial(None, ())


def test_partial_as_gives_the_fields_of_a_type() -> None:
    shown = handle('{"trip":{"days":3,"city":"Par').partial_as(Trip, "trip")
    assert shown.value.get("city") == "Par"
    assert shown.value["days"] == 3
    assert shown.final == {"days"}


@pytest.mark.parametrize("path", [("note",), ("trip", "more", 0)])
def test_partial_as_of_what_has_not_begun_has_no_fields(path: tuple[str | int, ...]) -> None:
    shown = handle('{"trip":{').partial_as(Trip, *path)
    assert not shown.final
    assert shown.value.get("city") is None
