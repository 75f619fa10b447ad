"""Responses in the background: they go on without a reader, are read on from any event, and can be stopped.

`POST /v1/responses` with `background`, then `GET /v1/responses/{id}?stream=true&starting_after=N` and
`POST /v1/responses/{id}/cancel`. A `Cut` of the scenario ends the connection that comes to it, not the response: each
reader, the first one included, is cut at one of them, in order.
"""

from __future__ import annotations

import json
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp

from millstream.testing.provider.connections import Connections
from millstream.testing.provider.frames import Asked, Frame, compose
from millstream.testing.provider.log import Entry, Log
from millstream.testing.provider.responses import ResponsesWire
from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.scenario import Response
from millstream.testing.provider.snapshot import snapshot
from millstream.testing.provider.steps import Cut, CutHow, Raw
from millstream.testing.provider.streaming import Streamed

HEADERS = {"content-type": "text/event-stream; charset=utf-8"}
CUT_MARKS: Mapping[CutHow, bytes] = {"eof": b"\0eof", "close": b"\0close", "reset": b"\0reset"}
"""Bytes that no answer holds: where a connection is cut, while the answer is composed."""
MAX_KEPT = 256
"""Responses that can be read on; the real provider keeps them for some ten minutes."""


@dataclass(slots=True)
class _Kept:
    """A response that goes on: all that will be sent of it, and where its readers are cut."""

    asked: Asked
    begun_at_s: float
    frames: list[Frame] = field(default_factory=list[Frame])
    cuts: list[tuple[int, CutHow]] = field(default_factory=list[tuple[int, CutHow]])
    readers: int = 0
    cancelled: bool = False

    def add(self, frame: Frame) -> None:
        """The next frame, or the mark of a cut."""
        for how, mark in CUT_MARKS.items():
            if frame.data == mark:
                self.cuts.append((len(self.frames), how))
                return
        self.frames.append(frame)

    def read(self, after: int) -> Iterator[Frame]:
        """The frames behind event number `after`, as they are due from now on, for one more reader."""
        elapsed_s = time.monotonic() - self.begun_at_s
        stop, how = self.cuts[self.readers] if self.readers < len(self.cuts) else (len(self.frames), None)
        self.readers += 1
        for frame in self.frames[:stop]:
            if self.cancelled:
                return
            if not frame.event or _number(frame) > after:
                yield replace(frame, at_s=max(0.0, frame.at_s - elapsed_s))
        if how is not None:
            yield Frame(0.0, cut=how)


class Background:
    """The responses of one provider that go on in the background."""

    def __init__(self, log: Log, connections: Connections) -> None:
        self._log = log
        self._connections = connections
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    def begin(self, response: Response, asked: Asked, wire: ResponsesWire, entry: Entry) -> ASGIApp:
        """Begin a response; the answer to whoever asked for it."""
        kept = _Kept(asked, time.monotonic())
        for frame in compose(_marked(response), wire):
            kept.add(frame)
        self._kept[wire.response_id] = kept
        if len(self._kept) > MAX_KEPT:
            self._kept.popitem(last=False)
        return Streamed(kept.read(-1), entry, self._connections, HEADERS, first_byte_s=response.first_byte_s)

    async def resume(self, request: Request) -> ASGIApp:
        """The rest of a response, or what has become of it."""
        entry = self._entry(request)
        response_id = request.path_params["response_id"]
        kept = self._kept.get(response_id)
        if kept is None:
            return _unknown(response_id, entry)
        entry.answered(200)
        if request.query_params.get("stream") != "true":
            return JSONResponse(_snapshot(response_id, kept))
        after = int(request.query_params.get("starting_after", "-1"))
        return Streamed(kept.read(after), entry, self._connections, HEADERS)

    async def cancel(self, request: Request) -> ASGIApp:
        """Stop a response: its readers find the end of the stream, without an event that says so."""
        entry = self._entry(request)
        response_id = request.path_params["response_id"]
        kept = self._kept.get(response_id)
        if kept is None:
            return _unknown(response_id, entry)
        kept.cancelled = True
        entry.answered(200)
        return JSONResponse(_snapshot(response_id, kept))

    def _entry(self, request: Request) -> Entry:
        path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return self._log.add(path, dict(request.headers), None, time.monotonic())


def _marked(response: Response) -> Response:
    """The response with a mark in the place of each cut: what comes before and behind is as if there were none."""
    steps = (Raw(CUT_MARKS[step.how], step.at_s) if isinstance(step, Cut) else step for step in response.steps)
    return replace(response, steps=tuple(steps))


def _number(frame: Frame) -> int:
    data = frame.data.partition(b"data: ")[2]
    number: int = json.loads(data)["sequence_number"] if data else -1
    return number


def _snapshot(response_id: str, kept: _Kept) -> dict[str, object]:
    over = not kept.frames or time.monotonic() - kept.begun_at_s >= kept.frames[-1].at_s
    return snapshot(kept.asked, response_id, "cancelled" if kept.cancelled else "completed" if over else "in_progress")


def _unknown(response_id: str, entry: Entry) -> JSONResponse:
    refusal = Refusal(f"Response with id '{response_id}' not found.", None, None, 404)
    entry.answered(refusal.status)
    return JSONResponse(refusal.body, refusal.status)
