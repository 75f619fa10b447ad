"""What a run is made of, and what the model is asked next. Decisions only, nothing waits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from millstream.limits import Limits
from millstream.models import Model
from millstream.policy import Policy
from millstream.runtime.attempt import RunContext
from millstream.runtime.instructions import Instructions
from millstream.runtime.nest import Nest, Scope
from millstream.runtime.output import OutputPlan
from millstream.runtime.sources import Sources
from millstream.settings import MODERATION, Settings, over
from millstream.stop import StopRule
from millstream.toolbox.tool import Tool
from millstream.toolbox.toolbox import Toolbox
from millstream.toolbox.turn_tools import ToolsForTurn
from millstream.transcript import Transcript
from millstream.transport.seam import Transport
from millstream.wire.format import Ask, ToolSchema


@dataclass(frozen=True, slots=True)
class Successor:
    """An agent that a conversation may be handed over to: `begin` gives its part, on what the run's calls share.

    `history` is what it is told of what was said before; None for all.
    """

    name: str
    begin: Callable[[RunContext], Conversation]
    history: Callable[[Transcript], Transcript] | None = None


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a run is made of: who is asked, with which tools, on which terms.

    `agent` has the `name` that its events carry; `transport` is one that it keeps open itself; `successors` are whom it
    may hand over to, by the tool that does it; `view` is what it is told of a transcript.
    """

    model: Model
    toolbox: Toolbox
    instructions: Instructions
    shared: RunContext
    settings: Settings = field(default_factory=Settings)
    """Those of the run, over the model's."""
    stop: StopRule | None = None
    output: OutputPlan | None = None
    name: str = "agent"
    agent: Any = None
    transport: Transport | None = None
    sources: Sources | None = None
    tools_for_turn: ToolsForTurn | None = None
    successors: Mapping[str, Successor] = field(default_factory=dict[str, Successor])
    view: Callable[[Transcript], Transcript] | None = None

    def nested(self, nest: Nest) -> Conversation:
        """The same, with a place for what works for it."""
        return replace(self, shared=replace(self.shared, nest=nest))

    def under(self, call_id: str, around: Nest) -> Conversation:
        """The same, whose tools are at work under a call of the run around it."""

        def at_work(inner_id: str, scope: Scope) -> AbstractContextManager[None]:
            return around.at_work(inner_id, (call_id, *scope))

        return replace(self, shared=replace(self.shared, at_work=at_work))

    @property
    def limits(self) -> Limits:
        """The limits of the run."""
        return self.shared.limits

    @property
    def policy(self) -> Policy:
        """The policy of the run."""
        return self.shared.policy

    def ask(self, transcript: Transcript) -> Ask:
        """What the model is asked next, where so much was said."""
        ask = Ask(
            model=self.model.model,
            transcript=transcript if self.view is None else self.view(transcript),
            instructions=self.instructions if isinstance(self.instructions, str) else "",  # told before it is asked
            tools=tool_schemas(self.toolbox),
            settings=self._settings(),
            dialect=self.model.dialect,
            text_calls=self.model.text_calls,
        )
        return ask if self.output is None else self.output.asked(ask)

    @property
    def tool_names(self) -> frozenset[str]:
        """The names of all tools that the model is told of."""
        own = frozenset(self.toolbox)
        return own if self.output is None else own | self.output.tool_names

    def _settings(self) -> Settings:
        """The model's settings and the run's over them, with moderation where the policy needs it."""
        settings = over(self.model.settings, self.settings)
        if self.policy.moderation is None or settings.moderation is not None:
            return settings
        return replace(settings, moderation=MODERATION)


def tool_schemas(toolbox: Toolbox) -> tuple[ToolSchema, ...]:
    """The tools as a model is told of them, on a wire that knows tools of free text."""
    return tuple(map(_schema, toolbox.values()))


def _schema(tool: Tool[..., Any]) -> ToolSchema:
    if not tool.takes_text:
        return ToolSchema(tool.name, tool.description, tool.parameters)
    grammar = None if tool.grammar is None else asdict(tool.grammar)
    return ToolSchema(tool.name, tool.description, tool.parameters, "custom", grammar)
