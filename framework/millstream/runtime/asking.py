"""Asks for one response and has it read to its end, over more than one connection where the provider goes on with it.

A background response that breaks off is read on behind the last event that came; one that nobody wants any more is
stopped, since the provider would go on with it unread.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Final

import anyio

from millstream.errors import WireError
from millstream.events import JsonObject
from millstream.limits import Limits
from millstream.models import Model
from millstream.policy import Retry
from millstream.runtime.event_log import EventLog
from millstream.runtime.reading import read_incoming, silent
from millstream.runtime.response import Response
from millstream.runtime.retry import retrying
from millstream.transport.seam import Incoming, Request, Transport
from millstream.wire.resuming import Cursor

_STOP_TIMEOUT_S: Final = 2.0  # whoever leaves a run must not be held up
_FIRST_PAUSE_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Asking:
    """How responses are asked for.

    Args:
        model: who is asked.
        transport: what requests travel on, entered.
        log: the log of the run.
        limits: the limits of the run.
        opened: told of what a response arrives on.
    """

    model: Model
    transport: Transport
    log: EventLog
    limits: Limits
    opened: Callable[[Incoming], None] = lambda _: None

    async def read(self, request: Request, response: Response) -> None:
        """Have a response read to its end, good or bad; what fails is in `response.error`, nothing is raised."""
        try:
            await self._read(request, response)
        except WireError as error:
            if response.error is None:
                await response.break_off(error)
        finally:
            await self._stop(request, response)
        if response.error is not None:
            response.error.hide(request.secrets)

    async def _read(self, request: Request, response: Response) -> None:
        asked, unheard = request, 0
        while True:
            before = response.cursor
            try:
                await self._read_opened(asked, response)
            except WireError as error:
                cursor = response.cursor
                unheard = unheard + 1 if cursor == before else 0
                if cursor is None or not self._may_resume(error, unheard):
                    raise
                await anyio.sleep(error.retry_after_s or (_FIRST_PAUSE_S * 2 ** (unheard - 1) if unheard else 0.0))
                asked = self._resumed(request, response, cursor, error)
            else:
                return

    async def _read_opened(self, request: Request, response: Response) -> None:
        """Open a response and read it to its end. Raises as `_read`, also where it fell silent."""
        async with AsyncExitStack() as stack:
            incoming = None
            with anyio.move_on_after(self.limits.first_byte_timeout_s):
                incoming = await stack.enter_async_context(self.transport.open(request))
            if incoming is None:
                raise silent(self.limits.first_byte_timeout_s, "Limits.first_byte_timeout_s")
            self.opened(incoming)
            await read_incoming(incoming, response, self.log, self.limits)

    def _may_resume(self, error: WireError, unheard: int) -> bool:
        """Whether the rest is asked for; `unheard` counts the times in a row that this has brought nothing."""
        waits = (error.retry_after_s or 0.0) <= self.limits.max_retry_wait_s
        return error.retryable and waits and unheard < self.limits.request_attempts

    def _resumed(self, request: Request, response: Response, cursor: Cursor, error: WireError) -> Request:
        error.hide(request.secrets)
        facts = {"response_id": cursor.response_id, "after": cursor.after, "error": str(error)}
        request.tell("request.resumed", facts)
        response.resume(self.model.framing(self.limits))
        return self.model.resume(request, cursor)

    async def _stop(self, request: Request, response: Response) -> None:
        cursor = response.at_work
        if cursor is None:
            return
        with anyio.move_on_after(_STOP_TIMEOUT_S, shield=True):
            try:
                async with self.transport.open(self.model.stop(request, cursor)):
                    pass
            except WireError as error:  # the run has its own end; that the provider may go on is all there is to say
                error.hide(request.secrets)
                request.tell("request.not_stopped", {"response_id": cursor.response_id, "error": str(error)})


async def until_shown(
    attempt: Callable[[int], Awaitable[Response]], limits: Limits, tell: Callable[[str, JsonObject], None]
) -> Response:
    """Have `attempt` send a request, and again while it raises what another try may mend.

    It raises only while nothing of an answer was shown: a response that breaks off later is not asked for again here.

    Raises:
        WireError: that of the last attempt.
    """

    def may_retry(error: BaseException) -> bool:
        if not isinstance(error, WireError):
            return False
        return error.retryable and (error.retry_after_s or 0.0) <= limits.max_retry_wait_s

    def on_retry(number: int, pause_s: float, error: BaseException) -> None:
        tell("request.retrying", {"attempt": number, "pause_s": round(pause_s, 3), "error": str(error)})

    retry = Retry(attempts=limits.request_attempts, first_wait_s=0.5, max_wait_s=limits.max_retry_wait_s)
    return await retrying(attempt, retry, may_retry=may_retry, on_retry=on_retry, asked_wait_s=_asked_wait_s)


def _asked_wait_s(error: BaseException) -> float | None:
    return error.retry_after_s if isinstance(error, WireError) else None
