from __future__ import annotations

import pytest

from millstream.errors import ModelRetry, ToolError
from millstream.events import Call, CallFailed, CallReturned, Cancelled, Raised, TimedOut
from millstream.policy import Policy
from millstream.runtime.groups import only_leaf
from millstream.runtime.outcomes import cut, failure_of, tool_result
from millstream.toolbox.results import NotJson
from millstream.transcript import TextPart

CALL = Call("call-1-0", 1, 0, "look", "x")
SHOWN = Policy(tool_errors="message")


def raised(error: BaseException) -> BaseException:
    with pytest.raises(type(error)):
        raise error
    return error


@pytest.mark.parametrize("error", [ToolError("too far"), ModelRetry("too far"), NotJson("too far")])
def test_the_text_of_what_is_meant_for_the_model_is_told(error: Exception) -> None:
    failure = failure_of(raised(error), Policy())
    assert isinstance(failure, Raised)
    assert (failure.error, failure.message) == (type(error).__name__, "too far")


def test_without_a_text_the_name_has_to_do() -> None:
    assert failure_of(raised(ToolError()), Policy()) == Raised("ToolError", "ToolError", _where())


def _where() -> str:
    failure = failure_of(raised(ToolError()), Policy())
    assert isinstance(failure, Raised)
    return failure.where


def test_any_other_text_is_not() -> None:
    failure = failure_of(raised(KeyError("secret")), Policy())
    assert isinstance(failure, Raised)
    assert (failure.error, failure.message) == ("KeyError", "")
    assert failure.where.startswith("test_outcomes.py:")
    assert failure.where.endswith(" in raised")


def test_unless_the_policy_shows_it() -> None:
    failure = failure_of(raised(ValueError("no such city")), SHOWN)
    assert isinstance(failure, Raised)
    assert failure.message == "ValueError: no such city"


def test_an_exception_that_was_never_raised_came_from_nowhere() -> None:
    assert failure_of(ValueError(), Policy()) == Raised("ValueError", "", "")


def test_a_group_of_one_is_its_one() -> None:
    group = BaseExceptionGroup("", [ExceptionGroup("", [ToolError("inner")])])
    assert failure_of(group, Policy()) == Raised("ToolError", "inner", "")


def test_a_group_of_several_stays_one() -> None:
    group = ExceptionGroup("", [ToolError("one"), ToolError("two")])
    assert only_leaf(group) is group
    assert failure_of(group, Policy()) == Raised("ExceptionGroup", "", "")


def test_half_a_character_becomes_a_whole_one() -> None:
    for policy, error in ((Policy(), ToolError("\udcff")), (SHOWN, ValueError("\ud800"))):
        failure = failure_of(error, policy)
        assert isinstance(failure, Raised)
        assert failure.message.encode().decode().endswith("\ufffd")


@pytest.mark.parametrize(
    ("result", "text"),
    [("21 °C", "21 °C"), ({"b": 1, "a": [None, True]}, '{"a":[null,true],"b":1}'), (None, "null"), (7, "7"), ("", "")],
)
def test_the_models_copy_of_a_result(result: object, text: str) -> None:
    answer = tool_result(CallReturned(CALL, result), 100)
    assert (answer.call, answer.parts, answer.ok) == (CALL, (TextPart(text),), True)


def test_the_models_copy_of_a_failure() -> None:
    answer = tool_result(CallFailed(CALL, TimedOut(1.5)), 1000)
    assert not answer.ok
    assert answer.parts == (
        TextPart("look did not finish within 1.5 s and was stopped. It may have had part of its effect."),
    )


def test_the_models_copy_is_cut() -> None:
    for end in (CallReturned(CALL, "x" * 1000), CallFailed(CALL, Cancelled("x" * 1000))):
        (part,) = tool_result(end, 100).parts
        assert isinstance(part, TextPart)
        assert 98 <= len(part.text) <= 100
        assert "characters left out here" in part.text


def test_what_fits_is_not_cut() -> None:
    assert cut("x" * 100, 100) == "x" * 100


def test_head_and_tail_stay() -> None:
    text = cut("".join(map(str, range(10_000))), 200)
    assert 198 <= len(text) <= 200
    assert text.startswith("0123456789")
    assert text.endswith("99989999")
    head, _, tail = text.partition("\n… ")
    assert len(head) > len(tail.partition("…\n")[2]) > 20


@pytest.mark.parametrize("limit", [0, 1, 10, 44, 45, 60])
def test_a_tiny_limit_holds_too(limit: int) -> None:
    assert len(cut("x" * 1000, limit)) <= max(limit, len("\n… 1000 characters left out here …\n"))


def test_the_mark_says_how_much_is_missing() -> None:
    text = "a" * 5000
    shown = cut(text, 500)
    left_out = int(shown.partition("… ")[2].partition(" ")[0])
    assert left_out == len(text) - (shown.count("a") - "characters left out here".count("a"))
