"""The toolbox of one turn: what the sources have now, and what the user's function leaves of it."""

from __future__ import annotations

from dataclasses import replace
from inspect import isawaitable

from millstream.events import JsonObject
from millstream.runtime.conversation import Conversation
from millstream.runtime.sources import Sources, Tell
from millstream.toolbox.turn_tools import Choice, ToolsForTurn, TurnContext, chosen
from millstream.transcript import Transcript


class TurnToolbox:
    """Makes the conversation of each turn of one run.

    Args:
        sources: opened, of the run or of its agent.
        choose: the user's function, None where there is none.
    """

    def __init__(self, sources: Sources, choose: ToolsForTurn | None) -> None:
        self._sources = sources
        self._choose = choose
        self._told: list[tuple[str, JsonObject]] = []

    async def conversation(
        self, conversation: Conversation, turn: int, transcript: Transcript, tell: Tell
    ) -> Conversation:
        """The conversation with the tools of this turn.

        Raises:
            UsageError: the function named no tool.
        """

        def tell_once(name: str, data: JsonObject) -> None:
            if (name, data) not in self._told:
                self._told.append((name, data))
                tell(name, data)

        toolbox = await self._sources.toolbox(tell_once)
        if self._choose is not None:
            asked = self._choose(TurnContext(turn, transcript, conversation.shared.deps, toolbox))
            choice: Choice = await asked if isawaitable(asked) else asked
            toolbox = chosen(choice, toolbox)
        if toolbox is conversation.toolbox:
            return conversation
        return replace(conversation, toolbox=toolbox)
