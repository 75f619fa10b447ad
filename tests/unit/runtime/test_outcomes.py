from __future__ import annotations

import pytest

from millstream.errors import ModelRetry, ToolError
from millstream.events import Call, CallFailed, CallReturned, Cancelled, Raised, TimedOut
from millstream.policy import Policy
from millstream.runtime.groups import only_leaf
from millstream.runtime.outcomes import cut, failure_of, tool_result
from millstream.toolbox.results import NotJson
from millstream.transcript import MediaPart, TextPart

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


# --- images and files ---

IMAGE = {"type": "media", "media_type": "image/png", "base64": "eA==", "name": "a.png"}
PART = MediaPart("image/png", base64="eA==", name="a.png")


def test_the_models_copy_of_a_result_with_an_image() -> None:
    answer = tool_result(CallReturned(CALL, ["here", IMAGE], (1,)), 100)
    assert answer.parts == (TextPart("here"), PART)


def test_its_texts_share_the_limit_and_the_image_stays_whole() -> None:
    answer = tool_result(CallReturned(CALL, ["a" * 30_000, IMAGE, "b" * 10_000], (1,)), 1000)
    before, image, after = answer.parts
    assert image == PART
    assert isinstance(before, TextPart)
    assert isinstance(after, TextPart)
    assert 745 <= len(before.text) <= 750
    assert 245 <= len(after.text) <= 250
    assert "characters left out here" in before.text
    assert "characters left out here" in after.text


def test_json_is_cut_as_the_text_it_is() -> None:
    value = {"rows": list(range(10_000))}
    (part,) = tool_result(CallReturned(CALL, value), 1000).parts
    assert isinstance(part, TextPart)
    assert len(part.text) <= 1000
    assert part.text.startswith('{"rows":[0,1,2')
    assert part.text.endswith("9998,9999]}")


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_the_limit_counts_the_json_text(more: int) -> None:
    value = {"a": "\u00e9" * 90}
    length = len('{"a":""}') + 90
    (part,) = tool_result(CallReturned(CALL, value), length + more).parts
    assert isinstance(part, TextPart)
    assert ("left out" in part.text) == (more < 0)


# --- what never reaches the model ---


def test_neither_notes_nor_causes_nor_what_was_raised_before_are_told() -> None:
    def work() -> None:
        try:
            int("first secret")
        except ValueError as error:
            told = ToolError("no such city")
            told.add_note("second secret")
            told.__cause__ = ValueError("third secret")
            raise told from error

    with pytest.raises(ToolError) as caught:
        work()
    for policy in (Policy(), SHOWN):
        failure = failure_of(caught.value, policy)
        (part,) = tool_result(CallFailed(CALL, failure), 1000).parts
        assert part == TextPart("no such city")
        assert "secret" not in repr(failure)
