"""Anthropic Messages: one content block as it grows, and what of it must go back with the next request.

A block that is thinking goes back as an echo without a `type`: it belongs to the whole message, in which the API wants
it first, and so it stays wherever it stands, also where a text beside it was lost.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from millstream.events.values import JsonObject, is_object
from millstream.wire.fields import text_of

SERVER_TOOLS: Final = frozenset({"server_tool_use", "mcp_tool_use"})
"""Calls that the provider runs itself."""
_PLAIN: Final = frozenset({"type", "id", "name", "input", "text", "citations"})
"""What is written of a call or a text without its echo."""


@dataclass(slots=True)
class Block:
    """One content block: its number in the wire events, how it began, and what came of it since."""

    item: int
    raw: dict[str, Any]
    texts: list[str] = field(default_factory=list[str])
    """Pieces of its thinking, or of the JSON text of its input where the provider itself reads that."""
    citations: list[JsonObject] = field(default_factory=list[JsonObject])
    streamed: bool = False
    """Whether a piece of a call's input came."""
    done: bool = False

    @property
    def type(self) -> str:
        """What it is: "text", "thinking", "tool_use" …"""
        return text_of(self.raw, "type")

    @property
    def is_result(self) -> bool:
        """Whether it is what a tool of the provider gave: these come whole."""
        return self.type.endswith("_tool_result")

    @property
    def input(self) -> dict[str, Any]:
        """The input of a tool of the provider: what its JSON text says, or the block began with; {} if no object."""
        text = "".join(self.texts)
        try:
            value: object = json.loads(text) if text.strip() else self.raw.get("input")
        except (ValueError, RecursionError):
            value = None
        return value if is_object(value) else {}

    @property
    def ready_input(self) -> str | None:
        """The JSON text of an input that was there from the beginning and not streamed; None where there is none."""
        ready: object = self.raw.get("input")
        if self.streamed or not is_object(ready) or not ready:
            return None
        # What is no JSON (NaN) stays so, and is refused as from anyone.
        return json.dumps(ready, ensure_ascii=False, separators=(",", ":"))

    def extend(self, delta: Mapping[str, Any]) -> None:
        """Take a delta whose meaning is not known, `compaction_delta` among them: its fields become the block's."""
        self.raw = {**self.raw, **{key: value for key, value in delta.items() if key != "type"}}

    def echo(self) -> JsonObject | None:
        """What must go back beside its text or its arguments; None where these are all there is."""
        match self.type:
            case "thinking":
                return self._thinking()
            case "redacted_thinking":
                return {key: value for key, value in self.raw.items() if key != "type"}
            case "text" | "tool_use":
                more = {key: value for key, value in self.raw.items() if key not in _PLAIN and value is not None}
                cited = {"citations": list(self.citations)} if self.citations else {}
                return {"type": self.type, **cited, **more} if cited or more else None
            case type_ if type_ in SERVER_TOOLS:
                return {**self.raw, "input": self.input}
            case type_:
                return self.raw if type_ else None

    def _thinking(self) -> JsonObject | None:
        """Thinking with its signature; what was cut before it was signed would be refused."""
        if not text_of(self.raw, "signature"):
            return None
        more = {key: value for key, value in self.raw.items() if key != "type"}
        return more | {"thinking": "".join(self.texts)}
