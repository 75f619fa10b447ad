"""A tool: a function, what a model is told of it, and the terms on which it may run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any, Final, Generic, Literal, ParamSpec, TypeAlias, TypeVar

from millstream.arguments.assembler import Assembler, Follow, Unbindable, canonical, json_text
from millstream.arguments.free_text import INPUT, FreeText, input_schema
from millstream.arguments.schema.compile import CompiledSchema, compile_schema
from millstream.errors import ToolDefinitionError, UsageError
from millstream.events import CallKind, JsonValue
from millstream.limits import Limits
from millstream.policy import Retry, Start
from millstream.toolbox.argstream import check_stream
from millstream.toolbox.deferred import check_deferred
from millstream.toolbox.executor import Executor
from millstream.toolbox.free_text import Grammar, text_parameter
from millstream.toolbox.signature import BoundArguments, Signature
from millstream.toolbox.streamed_arguments import StreamedArguments

P = ParamSpec("P")
R = TypeVar("R")

Body: TypeAlias = Literal["async", "sync", "async generator", "generator"]
_NAME: Final = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class ToolOptions:
    """The terms on which a tool runs, as given to `@tool`. See there."""

    read_only: bool = False
    idempotent: bool = False
    start: Start | None = None
    needs_approval: bool | Callable[[Mapping[str, Any]], bool] = False
    timeout_s: float | None = None
    retry: Retry | None = None
    limit: int | None = None
    exclusive: str | bool | None = None
    priority: int = 0
    executor: Literal["inline", "thread", "process"] | Executor | None = None
    free_text: bool | Grammar = False
    deferred: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether running the tool again does no harm."""
        return self.read_only or self.idempotent


class Tool(Generic[P, R]):
    """A function a model may call. Made by `@tool`; calling it calls the function."""

    def __init__(
        self,
        function: Callable[P, R],
        signature: Signature,
        options: ToolOptions,
        *,
        name: str,
        description: str,
        body: Body,
    ) -> None:
        self.function = function
        self.name = name
        self.description = description
        self.options = options
        self.body: Body = body
        self._signature = signature
        _check_name(name)
        _check_options(name, options)
        if signature.stream is not None:
            check_stream(name, body, options)
        self._text_parameter = text_parameter(name, signature.parameters) if options.free_text else None
        if options.executor == "thread" and body.startswith("async"):
            raise UsageError(f'{name}: executor="thread" is for plain functions; {name} is async, leave it out')

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the function itself."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<tool {self.name}>"

    def with_name(self, name: str) -> Tool[P, R]:
        """The same tool by another name. Raises `ToolDefinitionError` where it can not be one."""
        _check_name(name)
        other = copy(self)
        other.name = name
        return other

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The JSON Schema of the arguments."""
        return self._signature.parameters

    @property
    def context_parameter(self) -> str | None:
        """The name of the parameter that takes the `ToolContext`, None where there is none."""
        return self._signature.context_parameter

    @property
    def bind(self) -> Callable[[str], BoundArguments]:
        """Canonical JSON text of the arguments -> what to call the function with; raises `Unbindable`."""
        return self._signature.bind

    def start(self, override: Start | None) -> Start:
        """When a call may start: as the run's policy says, else as the tool says, else by what it does."""
        return override or self.options.start or ("eager" if self.options.read_only else "safe")

    @property
    def takes_text(self) -> bool:
        """Whether it takes free text instead of JSON arguments, on the wires that know that."""
        return self._text_parameter is not None

    @property
    def grammar(self) -> Grammar | None:
        """The grammar of the text it takes, None where it has none."""
        free_text = self.options.free_text
        return free_text if isinstance(free_text, Grammar) else None

    @property
    def reads_stream(self) -> bool:
        """Whether it has an `ArgStream` parameter, and so may start while its call is written."""
        return self._signature.stream is not None

    def named(self, args: JsonValue) -> Mapping[str, Any]:
        """The arguments of a call by the names of its parameters, whether they came as JSON or as text."""
        if self._text_parameter is None:
            named: Mapping[str, Any] = args
            return named
        return {self._text_parameter: args if isinstance(args, str) else args[INPUT]}

    def written(self, kind: CallKind, args: JsonValue) -> str:
        """The argument text of a call of that kind that says `args`; a tool of free text takes its text alone, too."""
        if self.takes_text and isinstance(args, str):
            return args if kind == "custom" else canonical({INPUT: args})
        return canonical(args)

    def arguments(self, kind: CallKind, limits: Limits, *, coerce: bool) -> Assembler | FreeText | StreamedArguments:
        """What checks the arguments of one call of that kind."""
        if kind == "custom":
            return FreeText(limits, self._bind_text)
        if self.takes_text:
            return Assembler(_input_schema(), limits=limits, bind=self._bind_input)
        if self._signature.stream is not None:
            return StreamedArguments(self._signature.stream, partial(self.assembler, limits, coerce=coerce))
        return self.assembler(limits, coerce=coerce)

    def assembler(self, limits: Limits, *, coerce: bool, follow: Follow | None = None) -> Assembler:
        """What checks the JSON arguments of one call; see `Assembler` for `follow`."""
        coerce = coerce and self._signature.coerces
        schema = self._lenient_schema if coerce else self._schema
        return Assembler(schema, limits=limits, bind=self.bind, coerce=coerce, follow=follow)

    def prepare(self) -> None:
        """Compile the schemas now, so that no call has to wait for it.

        Raises:
            ToolDefinitionError: one can not be compiled; the message names the tool and the place.
        """
        try:
            _ = self._schema, self._lenient_schema
        except ToolDefinitionError as error:
            raise ToolDefinitionError(f"{self.name}: {error}") from error

    def _bind_input(self, text: str) -> BoundArguments:
        """What to call the function with for JSON arguments that hold its text. Raises as `_bind_text`."""
        return self._bind_text(json.loads(text)[INPUT])

    def _bind_text(self, text: str) -> BoundArguments:
        """What to call the function with for a text. Raises `Unbindable`, of the text as a whole."""
        try:
            return self.bind(json_text({self._text_parameter: text}))
        except Unbindable as error:
            raise Unbindable(tuple(((), message, kind) for _, message, kind in error.problems)) from None

    @cached_property
    def _schema(self) -> CompiledSchema:
        return compile_schema(self._signature.parameters)

    @cached_property
    def _lenient_schema(self) -> CompiledSchema:
        return compile_schema(self._signature.lenient_parameters) if self._signature.coerces else self._schema


