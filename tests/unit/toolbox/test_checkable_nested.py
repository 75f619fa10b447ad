"""Types nested at random: what pydantic's lax mode accepts is not refused while it arrives."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias
from uuid import UUID

import pydantic
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model

from millstream.events.values import JsonValue

Judge: TypeAlias = Callable[[Any, list[JsonValue]], tuple[int, list[str]]]
Sample: TypeAlias = tuple[Any, JsonValue]
"""A type, and a value that may be one."""


class Colour(Enum):
    RED = "red"

    @classmethod
    def _missing_(cls, value: object) -> "Colour | None":
        return cls.RED if value == 7 else None


class Size(IntEnum):
    SMALL = 1


class ByName(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    a: int = Field(alias="A")


class Mended(BaseModel):
    a: int

    @pydantic.model_validator(mode="before")
    @classmethod
    def _mend(cls, value: Any) -> Any:
        return {"a": value} if isinstance(value, int) else value


def none_is_zero(value: Any) -> Any:
    return 0 if value is None else value


LEAVES: Final[list[tuple[Any, list[JsonValue]]]] = [
    (int, [1, "7", 2.0, True, " 5 ", 2**70]),
    (float, [1.5, 1, "inf", "1e3", False]),
    (bool, [True, 0, 1.0, "yes", "off"]),
    (str, ["", "a", "1"]),
    (bytes, ["é"]),
    (Decimal, [1, 1.5, "2.50", "NaN"]),
    (date, ["2024-05-01", 0, "86400"]),
    (timedelta, ["PT1H", 5, 1.5]),
    (UUID, ["12345678-1234-5678-1234-567812345678"]),
    (Path, ["/tmp"]),
    (IPv4Address, ["1.2.3.4", 5, True]),
    (Colour, ["red", 7]),
    (Size, [1, "1", 1.0, True]),
    (Literal["a", 1], ["a", 1, True, 1.0]),
    (Annotated[int, Field(ge=1, le=5)], [1, "5", 2.0, True]),
    (Annotated[str, pydantic.StringConstraints(strip_whitespace=True, max_length=1)], [" a ", ""]),
    (ByName, [{"a": 1}, {"A": "1"}]),
    (Mended, [3, {"a": 3}]),
    (Annotated[int, BeforeValidator(none_is_zero)], [None, 1]),
    (pydantic.Json[list[int]], ["[1]"]),
]
LISTS: Final[Any] = list
SETS: Final[Any] = set
DICTS: Final[Any] = dict
TUPLES: Final[Any] = tuple


@st.composite
def leaves(draw: st.DrawFn) -> Sample:
    hint, values = draw(st.sampled_from(LEAVES))
    return hint, draw(st.sampled_from(values))


@st.composite
def around(draw: st.DrawFn, inner: st.SearchStrategy[Sample]) -> Sample:
    """A type around one or two others, and a value that has a good chance of being one."""
    (hint, value), (other, its) = draw(inner), draw(inner)
    size = draw(st.integers(0, 3))
    fields: dict[str, Any] = {"a": (hint, Field(default=None, alias="A")), "b": (other, ...)}
    extra: Any = draw(st.sampled_from(("allow", "ignore", "forbid")))
    match draw(st.sampled_from(("list", "set", "dict", "tuple", "option", "union", "model", "dataclass"))):
        case "list":
            return Annotated[LISTS[hint], Field(max_length=2)], [value] * size
        case "set":
            return Annotated[SETS[hint], Field(min_length=1, max_length=1)], [value] * size
        case "dict":
            return DICTS[int, hint], {str(i): value for i in range(size)}
        case "tuple":
            return TUPLES[hint, other], [value, its]
        case "option":
            return hint | None, draw(st.sampled_from([value, None]))
        case "union":
            return hint | other, draw(st.sampled_from([value, its]))
        case "dataclass":
            plain = type("Data", (), {"__annotations__": {"a": hint, "b": other | None}, "b": None})
            return dataclass(plain), draw(st.sampled_from([{"a": value}, {"a": value, "b": its}]))
        case _:
            made = create_model("Model", __config__=ConfigDict(extra=extra), **fields)
            return made, draw(st.sampled_from([{"A": value, "b": its}, {"b": its}, {"b": its, "c": value}]))


@given(st.recursive(leaves(), around, max_leaves=6))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_pydantic_accepts_is_not_refused(judge: Judge, sample: Sample) -> None:
    hint, value = sample
    assert judge(hint, [value])[1] == []
