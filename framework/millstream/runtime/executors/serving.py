"""Carries out orders in a child process: finds the function, calls it, and tells the parent what becomes of it."""

from __future__ import annotations

import select
import socket
import sys
import threading
import traceback
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, suppress
from contextvars import Context, copy_context
from inspect import isawaitable
from typing import Any, Final

import anyio

from millstream.errors import ModelRetry, ToolError, UsageError
from millstream.policy import Policy
from millstream.runtime.executors import messages
from millstream.runtime.executors.crossing import dumps, globals_of, loads
from millstream.runtime.executors.messages import Begun, Failed, Message, Order, Returned, Said, Yielded
from millstream.runtime.groups import only_leaf
from millstream.runtime.outcomes import failure_of
from millstream.toolbox.context import CURRENT, ToolContext
from millstream.toolbox.final import Final as FinalValue
from millstream.toolbox.results import NotJson, to_json

_OURS: Final[tuple[type[BaseException], ...]] = (
    ToolError,
    ModelRetry,
    NotJson,
    SystemExit,
    KeyboardInterrupt,
    Exception,
)


def serve(parent: socket.socket, idle_s: float) -> None:
    """Carry out orders until the parent is gone, or has given none for so long."""
    while select.select([parent], [], [], idle_s)[0]:
        try:
            order = messages.read(parent)
        except (EOFError, OSError):
            return
        _Orders(parent, order).carry_out()


class NotSent:
    """Stands for `deps` that can not be pickled, for a tool that does not ask for a `ToolContext`."""

    def __getattr__(self, name: str) -> Any:
        raise UsageError(f"the run's deps can not be pickled, so deps.{name} is not known in a process")


class _Orders:
    """One order."""

    def __init__(self, parent: socket.socket, order: Order) -> None:
        self._parent = parent
        self._order = order
        self._sending = threading.Lock()

    def carry_out(self) -> None:
        """Do it, and tell the parent."""
        try:
            value = to_json(self._result())
            _flush()
            self._tell(Returned(self._order.number, value))
        except BaseException as error:  # noqa: BLE001  raised again in the parent
            _flush()
            self._tell(_failed(self._order.number, error))

    def _tell(self, message: Message) -> None:
        """Send a message.

        Raises:
            ToolError: it is too large.
        """
        data = messages.packed(message)
        limit = self._order.max_bytes
        if len(data) > limit and not isinstance(message, Failed):  # which is short
            what = "result" if isinstance(message, Returned) else "partial result or message"
            raise ToolError(f"its {what} is too large: {len(data)} bytes, {limit} are allowed")
        with self._sending:
            messages.write(self._parent, data)

    def _result(self) -> Any:
        order = self._order
        sys.path[:] = order.sys_path
        deps: Any = NotSent() if order.deps is None else loads(order.deps, None, order.main)
        context = ToolContext[Any](deps=deps, say=lambda event: self._tell(Said(order.number, event)), **order.context)
        call: Any = loads(order.call, context, order.main)
        surroundings = copy_context()
        surroundings.run(CURRENT.set, context)
        self._set_variables(surroundings, call)
        self._tell(Begun(order.number))
        return surroundings.run(self._called, call)

    def _set_variables(self, surroundings: Context, call: Any) -> None:
        names = globals_of(call)
        for name, value in self._order.variables.items():
            surroundings.run(names[name].set, loads(value, None, self._order.main))

    def _called(self, call: Callable[[], Any]) -> Any:
        match self._order.body:
            case "async" | "sync":
                result = call()
            case "generator":
                return self._drained(call)
            case _:
                result = self._drained_async(call())
        if not isawaitable(result):
            return result

        async def wait() -> Any:
            return await result

        return anyio.run(wait)

    def _drained(self, call: Callable[[], Any]) -> Any:
        result: Any = None
        generator = call()
        try:
            for value in generator:
                if isinstance(value, FinalValue):
                    return value.value
                result = self._say_yielded(value)
        finally:
            generator.close()
        return result

    async def _drained_async(self, generator: AsyncGenerator[Any, Any]) -> Any:
        result: Any = None
        async with aclosing(generator):
            async for value in generator:
                if isinstance(value, FinalValue):
                    return value.value
                result = self._say_yielded(value)
        return result

    def _say_yielded(self, value: Any) -> Any:
        plain = to_json(value)
        self._tell(Yielded(self._order.number, plain))
        return plain


def _failed(number: int, error: BaseException) -> Failed:
    error = only_leaf(error)
    failure: Any = failure_of(error, Policy())
    kind = next((one.__name__ for one in _OURS if isinstance(error, one)), BaseException.__name__)
    told = "".join(traceback.format_exception(error))[-messages.MAX_TEXT :]
    try:
        text = str(error)[: messages.MAX_TEXT]
    except Exception:  # noqa: BLE001  of the user's own making
        text = ""
    return Failed(number, _pickled(error), kind, type(error).__name__, text, failure.where, told)


def _pickled(error: BaseException) -> bytes | None:
    try:
        pickled = dumps(error)
    except Exception:  # noqa: BLE001  then its class and its text must do
        return None
    return pickled if len(pickled) <= messages.MAX_TEXT else None


def _flush() -> None:
    """Show what was printed: nobody knows whether this process will end well."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
