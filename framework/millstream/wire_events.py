"""What a provider's decoder says to the router: a small private union between `wire` and `routing`.

Every decoder turns its provider's messages into these and every router understands these. `item` is the decoder's own
number for one part of the response (a message, a reasoning block, a call, a server tool): counted from 0 in the order
in which the parts opened, never reused within a response, whatever the provider's indexes and ids do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from millstream.errors import WireError
from millstream.events.values import CallKind, JsonObject, Usage


@dataclass(frozen=True, slots=True)
class ItemOpened:
    """A part other than a call began: the model has moved on from every earlier one."""

    item: int


@dataclass(frozen=True, slots=True)
class CallBegan:
    """A call began and its name is complete. `provider_id` is "" where the provider sent none."""

    item: int
    name: str
    provider_id: str = ""
    kind: CallKind = "function"


@dataclass(frozen=True, slots=True)
class ArgsPiece:
    """More argument text of a call."""

    item: int
    text: str


@dataclass(frozen=True, slots=True)
class ArgsWhole:
    """The provider's own complete argument text: what was streamed must lead up to it, or is replaced by it."""

    item: int
    text: str


@dataclass(frozen=True, slots=True)
class CallClosed:
    """The provider said that a call is over; `complete` is False where it also said that it is cut."""

    item: int
    complete: bool = True


@dataclass(frozen=True, slots=True)
class CallLeft:
    """The stream turned to another call, on wires without an end-of-call event: a complete document is closed by it."""

    item: int


@dataclass(frozen=True, slots=True)
class TextPiece:
    """More text of the answer."""

    item: int
    text: str


@dataclass(frozen=True, slots=True)
class TextWhole:
    """The provider's own complete text of an item, sent where it is not what was streamed."""

    item: int
    text: str


@dataclass(frozen=True, slots=True)
class RefusalPiece:
    """More text of a refusal."""

    item: int
    text: str


@dataclass(frozen=True, slots=True)
class ReasoningPiece:
    """More text of the model's reasoning."""

    item: int
    text: str


@dataclass(frozen=True, slots=True)
class AnnotationPiece:
    """A mark on the text of an item, in the provider's form."""

    item: int
    annotation: JsonObject


@dataclass(frozen=True, slots=True)
class ServerToolMoved:
    """A tool the provider runs changed its state."""

    item: int
    tool: str
    status: str
    data: JsonObject


@dataclass(frozen=True, slots=True)
class Echo:
    """Data to be sent back with an item, in the provider's form. A later one replaces an earlier one."""

    item: int
    data: JsonObject


@dataclass(frozen=True, slots=True)
class Finished:
    """The model has stopped, for `reason`. `good`: the reason is in the wire's table of good ends.

    `goes_on`: it was only interrupted; what it said goes back as it is, and the next response goes on with it.
    """

    reason: str
    good: bool
    goes_on: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """The response is complete, nothing of it will follow. Always after `Finished`."""

    usage: Usage | None = None
    moderation: JsonObject | None = None
    response_id: str | None = None


@dataclass(frozen=True, slots=True)
class Broke:
    """The response failed, or ended before the model did. `reason` and `usage` are what was known by then."""

    error: WireError
    reason: str | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Passed:
    """A message without a meaning here, passed through."""

    name: str
    data: JsonObject


WireEvent: TypeAlias = (
    ItemOpened
    | CallBegan
    | ArgsPiece
    | ArgsWhole
    | CallClosed
    | CallLeft
    | TextPiece
    | TextWhole
    | RefusalPiece
    | ReasoningPiece
    | AnnotationPiece
    | ServerToolMoved
    | Echo
    | Finished
    | Ended
    | Broke
    | Passed
)
