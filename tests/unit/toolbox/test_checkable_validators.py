"""Unions, and validators and schemas of one's own: what pydantic's lax mode accepts is not refused while it arrives."""

from collections.abc import Callable
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar

import pydantic
import pytest
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field
from pydantic_core import core_schema
from typing_extensions import TypeAliasType

from millstream.events.values import JsonValue

T = TypeVar("T")
Judge: TypeAlias = Callable[[Any, list[JsonValue]], tuple[int, list[str]]]


class Cat(BaseModel):
    kind: Literal["cat"]
    n: int


class Dog(BaseModel):
    kind: Literal["dog"]
    n: str


class OwnSchema:
    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(lambda value: value)

    @classmethod
    def __get_pydantic_json_schema__(cls, *_: Any) -> dict[str, str]:
        return {"type": "integer"}


class OwnJson:
    @classmethod
    def __get_pydantic_core_schema__(cls, *_: Any) -> core_schema.CoreSchema:
        return core_schema.json_or_python_schema(core_schema.any_schema(), core_schema.int_schema())

    @classmethod
    def __get_pydantic_json_schema__(cls, *_: Any) -> dict[str, str]:
        return {"type": "integer"}


def none_is_zero(value: Any) -> Any:
    return 0 if value is None else value


def split(value: Any) -> Any:
    return value.split(",") if isinstance(value, str) else value


def by_look(value: Any) -> str:
    return "cat" if "cat" in str(value) else "dog"


Recursive = TypeAliasType("Recursive", "int | list[Recursive]")


TYPES: Final[dict[str, Any]] = {
    "Recursive": Recursive,
    # unions
    "discriminated": Annotated[Cat | Dog, Field(discriminator="kind")],
    "discriminated by a function": Annotated[
        Annotated[Cat, pydantic.Tag("cat")] | Annotated[Dog, pydantic.Tag("dog")], pydantic.Discriminator(by_look)
    ],
    "union of models": Cat | Dog,
    "union of kinds": int | list[int],
    "union with a mapping": bool | dict[str, int],
    "union of constraints": Annotated[int, Field(ge=5)] | Annotated[str, Field(max_length=1)],
    "union, left to right": Annotated[int | str, Field(union_mode="left_to_right")],
    "bounds around an option": Annotated[int | None, Field(ge=3)],
    # validators of one's own
    "before": Annotated[int, BeforeValidator(none_is_zero)],
    "before, sizes": Annotated[list[int], BeforeValidator(split), Field(min_length=3)],
    "before, described": Annotated[int, BeforeValidator(none_is_zero, json_schema_input_type=str)],
    "wrap": Annotated[int, pydantic.WrapValidator(lambda value, handler: 0 if value is None else handler(value))],
    "plain": Annotated[int, pydantic.PlainValidator(lambda value: value, json_schema_input_type=str)],
    "after": Annotated[int, AfterValidator(lambda value: value + 1)],
    "skipped": pydantic.SkipValidation[int],
    "described otherwise": Annotated[int, pydantic.WithJsonSchema({"type": "object", "required": ["q"]})],
    "described besides": Annotated[int, Field(json_schema_extra={"enum": [99], "type": "string"})],
    "another schema": Annotated[str, pydantic.GetPydanticSchema(lambda _, handler: handler(int))],
    "OwnSchema": OwnSchema,
    "OwnJson": OwnJson,
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
