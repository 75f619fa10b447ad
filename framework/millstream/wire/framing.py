"""The seam of a framing: bytes of a body -> messages, before anybody knows what they say.

Server-sent events, lines of JSON, a JSON array, a binary event stream: each is one file, and none knows a provider.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from millstream.errors import WireError


class Message(NamedTuple):
    """One message: the framing's own name for it, "" where it has none, and its text, which should be JSON."""

    event: str
    data: str


class Framing(Protocol):
    """Cuts one body into messages, however the network cut it into chunks.

    A body that can not be read on (a message too large, bytes that are no text) gives a `WireError` in the place of
    that message, after all messages before it; nothing follows it.
    """

    def feed(self, chunk: bytes) -> list[Message | WireError]:
        """The messages that `chunk` completes."""
        ...

    def end(self) -> Message | WireError | None:
        """The body is over: a last message that lacks only what would have ended it."""
        ...

    def is_stream(self, head: bytes) -> bool:
        """Whether a body without one whole message began as a stream of this kind, cut off early or silent."""
        ...


def too_large(max_message_bytes: int) -> WireError:
    """A message beyond the limit."""
    return WireError(
        f"the provider sent a message of more than {max_message_bytes} bytes",
        kind="protocol",
        hint="Raise Limits.max_message_bytes if it is meant to.",
    )


def not_text() -> WireError:
    """A message that is not UTF-8."""
    return WireError("the provider sent bytes that are not UTF-8", kind="protocol", retryable=True)
