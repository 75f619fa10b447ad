"""A whole session over a socket, in which a model responds several times, read as one response.

A format supplies a reader of one response. Here the responses follow one another: their items are counted on, a call is
closed when its own response ends, well or not, the usage is the sum, and the end of the last response is the end of it
all, once the session is over. What ended a response before is passed through. It knows no format.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Protocol

from millstream.events.values import Usage
from millstream.wire.fields import text_of
from millstream.wire.reading import Reader
from millstream.wire_events import Broke, CallBegan, CallClosed, Ended, Finished, ItemOpened, Passed, WireEvent


class ResponseReader(Reader, Protocol):
    """A reader of one of the responses of a session."""

    @property
    def begun(self) -> bool:
        """Whether the response has begun; before it come messages about the session."""
        ...


class SessionReader:
    """Decodes a session. See `wire.reading.Reader` for how it is driven.

    Args:
        new_response: makes the reader of each response.
    """

    def __init__(self, new_response: Callable[[], ResponseReader]) -> None:
        self._new_response = new_response
        self._response = new_response()
        self._usages: list[Usage] = []
        self._finished: Finished | None = None
        self._end: Ended | Broke | None = None
        self._first = 0  # the number of the first item of this response
        self._count = 0
        self._calls: list[int] = []

    @property
    def reason(self) -> str | None:
        """Why the model stopped last, as far as is known."""
        return self._finished.reason if self._finished is not None else None

    @property
    def usage(self) -> Usage | None:
        """The token counts of all responses; in `raw` the provider's own, `{"responses": […]}`."""
        if not self._usages:
            return None
        raw = [usage.raw for usage in self._usages if usage.raw is not None]
        return replace(sum(self._usages, Usage()), raw={"responses": raw})

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one message says."""
        return [told for one in self._response.accept(message, event) for told in self._told(one, message)]

    def done(self) -> list[WireEvent]:
        """`[DONE]`, which no session has: it ends nothing."""
        return []

    def end(self) -> list[WireEvent]:
        """The session is over."""
        events: list[WireEvent] = []
        if self._response.begun or self._end is None:
            last = [told for one in self._response.end() for told in self._told(one, {})]
            events = [one for one in last if not isinstance(one, Passed)]
        if isinstance(self._end, Broke):
            return [*events, Broke(self._end.error, self.reason, self.usage)]
        response_id = self._end.response_id if self._end is not None else None
        finished = [self._finished] if self._finished is not None else []
        return [*events, *finished, Ended(self.usage, response_id=response_id)]

    def _told(self, event: WireEvent, message: Mapping[str, Any]) -> list[WireEvent]:
        match event:
            case Finished():
                self._finished = event
                moved_on: list[WireEvent] = [ItemOpened(self._next_item())] if event.good else []
                return [*self._closed(complete=event.good), *moved_on]
            case Ended() | Broke():
                closed = self._closed(complete=False)
                self._over(event)
                return [*closed, Passed(text_of(message, "type") or next(iter(message), ""), message)]
            case Passed():
                return [event]
            case _:
                item = self._first + event.item
                self._count = max(self._count, item + 1)
                if isinstance(event, CallBegan):
                    self._calls.append(item)
                return [replace(event, item=item)]

    def _closed(self, *, complete: bool) -> list[WireEvent]:
        """The calls of this response are over, those that were not closed before."""
        calls, self._calls = self._calls, []
        return [CallClosed(item, complete) for item in calls]

    def _over(self, end: Ended | Broke) -> None:
        if end.usage is not None:
            self._usages.append(end.usage)
        if isinstance(end, Broke):
            self._finished = None
        self._end = end
        self._response = self._new_response()
        self._first = self._count

    def _next_item(self) -> int:
        self._count += 1
        return self._count - 1
