"""A function's parameters, read for a tool: their annotations, and which of them takes the context.

Only what `inspect` and `typing` tell. It knows nothing of schemas and of what JSON can fill.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from millstream.errors import ToolDefinitionError
from millstream.toolbox.context import ToolContext


@dataclass(frozen=True, slots=True)
class Parameters:
    """What a function takes: the parameters a model fills, their annotations resolved, and the context's name."""

    fillable: tuple[inspect.Parameter, ...]
    context: str | None


def name_of(function: Callable[..., Any]) -> str:
    """What a function is called; for an object that can be called, what its class is called."""
    while isinstance(function, partial):
        function = function.func
    return str(getattr(function, "__name__", type(function).__name__))


def implementation(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function that is written somewhere: what `partial` wraps, or the `__call__` of an object."""
    while isinstance(function, partial):
        function = function.func
    return function if inspect.isroutine(function) else type(function).__call__


def docstring_of(function: Callable[..., Any]) -> str | None:
    """A function's docstring; for an object that can be called, that of its `__call__`, or else of its class."""
    while isinstance(function, partial):
        function = function.func
    return implementation(function).__doc__ or function.__doc__


def read_parameters(function: Callable[..., Any], local_names: Mapping[str, Any]) -> Parameters:
    """Read what a function takes. What `partial` has filled is not asked for again.

    Args:
        function: what the tool will call.
        local_names: names its annotations may use besides its module's, for a function defined within another.

    Raises:
        ToolDefinitionError: it has no signature, or a parameter has no annotation that can be resolved.
    """
    name = name_of(function)
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError) as error:
        raise ToolDefinitionError(
            f"{name}() does not tell its parameters: write a function that does, and calls it"
        ) from error
    written = implementation(function)
    filled = _filled(function)
    global_names = getattr(inspect.unwrap(written), "__globals__", {})
    fillable: list[inspect.Parameter] = []
    context: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.name in filled:
            continue
        _check(parameter, name)
        hint = _resolve(parameter, name, global_names, local_names)
        if _is_context(hint):
            _check_context(parameter, name)
            context.append(parameter.name)
        else:
            fillable.append(parameter.replace(annotation=hint))
    if len(context) > 1:
        raise ToolDefinitionError(f"{name}() takes two contexts, {' and '.join(context)}: leave one of them out")
    return Parameters(tuple(fillable), context[0] if context else None)


def _filled(function: Callable[..., Any]) -> Mapping[str, Any]:
    """The keywords that are set already."""
    return function.keywords if isinstance(function, partial) else {}


def _check(parameter: inspect.Parameter, name: str) -> None:
    own = parameter.name
    if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
        raise ToolDefinitionError(f"{name}() takes *{own}, which a model can not fill: take a list, {own}: list[str]")
    if parameter.kind is inspect.Parameter.VAR_KEYWORD:
        raise ToolDefinitionError(
            f"{name}() takes **{own}, which a model can not fill: write each keyword, or {own}: dict[str, str]"
        )
    if parameter.annotation is not inspect.Parameter.empty:
        return
    if own in ("self", "cls"):
        raise ToolDefinitionError(
            f'{name}() is a method, "{own}" would be left empty: make the tool of the bound one, tool(obj.{name})'
        )
    if name == "<lambda>":
        raise ToolDefinitionError(f'a lambda can not say what kind of value its "{own}" takes: write a function')
    default = parameter.default
    kind = "str" if default is inspect.Parameter.empty or default is None else type(default).__name__
    raise ToolDefinitionError(
        f'{name}(): the parameter "{own}" has no annotation, which tells a model what to write: add one, {own}: {kind}'
    )


def _resolve(
    parameter: inspect.Parameter, name: str, global_names: dict[str, Any], local_names: Mapping[str, Any]
) -> Any:
    """The annotation as an object. Each one alone, so that the others and the function's result can not fail it."""

    def alone() -> None: ...

    alone.__annotations__ = {parameter.name: parameter.annotation}
    place = f'{name}(): the annotation of "{parameter.name}"'
    try:
        hints = get_type_hints(alone, global_names, local_names, include_extras=True)
    except NameError as error:
        raise ToolDefinitionError(
            f'{place} names "{error.name}", which can not be found: import it, not only under `if TYPE_CHECKING:`, '
            "define it at the top of the module, or use @tool in the function that defines both"
        ) from error
    except Exception as error:  # an annotation is the user's expression, it may raise anything
        raise ToolDefinitionError(f"{place}, {parameter.annotation!r}, can not be evaluated: {error}") from error
    return hints[parameter.name]


def _is_context(hint: object) -> bool:
    origin = get_origin(hint)
    if origin is Annotated:
        return _is_context(get_args(hint)[0])
    if origin in (Union, types.UnionType):
        return [_is_context(one) for one in get_args(hint) if one is not types.NoneType] == [True]
    alias = getattr(origin or hint, "__value__", None)  # type Context = ToolContext[Deps]
    return ToolContext in (hint, origin) or (alias is not None and _is_context(alias))


def _check_context(parameter: inspect.Parameter, name: str) -> None:
    if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
        raise ToolDefinitionError(
            f'{name}(): the context is passed by name, but "{parameter.name}" is positional-only: move it behind the /'
        )
