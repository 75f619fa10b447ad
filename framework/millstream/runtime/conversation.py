"""What a run is made of, and what the model is asked next. Decisions only, nothing waits."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from millstream.limits import Limits
from millstream.models import Model
from millstream.policy import Policy
from millstream.runtime.attempt import RunContext
from millstream.runtime.instructions import Instructions
from millstream.settings import MODERATION, Settings, over
from millstream.stop import StopRule
from millstream.toolbox.tool import Tool
from millstream.toolbox.toolbox import Toolbox
from millstream.transcript import Transcript
from millstream.wire.format import Ask, ToolSchema


@dataclass(frozen=True, slots=True)
class Conversation:
    """What a run is made of: who is asked, with which tools, on which terms."""

    model: Model
    toolbox: Toolbox
    instructions: Instructions
    shared: RunContext
    settings: Settings = field(default_factory=Settings)
    """Those of the run, over the model's."""
    stop: StopRule | None = None

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
        return Ask(
            model=self.model.model,
            transcript=transcript,
            instructions=self.instructions if isinstance(self.instructions, str) else "",  # told before it is asked
            tools=tool_schemas(self.toolbox),
            settings=self._settings(),
            dialect=self.model.dialect,
        )

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
