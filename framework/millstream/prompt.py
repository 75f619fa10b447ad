"""What the user says to an agent -> the parts of a message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias, cast

from millstream.errors import UsageError
from millstream.transcript import JsonPart, MediaPart, Part, TextPart

Prompt: TypeAlias = str | Part | Sequence[str | Part] | None
"""What the user says: text, an image or file, or several of them; None to go on from the history."""


def parts_of_prompt(prompt: object) -> tuple[Part, ...]:
    """The parts of what the user says.

    Raises:
        UsageError: it is neither text nor a part nor a list of them.
    """
    if isinstance(prompt, Sequence) and not isinstance(prompt, str):
        return tuple(_part(part) for part in cast("Sequence[object]", prompt))
    return (_part(prompt),)


def _part(given: object) -> Part:
    match given:
        case str():
            return TextPart(given)
        case TextPart() | JsonPart() | MediaPart():
            return given
        case _:
            raise UsageError(f"a prompt is text, or a list of text and parts, not {type(given).__name__}")
