"""A router over arguments that accept any JSON, and wire events written short."""

from __future__ import annotations

from collections.abc import Container, Iterable

from millstream.arguments.assembler import Assembler
from millstream.arguments.free_text import FreeText
from millstream.arguments.schema.compile import compile_schema
from millstream.events import CallKind, Event, Problem
from millstream.routing.routed_call import Arguments
from millstream.routing.router import Router
from millstream.wire_events import ArgsPiece, CallBegan, CallClosed, WireEvent

UNKNOWN = Problem("", "there is no such tool", "unknown", 0)
_STRICT = compile_schema({"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})


def open_arguments(name: str, kind: CallKind) -> Arguments | Problem:
    """Any JSON for any tool; `strict` wants an integer `n`, and `unknown` is none."""
    if name == "unknown":
        return UNKNOWN
    if kind == "custom":
        return FreeText()
    return Assembler(_STRICT if name == "strict" else None)


def router(max_calls: int = 64, max_args_chars: int = 4096, started: Container[str] = ()) -> Router:
    """A router of the first response; the calls whose ids are in `started` have started."""
    return Router(
        1, open_arguments, has_started=lambda id_: id_ in started, max_calls=max_calls, max_args_chars=max_args_chars
    )


def feed(to: Router, *events: WireEvent) -> list[Event]:
    """The events that these wire events stand for."""
    return [event for wire_event in events for event in to.feed(wire_event)]


def call(*pieces: str, item: int = 0, name: str = "f", id_: str = "a", closed: bool = True) -> list[WireEvent]:
    """A whole call."""
    end: list[WireEvent] = [CallClosed(item)] if closed else []
    return [CallBegan(item, name, id_), *(ArgsPiece(item, piece) for piece in pieces), *end]


def names(events: Iterable[Event]) -> list[str]:
    """The events by the names of their classes."""
    return [type(event).__name__ for event in events]
