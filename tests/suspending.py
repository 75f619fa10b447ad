"""A world to suspend runs in: tools that note what they did, and what tests of states ask again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from millstream import (
    Agent,
    Result,
    RunState,
    Tool,
    tool,
)
from millstream.events import (
    Event,
    Record,
)
from millstream.testing import ScriptedModel, call
from millstream.transcript import TextPart, ToolResult, Transcript

E = TypeVar("E", bound=Event)
KEY = "a key of at least sixteen bytes"
A, B, C = "call-1-0", "call-1-1", "call-1-2"


@dataclass
class World:
    """Tools, and what they did."""

    did: list[str] = field(default_factory=list[str])

    @property
    def tools(self) -> list[Tool[..., Any]]:
        @tool(needs_approval=True)
        async def wipe(disk: str) -> str:
            """Wipe a disk."""
            self.did.append(f"wiped {disk}")
            return f"wiped {disk}"

        @tool(read_only=True)
        async def look(disk: str) -> str:
            """Look at a disk."""
            self.did.append(f"saw {disk}")
            return f"saw {disk}"

        @tool(deferred=True)
        def ask_user(question: str) -> str:
            """Ask the user."""
            raise AssertionError(f"nobody calls this, to ask {question}")

        return [wipe, look, ask_user]

    def agent(self, *script: Any, **options: Any) -> Agent:
        return Agent(ScriptedModel(list(script)), self.tools, **options)


WIPE, LOOK, ASK = call("wipe", disk="sda"), call("look", disk="sdb"), call("ask_user", question="Why?")


def state_of(result: Result) -> RunState:
    """The state as another process gets it."""
    assert result.state is not None
    return RunState.load(result.state.dump(KEY), KEY)


def results(transcript: Transcript) -> list[tuple[str, bool, str]]:
    return [
        (entry.call.id, entry.ok, "".join(part.text for part in entry.parts if isinstance(part, TextPart)))
        for entry in transcript
        if isinstance(entry, ToolResult)
    ]


def of(records: Sequence[Record], kind: type[E]) -> list[E]:
    return [record.event for record in records if isinstance(record.event, kind)]
