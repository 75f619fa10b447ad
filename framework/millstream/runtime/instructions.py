"""What the model is told before everything else, where that is a function of the run: asked before each turn."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable
from typing import Any, TypeAlias

import anyio

from millstream.call_shape import check_takes
from millstream.errors import RunError, UsageError
from millstream.limits import Limits
from millstream.runtime.own_code import failed, name_of
from millstream.so_far import SoFar

Instructions: TypeAlias = str | Callable[[SoFar[Any]], str | Awaitable[str]]
"""Text, or a function, async or not, that makes it of the run so far."""


async def told(instructions: Instructions, so_far: Callable[[], SoFar[Any]], limits: Limits) -> str:
    """The instructions of the next turn.

    Raises:
        RunError: the function raised, or did not answer within `Limits.instructions_timeout_s`.
        UsageError: it returned something else than text.
    """
    if isinstance(instructions, str):
        return instructions
    text: object = None
    with anyio.move_on_after(limits.instructions_timeout_s) as wait:
        try:
            answer: object = instructions(so_far())
            text = await answer if isawaitable(answer) else answer
        except Exception as error:
            raise failed("the instructions", instructions, error) from error
    if wait.cancelled_caught:
        message = f"the instructions {name_of(instructions)} did not answer within {limits.instructions_timeout_s:g} s"
        raise RunError(f"{message}; raise Limits.instructions_timeout_s if they may take longer")
    if not isinstance(text, str):
        raise UsageError(f"the instructions {name_of(instructions)} returned {type(text).__name__}: return text")
    return text


def checked(instructions: object) -> None:
    """Check that instructions are text or a function.

    Raises:
        UsageError: they are something else.
    """
    if not (isinstance(instructions, str) or callable(instructions)):
        kind = type(instructions).__name__
        raise UsageError(f"instructions={kind}: give text, or a function that makes it of the run so far")
    if not isinstance(instructions, str):
        check_takes("a function for instructions", instructions, "run")
