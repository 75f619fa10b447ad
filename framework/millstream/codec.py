"""Records and transcripts as JSON, and the JSON Schema of a record: the form in which runs are stored and shown.

One JSON object a record: `{"seq": 7, "at_s": 0.41, "type": "CallSealed", …the event's own fields…}`, with `"scope"`
only where the event belongs to a sub-agent. Unknown fields are ignored on reading, so that an older release reads what
a newer one wrote as long as it knows the type. The only home of pydantic besides `toolbox.signature`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, cast

from millstream.errors import UsageError
from millstream.events import Event, Record
from millstream.transcript import Transcript

if TYPE_CHECKING:
    from pydantic import TypeAdapter


@cache
def _events() -> TypeAdapter[Event]:
    from pydantic import Field, TypeAdapter

    return TypeAdapter(Annotated[Event, Field(discriminator="type")])


@cache
def _transcripts() -> TypeAdapter[Transcript]:
    from pydantic import TypeAdapter

    return TypeAdapter(Transcript)


def record_to_json(record: Record) -> dict[str, Any]:
    """The record as a JSON object, made of plain dicts and lists."""
    event: dict[str, Any] = _events().dump_python(record.event, mode="json")
    head: dict[str, Any] = {"seq": record.seq, "at_s": round(record.at_s, 6), "type": event.pop("type")}
    if record.scope:
        head["scope"] = list(record.scope)
    return head | event


def record_from_json(data: Mapping[str, Any]) -> Record:
    """The record that `record_to_json` made `data` of.

    Raises:
        UsageError: `data` is not a record of a type this release knows; the message names the place.
    """
    rest = dict(data)
    try:
        seq, at_s, scope = int(rest.pop("seq")), float(rest.pop("at_s")), tuple(rest.pop("scope", ()))
        return Record(seq, at_s, _events().validate_python(rest), scope)
    except (KeyError, TypeError, ValueError) as error:
        message = f"not a record of a run: {error}. Each line is one JSON object with seq, at_s and type."
        raise UsageError(message) from error


def dumps(record: Record) -> str:
    """The record as one line of JSON."""
    return json.dumps(record_to_json(record), ensure_ascii=False, separators=(",", ":"))


def loads(line: str | bytes) -> Record:
    """The record written on one line of JSON.

    Raises:
        UsageError: the line holds no record.
    """
    try:
        data: Any = json.loads(line)
    except ValueError as error:
        message = f"not a line of JSON: {error}"
        raise UsageError(message) from error
    if not isinstance(data, dict):
        message = f"not a record of a run: a JSON {type(data).__name__} where an object was expected"
        raise UsageError(message)
    return record_from_json(cast("dict[str, Any]", data))


def read_log(lines: Iterable[str]) -> Iterator[Record]:
    """The records of a `.jsonl` log, blank lines left out."""
    return (loads(line) for line in lines if line.strip())


def transcript_to_json(transcript: Transcript) -> list[dict[str, Any]]:
    """The transcript as a JSON array of its entries."""
    entries: list[dict[str, Any]] = _transcripts().dump_python(transcript, mode="json")["entries"]
    return entries


def transcript_from_json(entries: Iterable[Mapping[str, Any]]) -> Transcript:
    """The transcript that `transcript_to_json` made `entries` of.

    Raises:
        UsageError: an entry is not of the form; the message names the place.
    """
    try:
        return _transcripts().validate_python({"entries": list(entries)})
    except ValueError as error:
        message = f"not a transcript: {error}"
        raise UsageError(message) from error


def record_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one record as `dumps` writes it."""
    schema = _events().json_schema(mode="serialization", ref_template="#/$defs/{model}")
    head = {
        "seq": {"type": "integer", "description": "Strictly increasing within a run; gaps are allowed."},
        "at_s": {"type": "number", "description": "Seconds from the start of the run."},
        "scope": {"type": "array", "items": {"type": "string"}, "description": "Call ids of the enclosing sub-agents."},
    }
    kinds = schema["discriminator"]["mapping"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "millstream record",
        "type": "object",
        "properties": head | {"type": {"enum": sorted(kinds)}},
        "required": ["seq", "at_s", "type"],
        "oneOf": [{"$ref": ref} for _, ref in sorted(kinds.items())],
        "$defs": schema["$defs"],
    }
