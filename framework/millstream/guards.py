"""Guards: functions of the run's user that may stop what goes in, what a tool is asked, and what is shown.

    async def no_customers(text: str, run: SoFar) -> Block | None:
        return Block("it names a customer") if "ACME" in text else None

    agent = Agent(model, tools, guards=Guards(text=no_customers))

A guard returns None to let pass, or a `Block` with the reason. One that raises, does not answer within
`Limits.guard_timeout_s`, or returns anything else blocks too: what nobody could judge does not pass.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from millstream.call_shape import check_takes
from millstream.errors import UsageError
from millstream.events import Call, JsonValue
from millstream.so_far import SoFar


@dataclass(frozen=True, slots=True)
class Block:
    """A guard's answer: it must not pass, for this reason. The model reads the reason where a call is blocked."""

    reason: str


Answer: TypeAlias = Block | Awaitable[Block | None] | None
"""None lets pass; the function may be async."""

InputGuard: TypeAlias = Callable[[SoFar[Any]], Answer]
"""Sees the transcript with the new prompt (`run.prompt`) before anything is asked."""

CallGuard: TypeAlias = Callable[[Call, JsonValue, SoFar[Any]], Answer]
"""Sees a call with its whole, valid arguments before its tool may start."""

TextCheck: TypeAlias = Callable[[str, SoFar[Any]], Answer]
"""Sees the text of one message of the answer so far, from its beginning."""

Piece: TypeAlias = Literal["sentence", "message"] | int
"""How much new text is looked at at a time: to the end of a sentence or line, so many characters, or all of it."""


@dataclass(frozen=True, slots=True)
class TextGuard:
    """A check of the answer's text, and how much of it the check wants to see at a time.

    Text is held back until it has passed. The check is given the message from its beginning each time, so that it finds
    what stands across two pieces; what has passed before is shown already.

    Args:
        check: judges the text.
        piece: "sentence" (a line is one too), "message" for the whole of it, or a number of characters; the end of a
            message is looked at in any case.

    Raises:
        UsageError: the check is no function, or there is no such piece.
    """

    check: TextCheck
    piece: Piece = "sentence"

    def __post_init__(self) -> None:
        check_takes("a guard on text", self.check, "text", "run")
        piece: Any = self.piece
        is_size = isinstance(piece, int) and not isinstance(piece, bool) and piece > 0
        if not (is_size or piece in ("sentence", "message")):
            pieces = '"sentence", "message" or a number of characters'
            raise UsageError(f"TextGuard(piece={piece!r}) is no piece of text: write {pieces}")


@dataclass(frozen=True, slots=True)
class Guards:
    """The guards of an agent; each takes one function, or several that must all let pass.

    Those of the agent that a run begins with hold for the whole run, also after a handoff, beside those of the agent
    that has taken over.

    Args:
        input: asked once, before the first request: nothing is sent, and no tool starts, before they let pass.
        text: asked about the text of the answer (refusals and structured output too, reasoning not); nothing of it is
            shown, and nothing behind it is acted on, before they let pass.
        call: asked about each call before its tool may start, beside the approver; what they block ends as `Denied`,
            with the reason, and the run goes on.

    Raises:
        UsageError: one of them is no function.
    """

    input: InputGuard | Sequence[InputGuard] = ()
    text: TextCheck | TextGuard | Sequence[TextCheck | TextGuard] = ()
    call: CallGuard | Sequence[CallGuard] = ()

    def __post_init__(self) -> None:
        for guard in self.inputs:
            check_takes("a guard on input", guard, "run")
        for asked in self.calls:
            check_takes("a guard on calls", asked, "call", "args", "run")
        _ = self.texts  # which check themselves

    @property
    def inputs(self) -> tuple[InputGuard, ...]:
        """Those on input."""
        return (self.input,) if callable(self.input) else tuple(self.input)

    @property
    def texts(self) -> tuple[TextGuard, ...]:
        """Those on text, each with its piece."""
        given = self.text
        listed = (given,) if isinstance(given, TextGuard) or callable(given) else tuple(given)
        return tuple(one if isinstance(one, TextGuard) else TextGuard(one) for one in listed)

    @property
    def calls(self) -> tuple[CallGuard, ...]:
        """Those on calls."""
        return (self.call,) if callable(self.call) else tuple(self.call)


def joined(first: Guards | None, second: Guards | None) -> Guards | None:
    """The guards of both, each once."""
    if first is None or second is None or first is second:
        return first or second
    return Guards(
        input=(*first.inputs, *second.inputs),
        text=(*first.texts, *second.texts),
        call=(*first.calls, *second.calls),
    )


def check_guards(guards: object) -> None:
    """Check that the guards of an agent are some.

    Raises:
        UsageError: they are something else.
    """
    if not isinstance(guards, Guards | None):
        raise UsageError(f"guards={guards!r} are none: write Guards(text=…, input=…, call=…)")
