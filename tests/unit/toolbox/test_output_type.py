"""The type of an output: its schema, and what is known of one that is still being written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from millstream.arguments.outcomes import Sealed
from millstream.arguments.partial import Partial
from millstream.errors import UsageError
from millstream.failures import Rejected
from millstream.limits import Limits
from millstream.toolbox.output_type import OutputType, as_output
from millstream.toolbox.partial_model import PartialFields


class Day(BaseModel):
    place: str
    cost: float = 0.0


class Trip(BaseModel):
    """Where to go."""

    title: str
    days: list[Day] = []


class Refused(TypedDict):
    why: str


@dataclass
class Order:
    customer: str
    lines: list[str] = field(default_factory=list[str])
    paid: bool = False


@dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0


class Node(BaseModel):
    name: str
    children: list[Node] = []


class Cat(BaseModel):
    kind: Literal["cat"]
    name: str


class Dog(BaseModel):
    kind: Literal["dog"]
    name: str


class Broken(BaseModel):
    name: str

    def model_post_init(self, context: object) -> None:
        del context
        raise RuntimeError("a secret")


def partial(kind: Any, text: str) -> PartialFields[Any] | None:
    """What is known of an output of which so much is written."""
    output: OutputType[Any] = OutputType(kind)
    assembler = output.assembler(Limits(), coerce=True)
    assembler.feed(text)
    written = Partial(assembler.partial, assembler.open_path)
    if output.key:
        written = written[output.key] if output.key in written else Partial(None, ())
    return output.partial(written)


def bound(kind: Any, text: str) -> Any:
    output: OutputType[Any] = OutputType(kind)
    assembler = output.assembler(Limits(), coerce=True)
    assembler.feed(text)
    outcome = assembler.close()
    return outcome.bound if isinstance(outcome, Sealed) else outcome


def test_text_has_no_schema() -> None:
    assert as_output(str) is None


def test_a_model_is_told_of_by_its_name_its_words_and_its_schema() -> None:
    output = OutputType(Trip)
    assert (output.name, output.description, output.key) == ("Trip", "Where to go.", "")
    assert output.schema["type"] == "object"
    assert output.schema["required"] == ["title"]
    assert "title" not in output.schema
    assert repr(output) == "<output Trip>"


@pytest.mark.parametrize(
    "kind", [Trip | Refused, list[Trip], int, Annotated[int, Field(ge=1)], Literal["a"], Node | None]
)
def test_what_is_no_object_stands_in_a_field_of_one(kind: Any) -> None:
    output: OutputType[Any] = OutputType(kind)
    assert output.key == "result"
    assert output.schema["type"] == "object"
    assert list(output.schema["properties"]) == ["result"]
    assert output.schema["required"] == ["result"]
    assert 0 < len(output.name) <= 64


def test_a_model_that_holds_itself_stands_in_a_field_too() -> None:
    assert bound(Node, '{"result":{"name":"a","children":[{"name":"b"}]}}') == Node(name="a", children=[Node(name="b")])


def test_what_a_validator_does_is_a_problem_for_the_model_and_keeps_its_secrets() -> None:
    rejected = bound(Broken, '{"name":"a"}')
    assert isinstance(rejected, Rejected)
    assert "the output could not be checked: a validator raised RuntimeError" in rejected.problems[0].message
    assert "secret" not in rejected.problems[0].message


def test_problems_name_the_place_in_what_was_written() -> None:
    rejected = bound(list[Day], '{"result":[{"place":"a"},{"place":"b","cost":"much"}]}')
    assert isinstance(rejected, Rejected)
    assert rejected.problems[0].path == "/result/1/cost"


@pytest.mark.parametrize("kind", [None, 3, "Trip", b"", {"a": 1}, [Trip], print, type, type[int]])
def test_what_json_can_not_fill_says_what_can(kind: Any) -> None:
    with pytest.raises(UsageError, match=r"output_type.*(give a|no type)"):
        OutputType(kind)


@pytest.mark.parametrize(
    ("text", "shown", "final"),
    [
        ('{"customer":"An', "Order(customer='An', lines=[], paid=False)", frozenset[str]()),
        (
            '{"customer":"Ann","lines":["a","b',
            "Order(customer='Ann', lines=['a', 'b'], paid=False)",
            frozenset({"customer"}),
        ),
        ('{"lines":["a"],"paid":tr', "Order(lines=['a'], paid=False)", frozenset({"lines"})),
        ('{"paid":true', "Order(lines=[], paid=True)", frozenset({"paid"})),
    ],
)
def test_a_dataclass_has_the_fields_that_are_there(text: str, shown: str, final: frozenset[str]) -> None:
    found = partial(Order, text)
    assert found is not None
    assert isinstance(found.value, Order)
    assert (repr(found.value), found.final) == (shown, final)


def test_a_frozen_dataclass_with_slots_too() -> None:
    found = partial(Point, '{"y":2,"x"')
    assert found is not None
    assert repr(found.value) == "Point(y=2)"
    assert found == partial(Point, '{"y":2,')
    assert found != partial(Point, '{"x":2')
    with pytest.raises(AttributeError):
        _ = found.value.x


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", None),
        ('{"resu', None),
        ('{"result":{', "Trip()"),
        ('{"result":{"title":"a', "Trip(title='a')"),
        ('{"result":{"why', "Trip()"),
        ('{"result":{"why":"no', "{'why': 'no'}"),
    ],
)
def test_of_a_union_the_member_is_shown_that_fits(text: str, shown: str | None) -> None:
    found = partial(Trip | Refused, text)
    assert (None if found is None else repr(found.value).replace(", days=[]", "").replace("days=[]", "")) == shown


def test_a_tag_tells_the_members_of_a_union_apart() -> None:
    for kind in (Cat | Dog, Annotated[Cat | Dog, Field(discriminator="kind")]):
        found = partial(kind, '{"result":{"kind":"dog","name":"Re')
        assert found is not None
        assert isinstance(found.value, Dog)
        assert found.value.name == "Re"
        assert found.final == {"kind"}


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (list[Day], '{"result":[', []),
        (list[Day], '{"result":[{"place":"a"},{"pla', [Day(place="a"), Day.model_construct()]),
        (list[Day], '{"result":[{"place":"a"},{"place":"b', [Day(place="a"), Day(place="b")]),
        (list[int], '{"result":[1,23', [1]),
        (list[int], '{"result":[1,23,', [1, 23]),
        (dict[str, int], '{"a":1,"b":2', {"a": 1}),
        (Annotated[str, Field(max_length=9)], '{"result":"ab', "ab"),
        (int, '{"result":7}', 7),
    ],
)
def test_what_has_no_fields_is_shown_as_far_as_it_is_valid(kind: Any, text: str, value: object) -> None:
    found = partial(kind, text)
    assert found is not None
    assert (found.value, found.final) == (value, frozenset())


@pytest.mark.parametrize(
    ("kind", "text"), [(int, '{"result":7'), (Literal["abc"], '{"result":"ab'), (bool, '{"result":tr')]
)
def test_what_is_not_there_is_not_guessed(kind: Any, text: str) -> None:
    assert partial(kind, text) is None


def test_the_whole_output_has_all_its_fields() -> None:
    trip = Trip(title="a")
    assert OutputType(Trip).whole(trip, {"title": "a"}) == PartialFields(trip, frozenset({"title"}))
    assert OutputType(int).whole(7, 7) == PartialFields(7, frozenset())
