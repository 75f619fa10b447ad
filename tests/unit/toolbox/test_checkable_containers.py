"""Lists, sets, tuples and mappings: what pydantic's lax mode accepts is not refused while it arrives."""

from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from enum import Enum
from typing import Annotated, Any, Final, Literal, TypeAlias

import pydantic
import pytest
from pydantic import Field

from millstream.events.values import JsonValue

Judge: TypeAlias = Callable[[Any, list[JsonValue]], tuple[int, list[str]]]


class Forgiving(Enum):
    RED = "red"
    SEVEN = "seven"

    @classmethod
    def _missing_(cls, value: object) -> "Forgiving | None":
        return cls.SEVEN if value == 7 else cls.RED if str(value).lower() == "red" else None


TYPES: Final[dict[str, Any]] = {
    "list": list[int],
    "list of anything": list,
    "list sizes": Annotated[list[int], Field(min_length=1, max_length=2)],
    "list with omissions": Annotated[list[pydantic.OnErrorOmit[int]], Field(min_length=1, max_length=1)],
    "set": set[int],
    "set sizes": Annotated[set[int], Field(min_length=1, max_length=2)],
    "frozenset": Annotated[frozenset[str], Field(max_length=1)],
    "tuple": tuple[int, str],
    "tuple of any length": tuple[int, ...],
    "tuple sizes": Annotated[tuple[int, ...], Field(min_length=1, max_length=2)],
    "empty tuple": tuple[()],
    "dict": dict[str, int],
    "dict sizes": Annotated[dict[str, int], Field(min_length=1, max_length=1)],
    "dict by int": dict[int, float],
    "dict by int, sizes": Annotated[dict[int, int], Field(min_length=1, max_length=1)],
    "dict by date": dict[date, int],
    "dict by enum": dict[Forgiving, int],
    "dict by literal": dict[Literal["a"], int],
    "dict by pattern": dict[Annotated[str, Field(pattern="^a")], int],
    "dict with omissions": Annotated[dict[str, pydantic.OnErrorOmit[int]], Field(max_length=1)],
    "Mapping": Mapping[str, int],
    "OrderedDict": OrderedDict[str, int],
    "defaultdict": defaultdict[str, int],
    "Counter": Counter[str],
    "deque": deque[int],
    "deque sizes": Annotated[deque[int], Field(max_length=2)],
    "Sequence": Sequence[int],
    "Iterable": Iterable[int],
}


@pytest.mark.parametrize("name", TYPES)
def test_what_pydantic_accepts_is_not_refused(name: str, judge: Judge, values: list[JsonValue]) -> None:
    accepted, refused = judge(TYPES[name], values)
    assert refused == []
    assert accepted > 0  # or the line above would prove nothing


@pytest.mark.parametrize("name", TYPES)
def test_nor_where_it_may_be_null(name: str, judge: Judge, values: list[JsonValue]) -> None:
    hint = TYPES[name]
    accepted, refused = judge(None if hint is None else hint | None, values)
    assert refused == []
    assert accepted > 0
