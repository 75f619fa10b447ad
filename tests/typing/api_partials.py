"""What type checkers see of arguments that are still being written. Not collected by pytest, see `api_toolbox`."""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import Any, TypedDict, assert_type

from pydantic import BaseModel

from millstream.arguments import Assembler, Partial, Rejected, Sealed, Settled, StringDelta, compile_schema
from millstream.runtime.handle import CallHandle


class Trip(TypedDict, total=False):
    city: str
    days: int


class Order(BaseModel):
    customer: str


def seen(call: CallHandle) -> None:
    assert_type(call.partial, Partial)
    assert_type(call.partial["trip"]["days"].final, bool)
    assert_type(call.partial_as(Trip, "trip").value.get("days"), int | None)
    assert_type(call.partial_as(Order).value.customer, str)
    assert_type(call.partial_as(Order).final, frozenset[str])
    call.partial_as(Order).value.custumer  # type: ignore[attr-defined]  # noqa: B018


def alone(schema: dict[str, Any]) -> Any:
    assembler = Assembler(compile_schema(schema), strings=True)
    for event in assembler.feed(""):
        match event:
            case Settled(path=path):
                assert_type(path, tuple[str | int, ...])
            case StringDelta(text=text):
                assert_type(text, str)
            case Rejected(at=at):
                assert_type(at, int)
    outcome = assembler.close()
    assert_type(outcome, Sealed | Rejected)
    return outcome
