"""What the provider was asked, and when it wrote what: one record a request, readable while it serves.

The server's thread writes, any thread reads or waits. It must not know HTTP servers or wires.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from millstream.events import JsonValue

MAX_REQUESTS = 10_000
"""Requests that are kept; beyond it the oldest is dropped, so that a long benchmark does not fill the memory."""
SECRET_HEADERS = frozenset(
    ("authorization", "proxy-authorization", "api-key", "x-api-key", "x-goog-api-key", "x-amz-security-token", "cookie")
)
MASK = "********"


class Mark(NamedTuple):
    """A moment: `at_s` is `time.monotonic()`, which all processes of a machine share on Linux and macOS."""

    at_s: float
    label: str


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request for an answer.

    Args:
        number: from 0, in the order of arrival.
        path: that of the URL, "/v1/responses" for example; a query, which may hold a key, is left out, but for that of
            a request for the rest of a response. A request over WebSocket has the path and the headers of its
            connection (`upgrade: websocket`).
        headers: names in lower case; keys and cookies are masked.
        body: the JSON body, None where it was no JSON.
        at_s: when it had arrived, as `time.monotonic()`.
        status: the HTTP status of the answer, None where there was none.
        answer: the number of the scenario's answer, from 0; None where the request was refused.
        marks: when which bytes were handed to the network: "response-start", "first-text", "call-opened:NAME",
            "args-complete:NAME", "call-sealed:NAME", "error", "finish", "cut:HOW", "response-end".
        bytes_sent: bytes of the body handed to the network so far; they stop where the client does not read.
        disconnected_at_s: when the client was found to have left before the end; None where it stayed.
    """

    number: int
    path: str
    headers: Mapping[str, str]
    body: JsonValue
    at_s: float
    status: int | None = None
    answer: int | None = None
    marks: tuple[Mark, ...] = ()
    bytes_sent: int = 0
    disconnected_at_s: float | None = None

    def at(self, label: str) -> float:
        """The time of the first mark with this label.

        Raises:
            KeyError: there is none (yet); the message lists those there are.
        """
        for mark in self.marks:
            if mark.label == label:
                return mark.at_s
        raise KeyError(f"no mark {label!r}; there are: {', '.join(mark.label for mark in self.marks) or 'none'}")

    def to_json(self) -> dict[str, Any]:
        """The record as a JSON object; `marks` is a list of [at_s, label]."""
        return {
            "number": self.number,
            "path": self.path,
            "headers": dict(self.headers),
            "body": self.body,
            "at_s": self.at_s,
            "status": self.status,
            "answer": self.answer,
            "marks": [list(mark) for mark in self.marks],
            "bytes_sent": self.bytes_sent,
            "disconnected_at_s": self.disconnected_at_s,
        }


@dataclass(slots=True)
class Entry:
    """A request while it is answered; written by the server only."""

    log: Log
    number: int
    path: str
    headers: Mapping[str, str]
    body: JsonValue
    at_s: float
    status: int | None = None
    answer: int | None = None
    marks: list[Mark] = field(default_factory=list[Mark])
    bytes_sent: int = 0
    disconnected_at_s: float | None = None

    def answered(self, status: int | None, answer: int | None = None) -> None:
        """Note which answer it gets."""
        with self.log.changed:
            self.status, self.answer = status, answer
            self.log.changed.notify_all()

    def mark(self, label: str) -> None:
        """Note that something is written now."""
        with self.log.changed:
            self.marks.append(Mark(time.monotonic(), label))
            self.log.changed.notify_all()

    def sent(self, count: int) -> None:
        """Note that so many bytes of the body are written."""
        with self.log.changed:
            self.bytes_sent += count
            self.log.changed.notify_all()

    def disconnected(self) -> None:
        """Note that the client has left."""
        with self.log.changed:
            self.disconnected_at_s = time.monotonic()
            self.log.changed.notify_all()

    def record(self) -> RecordedRequest:
        """What is known of it now."""
        return RecordedRequest(
            self.number,
            self.path,
            self.headers,
            self.body,
            self.at_s,
            self.status,
            self.answer,
            tuple(self.marks),
            self.bytes_sent,
            self.disconnected_at_s,
        )


class Log:
    """The requests of one provider, oldest first."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self._entries: deque[Entry] = deque(maxlen=MAX_REQUESTS)
        self._count = 0

    def add(self, path: str, headers: Mapping[str, str], body: JsonValue, at_s: float) -> Entry:
        """A request that has arrived."""
        shown = {name: MASK if name in SECRET_HEADERS else value for name, value in headers.items()}
        if headers.get("authorization", "").lower().startswith("bearer "):
            shown["authorization"] = f"Bearer {MASK}"
        with self.changed:
            entry = Entry(self, self._count, path, shown, body, at_s)
            self._entries.append(entry)
            self._count += 1
            self.changed.notify_all()
        return entry

    def requests(self) -> tuple[RecordedRequest, ...]:
        """The records as they are now."""
        with self.changed:
            return tuple(entry.record() for entry in self._entries)

    def wait_until(self, reached: Callable[[Sequence[RecordedRequest]], bool], timeout_s: float) -> bool:
        """Wait until the records are as wanted, or the time is over; whether they are."""
        with self.changed:
            return self.changed.wait_for(
                lambda: reached(tuple(entry.record() for entry in self._entries)), timeout=timeout_s
            )
