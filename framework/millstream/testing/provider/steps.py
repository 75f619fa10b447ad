"""What a scripted model does within one response, step by step: text, reasoning, calls, pauses and faults.

Data only. Times are seconds from the start of the response. `at_s` on a step means "not before", `until_s` means
"spread over the time until then"; without them text and arguments follow the pace of their response. Nothing here knows
a wire.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from millstream.errors import UsageError
from millstream.events import CallKind, JsonValue

CutHow: TypeAlias = Literal["eof", "close", "reset"]
"""The body ends tidily; the connection closes in the middle of the body; the connection is reset (TCP RST)."""


@dataclass(frozen=True, slots=True)
class Say:
    """The model writes `text`. A following `Say` of the same `phase` goes on with the same message.

    `phase` ("commentary", "final_answer") is sent on the Responses wire only.
    """

    text: str
    phase: str | None = None
    chunk_chars: int | None = None
    at_s: float | None = None
    until_s: float | None = None

    def __post_init__(self) -> None:
        _check_text("Say", self.chunk_chars, self.at_s, self.until_s)


@dataclass(frozen=True, slots=True)
class Think:
    """The model reasons.

    A summary on the Responses wire, `reasoning_content` deltas on the Chat wire, a signed block of thinking on those
    that have one, the plan for its tools on Cohere's.
    Without text it is the reasoning item with an empty summary that most models send.
    """

    text: str
    chunk_chars: int | None = None
    at_s: float | None = None
    until_s: float | None = None

    def __post_init__(self) -> None:
        _check_text("Think", self.chunk_chars, self.at_s, self.until_s)


@dataclass(frozen=True, slots=True)
class Refuse:
    """The model writes a refusal instead of an answer; text on the wires that have no word for it."""

    text: str
    chunk_chars: int | None = None
    at_s: float | None = None
    until_s: float | None = None

    def __post_init__(self) -> None:
        _check_text("Refuse", self.chunk_chars, self.at_s, self.until_s)


@dataclass(frozen=True, slots=True)
class CallTool:
    """The model calls the tool `name`.

    Args:
        name: the tool's name, as the model writes it (it may be wrong or empty).
        args: the arguments as a JSON value, sent as compact JSON text.
        raw: argument text sent verbatim instead of `args`; the free text of a custom tool.
        id: the call id; made up where it is None. "" is sent as it is.
        index: the `index` on the Chat wire, where it should not be the number of the call (servers that always say 0).
        kind: "function", or "custom" for a tool with free text.
        seal: whether the provider closes the call as complete. None: yes, unless the connection is cut or the response
            breaks off (`length` …) right after it. A call left open can be continued with `MoreArgs`.
        chunk_chars: characters of argument text a delta, where it should differ from the response's.
        at_s: the call opens no earlier than this.
        until_s: its arguments are spread evenly and complete at this time.
    """

    name: str
    args: JsonValue = field(default_factory=dict[str, JsonValue])
    raw: str | None = None
    id: str | None = None
    index: int | None = None
    kind: CallKind = "function"
    seal: bool | None = None
    chunk_chars: int | None = None
    at_s: float | None = None
    until_s: float | None = None

    def __post_init__(self) -> None:
        _check_text("CallTool", self.chunk_chars, self.at_s, self.until_s)
        if self.kind == "custom" and self.raw is None:
            raise UsageError(f"CallTool({self.name!r}): a custom tool takes free text, give it as raw=")
        if self.raw is None:
            _ = self.text  # a value that is no JSON should fail here, not in the server

    @property
    def text(self) -> str:
        """The argument text, as it goes over the wire."""
        if self.raw is not None:
            return self.raw
        try:
            return json.dumps(self.args, ensure_ascii=False, separators=(",", ":"))
        except (TypeError, ValueError) as error:
            raise UsageError(
                f"CallTool({self.name!r}): args is no JSON value ({error}); give the text as raw="
            ) from error


@dataclass(frozen=True, slots=True)
class Together:
    """Calls that are written at the same time: all open first, then their argument deltas alternate.

    A call with `until_s` is spread over its own time; the others share the pace of the response.
    """

    calls: tuple[CallTool, ...]
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class MoreArgs:
    """More argument text for call number `of` of this response, counted from 0, whether it is still open or not.

    After `CallTool(…, seal=False)` it continues the call, and closes it with `seal=True`; after a complete call, or
    after `Finish`, it is the stray delta that some servers send.
    """

    text: str
    of: int = 0
    seal: bool = False
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent for `s` seconds. At the end of the steps, after `Done`, the body stays open that long."""

    s: float


