"""The input of a custom tool: free text, never JSON. It has the face of an `Assembler`, so that both are fed alike."""

from __future__ import annotations

from millstream.arguments.outcomes import Sealed, Settled, StringDelta
from millstream.events.values import JsonValue, Path
from millstream.failures import Problem, Rejected
from millstream.limits import Limits


class FreeText:
    """Collects the text of one custom call; `close` seals it as it is."""

    complete = False
    """Free text has no end of its own."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._max = (limits or Limits()).max_args_chars
        self._pieces: list[str] = []
        self._chars = 0
        self._rejected: Rejected | None = None

    @property
    def partial(self) -> JsonValue:
        """The text so far."""
        return "".join(self._pieces)

    @property
    def open_path(self) -> Path | None:
        """Free text is open until it is closed."""
        return ()

    def feed(self, piece: str) -> list[Settled | StringDelta | Rejected]:
        """Take the next piece of text."""
        if self._rejected is not None:
            return []
        self._chars += len(piece)
        if self._chars > self._max:
            self._rejected = Rejected(
                (Problem("", f"longer than {self._max} characters", "limit", self._max),), self._max
            )
            self._pieces.clear()
            return [self._rejected]
        self._pieces.append(piece)
        return []

    def close(self) -> Sealed | Rejected:
        """The text is over."""
        return self._rejected or Sealed("".join(self._pieces), "".join(self._pieces))
