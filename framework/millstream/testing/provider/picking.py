"""Which answer of a scenario a request gets, where its own history decides; and what is remembered for that.

Pure. A turn of the model is an unbroken run of its messages or items; what the client adds ends the run.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from typing import Any

from millstream.testing.provider.items import Item
from millstream.testing.provider.rules import Stored
from millstream.testing.provider.rules.shapes import is_array, is_object

MAX_STORED = 4096
"""Responses that are remembered; beyond it the oldest is forgotten, as a provider forgets after 30 days."""


class Memory:
    """The responses that may be gone on from with `previous_response_id`, and the turns behind each."""

    def __init__(self) -> None:
        self._turns: OrderedDict[str, int] = OrderedDict()
        self._responses: dict[str, tuple[Item, ...]] = {}
        self._items: dict[str, Item] = {}
        self._reasoning_of: dict[str, str] = {}

    @property
    def stored(self) -> Stored:
        """What the provider's rules go by; it changes with what is remembered."""
        return Stored(self._responses, self._items, self._reasoning_of)

    def remember(self, response_id: str, output: Sequence[Item], turns: int) -> None:
        """Keep a finished response; `turns` counts those of the conversation, this one included."""
        self._turns[response_id] = turns
        self._responses[response_id] = tuple(output)
        self._items.update((item["id"], item) for item in output if "id" in item)
        for before, item in pairwise(output):
            if before["type"] == "reasoning":
                self._reasoning_of[item["id"]] = before["id"]
        if len(self._turns) > MAX_STORED:
            self._forget(self._turns.popitem(last=False)[0])

    def turns_behind(self, response_id: object) -> int:
        """How many turns of the model a remembered response goes on from, itself included; 0 for any other id."""
        return self._turns.get(str(response_id), 0)

    def forget(self, response_id: str) -> None:
        """Drop a response before its time."""
        if self._turns.pop(response_id, None) is not None:
            self._forget(response_id)

    def knows(self, response_id: object) -> bool:
        """Whether a response may be gone on from."""
        return response_id in self._turns

    def _forget(self, response_id: str) -> None:
        for item in self._responses.pop(response_id):
            self._items.pop(item.get("id", ""), None)
            self._reasoning_of.pop(item.get("id", ""), None)


def runs(of_model: Iterable[bool]) -> int:
    """How many unbroken runs of entries of the model a history holds: its turns."""
    return sum(1 for is_model, _ in groupby(of_model) if is_model)


def objects(entries: Any) -> list[dict[str, Any]]:
    """The objects of an array; none where it is no array, as a body need not have been checked."""
    return [entry for entry in entries if is_object(entry)] if is_array(entries) else []
