"""The agents of one run, one after the other: who goes on after a response, and what the requests of each travel on.

A transport is opened when its agent is first asked, and closed at the end of the run, unless somebody else keeps it
open. Nothing here knows how a handoff comes about: a call of one of the agent's `successors` returned.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from types import TracebackType
from typing import Self

from millstream.errors import UsageError
from millstream.events import CallEnded
from millstream.runtime.conversation import Conversation, Successor
from millstream.runtime.sources import Sources, Tell
from millstream.runtime.transports import Transports
from millstream.runtime.turn_toolbox import TurnToolbox
from millstream.transcript import Transcript
from millstream.transport.seam import Transport


class Relay:
    """Enter it within the run, and ask it after each response.

    Args:
        transports: what the requests of the run travel on.
    """

    def __init__(self, transports: Transports) -> None:
        self._transports = transports
        self._stack = AsyncExitStack()
        self._tools: dict[int, TurnToolbox] = {}  # by the identity of the agent

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, traceback)

    def follow(self, now: Conversation, ends: Sequence[CallEnded], transcript: Transcript) -> Conversation:
        """Who goes on after a response of `now` whose calls ended like that.

        Raises:
            UsageError: what the next agent is to be told of the transcript is no history.
        """
        successor = _successor(now, ends)
        if successor is None:
            return now
        view = _view(successor, transcript) if successor.history is not None else None
        after = successor.begin(now.shared)
        return replace(after, view=view, settings=now.settings, stop=now.stop or after.stop)

    async def transport_of(self, now: Conversation) -> Transport:
        """What requests to the model of `now` travel on: that which its agent keeps open, else one of the run's own."""
        if now.transport is not None and now.agent is not None and now.agent.model is now.model:
            return now.transport
        return await self._transports.of(now.model)

    async def with_tools(self, now: Conversation, turn: int, transcript: Transcript, tell: Tell) -> Conversation:
        """`now` with the tools of this turn; servers of tools are opened when their agent is first asked.

        Raises:
            RunError: a server can not be used.
            UsageError: `tools_for_turn` named no tool.
        """
        tools = self._tools.get(id(now.agent))
        if tools is None:
            sources = now.sources
            if sources is None:
                sources = await self._stack.enter_async_context(Sources(now.toolbox, now.limits))
            tools = self._tools[id(now.agent)] = TurnToolbox(sources, now.tools_for_turn)
        return await tools.conversation(now, turn, transcript, tell)


def _successor(now: Conversation, ends: Sequence[CallEnded]) -> Successor | None:
    """Whom the calls of a response handed over to, None where to nobody."""
    return next((now.successors[end.call.name] for end in ends if end.ok and end.call.name in now.successors), None)


def _view(successor: Successor, transcript: Transcript) -> Callable[[Transcript], Transcript]:
    """What the next agent sees of the transcript as it grows: what it is told of it now, and all that is added."""
    assert successor.history is not None
    told, length = successor.history(transcript), len(transcript)
    if not _is_history(told):
        raise UsageError(
            f"Handoff(…, history=…) to {successor.name} must give a transcript that is not empty, each call answered"
        )
    return lambda whole: told + whole.entries[length:]


def _is_history(made: object) -> bool:
    return isinstance(made, Transcript) and bool(made) and not made.unanswered
