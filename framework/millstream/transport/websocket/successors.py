"""Responses that the provider begins by itself, behind one that was steered, until the request for them is made."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from typing import Final

import anyio

from millstream.transport.websocket.connection import Connection
from millstream.transport.websocket.exchange import Exchange
from millstream.wire.continuation import Continuation

_CLAIM_S: Final = 10.0
"""How long such a response is kept for a request that would get it: whoever goes on asks at once."""
_MAX_KEPT: Final = 64


class Successors:
    """The steered responses of a transport, by their ids."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[Connection, Exchange]] = OrderedDict()

    def keep(self, connection: Connection, exchange: Exchange) -> None:
        """A response that was steered is over."""
        self._kept[exchange.response_id] = connection, exchange
        while len(self._kept) > _MAX_KEPT:
            self._kept.popitem(last=False)

    async def drop_unclaimed(self, exchange: Exchange) -> None:
        """Give up what follows a response, unless it is asked for soon. What waits for its calls' results can wait."""
        await anyio.sleep(_CLAIM_S)
        connection, kept = self._kept.get(exchange.response_id, (None, None))
        successor = exchange.successor
        if connection is not None and kept is exchange and successor is not None and not successor.over:
            del self._kept[exchange.response_id]
            connection.leave(successor)

    def take(self, continuation: Continuation | None) -> tuple[Connection, Exchange] | None:
        """The steered response that a request goes on from, None where it does not."""
        return None if continuation is None else self._kept.pop(continuation.previous_response_id, None)


async def successor_for(continuation: Continuation, connection: Connection, steered: Exchange) -> Exchange | None:
    """The response that has begun already for just what a request would say; None where the request must be sent."""
    successor = steered.successor
    if successor is None:
        return None
    await successor.settled()
    if successor.begun and continuation.input == steered.steers.accepted:
        return successor
    connection.leave(successor)
    return None


def without_queued(continuation: Continuation, steered: Exchange) -> Continuation | None:
    """A request that goes on from a steered response: the provider puts before it what it has queued.

    None where that is not the end of what the request would say: then it has to begin anew.
    """
    queued = steered.steers.pending
    if not queued:
        return continuation
    rest = len(continuation.input) - len(queued)
    if rest < 1 or continuation.input[rest:] != queued:
        return None
    return replace(continuation, input=continuation.input[:rest])
