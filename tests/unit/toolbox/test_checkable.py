"""Plain mistakes are refused at the character where they become certain, in every kind of container.

That nothing else is refused is shown by tables in `test_checkable_scalars` and `test_checkable_models`, and for types
nested at random in `test_checkable_nested`.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Annotated, Any, Literal, NotRequired

import pytest
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from millstream.arguments.assembler import Assembler
from millstream.arguments.schema.compile import compile_schema
from millstream.failures import Rejected
from millstream.toolbox.checkable import checkable_schema
from millstream.toolbox.signature import read_signature


class Plain(Enum):
    A = "a"
    B = "b"


class Number(IntEnum):
    ONE = 1
    TWO = 2


class Cat(BaseModel):
    kind: Literal["cat"]


class Dog(BaseModel):
    kind: Literal["dog"]


class Tree(BaseModel):
    v: int
    kids: list["Tree"] = []
    kind: Plain | None = None
    other: Plain = Plain.A


class Dictionary(TypedDict):
    a: int
    b: NotRequired[str]


@dataclass
class Data:
    a: int
    b: str = "x"


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")
    item: str
    count: Annotated[int, Field(ge=1, le=9)] = 1
    colour: Plain | None = None


def first_refusal(hint: Any, text: str) -> tuple[str, str, str] | None:
    """What was read when the text was refused as it arrived, why and where; None if it was not."""

    def function(x: Any) -> None: ...

    function.__annotations__["x"] = hint
    signature = read_signature(function)
    assembler = Assembler(compile_schema(signature.lenient_parameters), bind=signature.bind, coerce=True)
    for i, char in enumerate(text):
        for event in assembler.feed(char):
            if isinstance(event, Rejected):
                problem = event.problems[0]
                return text[: i + 1], problem.keyword, problem.path
    assert isinstance(assembler.close(), Rejected)
    return None


@pytest.mark.parametrize(
    ("hint", "text", "read", "keyword", "path"),
    [
        (int, '{"x": [1]}', '{"x": [', "type", "/x"),
        (int, '{"x": null}', '{"x": n', "type", "/x"),
        (bool, '{"x": {}}', '{"x": {', "type", "/x"),
        (str, '{"x": 5}', '{"x": 5', "type", "/x"),
        (date, '{"x": {"year": 1}}', '{"x": {', "type", "/x"),
        (Path, '{"x": ["/tmp"]}', '{"x": [', "type", "/x"),
        (Decimal, '{"x": ["1"]}', None, "", ""),
        (list[int], '{"x": {"a": 1}}', '{"x": {', "type", "/x"),
        (list[int], '{"x": [1, [2]]}', '{"x": [1, [', "type", "/x/1"),
        (set[str], '{"x": ["a", 1]}', '{"x": ["a", 1', "type", "/x/1"),
        (dict[str, list[int]], '{"x": {"a": "b"}}', '{"x": {"a": "', "type", "/x/a"),
        (tuple[int, str], '{"x": [1, 2]}', '{"x": [1, 2', "type", "/x/1"),
        (tuple[int, str], '{"x": [1, "a", 2]}', '{"x": [1, "a",', "maxItems", "/x"),
        (Literal["a", "b"], '{"x": "c"}', '{"x": "c', "enum", "/x"),
        (Plain, '{"x": "c"}', '{"x": "c', "enum", "/x"),
        (Plain | None, '{"x": "c"}', '{"x": "c', "enum", "/x"),
        (Number, '{"x": 3, "y": 1}', '{"x": 3,', "enum", "/x"),
        (Annotated[int, Field(ge=1)], '{"x": 0}', '{"x": 0}', "minimum", "/x"),
        (Annotated[float, Field(lt=0.5)], '{"x": 0.5}', '{"x": 0.5}', "exclusiveMaximum", "/x"),
        (Annotated[str, Field(max_length=2)], '{"x": "abc"}', '{"x": "abc', "maxLength", "/x"),
        (Order, '{"x": {"count": 10}}', '{"x": {"count": 10}', "maximum", "/x/count"),
        (Order, '{"x": {"items": 1}}', '{"x": {"items', "additionalProperties", "/x"),
        (Order, '{"x": {"count": 1}}', '{"x": {"count": 1}', "required", "/x"),
        (Order | None, '{"x": {"count": 10}}', '{"x": {"count": 10}', "maximum", "/x/count"),
        (list[Order], '{"x": [{"item": 1}]}', '{"x": [{"item": 1', "type", "/x/0/item"),
        (Data, '{"x": {"b": "x"}}', '{"x": {"b": "x"}', "required", "/x"),
        (Dictionary, '{"x": {"a": []}}', '{"x": {"a": [', "type", "/x/a"),
        (Tree, '{"x": {"v": 1, "kids": [{"v": []}]}}', '{"x": {"v": 1, "kids": [{"v": [', "type", "/x/kids/0/v"),
        (Tree, '{"x": {"v": 1, "kind": "c"}}', '{"x": {"v": 1, "kind": "c', "enum", "/x/kind"),
        (int | str, '{"x": []}', '{"x": [', "type", "/x"),
        (Annotated[Cat | Dog, Field(discriminator="kind")], '{"x": "cat"}', '{"x": "', "type", "/x"),
        (int, '{"y": 1}', '{"y', "additionalProperties", ""),
        (int, "{}", "{}", "required", ""),
        (int, "[]", "[", "type", ""),
    ],
)  # fmt: skip
def test_plain_mistakes_are_refused_where_they_become_certain(
    hint: Any, text: str, read: str | None, keyword: str, path: str
) -> None:
    assert first_refusal(hint, text) == (None if read is None else (read, keyword, path))


class Lives(BaseModel):
    kind: Literal["lives"]
    left: Annotated[int, Field(le=9)]


_TAGGED = Annotated[Cat | Lives, Field(discriminator="kind")]


@pytest.mark.parametrize("hint", [_TAGGED, Cat | Lives, _TAGGED | None, list[_TAGGED]])
@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('{"kind": "cow"}', '{"kind": "co'),
        ('{"kind": "lives", "left": 12, "x": 1}', '{"kind": "lives", "left": 12,'),
        ('{"left": 12, "kind": "lives"}', '{"left": 12, "kind": "l'),
        ('{"kind": "lives"}', '{"kind": "lives"}'),
    ],
)
def test_a_choice_is_refused_when_its_last_alternative_is(hint: Any, text: str, read: str) -> None:
    before, after = ('{"x": [', "]}") if hint == list[_TAGGED] else ('{"x": ', "}")
    refusal = first_refusal(hint, before + text + after)
    assert refusal is not None
    assert refusal[0] == before + read


def test_a_way_of_validating_that_is_not_known_may_hold_of_anything() -> None:
    unknown = {"type": "something-new", "schema": {"type": "int"}}
    fields = {"a": {"type": "model-field", "schema": unknown}, "b": {"type": "model-field", "schema": {"type": "int"}}}
    model = {"type": "model", "cls": object, "schema": {"type": "model-fields", "fields": fields}}
    assert checkable_schema(model)["properties"] == {"a": {}, "b": {"type": "integer"}}
    union = {"type": "union", "choices": [{"type": "int"}, ({"type": "str"}, "label")]}
    assert checkable_schema(union) == {}
    assert checkable_schema({"type": "definition-ref", "schema_ref": "nowhere"}) == {}
    items = [{"type": "int"}, {"type": "str"}, {"type": "int"}]
    assert checkable_schema({"type": "tuple", "items_schema": items, "variadic_item_index": 1}) == {"type": "array"}


def test_what_is_strict_or_forbidden_elsewhere_holds_of_its_own_place_only() -> None:
    either = {"type": "lax-or-strict", "lax_schema": {"type": "str"}, "strict_schema": {"type": "int"}}
    assert checkable_schema(either) == {"type": "string"}
    assert checkable_schema({**either, "strict": True}) == {}
    inner = {"type": "typed-dict", "fields": {"a": {"type": "typed-dict-field", "schema": {"type": "int"}}}}
    fields = {"x": {"type": "model-field", "schema": inner}}
    schema = {"type": "model-fields", "fields": fields}
    outer = {"type": "model", "cls": object, "schema": schema, "config": {"extra_fields_behavior": "forbid"}}
    shape = checkable_schema(outer)
    assert shape["additionalProperties"] is False
    assert "additionalProperties" not in shape["properties"]["x"]


def test_a_value_that_a_default_may_stand_for_is_not_required_however_it_is_wrapped() -> None:
    with_default = {"type": "default", "schema": {"type": "int"}, "default": 1, "ref": "x"}
    wrapped = {"type": "function-wrap", "schema": with_default}
    named = {"type": "definition-ref", "schema_ref": "x"}
    nowhere = {"type": "definition-ref", "schema_ref": "nowhere"}
    parts = {"a": with_default, "b": wrapped, "c": named, "d": nowhere, "e": {"type": "int"}}
    fields = {name: {"type": "model-field", "schema": schema} for name, schema in parts.items()}
    model = {"type": "model", "cls": object, "schema": {"type": "model-fields", "fields": fields}}
    shape = checkable_schema({"type": "definitions", "definitions": [with_default], "schema": model})
    assert shape["required"] == ["e"]
    pair = {"type": "tuple", "items_schema": [{"type": "int"}, with_default]}
    assert checkable_schema(pair) == {"type": "array"}
