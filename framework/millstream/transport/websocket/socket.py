"""One WebSocket: text messages in and out over TCP or TLS. The only home of the `websockets` package.

Its sans-I/O core does the framing, anyio the waiting, so that it runs on asyncio and on trio. Pings are answered while
somebody receives. Messages are not compressed: what that saves is not worth what it adds to the first byte. It must not
know what the messages say.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import anyio
from anyio.abc import ByteStream

from millstream.errors import ModelError, WireError
from millstream.transport.exchange import host_of, is_loopback
from millstream.transport.http import ssl_context
from millstream.wire.framing import not_text, too_large
from millstream.wire.refusal import torn

if TYPE_CHECKING:
    from websockets.client import ClientProtocol
    from websockets.uri import WebSocketURI

_READ_BYTES: Final = 64 * 1024
_CLOSE_TIMEOUT_S: Final = 1.0  # a peer that does not answer must not hold up whoever leaves
_MAY_PASS: Final = frozenset({1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014})
"""Close codes after which the same request may succeed: the server goes away, restarts, or failed."""
_SILENT: Final = logging.Logger("websockets", logging.CRITICAL + 1)  # noqa: LOG001  nobody is to find and enable it
"""The package would write headers, and with them the key, into a debug log."""


class UpgradeRefused(Exception):
    """There is a server, but no WebSocket: `status` is its HTTP status, None where it answered with none."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.status = status


class Socket:
    """An open WebSocket. One task receives, any task may send; close it with `aclose`.

    Args:
        stream: what it runs over.
        protocol: the state of the connection, hands shaken.
        max_message_bytes: what is larger fails the connection.
    """

    def __init__(self, stream: ByteStream, protocol: ClientProtocol, max_message_bytes: int) -> None:
        self._stream = stream
        self._protocol = protocol
        self._max = max_message_bytes
        self._sending = anyio.Lock()
        self._ready: deque[bytes] = deque()
        self._pieces: list[bytes] = []  # of the message that is arriving
        self._broken = False  # half a frame was sent: nothing can follow it
        self._collect()

    async def send(self, text: str) -> None:
        """Send one message.

        Raises:
            WireError: the connection is closed, or broke.
        """
        if not self._is_open:
            raise self._closed()
        self._protocol.send_text(text.encode(errors="replace"))
        await self._flush()

    async def receive(self) -> bytes:
        """The next message.

        Raises:
            WireError: the connection was closed or broke, or the message is too large.
        """
        while not self._ready:
            if not self._is_open:
                raise self._closed()
            await self._read()
            self._collect()
        return self._ready.popleft()

    async def aclose(self) -> None:
        """Say goodbye, wait a moment for the answer, and close; also when we are cancelled."""
        with anyio.move_on_after(_CLOSE_TIMEOUT_S, shield=True), contextlib.suppress(WireError):
            if self._is_open:
                self._protocol.send_close()
                await self._flush()
            while self._protocol.close_expected() and not self._broken:
                await self._read()
                self._protocol.events_received()
        with anyio.CancelScope(shield=True):
            await anyio.aclose_forcefully(self._stream)

    @property
    def _is_open(self) -> bool:
        from websockets.protocol import OPEN

        return self._protocol.state is OPEN and not self._broken

    async def _read(self) -> None:
        try:
            self._protocol.receive_data(await self._stream.receive(_READ_BYTES))
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
            self._protocol.receive_eof()
        await self._flush()  # pongs, and the answer to a goodbye

    def _collect(self) -> None:
        """Keep the messages that are complete."""
        from websockets.frames import DATA_OPCODES, Frame

        for event in self._protocol.events_received():
            if isinstance(event, Frame) and event.opcode in DATA_OPCODES:
                self._pieces.append(bytes(event.data))
                if event.fin:
                    self._ready.append(b"".join(self._pieces))
                    self._pieces.clear()

    async def _flush(self) -> None:
        async with self._sending:
            data = b"".join(self._protocol.data_to_send())
            if not data:
                return
            sent = False
            try:
                await self._stream.send(data)
                sent = True
            except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError) as error:
                raise torn("the WebSocket broke while it was written to") from error
            finally:
                self._broken = self._broken or not sent

    def _closed(self) -> WireError:
        """Why nothing more can be received or sent."""
        from websockets.exceptions import PayloadTooBig, ProtocolError

        failure, goodbye = self._protocol.parser_exc, self._protocol.close_rcvd
        match failure:
            case PayloadTooBig():
                return too_large(self._max)
            case UnicodeDecodeError():
                return not_text()
            case ProtocolError():
                return WireError(f"the provider broke the rules of WebSocket: {failure}", kind="protocol")
            case _ if goodbye is None:
                return torn("the WebSocket broke")
            case _:
                reason = f": {goodbye.reason}" if goodbye.reason else ""
                error = torn(f"the provider closed the WebSocket with code {goodbye.code}{reason}")
                error.retryable = goodbye.code in _MAY_PASS
                return error


