"""Scalars, enums and constraints: what pydantic's lax mode accepts is not refused while it arrives."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, EnumMeta, Flag, IntEnum, StrEnum
from fractions import Fraction
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address
from pathlib import Path
from re import Pattern
from typing import Annotated, Any, Final, Literal, TypeAlias, TypeVar
from uuid import UUID

import pydantic
import pytest
from pydantic import AfterValidator, Field

from millstream.events.values import JsonValue

T = TypeVar("T")
Judge: TypeAlias = Callable[[Any, list[JsonValue]], tuple[int, list[str]]]


# --- enums -----------------------------------------------------------------------------------------------------------
class Plain(Enum):
    A = "a"
    B = "b"


class Mixed(Enum):
    A = "a"
    ONE = 1
    NOTHING = None
    PAIR = (1, 2)


class Number(IntEnum):
    ONE = 1
    TWO = 2


class Floating(float, Enum):
    HALF = 0.5
    ONE = 1.0


class Text(StrEnum):
    ONE = "1"
    A = "a"


class Bits(Flag):
    READ = 1
    WRITE = 2


class Forgiving(Enum):
    RED = "red"
    SEVEN = "seven"

    @classmethod
    def _missing_(cls, value: object) -> "Forgiving | None":
        return cls.SEVEN if value == 7 else cls.RED if str(value).lower() == "red" else None


class WithAliases(Enum):
    def __new__(cls, value: str, *aliases: str) -> Any:
        made: Any = object.__new__(cls)
        made._value_ = value
        for alias in aliases:
            cls._value2member_map_[alias] = made
        return made

    X = ("x", "a", "b")


class _Lowering(EnumMeta):
    def __call__(cls, value: Any, *rest: Any, **more: Any) -> Any:
        given = value.lower() if isinstance(value, str) else value
        return super().__call__(given, *rest, **more)  # pyright: ignore[reportUnknownVariableType]


class Lowered(Enum, metaclass=_Lowering):
    A = "a"


TYPES: Final[dict[str, Any]] = {
    "int": int,
    "float": float,
    "bool": bool,
    "str": str,
    "bytes": bytes,
    "None": None,
    "Any": Any,
    "object": object,
    "Decimal": Decimal,
    "date": date,
    "datetime": datetime,
    "time": time,
    "timedelta": timedelta,
    "UUID": UUID,
    "Path": Path,
    "Pattern": Pattern,
    "Fraction": Fraction,
    "complex": complex,
    "IPv4Address": IPv4Address,
    "IPv6Address": IPv6Address,
    "IPv4Network": IPv4Network,
    "IPv4Interface": IPv4Interface,
    "IPvAnyAddress": pydantic.IPvAnyAddress,
    "SecretStr": pydantic.SecretStr,
    "SecretBytes": pydantic.SecretBytes,
    "AnyUrl": pydantic.AnyUrl,
    "HttpUrl": pydantic.HttpUrl,
    "PostgresDsn": pydantic.PostgresDsn,
    "Json": pydantic.Json,
    "Json of int": pydantic.Json[int],
    "Base64Bytes": pydantic.Base64Bytes,
    "Base64Str": pydantic.Base64Str,
    "ByteSize": pydantic.ByteSize,
    "PastDate": pydantic.PastDate,
    "AwareDatetime": pydantic.AwareDatetime,
    "StrictInt": pydantic.StrictInt,
    "StrictBool": pydantic.StrictBool,
    "strict date": Annotated[date, pydantic.Strict()],
    "strict Path": Annotated[Path, pydantic.Strict()],
    "JsonValue": pydantic.JsonValue,
    # enums and literals
    "Plain": Plain,
    "Mixed": Mixed,
    "Number": Number,
    "Floating": Floating,
    "Text": Text,
    "Bits": Bits,
    "Forgiving": Forgiving,
    "WithAliases": WithAliases,
    "Lowered": Lowered,
    "Literal mixed": Literal["a", 1],
    "Literal int": Literal[1, 2],
    "Literal bool": Literal[True],
    "Literal null": Literal["a"] | None,
    # constraints
    "int bounds": Annotated[int, Field(ge=1, le=5)],
    "int open bounds": Annotated[int, Field(gt=0, lt=2)],
    "int multiple": Annotated[int, Field(multiple_of=2)],
    "float bounds": Annotated[float, Field(ge=0.5, le=1, allow_inf_nan=False)],
    "float large bound": Annotated[float, Field(le=2.0**70)],
    "str sizes": Annotated[str, Field(min_length=2, max_length=3)],
    "str pattern": Annotated[str, Field(pattern="^a+$")],
    "str stripped": Annotated[str, pydantic.StringConstraints(strip_whitespace=True, min_length=1, max_length=1)],
    "str lowered": Annotated[str, pydantic.StringConstraints(to_lower=True, pattern="^[a-z]+$")],
    "str upper": Annotated[str, pydantic.StringConstraints(to_upper=True, max_length=1)],
    "str after": Annotated[str, AfterValidator(str.strip), Field(max_length=2)],
    "bytes sizes": Annotated[bytes, Field(min_length=2, max_length=3)],
    "Base64 sizes": Annotated[pydantic.Base64Bytes, Field(max_length=2)],
    "Decimal bounds": Annotated[Decimal, Field(ge=1, max_digits=3, decimal_places=1)],
    "date bounds": Annotated[date, Field(ge=date(2020, 1, 1))],
    "timedelta bounds": Annotated[timedelta, Field(ge=timedelta(seconds=1))],
    "SecretStr sizes": Annotated[pydantic.SecretStr, Field(min_length=2)],
    "HttpUrl sizes": Annotated[pydantic.HttpUrl, Field(max_length=20)],
    "Any sizes": Annotated[Any, Field(min_length=2)],
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
