"""What a child process is told to do, made of what a tool is called with; and what it answered. Nothing waits here."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from contextlib import suppress
from contextvars import ContextVar, copy_context
from itertools import count
from typing import Any, Final

from millstream.errors import ModelRetry, ToolError, UsageError
from millstream.runtime.executors.crossing import dumps, globals_of, loads, main_file
from millstream.runtime.executors.elsewhere import Elsewhere
from millstream.runtime.executors.messages import Failed, Order, Returned
from millstream.toolbox.context import CURRENT
from millstream.toolbox.executor import Work
from millstream.toolbox.results import NotJson
from millstream.toolbox.tool import Tool

_KINDS: Final[dict[str, type[BaseException]]] = {
    kind.__name__: kind for kind in (ToolError, ModelRetry, NotJson, SystemExit, KeyboardInterrupt, Exception)
}
_numbers: Final = count(1)


def check_processes(tools: Iterable[Tool[..., Any]]) -> None:
    """Check that the tools that want a process can be found there.

    Raises:
        UsageError: one can not; the message names it, and says what to write instead.
    """
    for tool in tools:
        if tool.options.executor == "process":
            _crossing(f'{tool.name}, with executor="process",', tool.function)


def check_deps(tools: Iterable[Tool[..., Any]], deps: Any) -> None:
    """Check that `deps` can be sent to the processes of the tools that take a `ToolContext`.

    Raises:
        UsageError: they can not.
    """
    for tool in tools:
        if tool.options.executor == "process" and tool.context_parameter is not None:
            what = f'deps, of type {type(deps).__name__}, for {tool.name}, with executor="process",'
            _crossing(what, deps, "pass what can be pickled, or leave the ToolContext out of its parameters")
            return


def order_of(work: Work, max_bytes: int) -> Order:
    """The order to run a tool's body once.

    Raises:
        UsageError: the function, its arguments or the `deps` that it asks for can not be sent to another process.
    """
    context, tool = work.context, work.tool
    deps: bytes | None = None
    if tool.context_parameter is not None:
        deps = _crossing(f"deps, for {tool.name}", context.deps)
    else:
        with suppress(Exception):  # it may not need them; what it finds instead says so where it does
            deps = dumps(context.deps)
    told = {
        "call": context.call,
        "run_id": context.run_id,
        "idempotency_key": context.idempotency_key,
        "attempt": context.attempt,
    }
    return Order(
        number=next(_numbers),
        sys_path=tuple(sys.path),
        main=main_file(),
        body=tool.body,
        context=told,
        call=_crossing(f"the arguments of {tool.name}", work.function, context=context),
        deps=deps,
        variables=_variables(work),
        max_bytes=max_bytes,
    )


def outcome(message: Returned | Failed) -> Any:
    """What an order brought.

    Raises:
        BaseException: what the tool raised there, with an `Elsewhere` as its cause.
    """
    if isinstance(message, Returned):
        return message.value
    raise _exception(message) from Elsewhere(message.where, message.traceback)


def _exception(message: Failed) -> BaseException:
    if message.pickled is not None:
        with suppress(Exception):  # one that can be pickled may not be read: its class and its text must do
            error = loads(message.pickled)
            if isinstance(error, BaseException):
                return error
    kind = _KINDS.get(message.kind, BaseException)
    stand_in: type[BaseException] = type(message.name, (kind,), {})
    return stand_in(message.text)


def _variables(work: Work) -> dict[str, bytes]:
    """The context variables that the module of the function names, as far as their values can be pickled."""
    found: dict[str, bytes] = {}
    values = copy_context()
    for name, variable in globals_of(work.tool.function).items():
        if isinstance(variable, ContextVar) and variable is not CURRENT and variable in values:
            with suppress(Exception):  # one that can not be sent is not known there
                found[name] = dumps(values[variable])
    return found


def _crossing(what: str, value: Any, hint: str = "", *, context: Any = None) -> bytes:
    try:
        return dumps(value, context)
    except Exception as error:
        advice = f"; {hint}" if hint else ""
        raise UsageError(f"{what} can not be sent to a process: {error}{advice}") from error
