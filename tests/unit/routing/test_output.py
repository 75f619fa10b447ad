"""The output of one response, as text and as the arguments of a tool: what is told of it, and the verdict."""

from __future__ import annotations

import json
from typing import Any

import pytest

from millstream.arguments.assembler import Assembler
from millstream.arguments.outcomes import Sealed
from millstream.arguments.schema.compile import compile_schema
from millstream.events import (
    CallOpened,
    Event,
    OutputDelta,
    OutputSettled,
    Problem,
    Rejected,
    TextDelta,
    TextReplaced,
    TurnEnded,
)
from millstream.routing.output import OutputForm, OutputReader
from millstream.routing.router import Router
from millstream.transcript import TextPart
from millstream.wire_events import (
    ArgsPiece,
    ArgsWhole,
    CallBegan,
    CallClosed,
    Ended,
    Finished,
    TextPiece,
    TextWhole,
    WireEvent,
)
from tests.pieces import cuttings

SCHEMA = compile_schema({"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]})
TEXT = '{"b":{"c":[1,2]},"a":3}'
VALUE = {"b": {"c": [1, 2]}, "a": 3}
END = (Finished("stop", good=True), Ended())


class Reading:
    """One response whose output is read."""

    def __init__(self, tool: str | None = None, key: str = "", before: str = "") -> None:
        schema = None if key else SCHEMA
        self.reader = OutputReader(OutputForm(lambda: Assembler(schema, every_path=bool(key)), tool, key), before)
        self.router = Router(1, self.reader.opening(lambda name, _: Problem("", f"no {name}", "name", 0)))
        self.events: list[Event] = []

    def feed(self, *wire_events: WireEvent) -> Reading:
        for wire_event in wire_events:
            self.events += self.reader.read(self.router.feed(wire_event), self.router.calls)
        return self

    @property
    def text(self) -> str:
        return "".join(event.text for event in self.events if isinstance(event, OutputDelta))

    @property
    def settled(self) -> list[tuple[Any, Any]]:
        return [(event.path, event.value) for event in self.events if isinstance(event, OutputSettled)]

    @property
    def problems(self) -> list[str]:
        verdict = self.reader.verdict()
        assert isinstance(verdict, Rejected)
        return [problem.message for problem in verdict.problems]


def written(pieces: list[str], tool: str | None) -> list[WireEvent]:
    """What a wire says of an output in these pieces."""
    if tool is None:
        return [*(TextPiece(0, piece) for piece in pieces), *END]
    return [CallBegan(0, tool, "id"), *(ArgsPiece(0, piece) for piece in pieces), CallClosed(0), *END]


@pytest.mark.parametrize("tool", [None, "answer"])
def test_the_same_is_told_however_the_text_was_cut(tool: str | None) -> None:
    for pieces in cuttings(TEXT):
        reading = Reading(tool).feed(*written(pieces, tool))
        assert reading.text == TEXT
        assert reading.settled == [(("b",), {"c": [1, 2]}), (("a",), 3)]
        assert isinstance(reading.events[-1], TurnEnded)
        assert {type(event) for event in reading.events[:-1]} == {OutputDelta, OutputSettled}
        assert reading.reader.verdict() == Sealed(VALUE)
        assert reading.reader.partial.value == VALUE
        assert reading.reader.partial.final


@pytest.mark.parametrize("tool", [None, "answer"])
@pytest.mark.parametrize(
    ("value", "settled"),
    [
        ([1, [2, 3], {"x": 4}], [((0,), 1), ((1,), [2, 3]), ((2,), {"x": 4})]),
        ({"a": {"b": 1}}, [(("a",), {"b": 1})]),
        ("text", [((), "text")]),
        (7, [((), 7)]),
        (None, [((), None)]),
        ([], []),
    ],
)
def test_what_stands_in_a_field_of_its_own_is_told_without_it(tool: str | None, value: Any, settled: Any) -> None:
    reading = Reading(tool, "result").feed(*written(list(json.dumps({"result": value})), tool))
    assert reading.settled == settled
    assert reading.reader.verdict() == Sealed(value)
    assert reading.reader.partial.value == value


@pytest.mark.parametrize("tool", [None, "answer"])
def test_it_is_rejected_at_the_character_that_decides(tool: str | None) -> None:
    pieces = list('{"a":"x"}')
    reading = Reading(tool)
    rejected: list[bool] = []
    for event in written(pieces, tool):
        reading.feed(event)
        rejected.append(reading.reader.rejected)
    decisive = rejected.index(True) - (tool is not None)
    assert "".join(pieces[: decisive + 1]) == '{"a":"'
    assert reading.text.startswith('{"a":"')
    assert reading.problems
    assert reading.settled == []


@pytest.mark.parametrize("tool", [None, "answer"])
def test_a_text_that_the_provider_replaces_is_read_anew(tool: str | None) -> None:
    if tool is None:
        reading = Reading().feed(TextPiece(0, '{"a":1,'), TextWhole(0, '{"a":2}'), *END)
    else:
        reading = Reading(tool).feed(
            CallBegan(0, tool, "id"), ArgsPiece(0, '{"a":1,'), ArgsWhole(0, '{"a":2}'), CallClosed(0), *END
        )
    assert reading.settled == [(("a",), 1), (("a",), 2)]
    assert TextReplaced('{"a":2}', 1, 0) in reading.events
    assert reading.reader.verdict() == Sealed({"a": 2})


def test_a_text_in_two_items_is_one() -> None:
    reading = Reading().feed(TextPiece(0, '{"a"'), TextPiece(1, ":1}"), *END)
    assert reading.reader.verdict() == Sealed({"a": 1})
    again = Reading().feed(TextPiece(0, '{"a":1}'), TextPiece(1, '{"a":1}'), *END)
    assert again.problems


def test_a_text_goes_on_from_a_response_that_was_interrupted() -> None:
    reading = Reading(before='{"b":1,"a":').feed(TextPiece(0, "2}"), *END)
    assert reading.settled == [(("a",), 2)]
    assert reading.reader.verdict() == Sealed({"b": 1, "a": 2})


def test_an_empty_answer_is_none() -> None:
    assert Reading().feed(TextPiece(0, " \n"), *END).problems == ["the answer is empty"]
    assert Reading("answer").feed(TextPiece(0, TEXT), *END).problems == [
        "the answer was given as text: call answer with it"
    ]
    assert Reading("answer").feed(CallBegan(0, "answer"), Finished("length", good=False), Ended()).problems == [
        "it was cut off"
    ]


def test_words_beside_the_tool_are_text_and_other_calls_are_calls() -> None:
    reading = Reading("answer").feed(TextPiece(0, "Hi "), CallBegan(1, "other"), CallClosed(1))
    assert [type(event) for event in reading.events[:2]] == [TextDelta, CallOpened]


@pytest.mark.parametrize(
    ("calls", "told"),
    [
        ([("answer", '{"a":1}')], ["Accepted."]),
        ([("answer", '{"a":"x"}')], ["answer was not run, its arguments were not accepted"]),
        ([("answer", '{"a":1}'), ("answer", '{"a":1}')], ["call it once", "call it once"]),
        ([("answer", '{"a":1}'), ("other", "{}")], ["other tools were called beside it"]),
        ([("answer", '{"a":')], ["cut off"]),
    ],
)
def test_every_call_that_stands_for_it_is_answered(calls: list[tuple[str, str]], told: list[str]) -> None:
    reading = Reading("answer")
    for item, (name, text) in enumerate(calls):
        reading.feed(CallBegan(item, name), ArgsPiece(item, text))
    cut = calls[0][1].endswith(":")
    reading.feed(Finished("length" if cut else "stop", good=not cut), Ended())
    answers = reading.reader.answers(reading.router.calls)
    assert [answer.ok for answer in answers] == [words == "Accepted." for words in told]
    for answer, words in zip(answers, told, strict=True):
        assert isinstance(answer.parts[0], TextPart)
        assert words in answer.parts[0].text


def test_before_anything_came_there_is_nothing() -> None:
    for tool in (None, "answer"):
        assert Reading(tool, "result").reader.partial.value is None
        begun = Reading(tool).feed(*written(['{"a'], tool)[:-3])
        assert begun.reader.partial.value in (None, {})
