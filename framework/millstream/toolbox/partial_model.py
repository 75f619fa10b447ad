"""What is still being written as a model, a dataclass or a TypedDict: the fields that are there, which are final.

What comes out of here is to be shown, never to be run with: the model as a whole was not validated. With
`toolbox.signature` a home of pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, is_dataclass
from functools import lru_cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Annotated, Any, Generic, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from millstream.arguments.assembler import json_text
from millstream.arguments.partial import Partial
from millstream.errors import UsageError
from millstream.events.values import JsonValue, is_array, is_object
from millstream.toolbox.partial_dataclass import partial_dataclass

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PartialFields(Generic[T]):
    """What is known of a `T` that is still being written.

    `value` has the fields that are there and are of their types so far: a TypedDict lacks the keys of the others (use
    `.get`), a model or dataclass their attributes (a model's `model_fields_set` names those that came; the others have
    their defaults or none). A field that is one of these may have some of its fields only, and so may the last item of
    a list of them. `final` names the fields whose text is complete; one that is final and not in `value` was not valid.
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
        kind: a pydantic model, a dataclass or a TypedDict.
        partial: the object that is to become one.

    Raises:
        UsageError: `kind` is none of these.
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
    return PartialFields(_made(kind, values), frozenset(final))


def has_fields(kind: Any) -> bool:
    """Whether `kind` is a pydantic model, a dataclass or a TypedDict."""
    from pydantic import BaseModel

    if not isinstance(kind, type):
        return False
    of_pydantic = issubclass(kind, BaseModel)
    return of_pydantic or _is_typed_dict(kind) or is_dataclass(cast("Any", kind))


def fits(kind: type, partial: Partial) -> bool:
    """Whether the object so far can become a `kind`: no field of another, and none that is final and not valid."""
    fields = _fields(kind)
    keys = {key: field for field in fields.values() for key in field.keys}
    return all(step in keys for step in partial) and all(
        _valid(keys[str(step)].adapter, part.value) for step, part in partial.items() if part.final
    )


def plain_type(kind: Any) -> Any:
    """The type itself: without what is annotated to it, and without None where that is the only other choice."""
    if get_origin(kind) is Annotated:
        return plain_type(get_args(kind)[0])
    if get_origin(kind) in (Union, UnionType):
        others = [one for one in get_args(kind) if one is not NoneType]
        return plain_type(others[0]) if len(others) == 1 else kind
    return kind


def _made(kind: Any, values: dict[str, Any]) -> Any:
    if _is_typed_dict(kind):
        return values
    construct = getattr(kind, "model_construct", None)
    return partial_dataclass(kind, values) if construct is None else construct(**values)


@lru_cache(maxsize=256)
def _fields(kind: type) -> Mapping[str, _Field]:
    from pydantic import BaseModel, TypeAdapter

    if not has_fields(kind):
        raise UsageError(f"{kind!r} has no fields to read: give a pydantic model, a dataclass or a TypedDict")
    if not issubclass(kind, BaseModel):
        hints = get_type_hints(cast("Any", kind), include_extras=True)
        return {name: _Field((name,), hint, TypeAdapter(hint)) for name, hint in hints.items()}
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
    return shown(field.type, field.adapter, part)


def shown(kind: Any, adapter: TypeAdapter[Any], part: Partial) -> list[Any]:
    """The value so far as a `kind`, in a list; [] where nothing of it can stand."""
    if not part.final and is_object(part.value) and has_fields(plain_type(kind)):
        return [read_partial(plain_type(kind), part).value]
    if not part.final and is_array(part.value) and (items := _items(kind, adapter, part)):
        return items
    has_parts = is_object(part.value) or is_array(part.value)
    for value in (part.value, _closed(part)) if has_parts and not part.final else (part.value,):
        if (valid := _valid(adapter, value)) is not None:
            return [valid.value]
    return []


def _items(kind: Any, adapter: TypeAdapter[Any], part: Partial) -> list[Any]:
    """A list of which the last item is still being written, with the fields of that; [] where it is no such list."""
    kind = plain_type(kind)
    item: Any = plain_type(get_args(kind)[0]) if get_origin(kind) is list else None
    last = part[len(part) - 1] if len(part) else None
    if last is None or last.final or not is_object(last.value) or not has_fields(item):
        return []
    closed = _valid(adapter, _closed(part))
    return [] if closed is None else [[*closed.value, read_partial(item, last).value]]


@dataclass(frozen=True, slots=True)
class _Valid:
    value: Any


def _valid(adapter: TypeAdapter[Any], value: JsonValue) -> _Valid | None:
    """What a JSON value stands for; None where it is not valid, or not yet."""
    try:
        return _Valid(adapter.validate_json(json_text(value)))
    except Exception:  # noqa: BLE001  a validator of the user's may raise what it likes on half a value
        return None


def _is_typed_dict(kind: Any) -> bool:
    """Also one of typing_extensions, which pydantic asks for before Python 3.12 and which typing does not know."""
    return isinstance(kind, type) and dict in kind.__mro__ and hasattr(kind, "__required_keys__")


def _closed(part: Partial) -> JsonValue:
    """The object or array without what is still being written in it."""
    final = [(step, inner.value) for step, inner in part.items() if inner.final]
    return dict(final) if is_object(part.value) else [value for _, value in final]
