"""JSON text -> the arguments of a function, or words for the model about why not."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, TypeAdapter
from typing_extensions import TypedDict

from millstream.arguments.assembler import Unbindable
from millstream.toolbox.signature import BoundArguments, read_signature


class Colour(Enum):
    RED = "red"


class Address(BaseModel):
    street: str
    number: int


class Cat(BaseModel):
    kind: Literal["cat"]
    lives: int


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Options(TypedDict):
    depth: int


@dataclass
class Point:
    x: float
    y: float = 0.0


def bind(function: Callable[..., Any], **arguments: Any) -> BoundArguments:
    return read_signature(function).bind(json.dumps(arguments))


def problems(function: Callable[..., Any], **arguments: Any) -> list[tuple[tuple[str | int, ...], str, str]]:
    with pytest.raises(Unbindable) as caught:
        bind(function, **arguments)
    return list(caught.value.problems)


class TestValues:
    def test_they_have_the_types_of_the_parameters(self) -> None:
        def function(
            *,
            day: date,
            price: Decimal,
            where: Path,
            key: UUID,
            colour: Colour,
            address: Address,
            options: Options,
            point: Point,
            tags: set[str],
            pair: tuple[int, str],
            wait: timedelta,
        ) -> None: ...

        key = UUID("12345678-1234-5678-1234-567812345678")
        bound = bind(
            function,
            day="2024-05-01",
            price="1.50",
            where="/tmp",
            key=str(key),
            colour="red",
            address={"street": "s", "number": "7"},
            options={"depth": 2},
            point={"x": 1},
            tags=["a", "b", "a"],
            pair=[1, "x"],
            wait="PT1H",
        )
        assert bound == BoundArguments(
            (),
            {
                "day": date(2024, 5, 1),
                "price": Decimal("1.50"),
                "where": Path("/tmp"),
                "key": key,
                "colour": Colour.RED,
                "address": Address(street="s", number=7),
                "options": {"depth": 2},
                "point": Point(1.0),
                "tags": {"a", "b"},
                "pair": (1, "x"),
                "wait": timedelta(hours=1),
            },
        )

    def test_awkward_names(self) -> None:
        def function(schema: int, json: int, model_config: int, copy: int, class_: int, _x: int) -> None: ...

        arguments = {"schema": 1, "json": 2, "model_config": 3, "copy": 4, "class_": 5, "_x": 6}
        assert bind(function, **arguments).kwargs == arguments

    def test_an_alias_is_bound_to_its_parameter(self) -> None:
        def function(from_: Annotated[str, Field(alias="from")], to: str = Field("here", alias="until")) -> None: ...

        assert bind(function, **{"from": "a", "until": "b"}).kwargs == {"from_": "a", "to": "b"}
        assert bind(function, **{"from": "a"}).kwargs == {"from_": "a", "to": "here"}

    def test_a_deprecated_parameter_can_still_be_bound(self) -> None:
        def function(old: Annotated[int, Field(deprecated="use new")] = 1) -> None: ...

        assert bind(function, old=2).kwargs == {"old": 2}

    def test_null_is_a_value_for_an_optional_parameter(self) -> None:
        def function(a: int | None = 3) -> None: ...

        assert bind(function, a=None).kwargs == {"a": None}


class TestDefaults:
    def test_the_functions_own_apply_where_an_argument_is_absent(self) -> None:
        missing = object()

        def function(a: int, b: Any = missing, c: list[int] = [], *, d: str = "d") -> tuple[Any, ...]:  # noqa: B006
            return a, b, c, d

        bound = bind(function, a=1, d="x")
        assert bound == BoundArguments((), {"a": 1, "d": "x"})
        assert function(*bound.args, **bound.kwargs) == (1, missing, [], "x")

    def test_those_of_positional_only_parameters_are_passed_as_they_are(self) -> None:
        default: list[int] = []

        def function(a: int = 1, b: list[int] = default, /, c: int = 3) -> None: ...

        bound = bind(function)
        assert bound == BoundArguments((1, []), {})
        assert bound.args[1] is default
        assert bind(function, b=[1], c=4) == BoundArguments((1, [1]), {"c": 4})

    def test_those_of_a_field_are_passed_because_the_function_has_none(self) -> None:
        def function(
            a: int = Field(5, ge=1),
            b: list[int] = Field(default_factory=list),  # noqa: B008  that is how pydantic has it
            *,
            c: Annotated[int, Field(default=7)],
        ) -> tuple[int, list[int], int]:
            return a, b, c

        first, second = bind(function), bind(function)
        assert first == BoundArguments((), {"a": 5, "b": [], "c": 7})
        assert first.kwargs["b"] is not second.kwargs["b"]
        assert function(**first.kwargs) == (5, [], 7)

    def test_positional_only_with_a_field(self) -> None:
        def function(a: int, b: int = Field(5), /) -> None: ...

        assert bind(function, a=1) == BoundArguments((1, 5), {})


class TestProblems:
    def test_each_has_the_path_of_its_value_and_a_short_sentence(self) -> None:
        def function(address: Address, options: Options, count: int, days: list[date]) -> None: ...

        found = problems(function, address={"street": 1, "number": "x"}, options={}, days=["2024-05-01", "never"])
        assert [(path, kind) for path, _, kind in found] == [
            (("address", "street"), "string_type"),
            (("address", "number"), "int_parsing"),
            (("options", "depth"), "missing"),
            (("count",), "missing"),
            (("days", 1), "date_from_datetime_parsing"),
        ]
        assert found[1][1] == "Input should be a valid integer, unable to parse string as an integer"
        assert not any("http" in message or "\n" in message for _, message, _ in found)

    def test_an_argument_that_does_not_exist(self) -> None:
        def function(a: int) -> None: ...

        assert problems(function, a=1, b=2) == [(("b",), "Extra inputs are not permitted", "extra_forbidden")]

    def test_the_names_of_union_members_are_no_part_of_a_path(self) -> None:
        def function(x: int | list[int] | dict[str, Address]) -> None: ...

        assert [path for path, _, _ in problems(function, x={"a": {"street": "s"}})] == [
            ("x",),
            ("x",),
            ("x", "a", "number"),
        ]
        assert ("x", 0) in [path for path, _, _ in problems(function, x=["a"])]

    def test_nor_are_the_tags_of_a_discriminated_union(self) -> None:
        def function(pet: Annotated[Cat | Dog, Field(discriminator="kind")]) -> None: ...

        assert [path for path, _, _ in problems(function, pet={"kind": "cat", "lives": "x"})] == [("pet", "lives")]
        assert [path for path, _, _ in problems(function, pet={"kind": "cat"})] == [("pet", "lives")]
        assert [path for path, _, _ in problems(function, pet={"kind": "cow"})] == [("pet",)]

    def test_a_key_that_is_wrong_is_named_by_its_path(self) -> None:
        def function(x: dict[int, int]) -> None: ...

        assert [path for path, _, _ in problems(function, x={"a": 1, "2": "b"})] == [("x", "a"), ("x", "2")]

    def test_the_words_of_a_validator_reach_the_model_without_a_prefix(self) -> None:
        def even(value: int) -> int:
            if value % 2:
                raise ValueError("must be even, use 2 or 4")
            return value

        def small(value: int) -> int:
            if value >= 10:
                raise AssertionError("must be below 10")
            return value

        def function(a: Annotated[int, AfterValidator(even)], b: Annotated[int, AfterValidator(small)]) -> None: ...

        assert problems(function, a=3, b=11) == [
            (("a",), "must be even, use 2 or 4", "value_error"),
            (("b",), "must be below 10", "assertion_error"),
        ]

    def test_links_within_a_validators_words_are_left_out(self) -> None:
        def nested(value: str) -> str:
            TypeAdapter(int).validate_python(value)
            return value

        def function(a: Annotated[str, AfterValidator(nested)]) -> None: ...

        ((_, message, _),) = problems(function, a="x")
        assert "valid integer" in message
        assert "http" not in message
        assert "\n" not in message

    def test_there_are_at_most_eight_and_none_is_long(self) -> None:
        def complain(value: str) -> str:
            raise ValueError("x" * 10_000 + value)

        def function(many: list[int], long: Annotated[str, AfterValidator(complain)]) -> None: ...

        assert len(problems(function, many=["x"] * 1000, long="")) == 8
        ((_, message, _),) = problems(function, many=[], long="y")
        assert len(message) == 301

    def test_a_validator_with_a_fault_fails_the_call_and_tells_no_secrets(self) -> None:
        def strip(value: Any) -> Any:
            if value == 0:
                raise RuntimeError("the password is swordfish")
            return value.strip()

        def function(a: Annotated[str, BeforeValidator(strip)]) -> None: ...

        ((path, message, kind),) = problems(function, a=5)
        assert (path, kind) == ((), "validator")
        assert "a validator raised AttributeError at test_signature.py:" in message
        assert message.endswith("in strip")
        with pytest.raises(Unbindable) as caught:
            bind(function, a=0)
        assert "swordfish" not in str(caught.value.problems)
        assert isinstance(caught.value.__cause__, RuntimeError)
