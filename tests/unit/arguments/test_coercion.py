"""With a binder and coercion the checker lets pass what pydantic's lax mode accepts, and pydantic's verdict stands."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import uuid
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter, ValidationError

from millstream.arguments import Assembler, Rejected, Sealed, compile_schema
from millstream.arguments.assembler import Unbindable
from tests.outcome import however_cut


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(enum.Enum):
    ONE = 1
    WORD = "x"


class Word(enum.StrEnum):
    ONE = "1"
    TWO = "2"


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int = 9


class Dog(BaseModel):
    model_config = ConfigDict(extra="forbid")
    kind: Literal["dog", "puppy"]
    name: Annotated[str, Field(min_length=1, max_length=3)] | None = None


TYPES: list[Any] = [
    *(int, float, bool, str, bytes, None, decimal.Decimal, uuid.UUID),
    *(dt.date, dt.datetime, dt.time, dt.timedelta),
    *(Level, Mixed, Word, Literal[1], Literal["a"], Literal[1, "a"], Literal[True]),
    *(int | None, bool | None, dt.datetime | None, dt.date | int, int | str, Level | None, decimal.Decimal | None),
    *(list[int], dict[str, int], dict[int, int], set[int], tuple[int, str], frozenset[str], list[dt.date | None]),
    *(list[int] | dict[str, int], list[int | None] | int, set[int] | str, dict[str, int] | dict[str, bool], Cat | Dog),
    *(
        Annotated[Cat | Dog, Field(discriminator="kind")],
        list[Cat | Dog | None],
        dict[Literal["a", "1"], int],
        Cat | int,
    ),
    *(tuple[int, ...], Annotated[dict[int, int], Field(max_length=1)], Annotated[str, Field(pattern="^a")]),
    Annotated[str, StringConstraints(strip_whitespace=True, pattern="^[a-c]+$", to_lower=True)],
    Annotated[int, Field(multiple_of=5)],
    Annotated[int, Field(ge=5, le=9)],
    Annotated[float, Field(multiple_of=0.5)],
    Annotated[decimal.Decimal, Field(ge=5)],
    Annotated[dt.date, Field(ge=dt.date(2020, 1, 1))],
    Annotated[dt.timedelta, Field(ge=dt.timedelta(1))],
    Annotated[str, StringConstraints(strip_whitespace=True, max_length=3)],
    Annotated[str, StringConstraints(min_length=2, max_length=3)],
    Annotated[set[int], Field(max_length=2)],
    Annotated[list[int], Field(max_length=2)],
]
TEXTS = [
    *("null", "true", "false", "0", "1", "2", "5", "7", "-1", "1700000000", "43200"),
    *("1.0", "7.0", "7.5", "1e3", "-0.0", "1e300", "1" + "0" * 30),
    *('""', '"0"', '"1"', '"2"', '"5"', '"7"', '"7.5"', '" 7 "', '"1e3"', '"true"', '"yes"', '"a"', '"x"', '"abc  "'),
    *('"2024-01-01"', '"2024-01-01T10:00:00Z"', '"12:00"', '"PT5S"', '"P3D"', '"1700000000"'),
    *('"00000000-0000-0000-0000-000000000000"', '"[1]"', '"null"'),
    *("[]", "[1]", '["1"]', "[1,1,1]", "[1,2]", "[1,2,3]", '["1",2]', "[true]", '[1.0,"x"]', '["2024-01-01",null,0]'),
    *('" a"', '"ABC "', '" abc "', '{"1":1,"01":2}', '{"kind":"cat"}', '{"kind":"cat","lives":"7"}', '{"kind":"dog"}'),
    *(
        '{"kind":"dog","name":"Rex"}',
        '{"kind":"puppy","name":"Rexi"}',
        '[{"kind":"dog"},null,{"kind":"cat","lives":true}]',
    ),
    *('{"kind":"cow"}', '{"kind":"dog","lives":9}', '{"a":"yes","b":0}', '{"b":1,"kind":"cat"}', "[null,1]"),
    *("{}", '{"1":"2"}', '{"a":1}', '{"a":"b"}', "[[1]]"),
]


def binder(adapter: TypeAdapter[Any]) -> Callable[[str], object]:
    def bind(text: str) -> object:
        try:
            return adapter.validate_json(text)
        except ValidationError as error:
            raise Unbindable(tuple((one["loc"], one["msg"], one["type"]) for one in error.errors())) from error

    return bind


@pytest.mark.parametrize("kind", TYPES, ids=str)
def test_the_verdict_is_pydantics(kind: Any) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    compiled, bind = compile_schema(adapter.json_schema()), binder(adapter)
    accepted = 0
    for text in TEXTS:
        assembler = Assembler(compiled, bind=bind, coerce=True)
        assembler.feed(text)
        outcome = assembler.close()
        try:
            bound = adapter.validate_json(text)
        except ValidationError:
            assert isinstance(outcome, Rejected), text
            continue
        accepted += 1
        assert isinstance(outcome, Sealed), (text, outcome)
        assert (outcome.bound, type(outcome.bound)) == (bound, type(bound)), text
    assert 0 < accepted < len(TEXTS)


@pytest.mark.parametrize(
    ("kind", "text", "early"),
    [
        (int, "[", True),
        (int, "null", True),
        (int, '"x"', False),
        (int, "7.5 ", False),
        (bool, "{", True),
        (str, "7", True),
        (dt.date, "null", True),
        (dt.date, '"x"', False),
        (list[int], "7", True),
        (list[int], '[1,"2",null', True),
        (Annotated[int, Field(ge=5)], "4 ", True),
        (Annotated[int, Field(ge=5)], '"4"', False),
        (Annotated[str, StringConstraints(max_length=3)], '"abcd"', True),
        (Annotated[list[int], Field(max_length=2)], "[1,2,3", True),
    ],
)
def test_what_no_coercion_makes_right_is_still_refused_early(kind: Any, text: str, early: bool) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    compiled, bind = compile_schema(adapter.json_schema()), binder(adapter)
    outcome = however_cut(text, lambda: Assembler(compiled, bind=bind, coerce=True))
    assert outcome.rejected is not None
    assert outcome.early == early


@pytest.mark.parametrize(
    ("kind", "text"), [(int, '"7"'), (int, "true"), (bool, '"true"'), (dt.date, "0"), (float, '"1.5"')]
)
def test_without_coercion_the_schema_rules(kind: Any, text: str) -> None:
    adapter: TypeAdapter[Any] = TypeAdapter(kind)
    compiled, bind = compile_schema(adapter.json_schema()), binder(adapter)
    assert however_cut(text, lambda: Assembler(compiled, bind=bind)).rejected is not None
    assert however_cut(text, lambda: Assembler(compiled, bind=bind, coerce=True)).rejected is None
