"""Every recorded and constructed stream: what it says, however it is cut, and wherever it ends."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from millstream.codec import dumps, loads
from millstream.events import Record
from millstream.testing.summary import summarise
from millstream.wire.formats import FORMATS
from tests.conformance.known import OTHERWISE, good_ends, known
from tests.conformance.streams import Stream, streams
from tests.corpus import requires_corpus
from tests.cuts import bytewise, randomly
from tests.response import Response, answered, boundaries, check_end, read

pytestmark = requires_corpus

_STREAMS = streams()
_LONG = 200_000
_SHORT = 4_000
_SMALL = [stream for stream in _STREAMS if stream.path.stat().st_size <= _LONG]
_LARGE = [stream for stream in _STREAMS if stream.path.stat().st_size > _LONG]

every_stream = pytest.mark.parametrize("stream", _STREAMS, ids=lambda stream: f"{stream.api}/{stream.name}")

# --- what it says ---


def found(stream: Stream) -> dict[str, Any]:
    """What we find in a stream, field by field, as `known` names them."""
    said = summarise(stream.body, stream.api)
    facts = {key: said[key] for key in ("text", "usage", "refusal", "reason")} | {"calls": len(said["calls"])}
    for i, call in enumerate(said["calls"]):
        facts |= {f"name {i}": call["name"], f"id {i}": call["id"]}
        facts |= {f"arguments {i}": call["arguments"], f"text {i}": call["arguments_raw"]}
    facts["server calls"] = [(call["id"], call["name"], call["arguments"]) for call in said["server_calls"]]
    error: dict[str, Any] = said["error"] or {}
    return facts | {"failed": bool(error), "type": error.get("type"), "code": error.get("code")}


@every_stream
def test_it_says_what_the_server_and_other_clients_say(stream: Stream) -> None:
    facts, ours = known(stream), found(stream)
    otherwise = {field: value for (name, field), value in OTHERWISE.items() if name == stream.name}
    assert {field: ours[field] for field in facts} == facts | otherwise


def test_every_exception_is_needed() -> None:
    by_name = {stream.name: stream for stream in _STREAMS}
    assert all(known(by_name[name])[field] != value for (name, field), value in OTHERWISE.items())


@every_stream
def test_a_call_is_sealed_where_its_arguments_are_whole_and_the_response_ended_well(stream: Stream) -> None:
    said = summarise(stream.body, stream.api)
    good = said["error"] is None and said["reason"] in good_ends(stream.api)
    for call in said["calls"]:
        custom = call["kind"] == "custom"
        assert (call["state"] == "sealed") == (good and (custom or call["arguments"] is not None)), call


@every_stream
def test_all_of_it_can_be_written_down(stream: Stream) -> None:
    response = read([stream.body], stream.api)
    for seq, event in enumerate(response.events):
        record = Record(seq, 0.0, event)
        assert loads(dumps(record).encode()) == record
    if stream.api in FORMATS:
        json.dumps(FORMATS[stream.api].entries(answered(response.reply())), allow_nan=False).encode()


# --- however it is cut ---


@every_stream
def test_it_says_the_same_cut_at_random_places(stream: Stream) -> None:
    body = stream.body
    assert read(randomly(body, 64, seed=len(body)), stream.api).told() == read([body], stream.api).told()


def check_bytewise(stream: Stream) -> None:
    assert read(bytewise(stream.body), stream.api).told() == read([stream.body], stream.api).told()


@pytest.mark.parametrize("stream", _SMALL, ids=lambda stream: f"{stream.api}/{stream.name}")
def test_it_says_the_same_byte_by_byte(stream: Stream) -> None:
    check_bytewise(stream)


@pytest.mark.long
@pytest.mark.parametrize("stream", _LARGE, ids=lambda stream: f"{stream.api}/{stream.name}")
def test_a_large_one_says_the_same_byte_by_byte(stream: Stream) -> None:
    check_bytewise(stream)


# --- wherever it ends ---


def check_cut(body: bytes, api: str, whole: Response) -> None:
    """What the beginning of a response may seal is what the whole response seals, and it ends in a known way."""
    response = read([body], api)
    check_end(response)
    for index, args in response.sealed.items():
        assert whole.sealed.get(index) == args


def places(stream: Stream, most: int) -> list[int]:
    """Around each event of a stream, and for a short one everywhere; no more than `most`."""
    body = stream.body
    ends = boundaries(body)
    found_places = sorted({end + d for end in ends for d in (-1, 0, 1)} & set(range(len(body))))
    if len(body) <= _SHORT:
        found_places = list(range(len(body)))
    if len(found_places) <= most:
        return found_places
    return sorted(random.Random(len(body)).sample(found_places, most))


@every_stream
def test_it_seals_nothing_else_wherever_it_is_torn(stream: Stream) -> None:
    body, whole = stream.body, read([stream.body], stream.api)
    check_end(whole)
    for place in places(stream, _SHORT if len(body) <= _SHORT else 40):
        check_cut(body[:place], stream.api, whole)


@pytest.mark.long
@pytest.mark.timeout(900)
@every_stream
def test_it_seals_nothing_else_wherever_it_is_torn_looked_at_closely(stream: Stream) -> None:
    body, whole = stream.body, read([stream.body], stream.api)
    for place in places(stream, 2_000):
        check_cut(body[:place], stream.api, whole)
