"""`@tool`: makes a tool of a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Literal, ParamSpec, TypeVar, cast, overload

from millstream.errors import ToolDefinitionError, UsageError
from millstream.policy import Retry, Start
from millstream.toolbox.signature import read_signature
from millstream.toolbox.tool import Body, Tool, ToolOptions

P = ParamSpec("P")
R = TypeVar("R")


@overload
def tool(function: Callable[P, R], /) -> Tool[P, R]: ...


@overload
def tool(
    *,
    name: str | None = None,
    description: str | None = None,
    read_only: bool = False,
    idempotent: bool = False,
    start: Start | None = None,
    needs_approval: bool | Callable[[Mapping[str, Any]], bool] = False,
    timeout_s: float | None = None,
    retry: Retry | None = None,
    limit: int | None = None,
    exclusive: str | None = None,
    executor: Literal["inline", "thread"] | None = None,
) -> Callable[[Callable[P, R]], Tool[P, R]]: ...


def tool(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    description: str | None = None,
    **options: Any,
) -> Any:
    """Make a tool of a function, a coroutine function, a generator function or an async generator function.

    The schema comes from the annotations, the descriptions from the docstring. A parameter annotated `ToolContext` is
    filled by the run. A generator's yields are partial results; `Final(value)`, or else the last one, is the result.

    Args:
        function: the function, when used bare; with options write `@tool(…)`.
        name: what the model calls it; the function's name by default.
        description: what the model is told; the docstring's summary by default.
        read_only: it has no effects: it may start as soon as its call is sealed, and be repeated.
        idempotent: repeating it with the same idempotency key has no further effect.
        start: "eager", "safe" or "end", over what `read_only` implies; see `Policy.start`.
        needs_approval: whether a person must agree first, or a predicate over the arguments.
        timeout_s: seconds for one attempt; `Limits.tool_timeout_s` by default.
        retry: try again when it raises; only for tools that are read-only or idempotent.
        limit: how many calls of it may be at work at once in a run.
        exclusive: the name of a group of which only one call is at work at a time.
        executor: "inline" runs a plain function on the event loop (it must be quick), "thread" in a thread, which is
            the default for plain functions and generators.
        options: the keywords above, from `read_only` on.

    Raises:
        ToolDefinitionError: a parameter has no annotation, or none that JSON can fill; the name is not allowed.
        UsageError: options that contradict each other.
    """
    frame = inspect.currentframe()
    caller = frame.f_back if frame is not None else None
    local_names = caller.f_locals if caller is not None else {}  # annotations may name what is defined there
    if function is not None:
        return _make(function, name, description, ToolOptions(), local_names)
    terms = _options(options)

    def decorate(inner: Callable[..., Any]) -> Tool[..., Any]:
        return _make(inner, name, description, terms, local_names)

    return decorate


def _options(given: dict[str, Any]) -> ToolOptions:
    known = [field.name for field in fields(ToolOptions)]
    unknown = [name for name in given if name not in known]
    if unknown:
        raise UsageError(f"@tool has no option {unknown[0]}=; there are: name, description, {', '.join(known)}")
    return ToolOptions(**given)


def as_tool(candidate: Callable[..., Any] | Tool[..., Any]) -> Tool[..., Any]:
    """A tool as it is, a plain function made into one."""
    if isinstance(candidate, Tool):
        return cast("Tool[..., Any]", candidate)
    return _make(candidate, None, None, ToolOptions(), {})


def _make(
    function: Callable[..., Any],
    name: str | None,
    description: str | None,
    options: ToolOptions,
    local_names: Mapping[str, Any],
) -> Tool[..., Any]:
    if not callable(function):
        raise ToolDefinitionError(f"a tool is made of a function, not of {function!r}")
    signature = read_signature(function, local_names)
    own_name = name or str(getattr(function, "__name__", ""))
    if own_name == "<lambda>":
        raise ToolDefinitionError("a lambda has no name a model could call: pass name=, or write a function")
    return Tool(
        function,
        signature,
        options,
        name=own_name,
        description=description if description is not None else signature.summary,
        body=_body(function),
    )


def _body(function: Callable[..., Any]) -> Body:
    target = function if inspect.isroutine(function) else type(function).__call__
    if inspect.isasyncgenfunction(target):
        return "async generator"
    if inspect.iscoroutinefunction(target):
        return "async"
    return "generator" if inspect.isgeneratorfunction(target) else "sync"
