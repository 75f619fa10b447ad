"""AWS event streams (`application/vnd.amazon.eventstream`): bytes of a body -> messages.

Frames, checksums and headers are read by botocore's parser. That keeps what it is given in one `bytes` object, which
costs the square of a frame where it comes in small chunks, and the square of a chunk that holds many frames; so it is
handed each frame in two parts: the prelude, whose checksum it verifies before a length is believed, and the rest once
that is there. It knows of no service.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, Final, Protocol, cast

from millstream.errors import ModelError, WireError
from millstream.events.values import is_object
from millstream.wire.framing import Message, not_text, too_large

_PRELUDE: Final = 12  # bytes: the length of the frame, that of its headers, a checksum of both
_CHECKSUM: Final = 4  # bytes: of the whole frame, at its end
_MAX_HEADERS: Final = 16 * 1024
"""AWS allows 128 KiB and sends 100 bytes; what botocore takes to read them is the square of how many there are."""


class _Frame(Protocol):
    headers: Mapping[str, object]
    payload: bytes


class _Parser(Protocol):
    def add_data(self, data: bytes) -> None: ...

    def __next__(self) -> _Frame: ...


def check_botocore() -> None:
    """Check that botocore is there.

    Raises:
        ModelError: it is not installed.
    """
    if find_spec("botocore") is None:
        raise ModelError("AWS event streams and signatures need botocore: pip install 'millstream[bedrock]'")


class AwsEventStream:
    """An AWS event stream as `wire.framing.Framing`.

    The `event` of a message is its `:event-type`, its data the payload. A frame that reports a failure has the event
    "error", and as data an object with its `:exception-type` or `:error-code` as `type`, beside what else it says.

    Args:
        max_message_bytes: the length of a frame beyond which the stream is given up, before any of it is kept.

    Raises:
        ModelError: botocore is not installed.
    """

    def __init__(self, max_message_bytes: int) -> None:
        check_botocore()
        self._parser = _new_parser()
        self._max = max_message_bytes
        self._held = bytearray()
        self._length = 0  # of the frame whose prelude was read, 0 before that
        self._begun = False  # whether a prelude was good
        self._given_up = False

    def feed(self, chunk: bytes) -> list[Message | WireError]:
        """The messages that `chunk` completes."""
        messages: list[Message | WireError] = []
        if self._given_up:
            return messages
        self._held += chunk
        at = 0
        try:
            while len(self._held) - at >= (self._length or _PRELUDE):
                if self._length == 0:
                    self._length = self._read_prelude(bytes(self._held[at : at + _PRELUDE]))
                else:
                    messages.append(self._read_rest(bytes(self._held[at + _PRELUDE : at + self._length])))
                    at += self._length
                    self._length = 0
        except WireError as error:
            self._given_up = True
            if self._begun or self.is_stream(bytes(self._held[:1])):  # else it is another body, see StreamDecoder.end
                messages.append(error)
            at = len(self._held)
        del self._held[:at]
        return messages

    def end(self) -> Message | WireError | None:
        """The body is over; what there is of a frame that was cut can not be verified."""
        self._held.clear()
        return None

    def is_stream(self, head: bytes) -> bool:
        """Whether a body without one whole message began as a stream of this kind.

        Its first byte is the highest of a length, which is far below that of any character of text.
        """
        return head[:1] < b"\t"

    def _read_prelude(self, prelude: bytes) -> int:
        """The length of the frame that begins so."""
        length, headers, _ = struct.unpack("!III", prelude)
        impossible = WireError(
            f"the provider sent a frame of {length} bytes with {headers} of headers", kind="protocol"
        )
        if length < _PRELUDE + _CHECKSUM:  # botocore would read on at once
            raise impossible
        self._parser.add_data(prelude)
        self._next()  # has nothing to give yet, but verifies the checksum
        self._begun = True
        if length > self._max:
            raise too_large(self._max)
        if headers > min(_MAX_HEADERS, length - _PRELUDE - _CHECKSUM):
            raise impossible
        return int(length)

    def _read_rest(self, rest: bytes) -> Message:
        self._parser.add_data(rest)
        frame = self._next()
        if frame is None:  # botocore has its own cap on lengths, and says so; this can not be
            raise WireError("botocore found no message in a whole frame", kind="protocol")
        try:
            return _message(frame)
        except UnicodeDecodeError as error:
            raise not_text() from error

    def _next(self) -> _Frame | None:
        try:
            return next(self._parser, None)
        except Exception as error:  # what a damaged frame makes it raise: its own errors, struct.error, KeyError …
            message = f"the provider sent a frame that can not be read: {error or type(error).__name__}"
            raise WireError(message, kind="protocol", retryable=True) from error


def _message(frame: _Frame) -> Message:
    kind, text = frame.headers.get(":message-type"), frame.payload.decode()
    if kind == "exception":
        return Message("error", json.dumps({**_said(text), "type": frame.headers.get(":exception-type")}))
    if kind == "error":
        error = {"type": frame.headers.get(":error-code"), "message": frame.headers.get(":error-message")}
        return Message("error", json.dumps(_said(text) | error))
    return Message(str(frame.headers.get(":event-type", "")), text)


def _said(text: str) -> dict[str, Any]:
    """What the payload of a failure says: a JSON object, mostly."""
    try:
        said: object = json.loads(text)
    except (ValueError, RecursionError):
        said = None
    return said if is_object(said) else {"message": text}


def _new_parser() -> _Parser:
    from botocore.eventstream import EventStreamBuffer  # pyright: ignore[reportMissingTypeStubs]  it has none

    return cast("_Parser", EventStreamBuffer())
