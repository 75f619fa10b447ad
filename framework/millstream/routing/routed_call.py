"""One call as the router knows it, and what checks its arguments."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from millstream.arguments.outcomes import Sealed, Settled, StringDelta
from millstream.events import Call, CallKind, JsonValue, Path, Problem, Rejected


class Arguments(Protocol):
    """What checks the text of one call: an `Assembler`, or `FreeText` for a custom tool."""

    @property
    def complete(self) -> bool:
        """Whether the text so far is one whole document."""
        ...

    @property
    def partial(self) -> JsonValue:
        """The value so far."""
        ...

    @property
    def open_path(self) -> Path | None:
        """Where in `partial` the innermost value is that is still being written; None once all of it is complete."""
        ...

    def feed(self, piece: str) -> list[Settled | StringDelta | Rejected]:
        """Take the next piece of text."""
        ...

    def close(self) -> Sealed | Rejected:
        """The text is over."""
        ...


OpenArguments: TypeAlias = Callable[[str, CallKind], "Arguments | Problem"]
"""A tool's name and the kind of call -> what checks its arguments, or why there can be no such call."""


@dataclass(slots=True)
class RoutedCall:
    """One call of the response as the router knows it."""

    call: Call
    item: int
    arguments: Arguments | None
    text: list[str] = field(default_factory=list[str])
    """The argument text in pieces, what came after a rejection included."""
    sealed: Sealed | None = None
    rejected: Rejected | None = None
    ended: bool = False
    closed_blank: bool = False
    """Closed without any text: it becomes `{}` once the model has moved on."""
    chars: int = 0
    """How much argument text came."""

    @property
    def args_text(self) -> str:
        """The argument text so far."""
        return "".join(self.text)
