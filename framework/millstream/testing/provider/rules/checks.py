"""Checks of types and members, in the words of any provider.

Pure. A place is the way to a value, `("messages", 1, "content")`; each provider writes it and its complaint
its own way.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn, TypeAlias

from millstream.testing.provider.rules.refusal import Form, Refusal, Refused, refuse
from millstream.testing.provider.rules.shapes import Json, Object, is_array, is_object

Place: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Words:
    """How a provider words what is wrong at a place; the expected type is "object", "array", "string" …"""

    wrong_type: Callable[[Place, str, Json], str]
    missing: Callable[[Place], str]
    unknown: Callable[[Place], str]
    one_of: Callable[[Place, Sequence[str], Json], str]


@dataclass(frozen=True, slots=True)
class Checks:
    """The checks that raise `Refused` with a provider's words."""

    words: Words

    def an_object(self, value: Json, place: Place) -> Object:
        """The value as an object."""
        return value if is_object(value) else self.wrong_type(place, "object", value)

    def an_array(self, value: Json, place: Place) -> Sequence[Json]:
        """The value as an array."""
        return value if is_array(value) else self.wrong_type(place, "array", value)

    def objects(self, value: Json, place: Place) -> list[tuple[Object, Place]]:
        """The objects of an array, each with its place."""
        places = [(*place, at) for at in range(len(self.an_array(value, place)))]
        return [(self.an_object(entry, here), here) for entry, here in zip(value, places, strict=True)]

    def a_string(self, value: Json, place: Place) -> str:
        """The value as a string."""
        return value if isinstance(value, str) else self.wrong_type(place, "string", value)

    def a_flag(self, value: Json, place: Place) -> bool:
        """The value as a boolean."""
        return value if isinstance(value, bool) else self.wrong_type(place, "boolean", value)

    def an_integer(self, value: Json, place: Place) -> int:
        """The value as a whole number."""
        if not isinstance(value, int) or isinstance(value, bool):
            self.wrong_type(place, "integer", value)
        return value

    def one_of(self, value: Json, options: Sequence[str], place: Place) -> str:
        """The value, once it is one of the options."""
        text = self.a_string(value, place)
        return text if text in options else refuse(self.words.one_of(place, options, value))

    def required(self, holder: Object, key: str, place: Place) -> Json:
        """A member that must be there."""
        return holder[key] if key in holder else refuse(self.words.missing((*place, key)))

    def given(self, holder: Object, key: str, default: Json) -> Json:
        """A member that may be left out or null."""
        value = holder.get(key)
        return default if value is None else value

    def known(self, holder: Object, names: Collection[str], place: Place) -> None:
        """Refuse a member with any other name."""
        for key in holder:
            if key not in names:
                refuse(self.words.unknown((*place, key)))

    def wrong_type(self, place: Place, expected: str, value: Json) -> NoReturn:
        """Refuse a value of a wrong type."""
        refuse(self.words.wrong_type(place, expected, value))


def checked(check: Callable[[], None], form: Form) -> Refusal | None:
    """What a check refuses, in the form of its provider; None where it accepts."""
    try:
        check()
    except Refused as refused:
        return replace(refused.refusal, form=form)
    return None


def dotted(place: Place) -> str:
    """The place as `messages.1.content`."""
    return ".".join(map(str, place))


def bracketed(place: Place) -> str:
    """The place as `contents[1].parts`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place).removeprefix(".")
