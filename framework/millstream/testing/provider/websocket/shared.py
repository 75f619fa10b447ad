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
        model = body.get("model")
        if self.models is not None and isinstance(model, str) and model not in self.models:
            return rules.unknown_responses_model(model)
        return rules.check_responses(body, stored) if self.check else None


@dataclass(frozen=True, slots=True)
class Shared:
    """The answers, the records and the memory of one provider; `next_number` uses up an answer."""

    scenario: Scenario
    log: Log
    connections: Connections
    access: Access
    memory: Memory
    next_number: Callable[[int], int]
