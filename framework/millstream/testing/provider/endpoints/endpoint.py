"""The seam of an endpoint: what one path of a provider takes, what it refuses, and the wire that it answers on.

Pure, and the same over HTTP and in process. A new provider is one file beside this one and one line in the table.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from millstream.events import JsonObject, JsonValue
from millstream.testing.provider.frames import Asked, Wire
from millstream.testing.provider.picking import Memory
from millstream.testing.provider.rules import Form, Refusal
from millstream.testing.provider.rules.shapes import is_object
from millstream.testing.provider.scenario import Response

Keys: TypeAlias = Collection[str] | None
"""The keys that are let in; None is any."""
STREAM_REQUIRED = 'This fake provider only streams. Send "stream": true.'


@dataclass(frozen=True, slots=True)
class Posted:
    """A request as it came: names of headers in lower case, the body None where it was no JSON."""

    body: JsonValue
    path: str = ""
    query: Mapping[str, str] = field(default_factory=dict[str, str])
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Answering:
    """How one answer is written.

    Args:
        wire: what makes frames of acts.
        media_type: the value of the `content-type` header.
        newline: what ends a line on this wire; None where it has no lines.
        before: called before each frame is written.
    """

    wire: Wire
    media_type: str = "text/event-stream; charset=utf-8"
    newline: str | None = "\n"
    before: Callable[[], None] = lambda: None


def model_in_body(posted: Posted) -> JsonValue:
    """The model that the body names."""
    return posted.body.get("model") if is_object(posted.body) else None


def stream_in_body(body: JsonObject) -> bool:
    """Whether the body asks for a stream in so many words."""
    return body.get("stream") is True


def always_streams(body: JsonObject) -> bool:
    """The path itself asks for a stream."""
    del body
    return True


def bearer(posted: Posted) -> str:
    """The key of the `Authorization` header, "" where there is none."""
    scheme, _, key = posted.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One path that answers.

    Args:
        api: the name of its wire format.
        path: the route, as starlette writes it.
        form: how the provider writes a refusal.
        check_key: who is not let in.
        unknown_model: the refusal of a model that is not there.
        not_json: the refusal of a body that is no JSON object.
        check: the provider's own rules for a body, with what was remembered of earlier answers.
        turns: how many turns of the model the request's history holds.
        answer: how a response is written; the number is that of the turns before it.
        model: which model is asked for.
        streams: whether a body asks for a stream.
    """

    api: str
    path: str
    form: Form
    check_key: Callable[[Posted, Keys], Refusal | None]
    unknown_model: Callable[[str], Refusal]
    not_json: Callable[[], Refusal]
    check: Callable[[Posted, Memory], Refusal | None]
    turns: Callable[[JsonObject, Memory], int]
    answer: Callable[[Asked, Response, Memory, int], Answering]
    model: Callable[[Posted], JsonValue] = model_in_body
    streams: Callable[[JsonObject], bool] = stream_in_body

    def refusal(self, posted: Posted, memory: Memory, keys: Keys, models: Keys, *, check: bool) -> Refusal | None:
        """Why a request is not answered; None where it is. `check` is whether the rules for bodies are applied."""
        refusal = self.check_key(posted, keys)
        if refusal is not None:
            return refusal
        body, model = posted.body, self.model(posted)
        if not is_object(body):
            return self.not_json()
        if models is not None and isinstance(model, str) and model not in models:
            return self.unknown_model(model)
        if check:
            refusal = self.check(posted, memory)
        if refusal is None and not self.streams(body):
            refusal = Refusal(STREAM_REQUIRED, "stream", "unsupported_value", form=self.form)
        return refusal

    def failure(self, message: str, code: str) -> Refusal:
        """A failure of the provider itself: HTTP 500."""
        return replace(Refusal(message, None, code, 500, "server_error"), form=self.form)
