"""Which responses the provider still knows, and whether a request may go on from one. Pure.

A response is gone on from only where what came before it is, word for word, what the provider was told then: a history
that was shortened or changed since is sent whole.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from millstream.events.values import is_array
from millstream.wire.continuation import Continuation

_MAX_KNOWN: Final = 256
"""Responses that are remembered: far more than a provider keeps for one connection."""


@dataclass(frozen=True, slots=True)
class Told:
    """The history that a response was asked with: how many items, and their digest."""

    items: int
    digest: bytes

    def is_start_of(self, history: Sequence[Any]) -> bool:
        """Whether a history begins with this one."""
        return len(history) >= self.items and _digest(history[: self.items]) == self.digest


@dataclass(frozen=True, slots=True)
class Known:
    """A response that the provider knows: on one connection, by its number, and lane; anywhere if it was stored."""

    connection: int
    lane: str
    stored: bool
    told: Told


class Chains:
    """The responses that can be gone on from, by their ids."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Known] = OrderedDict()

    def remember(self, response_id: str, known: Known) -> None:
        """A response is complete."""
        self._known[response_id] = known
        self._known.move_to_end(response_id)
        while len(self._known) > _MAX_KNOWN:
            self._known.popitem(last=False)

    def forget(self, response_id: str) -> None:
        """The provider does not know a response any more, or may not."""
        self._known.pop(response_id, None)

    def lost(self, connection: int) -> None:
        """A connection is gone, and with it what only it knew."""
        for response_id, known in list(self._known.items()):
            if known.connection == connection and not known.stored:
                del self._known[response_id]

    def parent(self, continuation: Continuation | None, history: object) -> Known | None:
        """The response that a request may go on from; `history` is the whole `input` it stands for."""
        if continuation is None or not is_array(history):
            return None
        known = self._known.get(continuation.previous_response_id)
        return known if known is not None and known.told.is_start_of(history) else None


def told(history: object) -> Told | None:
    """What a response is asked with; None where it is no list of items."""
    return Told(len(history), _digest(history)) if is_array(history) else None


def _digest(items: Sequence[Any]) -> bytes:
    digest = sha256()
    for item in items:
        digest.update(json.dumps(item, default=repr).encode())  # what is no JSON is refused when it is written
        digest.update(b"\n")
    return digest.digest()
