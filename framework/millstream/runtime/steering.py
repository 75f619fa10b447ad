"""What the user says while a run goes on: told to the model with the next request, or at once where the wire can.

Whatever becomes of a message on its way, it stays here until the run puts it into its transcript: nothing is lost, and
nothing is said twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from anyio.abc import TaskGroup

from millstream.errors import UsageError, WireError
from millstream.events import JsonObject
from millstream.transcript import UserMessage
from millstream.transport.seam import Incoming, Steerable

_MAX_WAITING: Final = 64  # messages that no request has carried yet: a person writes a few


@dataclass(slots=True, eq=False)
class _Said:
    message: UserMessage
    sent: bool = False
    accepted: bool = False


class Steering:
    """The messages of one run that wait for the model.

    Args:
        items: a message in the words of the wire.
        tell: told what became of a message that was sent into a response.
    """

    def __init__(
        self, items: Callable[[UserMessage], list[dict[str, Any]]], tell: Callable[[str, JsonObject], None]
    ) -> None:
        self._items = items
        self._tell = tell
        self._said: list[_Said] = []
        self._incoming: Steerable | None = None
        self._tasks: TaskGroup | None = None
        self._sending = False
        self._closed = False

    def say(self, message: UserMessage) -> bool:
        """Take a message; False where the run has no request to come.

        Raises:
            UsageError: too many wait already.
        """
        if self._closed:
            return False
        if len(self._said) >= _MAX_WAITING:
            raise UsageError(f"{_MAX_WAITING} messages wait for the model already: wait for RunSteered")
        self._said.append(_Said(message))
        self._send()
        return True

    def opened(self, incoming: Incoming, tasks: TaskGroup) -> None:
        """A response has begun to arrive: what waits may be sent into it, by tasks of that group."""
        self._tasks = tasks
        self._incoming = incoming if isinstance(incoming, Steerable) else None
        self._send()

    @property
    def waiting(self) -> bool:
        """Whether the model has yet to be told something."""
        return bool(self._said)

    def take(self) -> tuple[UserMessage, ...]:
        """What goes into the next request.

        Where the provider has taken some into the response before, these alone: the next response knows them already,
        and the others will be told in their turn.
        """
        self._incoming = None
        taken = [said for said in self._said if said.accepted] or self._said
        self._said = [said for said in self._said if said not in taken]
        for said in self._said:
            said.sent = False
        return tuple(said.message for said in taken)

    def close(self) -> bool:
        """The run has nothing more to ask; False where something was said before that, so that it has."""
        self._closed = not self._said
        return self._closed

    def _send(self) -> None:
        if self._incoming is not None and self._tasks is not None and not self._sending:
            self._sending = True
            self._tasks.start_soon(self._send_all, name="steer")

    async def _send_all(self) -> None:
        """One after the other, as they were said."""
        try:
            while (said := next((one for one in self._said if not one.sent), None)) is not None:
                if self._incoming is None:
                    return
                said.sent = True
                await self._send_one(self._incoming, said)
        finally:
            self._sending = False

    async def _send_one(self, incoming: Steerable, said: _Said) -> None:
        try:
            accepted = await incoming.steer(self._items(said.message))
        except WireError:  # the response tells of a broken connection
            accepted = False
        if said in self._said and self._incoming is incoming:
            said.accepted = accepted
            self._tell("request.steered", {"accepted": accepted})
