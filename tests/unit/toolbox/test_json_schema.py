"""What a model is told: the schema of a signature, without what is made up."""

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Generic, Literal, NotRequired, TypeVar

from jsonschema import Draft202012Validator
from pydantic import BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from millstream.events.values import is_array, is_object
from millstream.toolbox.context import ToolContext
from millstream.toolbox.signature import read_signature

T = TypeVar("T")


class Colour(Enum):
    """A colour."""

    RED = "red"
    BLUE = "blue"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


class Address(BaseModel):
    """Where someone lives."""

    street: str = Field(description="With its number.")
    colour: Colour = Colour.RED


class Person(BaseModel):
    model_config = ConfigDict(title="Somebody", extra="forbid")
    address: Address
    friends: list["Person"] = []


class Box(BaseModel, Generic[T]):
    inside: T


class Options(TypedDict):
    """How to go about it."""

    depth: int
    title: NotRequired[str]


@dataclass
class Point:
    x: float
    y: float = 0.0


def told(function: Callable[..., Any]) -> Mapping[str, Any]:
    schema = read_signature(function).parameters
    Draft202012Validator.check_schema(dict(schema))
    assert schema["type"] == "object"
    assert schema["additionalProperties"] is False
    return schema


def titles(schema: Any) -> list[str]:
    """Every `title` of a schema, as a keyword, not as the name of a property."""
    if is_array(schema):
        return [title for one in schema for title in titles(one)]
    if not is_object(schema):
        return []
    own = [schema["title"]] if isinstance(schema.get("title"), str) else []
    return own + [title for one in schema.values() for title in titles(one)]


def test_no_parameters() -> None:
    def function() -> None: ...

    assert told(function) == {"type": "object", "properties": {}, "additionalProperties": False}


def test_plain_types_and_defaults() -> None:
    def function(
        text: str,
        number: int = 5,
        share: float | None = None,
        flag: bool = False,
        kind: Literal["a", "b"] = "a",
        *,
        size: Size = Size.SMALL,
        day: date = date(2024, 5, 1),
    ) -> None: ...

    schema = told(function)
    assert schema["required"] == ["text"]
    assert schema["properties"] == {
        "text": {"type": "string"},
        "number": {"type": "integer", "default": 5},
        "share": {"anyOf": [{"type": "number"}, {"type": "null"}], "default": None},
        "flag": {"type": "boolean", "default": False},
        "kind": {"type": "string", "enum": ["a", "b"], "default": "a"},
        "size": {"$ref": "#/$defs/Size", "default": 1},
        "day": {"type": "string", "format": "date", "default": "2024-05-01"},
    }


def test_containers() -> None:
    def function(
        names: list[str], ages: dict[str, int], pair: tuple[int, str], several: tuple[int, ...], few: set[int]
    ) -> None: ...

    properties = told(function)["properties"]
    assert properties["names"] == {"type": "array", "items": {"type": "string"}}
    assert properties["ages"] == {"type": "object", "additionalProperties": {"type": "integer"}}
    assert properties["pair"]["prefixItems"] == [{"type": "integer"}, {"type": "string"}]
    assert properties["several"] == {"type": "array", "items": {"type": "integer"}}
    assert properties["few"] == {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}


def test_models_typed_dicts_dataclasses_and_enums() -> None:
    def function(
        address: Address, options: Options, point: Point, colour: Colour, box: Box[int], person: Person | None = None
    ) -> None: ...

    definitions = told(function)["$defs"]
    assert definitions["Address"] == {
        "type": "object",
        "description": "Where someone lives.",
        "properties": {
            "street": {"type": "string", "description": "With its number."},
            "colour": {"$ref": "#/$defs/Colour", "default": "red"},
        },
        "required": ["street"],
    }
    assert definitions["Options"]["properties"] == {"depth": {"type": "integer"}, "title": {"type": "string"}}
    assert definitions["Options"]["required"] == ["depth"]
    assert definitions["Options"]["description"] == "How to go about it."
    assert definitions["Point"]["required"] == ["x"]
    assert definitions["Colour"] == {"description": "A colour.", "enum": ["red", "blue"], "type": "string"}
    assert definitions["Box_int_"]["properties"] == {"inside": {"type": "integer"}}