async def connect(url: str, headers: Mapping[str, str], max_message_bytes: int, timeout_s: float) -> Socket:
    """Open a WebSocket.

    Args:
        url: as for HTTP, "https://host/v1/responses".
        headers: of the request that asks for the upgrade.
        max_message_bytes: what is larger fails the connection.
        timeout_s: for all of it, in seconds.

    Raises:
        WireError: there is no connection.
        UpgradeRefused: there is one, and no WebSocket on it.
        ModelError: a header can not be sent.
    """
    from websockets.client import ClientProtocol
    from websockets.uri import parse_uri

    protocol = ClientProtocol(parse_uri(f"ws{url.removeprefix('http')}"), max_size=max_message_bytes, logger=_SILENT)
    _ask(protocol, headers)
    stream: ByteStream | None = None
    try:
        with anyio.fail_after(timeout_s):
            stream = await _stream_to(protocol.uri)
            await _shake_hands(stream, protocol)
            return Socket(stream, protocol, max_message_bytes)
    except BaseException as error:
        if stream is not None:
            with anyio.CancelScope(shield=True):
                await anyio.aclose_forcefully(stream)
        if isinstance(error, TimeoutError):
            raise _no_answer(url, timeout_s, connected=stream is not None) from error
        if isinstance(error, OSError):
            raise _no_connection(url, str(error) or type(error).__name__) from error
        raise


def goes_by_proxy(url: str) -> bool:
    """Whether the environment names a proxy for that URL: this does not pass through one yet."""
    from websockets.proxy import get_proxy
    from websockets.uri import parse_uri

    return not is_loopback(url) and get_proxy(parse_uri(f"ws{url.removeprefix('http')}")) is not None


def _ask(protocol: ClientProtocol, headers: Mapping[str, str]) -> None:
    """Write the request for the upgrade."""
    from websockets.exceptions import InvalidHeader

    try:
        request = protocol.connect()
        for name, value in headers.items():
            if name in request.headers:
                del request.headers[name]
            request.headers[name] = value
        protocol.send_request(request)
    except (InvalidHeader, UnicodeEncodeError):
        # from None: the text of these errors holds the header, and that may be the key
        raise ModelError("a header can not be sent: look for line breaks in headers= of the Model") from None


async def _stream_to(uri: WebSocketURI) -> ByteStream:
    stream = await anyio.connect_tcp(uri.host, uri.port)
    if not uri.secure:
        return stream
    from anyio.streams.tls import TLSStream

    context = ssl_context("websocket")
    try:
        return await TLSStream.wrap(stream, hostname=uri.host, ssl_context=context, standard_compatible=False)
    except BaseException:
        with anyio.CancelScope(shield=True):
            await anyio.aclose_forcefully(stream)
        raise


async def _shake_hands(stream: ByteStream, protocol: ClientProtocol) -> None:
    from websockets.protocol import CONNECTING

    await stream.send(b"".join(protocol.data_to_send()))
    while protocol.state is CONNECTING and protocol.handshake_exc is None:
        try:
            protocol.receive_data(await stream.receive(_READ_BYTES))
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            protocol.receive_eof()  # which ends a body without a length
            break
    if protocol.state is CONNECTING and protocol.handshake_exc is None:
        raise UpgradeRefused("the connection was closed instead")
    if protocol.handshake_exc is None:
        return
    from websockets.exceptions import InvalidStatus

    refusal = protocol.handshake_exc
    if isinstance(refusal, InvalidStatus):
        status = refusal.response.status_code
        raise UpgradeRefused(f"it answered with HTTP {status}", status)
    raise UpgradeRefused("its answer is none of a WebSocket server") from refusal


def _no_answer(url: str, timeout_s: float, *, connected: bool) -> Exception:
    if connected:
        return UpgradeRefused(f"no answer to the upgrade within {timeout_s:g} s")
    return _no_connection(url, f"nothing within {timeout_s:g} s")


def _no_connection(url: str, why: str) -> WireError:
    hint = "Check the base URL, and that the server runs."
    return WireError(f"no connection to {host_of(url)}: {why}", phase="connect", retryable=True, hint=hint)
