from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import MISSING, fields
from pathlib import Path
from typing import Any, get_args

import pytest

import millstream
from millstream.codec import (
    dumps,
    loads,
    read_log,
    record_from_json,
    record_schema,
    record_to_json,
    transcript_from_json,
    transcript_to_json,
)
from millstream.errors import UsageError
from millstream.events import CallReturned, Event, Record, TextDelta, TurnRestarted
from millstream.transcript import Transcript
from tests.oracle import valid
from tests.samples import CALL, ENTRIES, EVENTS

SCHEMA = record_schema()
RECORDS = [Record(seq, seq / 8, event, ("call_0",) * (seq % 3)) for seq, event in enumerate(EVENTS)]


def members(union: Any) -> Iterator[type]:
    for one in get_args(union):
        yield from members(one) if get_args(one) else (one,)


def test_there_is_a_sample_of_every_event() -> None:
    assert {type(event) for event in EVENTS} == set(members(Event))


# --- records ---


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: f"{record.seq}-{record.event.type}")
def test_a_record_is_read_as_it_was_written(record: Record) -> None:
    line = dumps(record)
    assert "\n" not in line
    assert json.dumps(json.loads(line.encode())) == json.dumps(json.loads(line))
    read = loads(line)
    assert read == record
    assert repr(read) == repr(record)  # 1 is no 1.0 and no True
    assert type(read.event) is type(record.event)
    assert loads(line.encode()) == record
    assert record_from_json(record_to_json(record)) == record


def test_a_line_is_compact_and_begins_with_its_number() -> None:
    record = Record(7, 0.123456789, TextDelta("h\u00e9", 1, 0))
    assert dumps(record) == '{"seq":7,"at_s":0.123457,"type":"TextDelta","text":"h\u00e9","turn":1,"item":0}'
    scoped = Record(8, 1.0, TurnRestarted(1), ("call_1", "call_2"))
    assert dumps(scoped) == '{"seq":8,"at_s":1.0,"type":"TurnRestarted","scope":["call_1","call_2"],"turn":1}'


def test_half_a_character_is_written_as_an_escape() -> None:
    line = dumps(Record(1, 0.0, CallReturned(CALL, {"a": "\ud83d\u00e9"})))
    assert '"a":"\\ud83d\\u00e9"' in line
    assert line.isascii()


def test_no_field_of_an_event_hides_one_of_the_record() -> None:
    for kind in members(Event):
        assert not {"seq", "at_s", "scope"} & {field.name for field in fields(kind)}


