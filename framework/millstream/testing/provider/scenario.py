"""A scenario: what the scripted model answers, request by request, and how each answer is delivered.

Pure: a scenario is a value. `Scenario.of` is the short form for tests, `load_scenario` reads a JSON file. It must not
know the wires or the server.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from millstream.errors import UsageError
from millstream.events import JsonValue, Usage
from millstream.testing.provider.steps import CallTool, CutHow, MoreArgs, Say, Step, Together

Pick: TypeAlias = Literal["order", "history"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the bytes of a response travel: the same events in another dress, or a faulty one.

    Args:
        newline: what ends a line; None is what the provider itself sends.
        bom: the body begins with a byte order mark.
        doubled: each event is sent twice.
        final_blank_line: False leaves out the blank line behind the last event.
        piece_bytes: the body is written in pieces of this many bytes; None writes an event at a time.
        gzip: the body is compressed (`content-encoding: gzip`), flushed after each event.
        headers: further headers of the answer, over the usual ones.
    """

    newline: Literal["\n", "\r\n", "\r"] | None = None
    bom: bool = False
    doubled: bool = False
    final_blank_line: bool = True
    piece_bytes: int | None = None
    gzip: bool = False
    headers: Mapping[str, str] = field(default_factory=dict[str, str])

    def __post_init__(self) -> None:
        if self.piece_bytes is not None and self.piece_bytes < 1:
            raise UsageError("Delivery: piece_bytes must be at least 1")


@dataclass(frozen=True, slots=True)
class Response:
    """A streamed answer.

    Args:
        steps: what the model does, in order; a `Finish` and the end of the stream are added where they are missing.
        tokens_per_s: deltas a second (one delta stands for one token); None sends them without waiting.
        chunk_chars: characters of text or arguments a delta.
        usage: the token counts to report; None counts four characters as a token.
        first_byte_s: time between the request and the headers of the answer.
        delivery: how the bytes travel.
    """

    steps: tuple[Step, ...] = ()
    tokens_per_s: float | None = None
    chunk_chars: int = 4
    usage: Usage | None = None
    first_byte_s: float = 0.0
    delivery: Delivery = field(default_factory=Delivery)

    def __post_init__(self) -> None:
        if self.tokens_per_s is not None and self.tokens_per_s <= 0:
            raise UsageError("Response: tokens_per_s must be above 0; leave it out for no waiting")
        if self.chunk_chars < 1:
            raise UsageError("Response: chunk_chars must be at least 1")
        calls = 0
        for number, step in enumerate(self.steps):
            if isinstance(step, MoreArgs) and not 0 <= step.of < calls:
                raise UsageError(f"steps[{number}]: MoreArgs(of={step.of}), but {calls} calls came before it")
            calls += calls_in(step)

    @property
    def call_count(self) -> int:
        """How many calls the steps hold."""
        return sum(calls_in(step) for step in self.steps)


@dataclass(frozen=True, slots=True)
class Body:
    """A whole answer given verbatim: an HTTP error, or HTML or JSON where a stream was expected.

    Args:
        content: text or bytes as they are, or any other JSON value, which is sent as JSON text.
        status: the HTTP status.
        content_type: of the answer; None is JSON for a JSON value, else HTML.
        headers: further headers, `Retry-After` for example.
        first_byte_s: time between the request and the answer.
    """

    content: str | bytes | JsonValue
    status: int = 200
    content_type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    first_byte_s: float = 0.0

    @property
    def data(self) -> bytes:
        """The body's bytes."""
        if isinstance(self.content, bytes):
            return self.content
        return (self.content if isinstance(self.content, str) else json.dumps(self.content)).encode()

    @property
    def media_type(self) -> str:
        """The value of the `content-type` header."""
        if self.content_type is not None:
            return self.content_type
        return "text/html" if isinstance(self.content, str | bytes) else "application/json"


@dataclass(frozen=True, slots=True)
class Hangup:
    """No answer at all: the connection is closed or reset before the first byte ("eof" is the same as "close")."""

    how: CutHow = "reset"
    first_byte_s: float = 0.0


Answer: TypeAlias = Response | Body | Hangup


@dataclass(frozen=True, slots=True)
class Scenario:
    """The answers of a scripted model.

    Args:
        responses: the answers, in order. A request for one behind the last gets an HTTP 500 that says so.
        pick: which answer a request gets. "order": the n-th accepted request gets the n-th answer. "history": the
            number of the model's turns that the request's own history holds decides, so that any number of
            conversations, at the same time too, each begin with the first answer. A turn is an unbroken run of the
            model's own messages or items; on the Responses wire the turns behind `previous_response_id` count as well.

    Requests that the provider refuses (key, model, its rules) use up no answer.
    """

    responses: tuple[Answer, ...]
    pick: Pick = "order"

    def __post_init__(self) -> None:
        if self.pick not in ("order", "history"):
            raise UsageError(f'Scenario: pick={self.pick!r} is unknown, write "order" or "history"')

    @classmethod
    def of(cls, *responses: Answer | Step | str | Sequence[Step | str], pick: Pick = "order") -> Scenario:
        """A scenario in short form: text is said, a step or a list of steps is a response.

        `Scenario.of([CallTool("weather", {"city": "Paris"})], "21 degrees.")` calls a tool, then answers.
        """
        return cls(tuple(_answer(response) for response in responses), pick)


def calls_in(step: Step) -> int:
    """How many calls a step opens."""
    match step:
        case CallTool():
            return 1
        case Together(calls=calls):
            return len(calls)
        case _:
            return 0


def _answer(given: Answer | Step | str | Sequence[Step | str]) -> Answer:
    match given:
        case Response() | Body() | Hangup():
            return given
        case str():
            return Response((Say(given),))
        case Sequence():
            return Response(tuple(Say(step) if isinstance(step, str) else step for step in given))
        case _:
            return Response((given,))
