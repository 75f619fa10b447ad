"""A function's signature -> the JSON Schema of its arguments, and a binding of JSON text to its parameters.

What leaves it: plain schemas, and `bind(text) -> BoundArguments`. Pydantic does the work and is not seen outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter
from typing import TYPE_CHECKING, Any

from millstream.arguments.assembler import Unbindable
from millstream.toolbox.checkable import checkable_schema
from millstream.toolbox.docstring import parse_docstring
from millstream.toolbox.parameters import docstring_of, name_of, read_parameters
from millstream.toolbox.problems import fault, problems

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
    coerces: bool = True
    """Whether `bind` may accept more than the schema says; where not, the schema rules whatever the policy."""


def read_signature(function: Callable[..., Any], local_names: Mapping[str, Any] | None = None) -> Signature:
    """Read a function's signature, annotations and docstring.

    Args:
        function: what the tool will call.
        local_names: names its annotations may use besides its module's, for a function defined within another.

    Raises:
        ToolDefinitionError: a parameter can not be filled from JSON; the message names it and says what would do.
    """
    from millstream.toolbox.argument_model import argument_model, field_name, has_own_default

    parameters = read_parameters(function, local_names or {})
    docs = parse_docstring(docstring_of(function))
    model, schema = argument_model(name_of(function), parameters.fillable, docs.parameters)
    slots = [_Slot(field_name(i), one, has_own_default(one)) for i, one in enumerate(parameters.fillable)]
    return Signature(
        summary=docs.summary,
        parameters=schema,
        lenient_parameters=checkable_schema(model.__pydantic_core_schema__),
        context_parameter=parameters.context,
        bind=_Binder(model, slots),
    )


@dataclass(frozen=True, slots=True)
class _Slot:
    """A parameter and the field its argument comes from."""

    field: str
    parameter: Parameter
    own_default: bool


class _Binder:
    """Canonical JSON text -> the arguments of a function."""

    def __init__(self, model: type[BaseModel], slots: list[_Slot]) -> None:
        self._model = model
        self._slots = slots

    def __call__(self, text: str) -> BoundArguments:
        from pydantic import ValidationError

        try:
            bound = self._model.model_validate_json(text)
        except ValidationError as error:
            raise Unbindable(problems(error, text)) from None
        except Exception as error:  # a validator of the user's has a fault: that ends the call, not the run
            raise Unbindable((fault(error),)) from error
        values = vars(bound)
        args: list[Any] = []
        kwargs: dict[str, Any] = {}
        for slot in self._slots:
            name, default = slot.parameter.name, slot.parameter.default
            absent = slot.own_default and slot.field not in bound.model_fields_set
            if slot.parameter.kind is Parameter.POSITIONAL_ONLY:
                args.append(default if absent else values[slot.field])
            elif not absent:  # else the function's own default applies
                kwargs[name] = values[slot.field]
        return BoundArguments(tuple(args), kwargs)
