"""Invariants 1, 3 and 5 of a call's arguments, for random documents, random cuts and random damage."""

from __future__ import annotations

import json
from copy import deepcopy
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from millstream.arguments import Assembler, Rejected
from millstream.arguments.preview import preview
from millstream.events.values import Path
from tests.outcome import assemble
from tests.pieces import cut_at
from tests.property.documents import at_path, documents, grew, paths, strict

pytestmark = pytest.mark.timeout(1800)  # with --hypothesis-profile=long it takes minutes

PLACES = st.lists(st.integers(0, 10_000), max_size=8)


@given(documents(), PLACES)
def test_the_sealed_value_is_what_json_makes_of_the_text(text: str, places: list[int]) -> None:
    outcome = assemble(Assembler(), cut_at(text, places))
    assert outcome.rejected is None
    assert outcome.value == json.dumps(json.loads(text))


@given(documents(), PLACES)
def test_it_does_not_matter_how_the_text_is_cut(text: str, places: list[int]) -> None:
    whole = assemble(Assembler(every_path=True), [text])
    assert assemble(Assembler(every_path=True), text) == whole
    assert assemble(Assembler(every_path=True), cut_at(text, places)) == whole


@given(documents(), PLACES)
def test_settled_values_are_those_of_the_finished_document(text: str, places: list[int]) -> None:
    value = json.loads(text)
    every = assemble(Assembler(every_path=True), cut_at(text, places)).settled
    for path, settled in every:
        assert settled == json.dumps(at_path(value, path))
    with_the_verdict = {()} if text[-1] in "0123456789" else set[Path]()  # a number at the root, which the end ends
    assert {path for path, _ in every} == set(paths(value)) - with_the_verdict
    assert len({path for path, _ in every}) == len(every)
    top = assemble(Assembler(), cut_at(text, places)).settled
    assert top == tuple((path, settled) for path, settled in every if len(path) == 1)


@given(documents(), PLACES)
def test_a_partial_value_only_grows(text: str, places: list[int]) -> None:
    value = json.loads(text)
    assembler = Assembler()
    shown: list[Any] = []
    for piece in cut_at(text, places) if places else text:
        assembler.feed(piece)
        shown.append(deepcopy(assembler.partial))
    assembler.close()
    shown = [partial for partial in shown if partial is not None] + [value]
    for before, after in pairwise(shown):
        assert grew(before, after), (before, after)
        assert grew(before, value), before


@given(documents(), st.integers(0, 10_000))
def test_a_preview_is_a_beginning_of_the_document(text: str, cut: int) -> None:
    begun = text[: cut % (len(text) + 1)]
    shown = preview(begun)
    assembler = Assembler()
    assembler.feed(begun)
    if shown is None:
        assert assembler.partial is None
    else:
        completed = strict(shown)
        assert grew(completed, assembler.partial)
        assert grew(completed, json.loads(text))


DAMAGE = (
    st.sampled_from("\"\\{}[]:,0189.-+eEud/tnNI'")
    | st.sampled_from(" \n\t\x00\x1f\x7f\xa0\ufeff\u2028\u0661\u00e9")
    | st.sampled_from(["\ud83d", "\ude00", "\\ud83d", "\\ude00", "\\u", "null", "1e999", '"":', '"a":1,', "//"])
)


def agrees(text: str) -> None:
    """The assembler accepts `text` exactly if the strict reference does, with the same value, however it is cut."""
    outcome = assemble(Assembler(), text)
    assert assemble(Assembler(), [text]) == outcome
    try:
        value = strict(text)
    except ValueError:
        assert outcome.rejected is not None, text
    else:
        assert outcome.value == json.dumps(value), text


@given(documents(), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 2), DAMAGE), min_size=1, max_size=2))
def test_a_damaged_document_is_judged_as_the_strict_reference_judges_it(
    text: str, damages: list[tuple[int, int, str]]
) -> None:
    """Each character put in, taken out, or put in the place of another."""
    for place, kind, char in damages:
        at = place % (len(text) + 1)
        text = text[:at] + (char if kind else "") + text[at + (kind != 1) :]
    agrees(text)


@given(st.lists(DAMAGE | st.sampled_from(["true", "false", '"a"', '"b"', "1", "{}", "[]"]), max_size=10).map("".join))
@example('"\ud83d\ude00"')
@example('"\\ud83d\ude00"')
@example('{"a":1,"\\u0061":2}')
def test_any_text_is_judged_as_the_strict_reference_judges_it(text: str) -> None:
    agrees(text)


@pytest.mark.parametrize("alphabet", ['{}[]:,"1 ', '[],-0.e1"', '"\\ub/{}:', 'ntrue[],"'])
def test_every_short_text_is_judged_as_the_strict_reference_judges_it(alphabet: str) -> None:
    accepted = 0
    for length in range(5):
        for chars in product(alphabet, repeat=length):
            text = "".join(chars)
            try:
                value: Any = json.dumps(strict(text))
            except ValueError:
                value = None
            assembler = Assembler()
            for char in text:
                assembler.feed(char)
            verdict = assembler.close()
            assert (None if isinstance(verdict, Rejected) else json.dumps(verdict.value)) == value, text
            accepted += value is not None
    assert accepted > 5