@cache
def _input_schema() -> CompiledSchema:
    return compile_schema(input_schema(""))


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise ToolDefinitionError(
            f"{name!r} can not be the name of a tool: use letters, digits, _ and -, at most 64, with a letter or _ "
            'first; give it another with @tool(name="…")'
        )


def _check_options(name: str, options: ToolOptions) -> None:
    retry: Any = options.retry
    if retry is not None and not isinstance(retry, Retry):
        raise UsageError(f"{name}: retry={retry!r} is no Retry; write retry=Retry(attempts=3)")
    if retry is not None and not options.repeatable:
        raise UsageError(
            f"{name}: retry= repeats what the tool does; say read_only=True or idempotent=True if that is safe"
        )
    if options.timeout_s is not None and not options.timeout_s > 0:
        raise UsageError(f"{name}: timeout_s={options.timeout_s:g} leaves no time; leave it out for the run's limit")
    if options.limit is not None and options.limit < 1:
        raise UsageError(f"{name}: limit={options.limit} lets no call run; leave it out for no limit")
    _check_turn(name, options.exclusive, options.priority)
    check_deferred(name, options)
    _check_word(name, "start", options.start, ("eager", "safe", "end"))
    _check_executor(name, options.executor)


def _check_executor(name: str, executor: object) -> None:
    known = ("inline", "thread", "process")
    if executor is None or isinstance(executor, str):
        _check_word(name, "executor", executor, known)
    elif isinstance(executor, type) or not isinstance(executor, Executor):
        named = ", ".join(f'"{one}"' for one in known)
        raise UsageError(
            f"{name}: executor={executor!r} can not run tools; there are {named}, and objects with the async methods "
            "submit(work) and cancel(work), see millstream.executors"
        )


def _check_turn(name: str, exclusive: object, priority: object) -> None:
    if exclusive == "" or not (exclusive is None or isinstance(exclusive, str | bool)):
        raise UsageError(
            f"{name}: exclusive={exclusive!r} names no group; write the name of one, or True for a tool that runs alone"
        )
    if not isinstance(priority, int) or isinstance(priority, bool):
        raise UsageError(f"{name}: priority={priority!r} is no number; write an int, 0 is that of other tools")


def _check_word(name: str, option: str, word: str | None, known: tuple[str, ...]) -> None:
    if word is not None and word not in known:
        allowed = ", ".join(f'"{one}"' for one in known)
        raise UsageError(f'{name}: {option}="{word}" is not known; there are {allowed}')
