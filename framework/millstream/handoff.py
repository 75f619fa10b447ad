"""Handing a conversation over: the agents that may go on with it, and the tool with which a model chooses one.

The tool only says so; `runtime.relay` has the next agent go on once the response and all its calls have ended.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from millstream.errors import ToolError, UsageError
from millstream.runtime.nest import WITHIN
from millstream.toolbox.decorator import tool
from millstream.toolbox.tool import Tool
from millstream.transcript import Transcript

if TYPE_CHECKING:
    from millstream.agent import Agent

_PREFIX: Final = "transfer_to_"
_NAME: Final = re.compile(rf"[a-zA-Z0-9_-]{{1,{64 - len(_PREFIX)}}}")
_UNNAMED: Final = "agent"
_EXCLUSIVE: Final = "the conversation"  # one at a time and in call order, so that the first of a response wins
_MAX_CACHED_TOOLS: Final = 256


@dataclass(frozen=True, slots=True)
class Handoff:
    """An agent that a conversation may be handed over to, where there is more to say of it than who it is.

    Args:
        agent: who goes on.
        description: when to hand over to it, for the model that decides.
        history: what the agent is told of what was said before, made of the transcript at that moment: not empty, and
            with an answer to each call in it; everything by default. The transcript of the run stays whole.
    """

    agent: Agent[Any]
    description: str = ""
    history: Callable[[Transcript], Transcript] | None = None

    @property
    def tool(self) -> Tool[..., Any]:
        """The tool with which a model hands over to it.

        Raises:
            UsageError: the agent has no name, or one that can not be part of the name of a tool.
        """
        name = self.agent.name
        if name == _UNNAMED:
            raise UsageError("an agent that is handed over to needs a name: Agent(…, name=…)")
        if not _NAME.fullmatch(name):
            raise UsageError(
                f"{name!r} can not be handed over to: its name becomes part of a tool's, so use letters, digits, _ "
                f"and -, at most {64 - len(_PREFIX)}"
            )
        description = self.description or f"Hand the conversation over to {name}, who goes on with it."
        return _tool(_PREFIX + name, description)


def list_of(given: Iterable[Agent[Any] | Handoff]) -> list[Agent[Any] | Handoff]:
    """What was given as handoffs.

    Raises:
        UsageError: it is no list.
    """
    if not _is_list(given):
        raise UsageError(f"handoffs are given as a list: write [{given!r}], not {given!r}")
    return list(given)


def _is_list(given: object) -> bool:
    return isinstance(given, Iterable) and not isinstance(given, str)


def as_handoffs(given: Iterable[Agent[Any] | Handoff]) -> list[Handoff]:
    """Agents and handoffs as handoffs.

    Raises:
        UsageError: one is neither.
    """
    handoffs = [one if isinstance(one, Handoff) else Handoff(one) for one in given]
    stranger = next((one.agent for one in handoffs if not hasattr(one.agent, "handoffs")), None)
    if stranger is not None:
        raise UsageError(f"handoffs=[…] holds {stranger!r}: write agents, or Handoff(agent, …)")
    return handoffs


@lru_cache(_MAX_CACHED_TOOLS)
def _tool(name: str, description: str) -> Tool[..., Any]:
    return tool(name=name, description=description, start="end", exclusive=_EXCLUSIVE, executor="inline")(_hand_over)


def _hand_over(message: str = "") -> str:
    """Hand the conversation over.

    Args:
        message: What the other one should know that was not said.
    """
    del message  # it stands in the call, where the other one reads it
    within = WITHIN.get()
    if within is None or within.shared.nest is None:
        return "The conversation is handed over."
    call = within.call
    first = within.shared.nest.handed_over.setdefault(call.turn, call)
    if first.id != call.id:
        raise ToolError(f"Not handed over: {first.name} came first, and the conversation goes to one only.")
    return f"{call.name.removeprefix(_PREFIX)} goes on with the conversation from here."
