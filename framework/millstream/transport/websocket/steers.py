"""What was said into a response while it arrived, and what the provider made of it. Pure.

The answers come in the order of the commands. What was accepted is known to the response that the provider begins by
itself behind this one, or waits for the results of its calls: then it goes before the input of the next request.
Source: `response.steer` in the Responses WebSocket events.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from millstream.events.values import is_object
from millstream.wire.fields import text_of

Items: TypeAlias = list[dict[str, Any]]
State: TypeAlias = Literal["asked", "accepted", "pending", "refused", "unknown"]

_ANSWERS: dict[str, State] = {
    "response.steer.accepted": "accepted",
    "response.steer.pending": "pending",
    "response.steer.failed": "refused",
}


@dataclass(slots=True, eq=False)
class Steer:
    """One command: the user's messages, and what became of them."""

    items: Items
    state: State = "asked"
    id: str = ""


def is_answer(message: Mapping[str, Any]) -> bool:
    """Whether a message is about a command and belongs to no response."""
    return message.get("type") in _ANSWERS


class Steers:
    """The commands for one response."""

    def __init__(self) -> None:
        self._steers: list[Steer] = []

    def ask(self, items: Items) -> Steer:
        """A command is sent."""
        steer = Steer(items)
        self._steers.append(steer)
        return steer

    def hear(self, message: Mapping[str, Any]) -> None:
        """The provider answers one: the one that it names, else the first without an answer."""
        state = _ANSWERS[str(message["type"])]
        about: object = message.get("steer")
        steer_id = text_of(about, "id") if is_object(about) else ""
        named = (one for one in self._steers if steer_id and one.id == steer_id)
        steer = next(named, next((one for one in self._steers if one.state == "asked"), None))
        if steer is not None:
            steer.state, steer.id = state, steer.id or steer_id

    def close(self) -> None:
        """The response is over, or the connection: what became of a command without an answer can not be known."""
        for steer in self._steers:
            if steer.state == "asked":
                steer.state = "unknown"

    @property
    def doubtful(self) -> bool:
        """Whether the provider may know what nobody can tell."""
        return any(steer.state == "unknown" for steer in self._steers)

    @property
    def accepted(self) -> Items:
        """What the response that follows by itself knows."""
        return [item for steer in self._steers if steer.state == "accepted" for item in steer.items]

    @property
    def pending(self) -> Items:
        """What the provider puts before the input of the next request."""
        return [item for steer in self._steers if steer.state == "pending" for item in steer.items]
