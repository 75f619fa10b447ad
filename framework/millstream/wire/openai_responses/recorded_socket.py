"""OpenAI Responses over a WebSocket, as it was recorded: lanes that interleave, each with one response after another.

A lane is what has one `stream_id`; on each the responses come one by one, and its events belong to no other lane.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from millstream.events.values import Usage
from millstream.wire.fields import text_of
from millstream.wire.format import ReadOptions
from millstream.wire.openai_responses.reader import ResponsesReader
from millstream.wire.recorded_messages import RecordedMessages
from millstream.wire.session import SessionReader
from millstream.wire_events import Broke, Ended, Finished, Passed, WireEvent

NAME: Final = "openai-responses-ws"


class OpenAIResponsesSocket:
    """How recorded sessions are read; see `wire.format.Decoding`."""

    name = NAME

    def reader(self, options: ReadOptions) -> LanesReader:
        """A reader of one session."""
        return LanesReader(options)

    def framing(self, max_message_bytes: int) -> RecordedMessages:
        """Lines of a recording."""
        return RecordedMessages(max_message_bytes)


class LanesReader:
    """Decodes all lanes of a session, as if they were one response. See `wire.reading.Reader` for how it is driven."""

    def __init__(self, options: ReadOptions) -> None:
        self._options = options
        self._lanes: dict[str, SessionReader] = {}
        self._items: dict[tuple[str, int], int] = {}
        self._last = ""  # the lane of the last message

    @property
    def reason(self) -> str | None:
        """Why the model stopped last, as far as is known."""
        return self._lanes[self._last].reason if self._last in self._lanes else None

    @property
    def usage(self) -> Usage | None:
        """The token counts of all lanes; in `raw` the provider's own of each response, `{"responses": […]}`."""
        usages = [lane.usage for lane in self._lanes.values() if lane.usage is not None]
        if not usages:
            return None
        raw = [one for usage in usages for one in (usage.raw or {}).get("responses", [])]
        return replace(sum(usages, Usage()), raw={"responses": raw})

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one message says."""
        name = text_of(message, "stream_id")
        lane = self._lanes.get(name)
        if lane is None:
            lane = self._lanes[name] = SessionReader(lambda: ResponsesReader(self._options.leniencies))
        self._last = name
        return self._numbered(name, lane.accept(message, event))

    def done(self) -> list[WireEvent]:
        """`[DONE]`, which no session has: it ends nothing."""
        return []

    def end(self) -> list[WireEvent]:
        """The session is over: the first lane that broke says how, else the last that ended."""
        told = [event for name, lane in self._lanes.items() for event in self._numbered(name, lane.end())]
        events = [event for event in told if not isinstance(event, Finished | Ended | Broke)]
        broke = next((event for event in told if isinstance(event, Broke)), None)
        if broke is not None:
            return [*events, Broke(broke.error, self.reason, self.usage)]
        finished = [event for event in told if isinstance(event, Finished)][-1:]
        return [*events, *finished, Ended(self.usage)]

    def _numbered(self, lane: str, events: list[WireEvent]) -> list[WireEvent]:
        """Items are numbered over all lanes, as they come."""
        return [
            event
            if isinstance(event, Finished | Ended | Broke | Passed)
            else replace(event, item=self._items.setdefault((lane, event.item), len(self._items)))
            for event in events
        ]
