"""A response read by decoder, router, table of lives and reply builder together, for tests that look at all of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Final, get_args

from millstream.arguments.assembler import Assembler
from millstream.arguments.free_text import FreeText
from millstream.events import (
    ArgsDelta,
    CallEvent,
    CallFailed,
    CallKind,
    CallSealed,
    Event,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    Truncated,
)
from millstream.routing.reply import ReplyBuilder
from millstream.routing.routed_call import Arguments, OpenArguments
from millstream.routing.router import Router
from millstream.routing.turn import Turn
from millstream.transcript import Reply, TextPart, ToolResult, Transcript
from millstream.wire.compat import ALL, Leniency
from millstream.wire.format import ReadOptions, decoder
from millstream.wire.formats import decoding_named
from millstream.wire.reading import StreamDecoder
from millstream.wire_events import Broke, Ended, WireEvent

CALL_EVENTS: Final[tuple[type[CallEvent], ...]] = get_args(CallEvent)
_DELTAS: Final = (ArgsDelta, TextDelta, ReasoningDelta, RefusalDelta)


@dataclass(slots=True)
class Response:
    """What one response was read as. Every call event was allowed by the table, or `read` would have raised."""

    api: str
    turn: int = 1
    taken_ids: frozenset[str] = frozenset()
    open_arguments: OpenArguments | None = None
    leniencies: frozenset[Leniency] = ALL
    wire_events: list[WireEvent] = field(default_factory=list[WireEvent])
    events: list[Event] = field(default_factory=list[Event])
    router: Router = field(init=False)
    _decoder: StreamDecoder = field(init=False)
    _turn: Turn = field(default_factory=Turn)
    _builder: ReplyBuilder = field(init=False)

    def __post_init__(self) -> None:
        options = ReadOptions(leniencies=self.leniencies)
        self._decoder = decoder(decoding_named(self.api), options, max_message_bytes=16 * 1024 * 1024)
        self.router = Router(self.turn, self.open_arguments or open_any, taken_ids=self.taken_ids)
        self._builder = ReplyBuilder(self.turn, self.api, "a-model")

    def feed(self, chunk: bytes) -> None:
        """Read more bytes."""
        self._route(self._decoder.feed(chunk))

    def end(self) -> None:
        """The body is over."""
        self._route(self._decoder.end())
        if self.router.broke is not None:
            self._note(self.router.cut("stream cut"))

    def _route(self, wire_events: Iterable[WireEvent]) -> None:
        for wire_event in wire_events:
            self.wire_events.append(wire_event)
            self._builder.feed(wire_event)
            self._note(self.router.feed(wire_event))

    def _note(self, events: list[Event]) -> None:
        for event in events:
            if isinstance(event, CALL_EVENTS):
                self._turn.observe(event)
        self.events += events

    @property
    def owed(self) -> list[str]:
        """The calls that have no end and are not sealed either."""
        return [id_ for id_ in self._turn.owed if self._turn.state(id_) != "sealed"]

    @property
    def sealed(self) -> dict[int, Any]:
        """The arguments of the sealed calls by their index."""
        calls = self.router.calls.values()
        return {routed.call.index: routed.sealed.value for routed in calls if routed.sealed is not None}

    @property
    def last(self) -> Ended | Broke:
        """The end of the response, which is the last thing that was said of it, and was said once."""
        ends = [event for event in self.wire_events if isinstance(event, Ended | Broke)]
        assert len(ends) == 1, ends
        assert self.wire_events[-1] is ends[0]
        return ends[0]

    def reply(self) -> Reply:
        """The entry of the transcript; of a response that broke off, with the sealed calls only."""
        if self.router.broke is None:
            return self._builder.reply(self.router)
        kept = {routed.call.id for routed in self.router.calls.values() if routed.sealed is not None}
        return self._builder.reply(self.router, kept)

    def told(self) -> list[object]:
        """All events, adjacent deltas of one text made one, and the error: what must not depend on cuts."""
        broke = self.router.broke
        error = None if broke is None else (broke.error.message, broke.error.kind, broke.error.code, broke.reason)
        return [*merged(self.events), error]


def read(chunks: Iterable[bytes], api: str, *, turn: int = 1, taken_ids: frozenset[str] = frozenset()) -> Response:
    """The response that these chunks are."""
    response = Response(api, turn, taken_ids)
    for chunk in chunks:
        response.feed(chunk)
    response.end()
    return response


def answered(reply: Reply) -> Transcript:
    """A reply, with a result for each of its calls."""
    return Transcript((reply, *(ToolResult(call, (TextPart(f"of {call.name}"),)) for call in reply.calls)))


def merged(events: Iterable[Event]) -> list[Event]:
    """The events, with adjacent deltas of one text made one."""
    made: list[Event] = []
    for event in events:
        last = made[-1] if made else None
        if isinstance(event, _DELTAS) and isinstance(last, _DELTAS) and _text_of(event) == _text_of(last):
            made[-1] = replace(last, text=last.text + event.text)
        else:
            made.append(event)
    return made


def _text_of(delta: ArgsDelta | TextDelta | ReasoningDelta | RefusalDelta) -> tuple[type[Event], object]:
    """Which text a delta belongs to."""
    return type(delta), delta.call if isinstance(delta, ArgsDelta) else delta.item


def check_end(response: Response) -> None:
    """However a response ended: it ended once, and every call of it is sealed or has an end."""
    assert isinstance(response.last, Ended | Broke)
    assert response.owed == []
    seals = {event.call.id for event in response.events if isinstance(event, CallSealed)}
    for event in response.events:
        if isinstance(event, CallFailed) and isinstance(event.failure, Truncated):
            assert event.call.id not in seals


def boundaries(body: bytes) -> list[int]:
    """The places right behind each event of a stream."""
    if body.startswith(b"\0"):
        return _ends_of_frames(body)
    lines_of_json = rb"|(?<=\})\n(?=\{)" if body.startswith(b"{") else b""
    return [match.end() for match in re.finditer(rb"\r\n\r\n|\n\n|\r\r" + lines_of_json, body)]


def _ends_of_frames(body: bytes) -> list[int]:
    """Where the frames of an AWS event stream end: each begins with its length."""
    ends: list[int] = []
    while (at := ends[-1] if ends else 0) < len(body):
        ends.append(at + int.from_bytes(body[at : at + 4], "big"))
    return ends


def open_any(name: str, kind: CallKind) -> Arguments:
    """Any arguments for any tool."""
    del name
    return FreeText() if kind == "custom" else Assembler()
