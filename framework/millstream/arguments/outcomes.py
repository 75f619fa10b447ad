"""What an assembler says of a text, as values: parts that settled, strings that grew, the sealed whole."""

from __future__ import annotations

from dataclasses import dataclass

from millstream.events.values import JsonValue, Path


@dataclass(frozen=True, slots=True)
class Settled:
    """The value at `path` is complete and will not change, however the text was cut."""

    path: Path
    value: JsonValue


@dataclass(frozen=True, slots=True)
class StringDelta:
    """The string at `path` grew by `text`, its escapes decoded. The deltas of a string concatenate to its value."""

    path: Path
    text: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """The text is one JSON document and the schema holds. `bound` is what the binder made of it, else None."""

    value: JsonValue
    bound: object = None