def test_titles_are_only_those_somebody_wrote() -> None:
    def function(
        *,
        address: Address,
        options: Options,
        point: Point,
        colour: Colour,
        size: Size,
        box: Box[int],
        person: Person,
        titled: Annotated[int, Field(title="Mine")],
        default: dict[str, str] = {"title": "data"},  # noqa: B006  a default with a title in it
    ) -> None: ...

    schema = dict(told(function))
    assert schema["properties"]["default"].pop("default") == {"title": "data"}
    assert sorted(titles(schema)) == ["Mine", "Somebody"]


def test_constraints_and_field_defaults() -> None:
    def function(
        a: int = Field(5, ge=1, description="the a"),
        b: Annotated[int, Field(ge=2)] = Field(6),
        c: Annotated[int, Field(default=7, le=9)] = 8,
        d: Annotated[str, Field(default="x", max_length=3)] = Field(pattern="^x"),
        e: list[int] = Field(default_factory=list),  # noqa: B008  as above
        *,
        f: int = Field(),
    ) -> None: ...

    schema = told(function)
    assert schema["properties"] == {
        "a": {"type": "integer", "default": 5, "minimum": 1, "description": "the a"},
        "b": {"type": "integer", "default": 6, "minimum": 2},
        "c": {"type": "integer", "default": 8, "maximum": 9},
        "d": {"type": "string", "default": "x", "maxLength": 3, "pattern": "^x"},
        "e": {"type": "array", "items": {"type": "integer"}},
        "f": {"type": "integer"},
    }
    assert schema["required"] == ["f"]


def test_names_that_pydantic_has_taken() -> None:
    def function(  # noqa: PLR0917  many names
        schema: int,
        json: int,
        model_config: int,
        copy: int,
        class_: int,
        _private: int,
        model_fields: int,
        dict: int,  # noqa: A002  a parameter may have any name
        self_: int,
        field_0: int,
    ) -> None: ...

    names = ["schema", "json", "model_config", "copy", "class_", "_private", "model_fields", "dict", "self_", "field_0"]
    schema = told(function)
    assert list(schema["properties"]) == schema["required"] == names


def test_an_alias_is_what_the_model_is_asked_for() -> None:
    def function(
        from_: Annotated[str, Field(alias="from")], to: str = Field("here", validation_alias="until")
    ) -> None: ...

    schema = told(function)
    assert list(schema["properties"]) == ["from", "until"]
    assert schema["required"] == ["from"]


def test_positional_only_and_keyword_only_parameters_are_alike() -> None:
    def function(a: int, /, b: int, *, c: int) -> None: ...

    schema = told(function)
    assert list(schema["properties"]) == ["a", "b", "c"]
    assert schema["required"] == ["a", "b", "c"]


def test_the_context_is_not_told() -> None:
    def function(a: int, where: ToolContext[int], b: int = 1) -> None: ...

    signature = read_signature(function)
    assert list(signature.parameters["properties"]) == ["a", "b"]
    assert signature.context_parameter == "where"


def test_a_default_that_is_no_json_is_left_out_without_a_warning() -> None:
    missing = object()

    def function(a: Any = missing, b: Decimal = Decimal("NaN"), c: int = None) -> None: ...  # type: ignore[assignment]  # pyright: ignore[reportArgumentType]  # noqa: RUF013

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        schema = told(function)
    assert schema["properties"]["a"] == {}
    assert "required" not in schema


def test_what_the_author_wrote_into_the_schema_is_told() -> None:
    def function(a: Annotated[int, Field(json_schema_extra={"examples": [3]})]) -> None: ...

    assert told(function)["properties"]["a"]["examples"] == [3]
