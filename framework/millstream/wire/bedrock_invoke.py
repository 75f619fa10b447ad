"""Bedrock InvokeModelWithResponseStream: a model's own events, each in base64 in a frame of an AWS event stream.

Only how responses are read. Whose events they are is for the table of formats to say, which gives the reader.
"""

from __future__ import annotations

import json
from base64 import b64decode
from collections.abc import Callable

from millstream.errors import WireError
from millstream.events.values import is_object
from millstream.wire.aws_event_stream import AwsEventStream
from millstream.wire.bedrock_errors import error_object
from millstream.wire.format import ReadOptions
from millstream.wire.framing import Message
from millstream.wire.reading import Reader


class BedrockInvoke:
    """How the responses of one model family are read; see `wire.format.Decoding`.

    Args:
        name: its name in the table of formats.
        reader: makes a reader of the family's own events.
    """

    def __init__(self, name: str, reader: Callable[[ReadOptions], Reader]) -> None:
        self.name = name
        self._reader = reader

    def reader(self, options: ReadOptions) -> Reader:
        """A reader of one response."""
        return self._reader(options)

    def framing(self, max_message_bytes: int) -> InvokeStream:
        """An AWS event stream of wrapped events."""
        return InvokeStream(max_message_bytes)


class InvokeStream:
    """The events that the `chunk` frames of an AWS event stream hold, as `wire.framing.Framing`.

    Args:
        max_message_bytes: as of `AwsEventStream`.

    Raises:
        ModelError: botocore is not installed.
    """

    def __init__(self, max_message_bytes: int) -> None:
        self._frames = AwsEventStream(max_message_bytes)
        self._given_up = False

    def feed(self, chunk: bytes) -> list[Message | WireError]:
        """The events that `chunk` completes."""
        messages: list[Message | WireError] = []
        for frame in [] if self._given_up else self._frames.feed(chunk):
            unwrapped = frame if isinstance(frame, WireError) else _unwrapped(frame)
            messages.append(unwrapped)
            if isinstance(unwrapped, WireError):
                self._given_up = True
                break
        return messages

    def end(self) -> Message | WireError | None:
        """The body is over."""
        return self._frames.end()

    def is_stream(self, head: bytes) -> bool:
        """Whether a body without one whole message began as a stream of this kind."""
        return self._frames.is_stream(head)


def _unwrapped(frame: Message) -> Message | WireError:
    try:
        said: object = json.loads(frame.data)
        if is_object(said) and frame.event == "error":
            return Message("error", json.dumps(error_object(said)))
        wrapped: object = said.get("bytes") if is_object(said) else None
        if not isinstance(wrapped, str):
            return frame
        return Message("", b64decode(wrapped, validate=True).decode())
    except (ValueError, RecursionError) as error:
        broken = WireError("the provider sent a chunk whose bytes can not be read", kind="protocol", retryable=True)
        broken.__cause__ = error
        return broken
