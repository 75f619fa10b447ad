from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from millstream.arguments import Assembler, Problem, Rejected, Sealed, Settled, compile_schema
from millstream.arguments.assembler import Unbindable, canonical
from tests.outcome import assemble, however_cut
from tests.pieces import cuttings

WEATHER = compile_schema(
    {
        "type": "object",
        "properties": {"city": {"type": "string", "pattern": "^[A-Z]"}, "days": {"type": "integer"}},
        "required": ["city"],
        "additionalProperties": False,
    }
)
TEXT = '{"city":"Paris","days":3}'


class Binding:
    """A binder that notes what it is asked, and refuses a city of Rome."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, text: str) -> object:
        self.asked.append(text)
        value = json.loads(text)
        if value.get("city") == "Rome":
            raise Unbindable(((("city",), "not Rome", "value_error"), ((), "not at all", "closed")))
        return (value["city"], value.get("days"))


def rejection(message: str, at: int, *, path: str = "", keyword: str = "json") -> Rejected:
    return Rejected((Problem(path, message, keyword, at),), at)


# --- feed ---


def test_top_level_arguments_settle_as_they_are_complete() -> None:
    assembler = Assembler(WEATHER)
    assert assembler.feed('{"city":"Pa') == []
    assert assembler.partial == {"city": "Pa"}
    assert assembler.feed('ris","da') == [Settled(("city",), "Paris")]
    assert assembler.feed('ys":3') == []
    assert assembler.feed("}") == [Settled(("days",), 3)]
    assert assembler.close() == Sealed({"city": "Paris", "days": 3})


def test_what_settled_before_a_rejection_in_the_same_piece_is_told_first() -> None:
    events = Assembler(WEATHER).feed('{"city":"Paris","days":"3"}')
    message = "expected integer, found a string"
    assert events == [Settled(("city",), "Paris"), rejection(message, 23, path="/days", keyword="type")]


def test_what_an_assembler_says_is_a_value() -> None:
    for said in (Settled(("a",), 1), Sealed(1)):
        assert not hasattr(said, "__dict__")
        with pytest.raises(FrozenInstanceError):
            said.value = 2  # type: ignore[misc]


def test_every_path_settles_on_request() -> None:
    text = '{"a":[1,{"b":"c"}]}'
    assert however_cut(text, lambda: Assembler(every_path=True)).settled == (
        (("a", 0), "1"),
        (("a", 1, "b"), '"c"'),
        (("a", 1), '{"b": "c"}'),
        (("a",), '[1, {"b": "c"}]'),
        ((), '{"a": [1, {"b": "c"}]}'),
    )
    assert however_cut(text, Assembler).settled == ((("a",), '[1, {"b": "c"}]'),)


def test_after_a_rejection_nothing_more_comes() -> None:
    for pieces in cuttings('{"city":1'):
        assembler = Assembler(WEATHER)
        events = [event for piece in pieces for event in assembler.feed(piece)]
        rejected = rejection("expected string, found a number", 8, path="/city", keyword="type")
        assert events == [rejected]
        visited = assembler.visited
        assert assembler.feed(TEXT * 100) == []
        assert assembler.visited == visited
        assert assembler.close() is events[0]


# --- close ---


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the text ends where a value was expected"),
        ("  ", "the text ends where a value was expected"),
        ('{"city":"Pa', "the text ends where the end of the string was expected"),
        ('{"city":"Paris"', "the text ends where a comma or } was expected"),
    ],
)
def test_a_torn_text_is_rejected_when_it_is_closed(text: str, message: str) -> None:
    outcome = however_cut(text, lambda: Assembler(WEATHER))
    assert (outcome.rejected, outcome.early) == (rejection(message, len(text), path=_path(text)), False)


def _path(text: str) -> str:
    return "/city" if text.endswith("Pa") else ""


def test_a_document_is_complete_before_it_is_closed_but_a_number_at_the_root() -> None:
    for text in ("{}", "[1]", '"a"', "true ", "7 "):
        assembler = Assembler()
        states = [assembler.complete]
        for char in text:
            assembler.feed(char)
            states.append(assembler.complete)
        assert states[0] is False
        assert states[-1] is True
    assembler = Assembler()
    assembler.feed("7")
    before = assembler.complete
    assert (before, assembler.close(), assembler.complete) == (False, Sealed(7), True)


def test_the_verdict_stands_unless_more_text_comes_that_is_refused() -> None:
    assembler = Assembler(WEATHER)
    assembler.feed(TEXT)
    sealed = assembler.close()
    assert assembler.feed(" \n") == []
    assert assembler.close() is sealed
    message = 'found "x" after the end of the arguments: send one JSON document only'
    assert assembler.feed("x") == [rejection(message, len(TEXT) + 2)]
    assert assembler.close() == rejection(message, len(TEXT) + 2)
    assert not assembler.complete


def test_closing_a_number_at_the_root_ends_it() -> None:
    assembler = Assembler(every_path=True)
    assert assembler.feed("7") == []
    assert assembler.close() == Sealed(7)
    assert assembler.feed(" ") == []
    assert isinstance(assembler.feed("8")[0], Rejected)
    assert Assembler(every_path=True).feed("7 ") == [Settled((), 7)]


def test_the_schema_has_the_last_word_on_what_only_the_whole_shows() -> None:
    closed = compile_schema({"properties": {"city": {}}, "unevaluatedProperties": False})
    outcome = however_cut('{"town":"paris"}', lambda: Assembler(closed))
    message = "Unevaluated properties are not allowed ('town' was unexpected)"
    assert outcome.rejected == rejection(message, 16, keyword="unevaluatedProperties")
    assert not outcome.early
    assert outcome.settled == ((("town",), '"paris"'),)


# --- bind ---


def test_the_binder_is_asked_once_with_compact_text_in_the_order_that_came() -> None:
    for pieces in cuttings('{ "days" : 3.0, "city":"\\u0050aris" }'):
        bind = Binding()
        assembler = Assembler(WEATHER, bind=bind)
        for piece in pieces:
            assembler.feed(piece)
        assert bind.asked == []
        assert assembler.close() == Sealed({"days": 3.0, "city": "Paris"}, ("Paris", 3.0))
        assembler.close()
        assert bind.asked == ['{"days":3.0,"city":"Paris"}']


def test_what_the_binder_refuses_is_rejected_at_the_end_with_its_paths() -> None:
    text = '{"city":"Rome"}'
    outcome = assemble(Assembler(WEATHER, bind=Binding()), [text])
    problems = (Problem("/city", "not Rome", "value_error", 15), Problem("", "not at all", "closed", 15))
    assert outcome.rejected == Rejected(problems, 15)


@pytest.mark.parametrize("text", ['{"city":"paris"}', '{"city":1}', '{"city":"Paris"', "", "nonsense"])
def test_the_binder_is_not_asked_about_what_the_schema_or_json_refuse(text: str) -> None:
    bind = Binding()
    assert assemble(Assembler(WEATHER, bind=bind), [text]).rejected is not None
    assert bind.asked == []


def test_with_coercion_the_binders_verdict_stands_for_the_schemas() -> None:
    text = '{"city":"paris","days":"3"}'
    assert assemble(Assembler(WEATHER, bind=Binding()), [text]).rejected is not None
    bind = Binding()
    assembler = Assembler(WEATHER, bind=bind, coerce=True)
    assembler.feed(text)
    assert assembler.close() == Sealed({"city": "paris", "days": "3"}, ("paris", "3"))


def test_coercion_without_a_binder_changes_nothing() -> None:
    for text in ('{"city":"Paris","days":"3"}', '{"city":"paris"}', TEXT):
        plain = assemble(Assembler(WEATHER), [text])
        assert assemble(Assembler(WEATHER, coerce=True), [text]) == plain


def test_any_other_exception_of_the_binder_is_a_bug_and_passes() -> None:
    def broken(text: str) -> object:
        raise ZeroDivisionError(text)

    assembler = Assembler(bind=broken)
    assembler.feed("{}")
    with pytest.raises(ZeroDivisionError):
        assembler.close()


# --- canonical ---


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [1.0, True, None]}, '{"a":[1.0,true,null],"b":1}'),
        ({"\u00e9": '"\n', "e": "\U0001f600"}, '{"e":"\U0001f600","\u00e9":"\\"\\n"}'),
        (10**300, "1" + "0" * 300),
        (-0.0, "-0.0"),
        ("", '""'),
    ],
)
def test_the_canonical_text_is_one_for_each_value(value: Any, text: str) -> None:
    assert canonical(value) == text
    assert json.dumps(json.loads(text), sort_keys=True) == json.dumps(value, sort_keys=True)


def test_what_is_no_json_has_no_canonical_text() -> None:
    for value in (float("nan"), float("inf"), {1, 2}):
        with pytest.raises((ValueError, TypeError)):
            canonical(value)
