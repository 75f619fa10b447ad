"""What the WebSockets of a provider share with each other and with its HTTP side."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from millstream.testing.provider import rules
from millstream.testing.provider.connections import Connections
from millstream.testing.provider.log import Log
from millstream.testing.provider.picking import Memory
from millstream.testing.provider.rules import Refusal, Stored
from millstream.testing.provider.rules.shapes import Object
from millstream.testing.provider.scenario import Scenario


@dataclass(frozen=True, slots=True)
class Access:
    """Who is let in, to which models, and whether requests are checked; None is any."""

    keys: Collection[str] | None
    models: Collection[str] | None
    check: bool

    def refusal(self, body: Object, stored: Stored) -> Refusal | None:
        """What the provider refuses about a request."""
        refusal = rules.check_model(body.get("model"), self.models, chat=False)
        return rules.check_responses(body, stored) if refusal is None and self.check else refusal


@dataclass(frozen=True, slots=True)
class Shared:
    """The answers, the records and the memory of one provider; `next_number` uses up an answer."""

    scenario: Scenario
    log: Log
    connections: Connections
    access: Access
    memory: Memory
    next_number: Callable[[int], int]
