"""`ArgStream[T]`: the annotation of a parameter that a tool reads while the model still writes it.

Here is what a user writes and how a signature that holds it is read. Nothing here waits, and nothing knows of JSON
text: `toolbox.streamed_arguments` follows that, `runtime.argstream` waits for it.
"""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Annotated, Any, Final, Generic, Protocol, TypeVar, get_args, get_origin, overload

from millstream.arguments.seam import Kind
from millstream.errors import ToolDefinitionError, UsageError
from millstream.events.values import JsonObject

T = TypeVar("T")
Item = TypeVar("Item")

_WRITE: Final = "write ArgStream[str] for its text as it comes, or ArgStream[list[Item]] for one item at a time"


class ArgStream(Generic[T]):
    """An argument that its tool reads while the model still writes it: `async for piece in content`.

        @tool
        async def write_file(path: str, content: ArgStream[str]) -> str:
            async with open_temporary(path) as file:
                async for piece in content:
                    await file.write(piece)
                return await file.rename(path)  # reached only if the call is complete and right

    `ArgStream[str]` gives text, in pieces of any size that concatenate to the argument. `ArgStream[list[Item]]` gives
    the items, each as soon as it is complete, checked and made an `Item`. The tool starts when all its other arguments
    are there. The loop ends once the provider has closed the call and its arguments hold; what the tool returns before
    that waits until then. At most one parameter of a tool, which is async, may be one; it has no default.

    Args:
        pieces: what it gives, for calling the tool's function yourself, as in tests; a run makes its own.

    Raises, from the loop:
        ArgsAborted: the arguments will never be complete (the response broke off, they were rejected, the call was
            cancelled): undo what was begun, within `Limits.cancel_grace_s`, and let it pass.
        UsageError: another task is reading it.
    """

    __slots__ = ("_pieces",)

    def __init__(self, pieces: AsyncIterator[Any]) -> None:
        self._pieces = pieces

    @overload
    def __aiter__(self: ArgStream[str]) -> AsyncIterator[str]: ...
    @overload
    def __aiter__(self: ArgStream[list[Item]]) -> AsyncIterator[Item]: ...
    def __aiter__(self) -> AsyncIterator[Any]:
        """What is there and not read yet, then what comes."""
        return self._pieces


class ArgSource(Protocol):
    """What an `ArgStream` is read from."""

    @property
    def parameter(self) -> str:
        """The name of the parameter that takes it."""
        ...

    @property
    def others(self) -> JsonObject:
        """The other arguments, as far as they are settled."""
        ...

    def take(self) -> tuple[Any, ...]:
        """The next piece of what came, () where all of it was taken."""
        ...


@dataclass(frozen=True, slots=True)
class StreamHint:
    """What the annotation of a streamed parameter says.

    `parameter` is the function's own, its annotation that of the whole value; `item` the type of an item, None where it
    is text.
    """

    parameter: inspect.Parameter
    item: Any | None

    @property
    def kind(self) -> Kind:
        """The kind of JSON value that can be read so."""
        return Kind.STRING if self.item is None else Kind.ARRAY


def split_stream(
    name: str, parameters: tuple[inspect.Parameter, ...]
) -> tuple[tuple[inspect.Parameter, ...], StreamHint | None]:
    """The other parameters, and the streamed one if there is one.

    Args:
        name: the function's, for messages.
        parameters: what a model fills, annotations resolved.

    Raises:
        ToolDefinitionError: there are two, or it is of a type that can not be streamed, has a default, or is not passed
            by name.
    """
    streamed = [one for one in parameters if _mentions(one.annotation)]
    if not streamed:
        return parameters, None
    if len(streamed) > 1:
        told = " and ".join(one.name for one in streamed)
        raise ToolDefinitionError(f"{name}() streams two parameters, {told}: a model writes one at a time, leave one")
    (one,) = streamed
    place = f'{name}(): the parameter "{one.name}"'
    if one.default is not inspect.Parameter.empty:
        raise ToolDefinitionError(f"{place} is an ArgStream with a default: leave the default out, it is always given")
    if one.kind is inspect.Parameter.POSITIONAL_ONLY:
        raise ToolDefinitionError(f"{place} is an ArgStream, which is passed by name: move it behind the /")
    inner, extras = _inner(one.annotation, place)
    hint = Annotated[(inner, *extras)] if extras else inner
    return tuple(other for other in parameters if other is not one), StreamHint(
        one.replace(annotation=hint), _item(inner, place)
    )


def check_stream(name: str, body: str, options: Any) -> None:
    """Check the terms of a tool with a streamed parameter.

    Raises:
        ToolDefinitionError: its function is not async.
        UsageError: it is to start at another time, to be approved or repeated, or takes free text.
    """
    if not body.startswith("async"):
        raise ToolDefinitionError(f"{name}() reads an ArgStream, which is waited for: write async def {name}(…)")
    reads = f"{name} reads an ArgStream"
    if options.needs_approval:
        raise UsageError(
            f"{reads}, so it starts before there are arguments to approve: leave needs_approval= out, or annotate the "
            "parameter with its plain type"
        )
    if options.start is not None:
        raise UsageError(
            f'{reads}, so it starts while its call is written: leave start="{options.start}" out, or annotate the '
            "parameter with its plain type; Policy(start=…) holds back all tools of a run"
        )
    if options.retry is not None:
        raise UsageError(f"{reads}, which can be read once: leave retry= out, and try again within the tool")
    if options.free_text:
        raise UsageError(f"{reads}, which is a JSON argument: leave free_text= out")


def _mentions(hint: object) -> bool:
    """Whether an `ArgStream` stands anywhere in an annotation."""
    hint = _plain(hint)
    return ArgStream in (hint, get_origin(hint)) or any(_mentions(one) for one in get_args(hint))


def _inner(hint: object, place: str) -> tuple[Any, tuple[Any, ...]]:
    """What is streamed, and what an `Annotated` around it says."""
    hint = _plain(hint)
    if get_origin(hint) is Annotated:
        hint, *extras = get_args(hint)
        inner, more = _inner(hint, place)
        return inner, (*more, *extras)
    if get_origin(hint) is ArgStream:
        return get_args(hint)[0], ()
    if hint is ArgStream:
        raise ToolDefinitionError(f"{place} does not say what it streams: {_WRITE}")
    written = inspect.formatannotation(hint)
    raise ToolDefinitionError(f"{place} is {written}, but an ArgStream stands alone: {_WRITE}")


def _item(inner: object, place: str) -> Any | None:
    """The type of an item; None where text is streamed."""
    inner = _plain(inner)
    while get_origin(inner) is Annotated:
        inner = _plain(get_args(inner)[0])
    if inner is str:
        return None
    if inner is list:
        return Any
    if get_origin(inner) is list:
        return get_args(inner)[0]
    raise ToolDefinitionError(f"{place} streams {inspect.formatannotation(inner)}, which has no parts: {_WRITE}")


def _plain(hint: Any) -> Any:
    """What a `type` alias stands for."""
    while hasattr(hint, "__value__") and get_origin(hint) is None:
        hint = hint.__value__
    return hint
