"""Models and their like: what pydantic's lax mode accepts is not refused while it arrives."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import Annotated, Any, Final, Generic, Literal, NamedTuple, Required, TypeAlias, TypeVar

import pydantic
import pytest
from pydantic import BaseModel, ConfigDict, Field, RootModel
from pydantic.dataclasses import dataclass as pydantic_dataclass
from typing_extensions import TypeAliasType, TypedDict

from millstream.events.values import JsonValue

T = TypeVar("T")
Judge: TypeAlias = Callable[[Any, list[JsonValue]], tuple[int, list[str]]]


class Plain(Enum):
    A = "a"
    B = "b"


class Text(StrEnum):
    ONE = "1"
    A = "a"


class Aliased(BaseModel):
    a: int = Field(alias="A")


class ByName(BaseModel):
    model_config = ConfigDict(populate_by_name=True, extra="forbid")
    a: int = Field(alias="A")


class ByNameOnly(BaseModel):
    model_config = ConfigDict(validate_by_name=True, validate_by_alias=False, extra="forbid")
    a: int = Field(alias="A")


class AnyOfSomeAliases(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int = Field(validation_alias=pydantic.AliasChoices("b", "c", pydantic.AliasPath("d", 0)))


class AliasWithin(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int = Field(validation_alias=pydantic.AliasPath("d", 0))


class FieldBefore(BaseModel):
    a: int

    @pydantic.field_validator("a", mode="before")
    @classmethod
    def _mend(cls, value: Any) -> Any:
        return 5 if value in ("five", None, [], {}) else value


class ModelBefore(BaseModel):
    a: int

    @pydantic.model_validator(mode="before")
    @classmethod
    def _mend(cls, value: Any) -> Any:
        return {"a": value} if isinstance(value, int) else value


class ModelWrap(BaseModel):
    a: int

    @pydantic.model_validator(mode="wrap")
    @classmethod
    def _mend(cls, value: Any, handler: Any) -> Any:
        return handler({"a": 1}) if value is None else handler(value)


class ModelAfter(BaseModel):
    a: int

    @pydantic.model_validator(mode="after")
    def _same(self) -> "ModelAfter":
        return self


class OwnInit(BaseModel):
    a: int

    def __init__(self, **data: Any) -> None:
        super().__init__(a=data.get("b", 1))


class Allowing(BaseModel):
    model_config = ConfigDict(extra="allow")
    a: int = 1


class Ignoring(BaseModel):
    a: int = 1


class Forbidding(BaseModel):
    model_config = ConfigDict(extra="forbid")
    a: int = 1


class Rooted(RootModel[list[int]]):
    pass


class Tree(BaseModel):
    v: int
    kids: list["Tree"] = []
    kind: Plain | None = None
    other: Plain = Plain.A


class Cleaning(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True, str_to_lower=True, coerce_numbers_to_str=True)
    s: Annotated[str, Field(max_length=1)]
    t: Literal["a"] = "a"
    u: Text = Text.A


Short = TypeAliasType("Short", Annotated[str, Field(max_length=1)])


@dataclass
class ShortPart:
    s: Annotated[str, Field(max_length=1)]


class CleaningParts(BaseModel):
    model_config = ConfigDict(str_strip_whitespace=True, coerce_numbers_to_str=True)
    a: ShortPart | None = None
    b: Short = ""
    c: Short = ""


class Misdescribed(BaseModel):
    model_config = ConfigDict(json_schema_extra={"required": ["zzz"], "type": "array"})
    a: int = Field(1, json_schema_extra={"type": "string", "enum": ["q"]})


class Encoded(BaseModel):
    model_config = ConfigDict(val_json_bytes="base64")
    b: Annotated[bytes, Field(max_length=2)]


class UsingValues(BaseModel):
    model_config = ConfigDict(use_enum_values=True)
    kind: Plain = Plain.A


class AnnotatedDefault(BaseModel):
    a: Annotated[int, Field(default=3)]


class Generically(BaseModel, Generic[T]):
    a: T


class Dictionary(TypedDict, total=False):
    a: Required[int]
    b: str


class Renamed(TypedDict):
    __pydantic_config__ = ConfigDict(populate_by_name=True, extra="forbid")  # type: ignore[misc]
    a: Annotated[int, Field(alias="A")]


class Tuple(NamedTuple):
    a: int
    b: str = "x"


@dataclass
class Data:
    a: int
    b: str = "x"


@pydantic_dataclass(config=ConfigDict(extra="ignore"))
class Initialised:
    a: int
    b: int = field(init=False, default=3)


@pydantic_dataclass(config=ConfigDict(populate_by_name=True))
class RenamedData:
    a: int = Field(alias="A", default=1)


TYPES: Final[dict[str, Any]] = {
    # models and their like
    "Aliased": Aliased,
    "ByName": ByName,
    "ByNameOnly": ByNameOnly,
    "AnyOfSomeAliases": AnyOfSomeAliases,
    "AliasWithin": AliasWithin,
    "FieldBefore": FieldBefore,
    "ModelBefore": ModelBefore,
    "ModelWrap": ModelWrap,
    "ModelAfter": ModelAfter,
    "OwnInit": OwnInit,
    "Allowing": Allowing,
    "Ignoring": Ignoring,
    "Forbidding": Forbidding,
    "Rooted": Rooted,
    "Tree": Tree,
    "Trees": list[Tree],
    "Cleaning": Cleaning,
    "CleaningParts": CleaningParts,
    "Misdescribed": Misdescribed,
    "Encoded": Encoded,
    "UsingValues": UsingValues,
    "AnnotatedDefault": AnnotatedDefault,
    "Generically": Generically[int],
    "Dictionary": Dictionary,
    "Renamed": Renamed,
    "Tuple": Tuple,
    "Data": Data,
    "RenamedData": RenamedData,
    "Initialised": Initialised,
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
