"""What parent and child tell each other, and how it goes over their socket: a length, then a pickle."""

from __future__ import annotations

import pickle
import socket
import struct
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from millstream.events import CallEvent, JsonValue
from millstream.runtime.executors.crossing import MainFile

_LENGTH: Final = struct.Struct("!Q")
_PIECE: Final = 1024 * 1024
MAX_TEXT: Final = 256 * 1024
"""Of an exception: its text, its traceback, its pickle."""
MAX_FAILED: Final = 16 * MAX_TEXT
"""What a `Failed` takes at most, with four bytes for a character."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is to do.

    `number` names it; `context` is what a `ToolContext` is made of, but `deps`; `call` and `deps` are pickled by
    `crossing.dumps`, `variables` are the values of context variables by their names in the function's module.
    """

    number: int
    sys_path: tuple[str, ...]
    main: MainFile | None
    body: str
    context: dict[str, Any]
    call: bytes
    deps: bytes | None
    variables: dict[str, bytes]
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Begun:
    """The function was found and is about to be called."""

    number: int


@dataclass(frozen=True, slots=True)
class Said:
    """The tool said something."""

    number: int
    event: CallEvent


@dataclass(frozen=True, slots=True)
class Yielded:
    """A generator's partial result."""

    number: int
    value: JsonValue


@dataclass(frozen=True, slots=True)
class Returned:
    """The result: the order is done."""

    number: int
    value: JsonValue


@dataclass(frozen=True, slots=True)
class Failed:
    """The function raised, or could not be found: the order is done.

    `pickled` is the exception where it can be pickled; `kind` the name of the class of ours that it is of, and `name`
    that of its own; `where` and `traceback` say where it was raised.
    """

    number: int
    pickled: bytes | None
    kind: str
    name: str
    text: str
    where: str
    traceback: str


Message: TypeAlias = Begun | Said | Yielded | Returned | Failed


def packed(message: Order | Message) -> bytes:
    """A message as `write` sends it."""
    return pickle.dumps(message, pickle.HIGHEST_PROTOCOL)


def write(sock: socket.socket, data: bytes) -> None:
    """Send one packed message, whole.

    Raises:
        OSError: nobody is there any more.
    """
    sock.sendall(_LENGTH.pack(len(data)))
    sock.sendall(data)


def read(sock: socket.socket, max_bytes: int = 1 << 63) -> Any:
    """The next message.

    Raises:
        EOFError: the other side is gone, or what it sends is no message of at most so many bytes.
        OSError: the connection is broken, or a time-out set for it is over.
    """
    (length,) = _LENGTH.unpack(_exactly(sock, _LENGTH.size))
    if length > max_bytes:
        raise EOFError(f"a message of {length} bytes")
    return pickle.loads(_exactly(sock, length))  # noqa: S301  our own child or parent


def _exactly(sock: socket.socket, count: int) -> bytes:
    data = bytearray()
    while len(data) < count:
        piece = sock.recv(min(count - len(data), _PIECE))
        if not piece:
            raise EOFError
        data += piece
    return bytes(data)
