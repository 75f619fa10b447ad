"""The seam of a wire format: how a request is written and who reads the response."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from millstream.events.values import CallKind, JsonObject
from millstream.transcript import Transcript
from millstream.wire.reading import Reader


@dataclass(frozen=True, slots=True)
class ToolSchema:
    """A tool as a model is told of it. `parameters` is the JSON Schema of its arguments, an object schema."""

    name: str
    description: str
    parameters: JsonObject
    kind: CallKind = "function"


@dataclass(frozen=True, slots=True)
class Ask:
    """One request for a response, in no provider's form. `settings` go into the body as they are, over everything."""

    model: str
    transcript: Transcript
    instructions: str = ""
    tools: tuple[ToolSchema, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])


class Format(Protocol):
    """One provider format: stateless, shared by all requests."""

    @property
    def name(self) -> str:
        """Its name in `MODELS`, on the command line and in `Reply.wire`."""
        ...

    @property
    def path(self) -> str:
        """What is appended to the base URL."""
        ...

    def request(self, ask: Ask) -> dict[str, Any]:
        """The JSON body of a streaming request."""
        ...

    def reader(self, tool_names: frozenset[str]) -> Reader:
        """A decoder for one response. `tool_names` help where a format does not say when a name is complete."""
        ...

    def tool(self, schema: ToolSchema) -> dict[str, Any]:
        """A tool definition as this format writes it."""
        ...

    def entries(self, transcript: Transcript) -> list[dict[str, Any]]:
        """A transcript as this format writes it: the items of `input`, or the messages."""
        ...
