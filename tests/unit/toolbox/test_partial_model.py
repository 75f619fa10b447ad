from __future__ import annotations

import typing
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel, Field, field_validator
from typing_extensions import TypedDict

from millstream.arguments import Assembler, Partial
from millstream.errors import UsageError
from millstream.toolbox.partial_model import read_partial


class Address(BaseModel):
    street: str
    city: str = ""


class Line(TypedDict):
    sku: str
    count: int


class Order(BaseModel):
    customer: str
    day: date | None = None
    lines: list[Line] = []
    address: Address = Field(default=Address(street="?"), alias="shipTo")
    price: float = Field(default=0.0, ge=0, validation_alias="cost")


class Search(TypedDict, total=False):
    query: str
    limit: int
    tags: list[str]
    address: Address


def partial(text: str) -> Partial:
    assembler = Assembler()
    assembler.feed(text)
    return Partial(assembler.partial, assembler.open_path)


def test_a_typed_dict_has_the_fields_that_are_there() -> None:
    shown = read_partial(Search, partial('{"limit":3,"other":1,"query":"mil'))
    assert shown.value == {"limit": 3, "query": "mil"}
    assert shown.final == {"limit"}
    assert shown.value.get("tags") is None


@pytest.mark.parametrize(
    ("text", "values", "final"),
    [
        ("", {}, set[str]()),
        ('{"customer":"An', {"customer": "An"}, set[str]()),
        ('{"customer":"Ann"', {"customer": "Ann"}, {"customer"}),
        ('{"day":"2026-0', {}, set[str]()),
        ('{"day":"2026-02-03"', {"day": date(2026, 2, 3)}, {"day"}),
        ('{"day":"soon"', {}, {"day"}),
        ('{"lines":[{"sku":"a","count":1},{"sku":"b', {"lines": [{"sku": "a", "count": 1}, {"sku": "b"}]}, set[str]()),
        ('{"lines":[{"sku":"a","count":1},', {"lines": [{"sku": "a", "count": 1}]}, set[str]()),
        ('{"lines":[{"sku":"a","count":"x"},{"sku":"b', {}, set[str]()),
        ('{"lines":[', {"lines": []}, set[str]()),
        ('{"price":2.5,"cost":-1,', {}, {"price"}),
        ('{"cost":1.5,', {"price": 1.5}, {"price"}),
        ('{"other":1,', {}, set[str]()),
    ],
)
def test_a_model_has_the_fields_that_are_there_and_of_their_types(text: str, values: Any, final: set[str]) -> None:
    shown = read_partial(Order, partial(text))
    assert isinstance(shown.value, Order)
    assert {name: getattr(shown.value, name) for name in shown.value.model_fields_set} == values
    assert shown.final == final


def test_a_model_within_fills_field_by_field() -> None:
    shown = read_partial(Order, partial('{"shipTo":{"street":"Rue de'))
    assert shown.value.address.street == "Rue de"
    assert shown.value.address.city == ""
    assert shown.final == set()
    shown = read_partial(Order, partial('{"shipTo":{"street":"Rue de la Paix"}'))
    assert shown.value.address == Address(street="Rue de la Paix")
    assert shown.final == {"address"}


class ByName(BaseModel, populate_by_name=True):
    name: str = Field(default="", alias="N")


class Plain(typing.TypedDict):
    name: str


@pytest.mark.parametrize("key", ["N", "name"])
def test_a_field_is_found_under_every_name_it_may_have(key: str) -> None:
    shown = read_partial(ByName, partial(f'{{"{key}":"x"'))
    assert shown.value.name == "x"
    assert shown.final == {"name"}


def test_a_typed_dict_of_typing_will_do() -> None:
    assert read_partial(Plain, partial('{"name":"x')).value == {"name": "x"}


def test_what_has_not_come_has_its_default_or_nothing() -> None:
    shown = read_partial(Order, partial("{"))
    assert shown.value.lines == []
    assert not hasattr(shown.value, "customer")


def test_a_validator_that_raises_leaves_its_field_out() -> None:
    class Broken(BaseModel):
        a: str
        b: str

        @field_validator("a")
        @classmethod
        def _refuse(cls, value: str) -> str:
            raise ZeroDivisionError(value)

    shown = read_partial(Broken, partial('{"a":"x","b":"y'))
    assert shown.value.model_fields_set == {"a", "b"}  # the model's own validators are for the whole, they are not run


def test_what_has_no_fields_is_refused() -> None:
    for kind in (int, dict, list):
        with pytest.raises(
            UsageError, match="has no fields to read: give a pydantic model, a dataclass or a TypedDict"
        ):
            read_partial(kind, partial("{}"))
