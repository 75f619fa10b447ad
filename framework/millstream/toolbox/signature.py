"""A function's signature -> the JSON Schema of its arguments, and a binding of JSON text to its parameters.

What leaves it: plain schemas, and `bind(text) -> BoundArguments`. Pydantic does the work and is not seen outside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from inspect import Parameter
from typing import TYPE_CHECKING, Any, Final

from millstream.arguments.assembler import Unbindable
from millstream.arguments.seam import Kind
from millstream.toolbox.argstream import ArgSource, StreamHint, split_stream
from millstream.toolbox.checkable import checkable_schema
from millstream.toolbox.docstring import parse_docstring
from millstream.toolbox.parameters import docstring_of, name_of, read_parameters
from millstream.toolbox.problems import fault, problems

if TYPE_CHECKING:
    from pydantic import BaseModel

ITEM: Final = "item"
"""What an item of a streamed list is called where it is bound."""


@dataclass(frozen=True, slots=True)
class BoundArguments:
    """What to call the function with, the context excepted; a streamed argument is read from its `source`."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    source: ArgSource | None = None


@dataclass(frozen=True, slots=True)
class StreamBinding:
    """How a tool with a streamed parameter is bound before its arguments are complete.

    `key` is the name that the model knows `parameter` by, `others` are those of all other parameters. `bind_others`
    takes an object without the streamed one, `bind_item` one whose only key is `ITEM`; None where text is streamed.
    """

    parameter: str
    key: str
    kind: Kind
    others: frozenset[str]
    bind_others: Callable[[str], BoundArguments]
    bind_item: Callable[[str], BoundArguments] | None


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
    """All arguments; a streamed one is checked and left out."""
    coerces: bool = True
    """Whether `bind` may accept more than the schema says; where not, the schema rules whatever the policy."""
    stream: StreamBinding | None = None


def read_signature(function: Callable[..., Any], local_names: Mapping[str, Any] | None = None) -> Signature:
    """Read a function's signature, annotations and docstring.

    Args:
        function: what the tool will call.
        local_names: names its annotations may use besides its module's, for a function defined within another.

    Raises:
        ToolDefinitionError: a parameter can not be filled from JSON; the message names it and says what would do.
    """
    from millstream.toolbox.argument_model import argument_model

    name, parameters = name_of(function), read_parameters(function, local_names or {})
    docs = parse_docstring(docstring_of(function))
    plain, hint = split_stream(name, parameters.fillable)
    streamed = () if hint is None else (hint.parameter,)
    model, schema = argument_model(name, plain + streamed, docs.parameters)  # the streamed one last: so it is written
    slots = _slots(plain)
    return Signature(
        summary=docs.summary,
        parameters=schema,
        lenient_parameters=checkable_schema(model.__pydantic_core_schema__),
        context_parameter=parameters.context,
        bind=_Binder(model, slots),
        stream=None if hint is None else _stream_binding(name, hint, plain, tuple(schema["properties"])),
    )


def _stream_binding(name: str, hint: StreamHint, plain: tuple[Parameter, ...], keys: tuple[str, ...]) -> StreamBinding:
    """How a streamed parameter and the others are bound, the `keys` of all being those that the model is told."""
    from millstream.toolbox.argument_model import argument_model

    def binder(parameters: tuple[Parameter, ...]) -> _Binder:
        return _Binder(argument_model(name, parameters, {})[0], _slots(parameters))

    item = () if hint.item is None else (Parameter(ITEM, Parameter.KEYWORD_ONLY, annotation=hint.item),)
    bind_item = binder(item) if item else None
    *others, key = keys
    return StreamBinding(hint.parameter.name, key, hint.kind, frozenset(others), binder(plain), bind_item)


def _slots(parameters: tuple[Parameter, ...]) -> list[_Slot]:
    from millstream.toolbox.argument_model import field_name, has_own_default

    return [_Slot(field_name(i), one, has_own_default(one)) for i, one in enumerate(parameters)]


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
