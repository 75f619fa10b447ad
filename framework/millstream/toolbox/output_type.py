"""The type of a run's output: its JSON Schema, what checks its text while it is written, and how text becomes one.

What is no object in JSON (a list, a number, a union) is written as the one field of an object, because providers take
nothing else at the root; nobody but the model sees that. With `toolbox.signature` a home of pydantic.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Generic, cast

from millstream.arguments.assembler import Assembler, Unbindable
from millstream.arguments.partial import Partial
from millstream.arguments.schema.compile import CompiledSchema, compile_schema
from millstream.errors import ToolDefinitionError, UsageError
from millstream.events.values import JsonValue
from millstream.limits import Limits
from millstream.toolbox.checkable import checkable_schema
from millstream.toolbox.partial_model import PartialFields
from millstream.toolbox.partial_output import read_output
from millstream.toolbox.problems import fault, problems

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from typing_extensions import TypeForm, TypeVar

    Output = TypeVar("Output", default=str)
else:
    from typing import TypeVar

    Output = TypeVar("Output")

KEY: Final = "result"
"""The field in which what is no object stands."""
_NOT_IN_A_NAME: Final = re.compile("[^a-zA-Z0-9_-]+")
_MAX_NAME: Final = 64
_MAX_REASON: Final = 300
_NO_JSON: Final = ("is-instance", "is-subclass", "callable")
"""Validations that only an object of Python's can pass, as pydantic calls them."""
_NOT_AN_OBJECT: Final = ("anyOf", "oneOf", "allOf", "$ref")


class OutputType(Generic[Output]):
    """What a run is to end with.

    Args:
        kind: a pydantic model, a dataclass, a TypedDict, or any other type that JSON can fill; also a union of such.

    Raises:
        UsageError: JSON can not fill it, or what it allows can not be checked.
    """

    def __init__(self, kind: TypeForm[Output]) -> None:
        self._kind: Any = kind
        self.name = _NOT_IN_A_NAME.sub("_", str(getattr(kind, "__name__", "output")))[:_MAX_NAME]
        self._adapter, self.schema, wrapped = _read(kind)
        """The JSON Schema of what the model writes, an object at its root."""
        self.key = KEY if wrapped else ""
        """The field in which the output stands, "" where it is all that is written."""
        self.description = str(self.schema.pop("description", ""))
        try:
            _ = self._compiled, self._lenient  # now, so that no answer has to wait for it
        except ToolDefinitionError as error:
            raise UsageError(f"{_shown(kind)} can not be an output_type: {error}") from error

    def __repr__(self) -> str:
        return f"<output {_shown(self._kind)}>"

    def assembler(self, limits: Limits, *, coerce: bool) -> Assembler:
        """What checks the text of one output; `Sealed.bound` is the output itself."""
        schema = self._lenient if coerce else self._compiled
        return Assembler(schema, limits=limits, bind=self._bind, coerce=coerce, every_path=bool(self.key))

    def partial(self, written: Partial) -> PartialFields[Output] | None:
        """What is known of an output of which so much is written; None before anything of it can be shown."""
        return read_output(self._kind, written)

    def whole(self, output: Output, value: JsonValue) -> PartialFields[Output]:
        """The finished output as the last of its partials."""
        shown = read_output(self._kind, Partial(value, None))
        return PartialFields(output, shown.final if shown is not None else frozenset())

    def _bind(self, text: str) -> Any:
        from pydantic import ValidationError

        try:
            made = self._adapter.validate_json(text)
        except ValidationError as error:
            raise Unbindable(problems(error, text)) from None
        except Exception as error:  # a validator of the user's has a fault: the model is told, and asked again
            raise Unbindable((fault(error, "the output"),)) from error
        return getattr(made, KEY) if self.key else made

    @cached_property
    def _compiled(self) -> CompiledSchema:
        return compile_schema(self.schema)

    @cached_property
    def _lenient(self) -> CompiledSchema:
        return compile_schema(checkable_schema(_core(self._adapter)))


def as_output(kind: TypeForm[Output]) -> OutputType[Output] | None:
    """The output of that type; None for `str`, which is the text of the answer.

    Raises:
        UsageError: `kind` is no type, or JSON can not fill it.
    """
    return None if kind is str else OutputType(kind)


def _read(kind: Any) -> tuple[TypeAdapter[Any], dict[str, Any], bool]:
    """What validates the output, the schema of what is written, and whether it stands in a field of its own."""
    from pydantic import TypeAdapter, create_model

    from millstream.toolbox.json_schema import PlainSchema

    if kind is None or isinstance(kind, str | bytes | Mapping):
        raise UsageError(f"output_type={kind!r} is no type: give a class, as output_type=str or output_type=Trip")
    if isinstance(kind, list | tuple | set):
        shown = ", ".join(map(_shown, cast("list[object]", kind)))
        raise UsageError(
            f"output_type=[{shown}] is no type: write list[Trip] for a list, Trip | Refused for one of both"
        )
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        if _core(adapter)["type"] in _NO_JSON:
            raise TypeError("only an object of Python's could be one")  # noqa: TRY301  one message for all of them
        schema = adapter.json_schema(schema_generator=PlainSchema)
        wrapped = schema.get("type") != "object" or any(key in schema for key in _NOT_AN_OBJECT)
        if wrapped:
            described = schema.get("description")
            adapter = TypeAdapter(create_model("Output", result=(kind, ...)))
            schema = adapter.json_schema(schema_generator=PlainSchema)
            schema |= {"description": described} if described else {}
    except Exception as error:  # the types' own code runs in there, it may raise anything
        raise UsageError(
            f"{_shown(kind)} can not be an output_type, JSON can not fill it ({_reason(error)}): give a pydantic "
            "model, a dataclass, a TypedDict, or a union or list of them"
        ) from error
    schema.pop("title", None)
    return adapter, schema, wrapped


def _core(adapter: TypeAdapter[Any]) -> Mapping[str, Any]:
    """Pydantic's own plan for validating it."""
    core: Any = adapter.core_schema
    return cast("Mapping[str, Any]", core)


def _shown(kind: object) -> str:
    return kind.__name__ if isinstance(kind, type) and not hasattr(kind, "__args__") else str(kind)


def _reason(error: Exception) -> str:
    """An exception's own words in one line, without links."""
    lines = [line.strip() for line in str(error).splitlines() if "https://errors.pydantic.dev" not in line]
    words = " ".join(line for line in lines if line).split(". Set `arbitrary_types_allowed", maxsplit=1)[0]
    return words[:_MAX_REASON] or type(error).__name__
