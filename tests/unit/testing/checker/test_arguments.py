"""Invariants 2, 3 and 5: text within its response, sealed arguments as strict JSON reads them, settled values final."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.events import (
    ArgsDelta,
    ArgSettled,
    ArgsReplaced,
    CallFailed,
    CallOpened,
    CallReturned,
    CallSealed,
    CallStarted,
    Event,
    TurnStarted,
    TurnTorn,
)
from millstream.failures import Cancelled
from millstream.testing import check_records
from millstream.testing.checker.strict_json import read_strictly

from .logs import (
    DONE,
    OPENED_A,
    RESUMED,
    RETURNED_A,
    RUN,
    SEALED_A,
    STARTED_A,
    TEXT_A,
    A,
    after,
    assert_good,
    assert_only,
    before,
    call,
    ended,
    log,
    swap,
)

END = ended(1)
HEAD = (RUN, TurnStarted(1), OPENED_A)
TAIL = (STARTED_A, RETURNED_A, END, DONE)
GOOD = (*HEAD, TEXT_A, SEALED_A, *TAIL)
SETTLED = ArgSettled(A, ("city",), "Paris")


def sealed(text: str, args: Any) -> tuple[CallSealed, tuple[Event, ...]]:
    seal = CallSealed(A, args)
    return seal, (*HEAD, ArgsDelta(A, text), seal, *TAIL)


def test_the_log_that_is_edited_here_is_good() -> None:
    assert_good(GOOD)


# --- 2


@pytest.mark.parametrize("late", [ArgsDelta(A, " "), ArgsReplaced(A, '{"city": "Paris"}')])
def test_text_arrives_while_its_response_does(late: Event) -> None:
    assert_only(2, after((*GOOD[:-4], STARTED_A, END, RETURNED_A, DONE), END, late), late)
    assert check_records(log(before(GOOD, STARTED_A, late))) == []


# --- 3


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ('{"n": 1}', {"n": 2}),
        ('{"n": 1}', {"n": 1.0}),
        ('{"n": 1}', {"n": True}),
        ('{"n": 1}', {}),
        ('{"n": 1}', {"n": 1, "m": 1}),
        ('{"n": [1, 2]}', {"n": [1]}),
        ('{"n": [1, 2]}', {"n": [2, 1]}),
        ('{"n": [1, [2]]}', {"n": [True, [2]]}),
        ('{"n": [1, [2]]}', {"n": [1, [2.0]]}),
        ('{"n": {"m": "x"}}', {"n": {"m": "y"}}),
        ("{}", []),
        ("", None),
    ],
)
def test_sealed_arguments_are_those_of_the_text(text: str, args: Any) -> None:
    seal, lines = sealed(text, args)
    assert_only(3, lines, seal)


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ('{"n": 1, "n": 2}', {"n": 2}),
        ('{"n": {"m": 1, "m": 1}}', {"n": {"m": 1}}),
        ('{"n": NaN}', {"n": float("nan")}),
        ('{"n": Infinity}', {"n": float("inf")}),
        ('{"n": -Infinity}', {"n": float("-inf")}),
        ('{"n": 1e999}', {"n": float("inf")}),
        (r'{"n": "\ud800"}', {"n": "\ud800"}),
        (r'{"\udc00": 1}', {"\udc00": 1}),
        (r'{"n": ["\udc00\ud800"]}', {"n": ["\udc00\ud800"]}),
        ('{"n": 1', {"n": 1}),
        ('{"n": 1}}', {"n": 1}),
        ("{'n': 1}", {"n": 1}),
        ("[" * 100_000, []),
    ],
)
def test_what_strict_json_refuses_is_never_sealed(text: str, args: Any) -> None:
    seal, lines = sealed(text, args)
    assert_only(3, lines, seal)


@pytest.mark.parametrize(
    ("text", "args"),
    [
        (r'{"n": "\ud83d\ude00 é \u00e9"}', {"n": "😀 é é"}),
        ('{"b": 1, "a": [true, null, -0.5e1]}', {"a": [True, None, -5.0], "b": 1}),
        (' \n{"n": 12345678901234567890}\t', {"n": 12345678901234567890}),
        (" \r\n", {}),
        ("", {}),
    ],
)
def test_what_strict_json_reads_is_sealed(text: str, args: Any) -> None:
    assert_good(sealed(text, args)[1])


def test_the_replaced_text_is_the_whole() -> None:
    replaced = ArgsReplaced(A, '{"city": ')
    assert_good((*HEAD, ArgsDelta(A, '{"ci'), replaced, ArgsDelta(A, '"Paris"}'), SEALED_A, *TAIL))
    assert_only(3, (*HEAD, TEXT_A, ArgsReplaced(A, '{"city": "Rome"}'), SEALED_A, *TAIL), SEALED_A)


def test_free_text_is_sealed_as_it_is() -> None:
    free = call("a", kind="custom")
    for text in ("", " ", '{"n": 1}'):
        seal = CallSealed(free, text)
        head: tuple[Event, ...] = (RUN, TurnStarted(1), CallOpened(free), ArgsDelta(free, text))
        tail = (CallFailed(free, Cancelled("x")), END, DONE)
        assert_good((*head, seal, *tail))
        other = CallSealed(free, {"n": 1} if text else {})
        assert_only(3, (*head, other, *tail), other)


def test_a_call_is_sealed_once() -> None:
    again = CallSealed(A, {"city": "Paris"})
    assert_only(3, after(GOOD, SEALED_A, again), again)


def test_a_response_that_broke_off_seals_nothing() -> None:
    lines = (*HEAD, TEXT_A, TurnTorn(1, "cut", ("a",)), SEALED_A, STARTED_A, RETURNED_A, DONE)
    assert_only(3, lines, SEALED_A)


@pytest.mark.parametrize("late", [ArgsDelta(A, "}"), ArgsReplaced(A, "{}")])
def test_text_after_the_seal_forbids_the_start(late: Event) -> None:
    assert_only(3, after(GOOD, SEALED_A, late), STARTED_A)
    assert_good((*HEAD, TEXT_A, SEALED_A, late, CallFailed(A, Cancelled("x")), END, DONE))


def test_text_after_the_start_tears_the_response() -> None:
    late = ArgsDelta(A, "}")
    assert_only(3, after(GOOD, STARTED_A, late), RETURNED_A)
    assert_good(swap(after(GOOD, STARTED_A, late), END, TurnTorn(1, "more text", ("a",))))


def test_free_text_may_not_even_grow_by_a_space() -> None:
    free = call("a", kind="custom")
    start = CallStarted(free, 1, "eager", "d")
    lines: tuple[Event, ...] = (
        *(RUN, TurnStarted(1), CallOpened(free), ArgsDelta(free, "x"), CallSealed(free, "x"), ArgsDelta(free, " ")),
        *(start, CallReturned(free, 1), END, DONE),
    )
    assert_only(3, lines, start)


# --- 5


@pytest.mark.parametrize("value", ["Rome", None, ["Paris"], {"city": "Paris"}])
def test_a_settled_value_is_that_of_the_finished_document(value: Any) -> None:
    wrong = ArgSettled(A, ("city",), value)
    assert_only(5, before(GOOD, SEALED_A, wrong), wrong)
    assert_only(5, after(GOOD, SEALED_A, wrong), wrong)


@pytest.mark.parametrize(
    "path", [("town",), ("city", 0), (0,), ("city", "x"), ("list", 2), ("list", -1), ("list", "0")]
)
def test_a_settled_path_is_in_the_finished_document(path: tuple[str | int, ...]) -> None:
    text, wrong = ArgsDelta(A, '{"city": "Paris", "list": [1, 2]}'), ArgSettled(A, path, "P")
    lines = (*HEAD, text, wrong, CallSealed(A, {"city": "Paris", "list": [1, 2]}), *TAIL)
    assert_only(5, lines, wrong)


@pytest.mark.parametrize(
    ("path", "value"), [((), {"list": [1, {"x": None}]}), (("list", 0), 1), (("list", 1, "x"), None)]
)
def test_settled_values_of_any_depth_are_compared(path: tuple[str | int, ...], value: Any) -> None:
    text, args = '{"list": [1, {"x": null}]}', {"list": [1, {"x": None}]}
    assert_good((*HEAD, ArgsDelta(A, text), ArgSettled(A, path, value), CallSealed(A, args), *TAIL))


def test_a_value_does_not_settle_twice_differently_even_if_the_call_is_never_sealed() -> None:
    again = ArgSettled(A, ("city",), "Rome")
    tail = (CallFailed(A, Cancelled("x")), END, DONE)
    assert_only(5, (*HEAD, TEXT_A, SETTLED, again, *tail), again)
    assert_good((*HEAD, TEXT_A, SETTLED, SETTLED, *tail))


def test_settled_values_are_void_once_the_text_is_replaced() -> None:
    rome = ArgSettled(A, ("city",), "Rome")
    assert_good((*HEAD, ArgsDelta(A, '{"city": "Rome"'), rome, ArgsReplaced(A, TEXT_A.text), SETTLED, SEALED_A, *TAIL))
    assert_only(5, (*HEAD, TEXT_A, ArgsReplaced(A, TEXT_A.text), rome, SEALED_A, *TAIL), rome)


def test_where_the_seal_is_wrong_settled_values_are_held_against_the_text() -> None:
    wrong = CallSealed(A, {"city": "Rome"})
    assert_only(3, (*HEAD, TEXT_A, SETTLED, wrong, *TAIL), wrong)


def test_strict_json_refuses_numbers_too_long_to_be_read() -> None:
    with pytest.raises(ValueError, match="digits"):
        read_strictly("1" * 5000)


# --- where the log does not show enough


def test_text_that_comes_late_is_one_fault() -> None:
    late, more = ArgsDelta(A, " "), ArgsDelta(A, " ")
    lines = (*HEAD, TEXT_A, SEALED_A, STARTED_A, END, late, more, RETURNED_A, DONE)
    assert_only(2, lines, late)


def test_a_call_may_be_sealed_once_its_response_has_ended() -> None:
    assert_good((*HEAD, TEXT_A, END, SEALED_A, STARTED_A, RETURNED_A, DONE))


def test_the_text_of_a_call_that_was_opened_before_the_log_begins_is_not_known() -> None:
    assert_good((RESUMED, ArgsDelta(A, 'ris"}'), SEALED_A, STARTED_A, RETURNED_A, END, DONE))
