"""What one connection remembers: its responses, whatever `store` says, until a request that failed evicts one."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Sequence

from millstream.events import JsonObject
from millstream.testing.provider.endpoints.openai_responses import turns
from millstream.testing.provider.items import Item
from millstream.testing.provider.picking import Memory
from millstream.testing.provider.rules import Stored


class Cache:
    """The memory of a connection, over the provider's own."""

    def __init__(self, behind: Memory) -> None:
        self._behind = behind
        self._own = Memory()
        self._lanes: dict[str, str | None] = {}

    @property
    def stored(self) -> Stored:
        """What the rules go by: items can be referred to only where they are stored for good."""
        kept = self._behind.stored
        return Stored(ChainMap(dict(self._own.stored.responses), dict(kept.responses)), kept.items, kept.reasoning_of)

    def turns_before(self, body: JsonObject) -> int:
        """How many turns of the model the history of a request holds."""
        memory = self._own if self._own.knows(body.get("previous_response_id")) else self._behind
        return turns(body, memory)

    def remember(self, response_id: str, output: Sequence[Item], turns: int, lane: str | None, *, store: bool) -> None:
        """Keep a response; with `store` it outlives the connection."""
        self._own.remember(response_id, output, turns)
        self._lanes[response_id] = lane
        if store:
            self._behind.remember(response_id, output, turns)

    def evict_parent(self, body: JsonObject, lane: str | None) -> None:
        """A request has failed: what it went on from is dropped, unless it stands on another lane."""
        parent = str(body.get("previous_response_id"))
        if parent in self._lanes and self._lanes[parent] == lane:
            self._own.forget(parent)
