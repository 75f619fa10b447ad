"""Which tools a model is told of in one turn: the declaration of a choice that the user's function makes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from millstream.toolbox.operations import check_known
from millstream.toolbox.toolbox import Toolbox
from millstream.transcript import Transcript


@dataclass(frozen=True, slots=True)
class TurnContext:
    """What is known before a turn: its number, what was said so far, the run's `deps`, and all the tools there are."""

    turn: int
    transcript: Transcript
    deps: Any
    toolbox: Toolbox


Choice: TypeAlias = Toolbox | Iterable[str] | None
ToolsForTurn: TypeAlias = Callable[[TurnContext], Choice | Awaitable[Choice]]
"""Asked before each request, async or not: the names of the tools of this turn, a toolbox of them, or None for all."""


def chosen(choice: Choice, toolbox: Toolbox) -> Toolbox:
    """The toolbox that a choice stands for.

    Raises:
        UsageError: there is no tool of a name.
    """
    if choice is None or isinstance(choice, Toolbox):
        return toolbox if choice is None else choice
    names = (choice,) if isinstance(choice, str) else tuple(choice)
    check_known(names, toolbox)
    return toolbox.only(*names)
