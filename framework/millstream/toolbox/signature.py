"""A function's signature -> the JSON Schema of its arguments, and a binding of JSON text to its parameters.

The only home of pydantic for tools. What leaves it: plain schemas, and `bind(text) -> BoundArguments`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_origin, get_type_hints

from millstream.arguments.assembler import Unbindable
from millstream.errors import ToolDefinitionError
from millstream.toolbox.checkable import checkable_schema
from millstream.toolbox.context import ToolContext
from millstream.toolbox.docstring import parse_docstring

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class BoundArguments:
    """What to call the function with, the context excepted."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Signature:
    """A function as a tool sees it. `context_parameter` is the name of the one that takes the `ToolContext`."""

    summary: str
    parameters: Mapping[str, Any]
    """The JSON Schema a provider is told."""
    lenient_parameters: Mapping[str, Any]
    """What may be checked while arguments arrive if pydantic may still coerce them."""
    context_parameter: str | None
    bind: Callable[[str], BoundArguments]


def read_signature(function: Callable[..., Any], local_names: Mapping[str, Any] | None = None) -> Signature:
    """Read a function's signature, annotations and docstring.

    Args:
        function: what the tool will call.
        local_names: names its annotations may use besides its module's, for a function defined within another.

    Raises:
        ToolDefinitionError: a parameter can not be filled from JSON; the message names it and says what would do.
    """
    name = getattr(function, "__name__", type(function).__name__)
    parameters = inspect.signature(function).parameters
    hints = _hints(function, name, local_names)
    context = [key for key in parameters if _is_context(hints.get(key))]
    if len(context) > 1:
        raise ToolDefinitionError(f"{name}() takes two contexts, {' and '.join(context)}: one is enough")
    fillable = [parameter for key, parameter in parameters.items() if key not in context]
    for parameter in fillable:
        _check(parameter, name, hints)
    docs = parse_docstring(function.__doc__)
    model = _model(name, fillable, hints, docs.parameters)
    return Signature(
        summary=docs.summary,
        parameters=_schema(model, name),
        lenient_parameters=checkable_schema(model.__pydantic_core_schema__),
        context_parameter=context[0] if context else None,
        bind=_Binder(model, fillable),
    )


def _hints(function: Callable[..., Any], name: str, local_names: Mapping[str, Any] | None) -> dict[str, Any]:
    target = function if inspect.isroutine(function) else type(function).__call__
    try:
        return get_type_hints(target, localns=dict(local_names or {}), include_extras=True)
    except NameError as error:
        raise ToolDefinitionError(
            f'{name}(): the annotation "{error.name}" can not be found: import it or define it at the top of the module'
        ) from error


def _is_context(hint: object) -> bool:
    return hint is ToolContext or get_origin(hint) is ToolContext


def _check(parameter: inspect.Parameter, name: str, hints: Mapping[str, Any]) -> None:
    if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
        raise ToolDefinitionError(f"{name}() takes {parameter}: a model can only fill parameters that have a name")
    if parameter.name not in hints:
        hint = "decorate the bound method instead" if parameter.name == "self" else f"write {parameter.name}: str, say"
        raise ToolDefinitionError(f'{name}(): the parameter "{parameter.name}" has no annotation; {hint}')


def _model(
    name: str, parameters: list[inspect.Parameter], hints: Mapping[str, Any], described: Mapping[str, str]
) -> type[BaseModel]:
    """A model with one field a parameter. The fields have names of our own: a parameter may be called "schema"."""
    from pydantic import ConfigDict, Field, create_model
    from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
    from pydantic.fields import FieldInfo

    fields: dict[str, Any] = {}
    for i, parameter in enumerate(parameters):
        empty = parameter.default is inspect.Parameter.empty
        if isinstance(parameter.default, FieldInfo):
            info = copy(parameter.default)
            info.alias = info.validation_alias = parameter.name
        else:
            info = Field(alias=parameter.name) if empty else Field(parameter.default, alias=parameter.name)
        hint = hints[parameter.name]
        if info.description is None and described.get(parameter.name) and not _describes(hint):
            info.description = described[parameter.name]
        fields[f"field_{i}"] = (hint, info)
    try:
        return create_model(name, __config__=ConfigDict(extra="forbid"), **fields)
    except (PydanticSchemaGenerationError, PydanticUserError, TypeError) as error:
        raise ToolDefinitionError(f"{name}(): {_culprit(parameters, hints)}: {_first_line(error)}") from error


def _culprit(parameters: list[inspect.Parameter], hints: Mapping[str, Any]) -> str:
    """Which parameter pydantic can not make from JSON."""
    from pydantic import TypeAdapter
    from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError

    for parameter in parameters:
        try:
            TypeAdapter(hints[parameter.name])
        except (PydanticSchemaGenerationError, PydanticUserError, TypeError):
            return f'the parameter "{parameter.name}" is of a type that JSON can not fill; use str, a pydantic model, …'
    return "its parameters can not be read"


def _describes(hint: object) -> bool:
    return any(getattr(extra, "description", None) for extra in getattr(hint, "__metadata__", ()))


def _schema(model: type[BaseModel], name: str) -> dict[str, Any]:
    from pydantic.errors import PydanticInvalidForJsonSchema

    from millstream.toolbox.json_schema import PlainSchema

    try:
        schema = model.model_json_schema(schema_generator=PlainSchema)
    except PydanticInvalidForJsonSchema as error:
        what = f"no JSON Schema can describe its parameters: {_first_line(error)}"
        raise ToolDefinitionError(f"{name}(): {what}") from error
    schema.pop("title", None)
    schema.pop("description", None)
    plain: dict[str, Any] = {"type": "object", "properties": {}}
    return plain | schema


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0].split(". Set `arbitrary_types_allowed", maxsplit=1)[0]


class _Binder:
    """Canonical JSON text -> the arguments of a function."""

    def __init__(self, model: type[BaseModel], parameters: list[inspect.Parameter]) -> None:
        self._model = model
        self._parameters = parameters

    def __call__(self, text: str) -> BoundArguments:
        from pydantic import ValidationError
        from pydantic.fields import FieldInfo

        try:
            bound = self._model.model_validate_json(text)
        except ValidationError as error:
            problems = error.errors(include_url=False, include_context=False, include_input=False)
            raise Unbindable(tuple((one["loc"], one["msg"], one["type"]) for one in problems)) from None
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for i, parameter in enumerate(self._parameters):
            field = f"field_{i}"
            if parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
                args.append(getattr(bound, field))
            elif field in bound.model_fields_set or isinstance(parameter.default, FieldInfo):
                kwargs[parameter.name] = getattr(bound, field)
        return BoundArguments(tuple(args), kwargs)
