"""The input of a custom tool: free text, never JSON. It has the face of an `Assembler`, so that both are fed alike."""

from __future__ import annotations

from typing import Any, Final

from millstream.arguments.assembler import Binder, Unbindable
from millstream.arguments.outcomes import Sealed, Settled, StringDelta
from millstream.arguments.pointer import pointer
from millstream.events.values import JsonValue, Path
from millstream.failures import Problem, Rejected
from millstream.limits import Limits

INPUT: Final = "input"
"""The one argument that a custom tool has where a wire knows functions only."""


def input_schema(description: str) -> dict[str, Any]:
    """The JSON Schema of the arguments of a custom tool that is offered as a function: its text is their `input`."""
    return {
        "type": "object",
        "properties": {INPUT: {"type": "string", "description": description}},
        "required": [INPUT],
        "additionalProperties": False,
    }


class FreeText:
    """Collects the text of one custom call; `close` seals it as it is.

    Args:
        limits: the cap on its characters.
        bind: called at `close` with the text; its result is `Sealed.bound`.
    """

    complete = False
    """Free text has no end of its own."""

    def __init__(self, limits: Limits | None = None, bind: Binder | None = None) -> None:
        self._max = (limits or Limits()).max_args_chars
        self._bind = bind
        self._pieces: list[str] = []
        self._chars = 0
        self._outcome: Sealed | Rejected | None = None

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
        if self._outcome is not None:
            return []
        self._chars += len(piece)
        if self._chars > self._max:
            problem = Problem("", f"longer than {self._max} characters", "limit", self._max)
            self._outcome = Rejected((problem,), self._max)
            self._pieces.clear()
            return [self._outcome]
        self._pieces.append(piece)
        return []

    def close(self) -> Sealed | Rejected:
        """The text is over. Returns the verdict, asked again the same one; an exception of the binder's passes."""
        if self._outcome is None:
            self._outcome = self._bound("".join(self._pieces))
        return self._outcome

    def _bound(self, text: str) -> Sealed | Rejected:
        try:
            return Sealed(text, text if self._bind is None else self._bind(text))
        except Unbindable as error:
            at = len(text)
            problems = (Problem(pointer(path), message, kind, at) for path, message, kind in error.problems)
            return Rejected(tuple(problems), at)
