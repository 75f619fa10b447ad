"""The two functions that tests call: order and wording of what they give."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from millstream.events import CallReturned, Record, TextDelta, TurnStarted
from millstream.testing import Violation, assert_records, check_records, checker

from .logs import DONE, RAN_A, RETURNED_A, RUN, STARTED_A, A, ended, log, swap

GOOD = (RUN, TurnStarted(1), *RAN_A, ended(1), DONE)
TWO_FAULTS = swap(GOOD, STARTED_A, TextDelta("x", 7, 0), STARTED_A, CallReturned(A, 1))


def test_a_good_log_passes() -> None:
    assert_records(log(GOOD))
    assert_records(log(GOOD)[:-1], complete=False)


def test_records_may_come_from_an_iterator() -> None:
    assert check_records(iter(log(GOOD))) == []
    assert_records(iter(log(GOOD)))


def test_violations_come_in_the_order_of_the_log() -> None:
    found = check_records(log(TWO_FAULTS))
    assert [(each.invariant, each.seq) for each in found] == [(0, 6), (6, 9)]


def test_the_log_is_not_changed() -> None:
    records = log(TWO_FAULTS)
    copy = list(records)
    check_records(records)
    assert records == copy


def test_the_assertion_lists_what_is_wrong_and_where() -> None:
    with pytest.raises(AssertionError) as caught:
        assert_records(log(TWO_FAULTS))
    text = str(caught.value)
    assert "in 2 place(s)" in text
    assert "seq 6: TextDelta of turn 7, but turn 1 is open" in text
    assert "invariant 0: the log is well formed" in text
    assert "TextDelta(text='x', turn=7, item=0)" in text
    assert "seq 9: call a (weather) ended a second time" in text
    assert text.index("seq 6") < text.index("seq 9")


def test_the_assertion_on_an_empty_log() -> None:
    with pytest.raises(AssertionError, match="the log: the log is empty"):
        assert_records([])


def test_the_assertion_is_bounded() -> None:
    records = log(swap(GOOD, RETURNED_A, CallReturned(A, "x" * 100_000), *(CallReturned(A, "y") for _ in range(100))))
    with pytest.raises(AssertionError) as caught:
        assert_records(records)
    assert "and 60 more" in str(caught.value)
    assert len(str(caught.value)) < 40 * 600


def test_a_violation_is_a_value() -> None:
    assert Violation(6, "x", 1) == Violation(6, "x", 1)


def test_any_single_record_is_judged_without_an_exception() -> None:
    for record in log(GOOD):
        assert all(isinstance(each, Violation) for each in check_records([record]))
        assert all(isinstance(each, Violation) for each in check_records([Record(1, 0.0, record.event, ("x", "y"))]))


def test_the_oracle_knows_the_vocabulary_and_the_standard_library_only() -> None:
    files = sorted(Path(checker.__file__).parent.glob("*.py"))
    trees = [ast.parse(file.read_text(encoding="utf-8")) for file in files]
    statements = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {each.module if isinstance(each, ast.ImportFrom) else each.names[0].name for each in statements}
    foreign = {name for name in names if name is None or name.partition(".")[0] not in sys.stdlib_module_names}
    own = {"millstream.events", "millstream.failures"} | {f"millstream.testing.checker.{file.stem}" for file in files}
    assert len(files) > 10
    assert foreign <= own
