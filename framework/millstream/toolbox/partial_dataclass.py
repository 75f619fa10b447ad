"""A dataclass of which only some fields are known: an instance with these, and the defaults of the others.

It knows neither JSON nor pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import lru_cache
from typing import Any


def partial_dataclass(kind: Any, values: Mapping[str, Any]) -> Any:
    """An instance of `kind` (of a class derived from it) with these fields, made without its `__init__`.

    A field without a value has its default; one that has none is not there, and reading it is an AttributeError.
    """
    made: Any = object.__new__(_shown_as(kind))
    value: Any
    for field in fields(kind):
        if field.name in values:
            value = values[field.name]
        elif field.default is not MISSING:
            value = field.default
        elif field.default_factory is not MISSING:
            value = field.default_factory()
        else:
            continue
        object.__setattr__(made, field.name, value)
    return made


@lru_cache(maxsize=256)
def _shown_as(kind: type) -> Any:
    """`kind` with what can do without fields: its own repr and comparison read them all."""
    own = {"__slots__": (), "__repr__": _repr, "__eq__": _eq, "__hash__": None, "__module__": kind.__module__}
    return type(kind.__name__, (kind,), own)


def _there(made: Any) -> dict[str, Any]:
    return {field.name: getattr(made, field.name) for field in fields(made) if hasattr(made, field.name)}


def _repr(made: Any) -> str:
    return f"{type(made).__name__}({', '.join(f'{name}={value!r}' for name, value in _there(made).items())})"


def _eq(made: Any, other: object) -> bool:
    return type(made) is type(other) and _there(made) == _there(other)
