"""Partial arguments as a pydantic model or a TypedDict: the fields that are there, and which of them are final.

What comes out of here is to be shown, never to be run with: the model as a whole was not validated. With
`toolbox.signature` a home of pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, cast, get_type_hints

from millstream.arguments.assembler import json_text
from millstream.arguments.partial import Partial
from millstream.errors import UsageError
from millstream.events.values import JsonValue, is_array, is_object

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PartialFields(Generic[T]):
    """What is known of a `T` that is still being written.

    `value` has the fields that are there and are of their types so far: a TypedDict lacks the keys of the others (use
    `.get`), a model their attributes (`model_fields_set` names those that came; the others have their defaults or
    none). `final` names the fields whose text is complete; one that is final and not in `value` was not valid.
    """

    value: T
    final: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Field:
    keys: tuple[str, ...]
    """The names it may have in JSON."""
    type: Any
    adapter: TypeAdapter[Any]


def read_partial(kind: type[T], partial: Partial) -> PartialFields[T]:
    """Read partial arguments as the fields of `kind`, each validated by its own type, without the model's validators.

    Args:
        kind: a pydantic model or a TypedDict.
        partial: the object that is to become one.

    Raises:
        UsageError: `kind` is neither.
    """
    values: dict[str, Any] = {}
    final: set[str] = set()
    for name, field in _fields(cast("Any", kind)).items():
        key = next((key for key in field.keys if key in partial), None)
        if key is None:
            continue
        part = partial[key]
        if part.final:
            final.add(name)
        for value in _shown(field, part):
            values[name] = value
    made: Any = values if _is_typed_dict(kind) else cast("Any", kind).model_construct(**values)
    return PartialFields(made, frozenset(final))


@lru_cache(maxsize=256)
def _fields(kind: type) -> Mapping[str, _Field]:
    from pydantic import BaseModel, TypeAdapter

    if _is_typed_dict(kind):
        return {name: _Field((name,), hint, TypeAdapter(hint)) for name, hint in get_type_hints(kind).items()}
    if not issubclass(kind, BaseModel):
        raise UsageError(f"{kind!r} has no fields to read: give a pydantic model or a TypedDict")
    fields: dict[str, _Field] = {}
    for name, info in kind.model_fields.items():
        alias = info.validation_alias or info.alias
        keys = [key for key in (alias,) if isinstance(key, str)]
        if alias is None or kind.model_config.get("populate_by_name") or kind.model_config.get("validate_by_name"):
            keys.append(name)
        typed: Any = Annotated[info.annotation, *info.metadata] if info.metadata else info.annotation
        fields[name] = _Field(tuple(keys), info.annotation, TypeAdapter[Any](typed))
    return fields


def _shown(field: _Field, part: Partial) -> list[Any]:
    """The field's value so far; [] where nothing of it can stand."""
    if not part.final and is_object(part.value) and _has_fields(field.type):
        return [read_partial(field.type, part).value]
    has_parts = is_object(part.value) or is_array(part.value)
    for value in (part.value, _closed(part)) if has_parts and not part.final else (part.value,):
        try:
            return [field.adapter.validate_json(json_text(value))]
        except Exception:  # noqa: BLE001, S112  a validator of the user's may raise what it likes on half a value
            continue
    return []


def _has_fields(kind: Any) -> bool:
    from pydantic import BaseModel

    return _is_typed_dict(kind) or (isinstance(kind, type) and issubclass(kind, BaseModel))


def _is_typed_dict(kind: Any) -> bool:
    """Also one of typing_extensions, which pydantic asks for before Python 3.12 and which typing does not know."""
    return isinstance(kind, type) and dict in kind.__mro__ and hasattr(kind, "__required_keys__")


def _closed(part: Partial) -> JsonValue:
    """The object or array without what is still being written in it."""
    final = [(step, inner.value) for step, inner in part.items() if inner.final]
    return dict(final) if is_object(part.value) else [value for _, value in final]
