"""`@tool`: makes a tool of a function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from types import FrameType
from typing import Any, Literal, ParamSpec, TypeVar, cast, overload

from millstream.errors import ToolDefinitionError, UsageError
from millstream.policy import Retry, Start
from millstream.toolbox.executor import Executor
from millstream.toolbox.free_text import Grammar
from millstream.toolbox.parameters import implementation, name_of
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
    exclusive: str | bool | None = None,
    priority: int = 0,
    executor: Literal["inline", "thread", "process"] | Executor | None = None,
    free_text: bool | Grammar = False,
    deferred: bool = False,
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

    The schema comes from the annotations, the descriptions from the docstring. A model is asked for each parameter by
    its name, or by the `alias` of its pydantic `Field`; not for one annotated `ToolContext`, which the run fills, nor
    for what `functools.partial` has filled. A generator's yields are partial results; `Final(value)`, or else the last
    one, is the result.

    Args:
        function: the function, when used bare; with options write `@tool(…)`.
        name: what the model calls it; the function's name by default.
        description: what the model is told; the docstring's summary by default.
        read_only: it has no effects: it may start as soon as its call is sealed, and be repeated.
        idempotent: repeating it with the same idempotency key has no further effect.
        start: "eager", "safe" or "end", over what `read_only` implies; see `Policy.start`.
        needs_approval: whether a person must agree first, or a predicate over the arguments by their names.
        timeout_s: seconds for one attempt; `Limits.tool_timeout_s` by default.
        retry: try again when it raises; only for tools that are read-only or idempotent.
        limit: how many calls of it may be at work at once in a run.
        exclusive: the name of a group of which only one call is at work at a time in a run. True for a tool that runs
            alone: the calls before it end first, and those after it in call order start when it has ended.
        priority: where calls wait for a place, those with a higher one start first; 0 by default, may be negative.
        executor: where it runs. "inline" is the event loop, the default for async functions; a plain function must be
            quick there. "thread" is the default for plain functions and generators. "process" is a child process, for
            what uses a processor for long or must be stopped for certain: see `millstream.executors`. Or an `Executor`
            of your own.
        free_text: it takes one text as the model writes it, not JSON: code, a query, a patch. The function has one
            parameter for it, a str, beside the context. A `Grammar` binds what the model may write. Where a wire knows
            no such tools, it is offered as a function with one argument.
        deferred: it is done elsewhere, by a person or a client. The function is never called, its body may be `raise
            NotImplementedError`: its call waits until `run.answer(call.id, value)` or `answers=` gives the result.
        options: the keywords above, from `read_only` on.

    Raises:
        ToolDefinitionError: a parameter has no annotation, or none that JSON can fill; the name is not allowed; a tool
            of free text has other parameters than one str.
        UsageError: options that contradict each other.
    """
    place = _Place.of_caller()
    if function is not None:
        return _make(function, name, description, _options(options), place)
    terms = _options(options)

    def decorate(inner: Callable[..., Any]) -> Tool[..., Any]:
        return _make(inner, name, description, terms, place)

    return decorate


@dataclass(frozen=True, slots=True)
class _Place:
    """Where `@tool` is written: annotations may name what is defined there, if the function is defined there, too."""

    qualname: str
    global_names: Mapping[str, Any]
    local_names: Mapping[str, Any]

    @classmethod
    def of_caller(cls) -> _Place | None:
        """The place of whatever called the function that asks; None on a Python without frames."""
        frame = inspect.currentframe()
        try:
            return cls._of(frame.f_back.f_back) if frame is not None and frame.f_back is not None else None
        finally:
            del frame  # a frame that holds itself would keep everything in it alive

    @classmethod
    def _of(cls, frame: FrameType | None) -> _Place | None:
        return None if frame is None else cls(frame.f_code.co_qualname, frame.f_globals, frame.f_locals)

    def names_for(self, function: Callable[..., Any]) -> Mapping[str, Any]:
        """The local names that the annotations of `function` may use; none if it was defined elsewhere."""
        written = inspect.unwrap(implementation(function))
        within = str(getattr(written, "__qualname__", "")).startswith(f"{self.qualname}.")
        return self.local_names if within and getattr(written, "__globals__", None) is self.global_names else {}


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
    return _make(candidate, None, None, ToolOptions(), None)


def _make(
    function: Callable[..., Any],
    name: str | None,
    description: str | None,
    options: ToolOptions,
    place: _Place | None,
) -> Tool[..., Any]:
    _check_function(function)
    own_name = name if name is not None else name_of(function)
    if own_name == "<lambda>":
        raise ToolDefinitionError("a lambda has no name a model could call: pass name=, or write a function")
    signature = read_signature(function, place.names_for(function) if place is not None else {})
    return Tool(
        function,
        signature,
        options,
        name=own_name,
        description=description if description is not None else signature.summary,
        body=_body(function),
    )


def _check_function(candidate: object) -> None:
    if isinstance(candidate, str):
        raise ToolDefinitionError(f'"{candidate}" is a name, not a function: write @tool(name="{candidate}") above one')
    if isinstance(candidate, Tool):
        raise ToolDefinitionError(f"{candidate!r} is a tool already: for other options, pass its .function to tool(…)")
    if isinstance(candidate, staticmethod):
        name = name_of(cast("staticmethod[..., Any]", candidate))
        raise ToolDefinitionError(f"{name}() is a static method already: write @staticmethod above @tool, not below")
    if isinstance(candidate, classmethod):
        name = name_of(cast("Callable[..., Any]", candidate))
        raise ToolDefinitionError(f"{name}() has no class yet: leave @tool out, and make tool(TheClass.{name}) of it")
    if isinstance(candidate, type):
        name = candidate.__name__
        raise ToolDefinitionError(f"{name} is a class: write a function that takes what {name} needs, and returns one")
    if hasattr(candidate, "as_tool"):
        raise ToolDefinitionError(f'{candidate!r} is an agent: give it as a tool with .as_tool("name", "what it does")')
    if not callable(candidate):
        raise ToolDefinitionError(f"a tool is made of a function, not of {candidate!r}")


def _body(function: Callable[..., Any]) -> Body:
    target = implementation(function)
    if inspect.isasyncgenfunction(target):
        return "async generator"
    if inspect.iscoroutinefunction(target):
        return "async"
    return "generator" if inspect.isgeneratorfunction(target) else "sync"
