"""How the provider says no, and the checks of types and values that its rules are made of.

Pure. A check raises `Refused`; the public functions of the package turn that into a `Refusal`. Places are written as
the provider writes them: `messages[1].tool_calls[0].id`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeAlias

from millstream.testing.provider.rules.shapes import Json, Object, is_array, is_json, is_object

NAME = re.compile(r"[a-zA-Z0-9_-]+")
NAME_PATTERN = "^[a-zA-Z0-9_-]+$"


def openai_form(refusal: Refusal) -> dict[str, Any]:
    """How OpenAI writes a refusal."""
    return {
        "error": {
            "message": refusal.message,
            "type": refusal.kind,
            "param": refusal.param,
            "code": refusal.code,
        }
    }


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer that refuses the request.

    `kind` is the word for what sort of error it is, where the provider has one, and `form` how the provider writes it.
    """

    message: str
    param: str | None = None
    code: str | None = None
    status: int = 400
    kind: str = "invalid_request_error"
    form: Form = field(default=openai_form, repr=False)

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        return self.form(self)


Form: TypeAlias = Callable[[Refusal], dict[str, Any]]
"""How a provider writes a refusal as a JSON body."""


class Refused(Exception):
    """Raised by a check that failed."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


def refuse(message: str, param: str | None = None, code: str | None = None, status: int = 400) -> NoReturn:
    """Refuse the request."""
    raise Refused(Refusal(message, param, code, status))


def not_json() -> Refusal:
    """A body that is no JSON object."""
    return Refusal(
        "We could not parse the JSON body of your request. (HINT: This likely means you aren't using your HTTP library "
        "correctly. The OpenAI API expects a JSON payload, but what was sent was not valid JSON.)"
    )


def kind_of(value: Json) -> str:
    """The JSON type of a value, as the provider words it."""
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int():
            return "an integer"
        case float():
            return "a decimal"
        case str():
            return "a string"
        case list():
            return "an array"
        case _:
            return "an object"


def wrong_type(place: str, expected: str, value: Json) -> NoReturn:
    """Refuse a value of a wrong type."""
    got = kind_of(value)
    sent = got if value is None else f"{got} instead"
    tail = f"but got {sent}{' instead' if value is None else ''}."
    refuse(f"Invalid type for '{place}': expected {expected}, {tail}", place, "invalid_type")


def missing(place: str) -> NoReturn:
    """Refuse a body that lacks a parameter."""
    refuse(f"Missing required parameter: '{place}'.", place, "missing_required_parameter")


def one_of(value: Json, supported: Collection[str], place: str) -> str:
    """The value, once it is one of those supported."""
    if isinstance(value, str) and value in supported:
        return value
    *firsts, last = [f"'{name}'" for name in supported]
    listed = f"{', '.join(firsts)}, and {last}" if len(firsts) > 1 else " and ".join([*firsts, last])
    shown = f"'{value}'" if isinstance(value, str) else json.dumps(value)
    refuse(f"Invalid value: {shown}. Supported values are: {listed}.", place, "invalid_value")


def an_object(value: Json, place: str) -> Object:
    """The value as an object."""
    return value if is_object(value) else wrong_type(place, "an object", value)


def an_array(value: Json, place: str, *, empty: bool = True) -> Sequence[Json]:
    """The value as an array; not an empty one unless `empty`."""
    if not is_array(value):
        wrong_type(place, "an array", value)
    if not value and not empty:
        refuse(
            f"Invalid '{place}': empty array. Expected an array with minimum length 1, but got an empty array instead.",
            place,
            "empty_array",
        )
    return value


def a_string(value: Json, place: str, *, most: int | None = None) -> str:
    """The value as a string of at most so many characters."""
    if not isinstance(value, str):
        wrong_type(place, "a string", value)
    if most is not None and len(value) > most:
        refuse(
            f"Invalid '{place}': string too long. Expected a string with maximum length {most}, but got a string with "
            f"length {len(value)} instead.",
            place,
            "string_above_max_length",
        )
    return value


def a_flag(body: Object, key: str) -> bool:
    """An optional boolean of the body, False where it is absent."""
    value = body.get(key)
    if value is not None and not isinstance(value, bool):
        wrong_type(key, "a boolean", value)
    return bool(value)


def required(holder: Object, key: str, place: str) -> Json:
    """A member that must be there; `place` is the holder's, "" for the body."""
    if key not in holder:
        missing(f"{place}.{key}" if place else key)
    return holder[key]


def a_name(value: Json, place: str, most: int) -> str:
    """The value as the name of a tool."""
    name = a_string(value, place, most=most)
    if not name:
        refuse(
            f"Invalid '{place}': empty string. Expected a string with minimum length 1, but got an empty string "
            "instead.",
            place,
            "empty_string",
        )
    if not NAME.fullmatch(name):
        refuse(
            f"Invalid '{place}': string does not match pattern. Expected a string that matches the pattern "
            f"'{NAME_PATTERN}'.",
            place,
            "invalid_value",
        )
    return name


def json_text(value: Json, place: str) -> str:
    """The value as a string that holds JSON; the numbers that JSON does not know are refused."""
    text = a_string(value, place)
    if not is_json(text):
        refuse(f"Invalid '{place}': expected a string that holds valid JSON.", place, "invalid_value")
    return text
