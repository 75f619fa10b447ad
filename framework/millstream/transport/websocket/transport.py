"""The transport of Responses over WebSocket: which connection and lane, whole or continued, and what is tried again."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import anyio
from anyio.abc import TaskGroup

from millstream.errors import WireError
from millstream.events.values import is_array
from millstream.transport.exchange import check_offline, written
from millstream.transport.seam import Incoming, Request, Transport
from millstream.transport.websocket.chains import Chains, Known, Told, told
from millstream.transport.websocket.connection import Connection
from millstream.transport.websocket.exchange import Exchange
from millstream.transport.websocket.frames import create
from millstream.transport.websocket.lanes import UNNAMED
from millstream.transport.websocket.socket import UpgradeRefused, connect, goes_by_proxy
from millstream.transport.websocket.successors import Successors, successor_for, without_queued
from millstream.wire.continuation import Continuation

ROTATE_AFTER_S: Final = 55 * 60.0
"""The age from which on a connection takes no new response: the provider closes it after 60 minutes."""
_TRIES: Final = 4
"""How often one request is sent, with all that is mended unseen; each mending happens once, bar races."""
_TRANSIENT: Final = frozenset({401, 403, 408, 425, 429, 500, 502, 503, 504, 529})
"""Answers to an upgrade that say nothing about WebSockets: the next request asks for one again."""
_NO_LANES: Final = frozenset({"invalid_stream_id", "response_already_in_flight"})


@dataclass(frozen=True, slots=True)
class _Sent:
    """A request on its lane."""

    connection: Connection
    exchange: Exchange
    told: Told | None
    stored: bool


@dataclass(frozen=True, slots=True)
class _Warm:
    """What was prepared for a request: the response to go on from, and all of the body but `input`."""

    response_id: str
    body: dict[str, Any]


class WebSocketTransport:
    """Requests over one warm WebSocket, and more of them where one is not enough; see `transport.seam.Transport`.

    Args:
        http: what requests travel on that a WebSocket can not take, or where there is none.
        clock: tells the age of connections, in seconds.
    """

    def __init__(self, http: Transport, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._http = http
        self._clock = clock
        self._tasks: TaskGroup | None = None
        self._connecting = anyio.Lock()
        self._connections: list[Connection] = []
        self._count = 0
        self._chains = Chains()
        self._successors = Successors()
        self._warm: _Warm | None = None
        self._http_only = False
        self._refusal: UpgradeRefused | None = None  # that nobody was told of yet
        self._named = True  # whether the server is known not to refuse lanes

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        self._tasks = await anyio.create_task_group().__aenter__()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        tasks, self._tasks = self._tasks, None
        assert tasks is not None, "exit follows enter"
        tasks.cancel_scope.cancel()
        try:
            # without the exception that may pass: it is not one of these tasks', which raise none
            await tasks.__aexit__(None, None, None)
        finally:
            self._connections.clear()
            await self._http.__aexit__(*exc_info)

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[Incoming]:
        """Send a request and give its response; see `transport.seam.Transport`."""
        if self._tasks is None:
            message = "the transport was not entered"
            raise RuntimeError(message)
        sent = await self._sent(request)
        if sent is None:
            self._tell_refusal(request)
            async with self._http.open(request) as incoming:
                yield incoming
            return
        try:
            yield sent.exchange
        finally:
            self._leave(sent)

    async def warm_up(self, request: Request) -> None:
        """Connect, and have the provider prepare all of a request but its `input`: the next one goes on from there.

        Raises:
            WireError: there is no connection, or the provider refused.
        """
        sent = await self._sent(replace(request, body={**request.body, "input": [], "generate": False}))
        if sent is None:
            return
        try:
            while await sent.exchange.receive() != b"":
                pass
        finally:
            self._leave(sent)
        self._warm = _Warm(sent.exchange.response_id, _but_input(request.body))

    async def _sent(self, request: Request) -> _Sent | None:
        """Send a request and wait until it is accepted; None where it has to travel over HTTP."""
        if self._http_only or not _is_create(request):
            return None
        check_offline(request.url)
        try:
            steered = self._successors.take(request.continuation)
            if steered is not None and (sent := await self._succeeding(request, *steered)) is not None:
                return sent
            for _ in range(_TRIES - 1):
                sent = await self._try(request, steered)
                if sent is not None:
                    return sent
            return await self._try(request, steered, last=True)
        except UpgradeRefused as refusal:
            self._http_only = refusal.status not in _TRANSIENT
            self._refusal = refusal
            return None

    def _tell_refusal(self, request: Request) -> None:
        """Say once that, and why, requests travel over HTTP."""
        refusal, self._refusal = self._refusal, None
        if refusal is not None:
            request.tell("request.fell_back", {"transport": "http", "why": refusal.why})

    async def _succeeding(self, request: Request, connection: Connection, steered: Exchange) -> _Sent | None:
        """The response that the provider has begun for just this request; None where it is to be sent."""
        continuation, parent = self._parent(request)
        if continuation is None or parent is None:
            return None
        successor = await successor_for(continuation, connection, steered)
        return None if successor is None else self._as_sent(request, connection, successor)

    async def _try(
        self, request: Request, steered: tuple[Connection, Exchange] | None, *, last: bool = False
    ) -> _Sent | None:
        """Send a request once; None where it should be sent again, otherwise."""
        continuation, parent = self._parent(request)
        connection, lane = await self._place(request, parent)
        if parent is not None and not parent.stored and parent.connection != connection.number:
            continuation = None
        if steered is not None and continuation is not None and (connection, lane) == (steered[0], steered[1].lane):
            continuation = without_queued(continuation, steered[1])
        was_used, exchange = connection.used, connection.begin(lane)
        try:
            await connection.send(written(create(request.body, lane, continuation)).decode())
            await exchange.head()
        except WireError as error:
            connection.leave(exchange)
            if continuation is not None:  # after a request that failed the provider has dropped what it went on from
                self._chains.forget(continuation.previous_response_id)
            continued = continuation is not None
            if not last and self._mends(error, connection, lane, continued=continued, was_used=was_used):
                return None
            raise
        except BaseException:
            connection.leave(exchange)
            raise
        return self._as_sent(request, connection, exchange)

    def _as_sent(self, request: Request, connection: Connection, exchange: Exchange) -> _Sent:
        stored = request.body.get("store", True) is not False
        return _Sent(connection, exchange, told(request.body.get("input")), stored)

    def _parent(self, request: Request) -> tuple[Continuation | None, Known | None]:
        """What a request goes on from: the response before it, or what was warmed up for the first one."""
        history = request.body.get("input")
        parent = self._chains.parent(request.continuation, history)
        if parent is not None:
            return request.continuation, parent
        warm, self._warm = self._warm, None
        if warm is None or not is_array(history) or warm.body != _but_input(request.body):
            return None, None
        whole = Continuation(warm.response_id, history)
        parent = self._chains.parent(whole, history)
        return (whole, parent) if parent is not None else (None, None)

    def _mends(self, error: WireError, connection: Connection, lane: str, *, continued: bool, was_used: bool) -> bool:
        """Whether what went wrong is mended by sending the request again at once; sees to it that it is."""
        if connection.failure is not None:
            return was_used  # it was closed while it was idle: a fresh one has no such excuse
        match error.code:
            case "previous_response_not_found":
                return continued
            case "websocket_connection_limit_reached" | "websocket_stream_limit_reached":
                connection.retired = True
                return True
            case _ if error.code in _NO_LANES and lane != UNNAMED:
                self._named = False
                return True
            case _:
                return False

    def _leave(self, sent: _Sent) -> None:
        connection, exchange = sent.connection, sent.exchange
        connection.leave(exchange)
        known = sent.stored or connection.failure is None
        if exchange.completed and exchange.response_id and sent.told is not None and known:
            place = Known(connection.number, exchange.lane, sent.stored, sent.told)
            self._chains.remember(exchange.response_id, place)
            if exchange.successor is not None and self._tasks is not None:
                self._successors.keep(connection, exchange)
                self._tasks.start_soon(self._successors.drop_unclaimed, exchange)

    async def _place(self, request: Request, parent: Known | None) -> tuple[Connection, str]:
        """A lane for a request: on the connection that knows its parent, on another, on a new one.

        Raises:
            WireError: there is no connection.
            UpgradeRefused: there is no WebSocket.
        """
        async with self._connecting:  # those that come at the same time share the one that is made
            self._tidy()
            home = parent.connection if parent is not None else 0
            serving = (one for one in self._connections if one.has_place and one.origin == _origin(request))
            for connection in sorted(serving, key=lambda connection: connection.number != home):
                wanted = parent.lane if parent is not None and connection.number == home else None
                if (lane := connection.lanes.take(wanted)) is not None:
                    return connection, lane
            connection = await self._connect(request)
            lane = connection.lanes.take()
            assert lane is not None, "a new connection has a place"
            return connection, lane

    async def _connect(self, request: Request) -> Connection:
        assert self._tasks is not None, "entered"
        if goes_by_proxy(request.url):
            raise UpgradeRefused("there is a proxy, and WebSockets do not pass through one yet")
        socket = await connect(request.url, request.headers, request.max_message_bytes, request.connect_timeout_s)
        self._count += 1
        connection = Connection(self._count, socket, _origin(request), self._clock())
        self._connections.append(connection)
        self._tasks.start_soon(connection.run, name=f"websocket {self._count}")
        return connection

    def _tidy(self) -> None:
        """Drop the connections that are closed, close those that are too old and idle."""
        for connection in list(self._connections):
            connection.lanes.named = self._named
            if self._clock() - connection.opened_at_s >= ROTATE_AFTER_S:
                connection.retired = True
            if connection.retired and not connection.lanes.active:
                connection.close()
            if connection.failure is not None:
                self._connections.remove(connection)
                self._chains.lost(connection.number)


def _origin(request: Request) -> object:
    return request.url, dict(request.headers)


def _but_input(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != "input"}


def _is_create(request: Request) -> bool:
    """Whether it asks for a response of which a WebSocket knows: there is nothing in the background there."""
    return request.method == "POST" and "model" in request.body and not request.body.get("background")
