"""Records and transcripts as JSON, and the JSON Schema of a record: the form in which runs are stored and shown.

One JSON object a record: `{"seq": 7, "at_s": 0.41, "type": "CallSealed", …the event's own fields…}`, with `"scope"`
only where the event belongs to a sub-agent. Unknown fields are ignored on reading, so that an older release reads what
a newer one wrote as long as it knows the type. The only home of pydantic besides `toolbox.signature`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

from millstream.errors import UsageError
from millstream.events import Event, Failure, Record
from millstream.events.values import is_array
from millstream.transcript import Entry, Part, ReplyItem, Transcript

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_SURROGATE: Final = re.compile("[\ud800-\udfff]")


@cache
def _told_by_type(union: Any) -> TypeAdapter[Any]:
    """Reads one member of `union` by its `type`. Left to itself pydantic takes the first class of the same shape."""
    from pydantic import Field, TypeAdapter

    annotated: Any = Annotated  # no type expression: `union` is a value here
    return TypeAdapter(annotated[union, Field(discriminator="type")])


def _event(data: dict[str, Any]) -> Event:
    if "failure" in data:
        data = data | {"failure": _told_by_type(Failure).validate_python(data["failure"])}
    event: Event = _told_by_type(Event).validate_python(data)
    return event


def _entry(data: Mapping[str, Any]) -> Entry:
    inner: dict[str, Any] = {
        key: [_told_by_type(union).validate_python(one) for one in data[key]]
        for key, union in (("parts", Part), ("items", ReplyItem))
        if key in data
    }
    entry: Entry = _told_by_type(Entry).validate_python({**data, **inner})
    return entry


def record_to_json(record: Record) -> dict[str, Any]:
    """The record as a JSON object, made of plain dicts and lists."""
    event: dict[str, Any] = _told_by_type(Event).dump_python(record.event, mode="json")
    head: dict[str, Any] = {"seq": record.seq, "at_s": round(record.at_s, 6), "type": event.pop("type")}
    if record.scope:
        head["scope"] = list(record.scope)
    return head | event


def record_from_json(data: Mapping[str, Any]) -> Record:
    """The record that `record_to_json` made `data` of.

    Raises:
        UsageError: `data` is not a record of a type this release knows; the message names the place.
    """
    match data:
        case {"seq": int(seq), "at_s": int(at_s) | float(at_s), "type": str()} if type(seq) is int:
            scope = data.get("scope", [])
        case _:
            raise UsageError("not a record of a run: each is a JSON object with seq, at_s and type")
    if not is_array(scope) or not all(isinstance(call_id, str) for call_id in scope):
        raise UsageError(f'not a record of a run: the "scope" of record {seq} is no list of call ids')
    try:
        return Record(seq, float(at_s), _event(dict(data)), tuple(scope))
    except (TypeError, ValueError) as error:
        raise UsageError(f"not a record of a run: record {seq}: {error}") from error


def dumps(record: Record) -> str:
    """The record as one line of JSON, which UTF-8 can encode."""
    data = record_to_json(record)
    line = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    # A provider may send half of a surrogate pair; only as an escape can it be written.
    return json.dumps(data, separators=(",", ":")) if _SURROGATE.search(line) else line


def loads(line: str | bytes) -> Record:
    """The record written on one line of JSON.

    Raises:
        UsageError: the line holds no record.
    """
    try:
        data: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
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
    return [_told_by_type(Entry).dump_python(entry, mode="json") for entry in transcript]


def transcript_from_json(entries: Iterable[Mapping[str, Any]]) -> Transcript:
    """The transcript that `transcript_to_json` made `entries` of.

    Raises:
        UsageError: an entry is not of the form; the message names the place.
    """
    read: list[Entry] = []
    for number, entry in enumerate(entries):
        try:
            read.append(_entry(entry))
        except (TypeError, ValueError) as error:
            raise UsageError(f"not a transcript: entry {number}: {error}") from error
    return Transcript(tuple(read))


def record_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of one record as `dumps` writes it."""
    schema = _told_by_type(Event).json_schema(mode="serialization", ref_template="#/$defs/{model}")
    for definition in schema["$defs"].values():
        if "type" in definition["properties"]:
            definition["required"].append("type")  # which tells the definitions apart, and is always written
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