def test_a_field_this_release_does_not_know_is_ignored() -> None:
    assert loads('{"seq":1,"at_s":0,"type":"TurnRestarted","turn":1,"new":{}}') == Record(1, 0.0, TurnRestarted(1))


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: f"{record.seq}-{record.event.type}")
def test_a_record_without_one_of_its_fields_is_refused(record: Record) -> None:
    data = record_to_json(record)
    optional = {field.name for field in fields(record.event) if field.default is not MISSING and field.init}
    for missing in data.keys() - optional - {"scope"}:
        rest = {key: value for key, value in data.items() if key != missing}
        with pytest.raises(UsageError, match="not a record of a run"):
            record_from_json(rest)
        assert not valid(SCHEMA, rest)
    for missing in optional:
        record_from_json({key: value for key, value in data.items() if key != missing})


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "not a line of JSON: Expecting value"),
        ('{"seq":', "not a line of JSON: Expecting value"),
        ("[" * 100_000, "not a line of JSON: maximum recursion depth"),
        (b"\xff", "not a line of JSON: 'utf-8' codec"),
        ("[1]", "not a record of a run: a JSON list where an object was expected"),
        ("null", "not a record of a run: a JSON NoneType where an object was expected"),
        ("{}", "not a record of a run: each is a JSON object with seq, at_s and type"),
        ('{"seq":1,"at_s":0,"turn":1}', "each is a JSON object with seq, at_s and type"),
        ('{"seq":"1","at_s":0,"type":"TurnRestarted","turn":1}', "each is a JSON object with seq, at_s and type"),
        ('{"seq":1.5,"at_s":0,"type":"TurnRestarted","turn":1}', "each is a JSON object with seq, at_s and type"),
        ('{"seq":1e999,"at_s":0,"type":"TurnRestarted","turn":1}', "each is a JSON object with seq, at_s and type"),
        ('{"seq":true,"at_s":0,"type":"TurnRestarted","turn":1}', "each is a JSON object with seq, at_s and type"),
        ('{"seq":1,"at_s":null,"type":"TurnRestarted","turn":1}', "each is a JSON object with seq, at_s and type"),
        ('{"seq":1,"at_s":0,"scope":"ab","type":"TurnRestarted","turn":1}', 'the "scope" of record 1 is no list'),
        ('{"seq":1,"at_s":0,"scope":[1],"type":"TurnRestarted","turn":1}', 'the "scope" of record 1 is no list'),
        ('{"seq":1,"at_s":0,"type":"Nope"}', "record 1: "),
        ('{"seq":1,"at_s":0,"type":"TurnRestarted","turn":"x"}', "TurnRestarted.turn"),
        ('{"seq":1,"at_s":0,"type":"CallFailed","failure":3}', "record 1: "),
        ('{"seq":1,"at_s":0,"type":"CallFailed","failure":{"type":"Denied"}}', "Denied.reason"),
        ('{"seq":1,"at_s":0,"type":"CallFailed","failure":{"reason":"x"}}', "record 1: "),
    ],
)
def test_what_is_no_record_is_the_callers_error(line: str | bytes, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        loads(line)
    assert message in str(caught.value)


def test_a_log_is_read_line_by_line_and_blank_lines_are_left_out() -> None:
    log = "\n".join(["", *map(dumps, RECORDS), "  ", ""])
    assert list(read_log(log.split("\n"))) == RECORDS
    reading = read_log(iter([dumps(RECORDS[0]), "broken"]))
    assert next(reading) == RECORDS[0]
    with pytest.raises(UsageError):
        next(reading)


# --- the published schema ---


def test_every_record_is_valid_by_the_schema() -> None:
    for record in RECORDS:
        assert valid(SCHEMA, json.loads(dumps(record))), record


@pytest.mark.parametrize(
    "data",
    [
        {"type": "TurnRestarted", "turn": 1, "seq": 1},
        {"type": "TurnRestarted", "turn": 1, "seq": "1", "at_s": 0},
        {"type": "TurnRestarted", "turn": 1, "seq": 1, "at_s": 0, "scope": "x"},
        {"type": "TurnRestarted", "turn": "1", "seq": 1, "at_s": 0},
        {"type": "Nope", "turn": 1, "seq": 1, "at_s": 0},
        {"type": "RunSuspended", "pending": [{"id": "x"}], "seq": 1, "at_s": 0},
        {"type": "ApprovalResolved", "call": record_to_json(RECORDS[-1])["call"], "answer": "maybe", "digest": ""},
    ],
)
def test_what_is_no_record_is_not_valid_by_the_schema(data: dict[str, Any]) -> None:
    assert not valid(SCHEMA, data)


def test_the_schema_tells_failures_apart() -> None:
    data = json.loads(dumps(RECORDS[-1]))
    assert data["failure"]["type"] == "Unknown"
    assert valid(SCHEMA, data)
    del data["failure"]["type"]
    assert not valid(SCHEMA, data)


def test_the_published_schema_is_this_releases() -> None:
    """`make schema` writes it anew."""
    published = Path(millstream.__file__).with_name("record.schema.json").read_text("utf-8")
    assert published == json.dumps(SCHEMA, indent=2, ensure_ascii=False) + "\n"


# --- transcripts ---


def test_a_transcript_is_read_as_it_was_written() -> None:
    transcript = Transcript(ENTRIES)
    written = json.loads(json.dumps(transcript_to_json(transcript)))
    read = transcript_from_json(written)
    assert read == transcript
    assert repr(read) == repr(transcript)
    assert transcript_from_json([]) == Transcript()


def test_there_is_a_sample_of_every_part_of_a_transcript() -> None:
    text = json.dumps(transcript_to_json(Transcript(ENTRIES)))
    kinds = {"text", "json", "media", "user", "system", "reasoning", "call", "server", "reply", "result"}
    assert all(f'"type": "{kind}"' in text for kind in kinds)


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"type": "nope"}, "not a transcript: entry 1: "),
        ({}, "not a transcript: entry 1: "),
        (3, "not a transcript: entry 1: "),
        ({"type": "user"}, "user.parts"),
        ({"type": "user", "parts": 3}, "not a transcript: entry 1: "),
        ({"type": "user", "parts": [{"type": "text"}]}, "text.text"),
        ({"type": "user", "parts": [{"text": "no type"}]}, "not a transcript: entry 1: "),
        ({"type": "reply", "items": [{"type": "call", "args_text": ""}]}, "call.call"),
    ],
)
def test_what_is_no_entry_is_the_callers_error(entry: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        transcript_from_json([transcript_to_json(Transcript(ENTRIES))[0], entry])
    assert message in str(caught.value)
