"""The checker against a simulation: silent on every legal run, and never silent on a broken one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from random import Random

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from millstream.events import Record
from millstream.testing import Violation, check_records
from millstream.testing.checker.violation import INVARIANTS

from . import mutations_of_calls, mutations_of_form
from .edits import MUTATIONS, Lines, Mutation
from .random_runs import numbered, random_run

SEEDS = st.integers(0, 2**32)
often = settings(max_examples=150, deadline=None, database=None)


@often
@given(SEEDS)
def test_a_legal_run_breaks_nothing(seed: int) -> None:
    assert check_records(numbered(random_run(seed), seed)) == []


@settings(max_examples=25, deadline=None, database=None)
@given(SEEDS)
def test_no_prefix_of_a_legal_run_breaks_anything(seed: int) -> None:
    records = numbered(random_run(seed), seed)
    for length in range(len(records)):
        assert check_records(records[:length], complete=False) == []


@pytest.mark.parametrize(("invariant", "mutation"), MUTATIONS, ids=[f"{n}-{each.__name__}" for n, each in MUTATIONS])
@settings(
    max_examples=40,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(seed=SEEDS)
def test_a_broken_run_is_caught(invariant: int, mutation: Mutation, seed: int) -> None:
    broken = list(mutation(random_run(seed)))
    assume(broken)
    for lines in Random(seed).sample(broken, min(len(broken), 30)):
        assert invariant in {each.invariant for each in check_records(numbered(lines, seed))}, lines


@often
@given(SEEDS)
def test_numbers_and_times_that_fall_are_caught(seed: int) -> None:
    records = numbered(random_run(seed), seed)
    at = seed % (len(records) - 1)
    one, other = records[at], records[at + 1]
    assert broken_form([*records[:at], replace(one, seq=other.seq), replace(other, seq=one.seq), *records[at + 2 :]])
    assert broken_form([*records[:at], replace(one, at_s=-1.0), *records[at + 1 :]])


def broken_form(records: Iterable[Record]) -> bool:
    return any(each.invariant == 0 for each in check_records(records))


@often
@given(SEEDS, st.randoms(use_true_random=False))
def test_whatever_a_log_holds_it_is_judged_and_not_stumbled_over(seed: int, rng: Random) -> None:
    lines = random_run(seed)
    shuffled: Lines = sorted(lines, key=lambda _: rng.random())
    for each in check_records(numbered(shuffled)) + check_records(numbered(shuffled), complete=False):
        assert isinstance(each, Violation)


def test_every_invariant_that_a_log_shows_is_broken_by_some_mutation() -> None:
    assert {invariant for invariant, _ in MUTATIONS} == set(INVARIANTS)
    assert {each.__module__ for _, each in MUTATIONS} == {mutations_of_form.__name__, mutations_of_calls.__name__}
