"""What the tests of early checks share: values of every sort, and the question whether one is refused too early."""

import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from pydantic import BaseModel, ConfigDict, create_model

from millstream.arguments.assembler import Assembler
from millstream.arguments.outcomes import Sealed
from millstream.arguments.schema.compile import compile_schema
from millstream.events.values import JsonValue
from millstream.failures import Rejected
from millstream.toolbox.signature import read_signature

SCALARS: Final[list[JsonValue]] = [
    *(None, True, False),
    *(0, 1, 2, 5, 7, -1, 1.0, 0.5, 1.5, 100.0, 1e16, 2**70, 2**70 + 1, 86400, 1700000000),
    *("", "a", "A", "b", "ab", "abc", "abcd", " a ", "x", "red", "RED", "five", "1,2,3", "é", "日本", "😀"),
    *("1", "1.0", " 5 ", "007", "1e3", "0.5", "inf", "nan", "true", "off", "null", "[1]", "3MB", "1/2", "1+2j", "YQ=="),
    *("2024-05-01", "2024-05-01T10:00:00Z", "10:30", "PT1H", "-P1D", "12345678-1234-5678-1234-567812345678"),
    *("/tmp", "http://x.org", " http://x.org ", "postgres://u:p@h/d", "1.2.3.4", "::1", "1.2.3.0/24"),
]
CONTAINERS: Final[list[JsonValue]] = [
    *([], [1], [1, 1], [1, 1, 1], [1, 2, 3], ["1"], [1, "a"], ["x", 1], ["a", "a"], [None], [1, [2, [3]]]),
    *([0, [1, 2], -1], [1, "a", "b"]),
    *({}, {"a": 1}, {"A": 1}, {"b": 1}, {"c": 1}, {"d": [1]}, {"A": 1, "a": 1}, {"a": 1, "z": 2}, {"z": "q"}),
    *({"a": "1"}, {"a": None}, {"a": "five"}, {"a": []}, {"a": 1, "b": "q"}, {"a": 1, "b": None}, {"a": "x", "b": 1}),
    *({"1": 1}, {"1": 1, "01": 1}, {"1": 1, "1.0": 2}, {"2024-05-01": 1}, {"RED": 1}, {"red": 1, "RED": 2}),
    *({"kind": "cat", "n": "1"}, {"kind": "dog", "n": "q"}, {"kind": "dog", "n": 1}, {"kind": "a"}),
    *({"v": 1, "kids": [{"v": "2", "kids": []}]}, {"v": 1, "kind": None}, {"v": 1, "kind": "b", "other": "a"}),
    *({"s": " A "}, {"s": 1}, {"s": "ab"}, {"s": "a", "t": "a", "u": "1"}, {"b": "YWI="}),
    *({"a": {"s": " x "}}, {"a": {"s": 1}}, {"b": " x "}, {"b": 1, "c": " x "}),
]
VALUES: Final = SCALARS + CONTAINERS


def judge(hint: Any, values: list[JsonValue]) -> tuple[int, list[str]]:
    """How many of `values` pydantic accepts for a parameter annotated `hint`, and which of those are refused."""

    def function(x: Any) -> None: ...

    function.__annotations__["x"] = hint
    signature = read_signature(function)
    compiled = compile_schema(signature.lenient_parameters)
    fields: dict[str, Any] = {"x": (hint, ...)}
    oracle = create_model("Oracle", __config__=ConfigDict(extra="forbid"), **fields)
    accepted: list[str] = []
    refused: list[str] = []
    for text in (json.dumps({"x": value}, ensure_ascii=False) for value in values):
        if not _accepts(oracle, text):
            continue
        accepted.append(text)
        assembler = Assembler(compiled, bind=signature.bind, coerce=True)
        early = [event for event in assembler.feed(text) if isinstance(event, Rejected)]
        if early or not isinstance(assembler.close(), Sealed):
            refused.append(text)
    return len(accepted), refused


def _accepts(oracle: type[BaseModel], text: str) -> bool:
    try:
        oracle.model_validate_json(text)
    except Exception:  # noqa: BLE001  a validator may raise anything
        return False
    return True


@pytest.fixture(name="values")
def all_values() -> list[JsonValue]:
    return VALUES


@pytest.fixture(name="judge")
def judge_of_values() -> Callable[[Any, list[JsonValue]], tuple[int, list[str]]]:
    return judge
