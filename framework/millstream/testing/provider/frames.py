"""Frames: timed pieces of a response body, and the form that server-sent events give them.

Pure. The wires make frames, `delivery` changes their dress, the server writes them when they are due.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, assert_never

from millstream.events import JsonObject, JsonValue
from millstream.testing.provider.play import Act, Pinged, Sent, Torn, play
from millstream.testing.provider.rules.shapes import is_object
from millstream.testing.provider.scenario import Response
from millstream.testing.provider.steps import CutHow, ErrorEvent

OBFUSCATION_BLOCK = 16
"""Deltas are padded to a multiple of so many characters, as the real provider does against traffic analysis."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One piece of a body.

    `at_s` is when it is due, in seconds from the start of the response; `mark` names what is complete once it is
    written ("args-complete:weather"), "" for nothing worth a mark; `event` is True for a whole event in the wire's form
    and False for verbatim bytes; `cut` is how the response breaks off behind it.
    """

    at_s: float
    data: bytes = b""
    mark: str = ""
    event: bool = False
    cut: CutHow | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What an answer depends on: the request's body, a seed that makes its ids unique, the time in Unix seconds.

    `url_model` and `query` are what the URL says of the model and of the form of the answer, where that is said there.
    """

    body: JsonObject
    seed: str = "0"
    created: int = 0
    url_model: str | None = None
    query: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def model(self) -> str:
        """The model's name as it was asked for."""
        return str(self.body.get("model", "")) if self.url_model is None else self.url_model

    def stream_option(self, name: str, default: bool) -> bool:
        """A flag of `stream_options`."""
        options = self.body.get("stream_options")
        return bool(options.get(name, default)) if is_object(options) else default

    def made_id(self, what: str, chars: int) -> str:
        """An id of so many hexadecimal digits, the same for the same seed and purpose."""
        return hashlib.sha512(f"{self.seed}/{what}".encode()).hexdigest()[:chars]


class Wire(Protocol):
    """One provider format: acts in, frames out."""

    def start(self) -> list[Frame]:
        """What is sent before the model does anything."""
        ...

    def feed(self, act: Act) -> list[Frame]:
        """What is sent for an act."""
        ...


def compose(response: Response, wire: Wire) -> Iterator[Frame]:
    """The frames of a response on a wire, made as they are taken."""
    yield from wire.start()
    for act in play(response):
        yield from wire.feed(act)


def event(data: JsonValue, name: str | None = None) -> bytes:
    """A server-sent event with compact JSON data, and its `event:` field where there is a name."""
    head = f"event: {name}\n" if name is not None else ""
    return f"{head}data: ".encode() + json_bytes(data) + b"\n\n"


def json_bytes(data: JsonValue) -> bytes:
    """Compact JSON; half of a surrogate pair, which UTF-8 does not have, is the escape that JSON has for it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return text.encode(errors="backslashreplace")


def plain(act: Pinged | Sent | Torn) -> Frame:
    """The frame of an act that is the same on every wire: a comment, verbatim bytes, a cut."""
    match act:
        case Pinged():
            return Frame(act.at_s, b": ping\n\n", event=True)
        case Sent():
            return Frame(act.at_s, act.data)
        case Torn():
            return Frame(act.at_s, cut=act.how)
        case _:
            assert_never(act)


def padding(asked: Asked, delta: str, number: int) -> str:
    """The `obfuscation` of a delta."""
    return asked.made_id(f"obfuscation/{number}", OBFUSCATION_BLOCK - len(delta) % OBFUSCATION_BLOCK)


def error_object(message: str, kind: str, code: str | int | None) -> dict[str, Any]:
    """The provider's error object."""
    return {"message": message, "type": kind, "param": None, "code": code}


def sent_error(error: ErrorEvent) -> bytes:
    """An error within a stream, in a form that is the same on every wire; without a shape `data: {"error": …}`."""
    facts = error_object(error.message, error.type, error.code)
    match error.shape:
        case "flat":
            return event(facts | {"type": "error"}, "error")
        case "nested":
            return event({"type": "error", "error": facts}, "error")
        case "event":
            return event({"error": facts}, "error")
        case "bare":
            return event(facts, "error")
        case "data" | None:
            return event({"error": facts})
        case _:
            assert_never(error.shape)
