"""The parameters of a tool's function -> a pydantic model of its arguments, and the JSON Schema a provider is told.

Used by `toolbox.signature` alone, and with it and `toolbox.json_schema` the only home of pydantic for tools.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.errors import PydanticInvalidForJsonSchema, PydanticSchemaGenerationError, PydanticUndefinedAnnotation
from pydantic.fields import FieldInfo

from millstream.errors import ToolDefinitionError
from millstream.toolbox.json_schema import PlainSchema

_FIELD: Final = "parameter_{}_of_the_tool"
_MAX_REASON: Final = 300
_NO_JSON: Final = ("is-instance", "is-subclass", "callable")
"""Validations that only an object of Python's can pass, as pydantic calls them."""


def field_name(index: int) -> str:
    """The model's name for a parameter. Names of our own, because a parameter may be called "schema" or "copy"."""
    return _FIELD.format(index)


def has_own_default(parameter: inspect.Parameter) -> bool:
    """Whether the function itself knows what to do without the argument; else the model has the default, if any."""
    return parameter.default is not inspect.Parameter.empty and not isinstance(parameter.default, FieldInfo)


def argument_model(
    name: str, parameters: tuple[inspect.Parameter, ...], described: Mapping[str, str]
) -> tuple[type[BaseModel], dict[str, Any]]:
    """A model with one field a parameter, and its JSON Schema: an object without other keys.

    Args:
        name: the function's, for messages.
        parameters: what a model fills, annotations resolved.
        described: descriptions by parameter, for those that have none of their own.

    Raises:
        ToolDefinitionError: JSON can not fill one of them; the message names it.
    """
    try:
        model = _model(name, parameters, described)
        schema = model.model_json_schema(schema_generator=PlainSchema)
    except Exception as error:  # the types' own code runs in there, it may raise anything
        raise ToolDefinitionError(f"{name}(): {_culprit(name, parameters, error)}") from error
    for i, parameter in enumerate(parameters):
        if _validation(model, field_name(i)) in _NO_JSON:
            raise ToolDefinitionError(f"{name}(): {_not_json(parameter)}")
    schema.pop("title", None)
    schema.pop("description", None)
    plain: dict[str, Any] = {"type": "object", "properties": {}}
    return model, plain | schema


def _model(name: str, parameters: tuple[inspect.Parameter, ...], described: Mapping[str, str]) -> type[BaseModel]:
    names = {field_name(i): parameter.name for i, parameter in enumerate(parameters)}
    fields: dict[str, Any] = {}
    for field, parameter in zip(names, parameters, strict=True):
        hint, default = parameter.annotation, parameter.default
        words = described.get(parameter.name)
        if words and not _describes(hint) and not getattr(default, "description", None):
            hint = Annotated[hint, Field(description=words)]
        if default is inspect.Parameter.empty:
            fields[field] = hint
        else:
            fields[field] = (hint, Field(default=default) if has_own_default(parameter) else default)
    # types without a configuration of their own inherit this one, so the generator is asked for their names as well
    config = ConfigDict(extra="forbid", alias_generator=lambda field: names.get(field, field))
    return create_model(name, __config__=config, **fields)


def _describes(hint: object) -> bool:
    return any(getattr(extra, "description", None) for extra in getattr(hint, "__metadata__", ()))


def _validation(model: type[BaseModel], field: str) -> str:
    """How pydantic validates a field, in its own word, defaults and None aside."""
    core: Any = model.__pydantic_core_schema__
    while core["type"] != "model-fields":
        core = core["schema"]
    core = core["fields"][field]["schema"]
    while core["type"] in ("default", "nullable"):
        core = core["schema"]
    return str(core["type"])


def _culprit(name: str, parameters: tuple[inspect.Parameter, ...], error: Exception) -> str:
    """Which parameter no model or no schema can be made of, and why."""
    for parameter in parameters:
        try:
            alone = _model(name, (parameter,), {})
            alone.model_rebuild()
            alone.model_json_schema(schema_generator=PlainSchema)
        except PydanticUndefinedAnnotation as missing:
            return f'the parameter "{parameter.name}" needs "{missing.name}", which is not defined: define it above'
        except (PydanticSchemaGenerationError, PydanticInvalidForJsonSchema) as unfit:
            return f"{_not_json(parameter)} ({_reason(unfit)})"
        except Exception as other:  # noqa: BLE001  as above; the message tells of it
            return f'no argument can be made of the parameter "{parameter.name}": {_reason(other)}'
    return f"no model can be made of its parameters: {_reason(error)}"


def _not_json(parameter: inspect.Parameter) -> str:
    hint = parameter.annotation
    written = inspect.formatannotation(get_args(hint)[0] if get_origin(hint) is Annotated else hint)
    return (
        f'the parameter "{parameter.name}" is of a type that JSON can not fill, {written}: use str, int, list[…], '
        "an Enum, a dataclass, a TypedDict or a pydantic model"
    )


def _reason(error: Exception) -> str:
    """An exception's own words in one line, without the links and the advice that do not help here."""
    lines = [line.strip() for line in str(error).splitlines() if "https://errors.pydantic.dev" not in line]
    words = " ".join(line for line in lines if line).split(". Set `arbitrary_types_allowed", maxsplit=1)[0]
    return words[:_MAX_REASON] or type(error).__name__