@dataclass(frozen=True, slots=True)
class Ping:
    """For `for_s` seconds nothing but a sign of life every `every_s` seconds.

    "comment" is an SSE comment line; "keepalive" the undocumented event of the Responses wire, which uses up a
    sequence number, and Anthropic's `ping`. Wires that are no server-sent events have no sign of life: silence.
    """

    every_s: float
    for_s: float
    kind: Literal["comment", "keepalive"] = "comment"

    def __post_init__(self) -> None:
        if self.every_s <= 0:
            raise UsageError("Ping: every_s must be above 0")


@dataclass(frozen=True, slots=True)
class Finish:
    """The response ends for `reason`: the finish chunk, or the terminal event.

    None is the natural one: "tool_calls" after calls, else "stop". "length" and "content_filter" are
    `response.incomplete` on the Responses wire, "failed" is `response.failed`. The other wires send their own word for
    each of these ("end_turn", "MAX_TOKENS" …), and any other text is sent as it is.
    Added by itself where it is missing, unless the steps hold a `Cut`, an `ErrorEvent` or a `Done`.
    """

    reason: str | None = None
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """The end of the stream.

    The usage chunk and `[DONE]` on the Chat wire, `message_stop` on Anthropic's, the token counts on Bedrock's, nothing
    on the Responses wire.

    Added by itself at the end, unless the steps hold a `Cut` or an `ErrorEvent`.
    """

    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class ErrorEvent:
    """An error within the stream.

    Its shape: "flat" and "nested" are the two of the Responses wire, "data" is `data: {"error": …}`, "event" the same
    under `event: error`, and "bare" an `event: error` without an `error` key. None is the wire's own: nested on
    Responses, data on Chat, an exception frame on Bedrock, which has no other. Nothing follows by itself; on the real
    Responses wire `Finish("failed")` does.
    """

    message: str
    code: str | int | None = "server_error"
    type: str = "server_error"
    shape: Literal["flat", "nested", "data", "event", "bare"] | None = None
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """The response breaks off here; steps behind it are never reached."""

    how: CutHow = "eof"
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Flood:
    """Text deltas of `text`, again and again, as quickly as they are read; up to `chars` characters or without end."""

    text: str = "And on, and on. "
    chars: int | None = None
    at_s: float | None = None

    def __post_init__(self) -> None:
        if not self.text:
            raise UsageError("Flood: text must not be empty")


@dataclass(frozen=True, slots=True)
class LongLine:
    """One line of `size_bytes` bytes that does not end: the beginning of an event, with no line feed behind it.

    On Bedrock's binary wire it is what such bytes are there: a frame whose checksum is wrong.
    """

    size_bytes: int
    at_s: float | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes for the body, verbatim; text is encoded as UTF-8."""

    data: str | bytes
    at_s: float | None = None


Step: TypeAlias = (
    Say
    | Think
    | Refuse
    | CallTool
    | Together
    | MoreArgs
    | Pause
    | Ping
    | Finish
    | Done
    | ErrorEvent
    | Cut
    | Flood
    | LongLine
    | Raw
)


def _check_text(what: str, chunk_chars: int | None, at_s: float | None, until_s: float | None) -> None:
    if chunk_chars is not None and chunk_chars < 1:
        raise UsageError(f"{what}: chunk_chars must be at least 1")
    if at_s is not None and until_s is not None and until_s < at_s:
        raise UsageError(f"{what}: until_s={until_s:g} lies before at_s={at_s:g}")
