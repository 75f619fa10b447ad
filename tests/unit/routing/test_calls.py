"""The calls of one response: their text, their identity, and when each is closed as complete."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.errors import WireError
from millstream.events import (
    ArgsDelta,
    ArgSettled,
    ArgsReplaced,
    Call,
    CallFailed,
    CallKind,
    CallOpened,
    CallSealed,
    Event,
    Problem,
    Rejected,
    Truncated,
)
from millstream.routing.routed_call import Arguments
from millstream.routing.router import Router
from millstream.wire_events import (
    ArgsPiece,
    ArgsWhole,
    CallBegan,
    CallClosed,
    CallLeft,
    Finished,
    ItemOpened,
    WireEvent,
)
from tests.unit.routing.calls import UNKNOWN, call, feed, names, open_arguments, router

_CALL = Call("call-1-0", 1, 0, "f", "a")
_GOOD, _BAD = Finished("stop", good=True), Finished("length", good=False)


def fed(*events: WireEvent) -> list[Event]:
    return feed(router(), *events)


def failure(events: list[Event]) -> Any:
    """How the one call of the events ended."""
    (failed,) = [event for event in events if isinstance(event, CallFailed)]
    return failed.failure


def sealed(events: list[Event]) -> list[Any]:
    """The arguments of the calls that were sealed."""
    return [event.args for event in events if isinstance(event, CallSealed)]


def test_a_call_from_its_opening_to_its_seal() -> None:
    assert fed(*call('{"a":', " 1}")) == [
        CallOpened(_CALL),
        ArgsDelta(_CALL, '{"a":'),
        ArgsDelta(_CALL, " 1}"),
        ArgSettled(_CALL, ("a",), 1),
        CallSealed(_CALL, {"a": 1}),
    ]


def test_calls_that_interleave_keep_their_texts_apart() -> None:
    events = fed(
        CallBegan(0, "f", "a"),
        CallBegan(3, "g", "b"),
        ArgsPiece(3, "["),
        ArgsPiece(0, "{"),
        ArgsPiece(3, "]"),
        ArgsPiece(0, "}"),
        CallClosed(3),
        CallClosed(0),
    )
    assert [(event.call.name, event.text) for event in events if isinstance(event, ArgsDelta)] == [
        ("g", "["),
        ("f", "{"),
        ("g", "]"),
        ("f", "}"),
    ]
    assert sealed(events) == [[], {}]


# --- identity ---


def test_each_call_has_an_id_of_ours_and_its_place_in_the_response() -> None:
    to = Router(7, open_arguments)
    feed(to, CallBegan(2, "f", "x"), CallBegan(5, "g", "y", "custom"))
    assert [routed.call for routed in to.calls.values()] == [
        Call("call-7-0", 7, 0, "f", "x"),
        Call("call-7-1", 7, 1, "g", "y", "custom"),
    ]
    assert list(to.calls) == ["call-7-0", "call-7-1"]
    assert [routed.item for routed in to.calls.values()] == [2, 5]


def test_ids_to_answer_are_made_up_where_there_are_none_and_made_unique_where_they_are_not() -> None:
    to = Router(2, open_arguments, taken_ids=frozenset(("a", "call_2_1")))
    given = ["", "", "a", "b", "b", "b_2_5", "b"]
    feed(to, *(CallBegan(i, "f", id_) for i, id_ in enumerate(given)))
    made = [routed.call.provider_id for routed in to.calls.values()]
    assert made == ["call_2_0", "call_2_1_2_1", "a_2_2", "b", "b_2_4", "b_2_5", "b_2_6"]
    assert len({*made, "a", "call_2_1"}) == len(given) + 2


def test_halves_of_characters_in_names_and_ids_can_be_written_down() -> None:
    assert fed(CallBegan(0, "f\ud83d", "a\udc00")) == [CallOpened(Call("call-1-0", 1, 0, "f\ufffd", "a\ufffd"))]


# --- sealed, and when ---


@pytest.mark.parametrize("text", ['{"a": 1}', "3", '"x"', "null"])
def test_closed_as_complete_is_sealed(text: str) -> None:
    assert names(fed(*call(text)))[-1] == "CallSealed"


@pytest.mark.parametrize("text", ['{"a": 1', '{"a": NaN}', "{}{}", '{"a": 1, "a": 2}', '{"a": "\ud800"}'])
def test_closed_with_text_that_is_no_json_is_rejected(text: str) -> None:
    assert isinstance(failure(fed(*call(text))), Rejected)


def test_a_call_the_provider_cut_is_truncated() -> None:
    assert failure(fed(*call("{}", closed=False), CallClosed(0, complete=False))) == Truncated("incomplete")


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_no_text_is_no_arguments_once_the_model_has_moved_on_or_ended_well(text: str) -> None:
    closed = [*call(text, closed=False), CallClosed(0)]
    assert sealed(fed(*closed)) == []
    for later in (ItemOpened(1), CallBegan(1, "g"), _GOOD):
        assert sealed(fed(*closed, later)) == [{}]
    assert failure(fed(*closed, _BAD)) == Truncated("length")


def test_no_text_is_no_arguments_at_once_where_the_model_had_moved_on_before() -> None:
    assert sealed(fed(CallBegan(0, "f"), ItemOpened(1), CallClosed(0))) == [{}]
    assert sealed(fed(CallBegan(0, "f"), CallBegan(1, "g"), CallClosed(0), CallClosed(1))) == [{}]


def test_no_arguments_are_checked_against_the_schema_as_well() -> None:
    assert isinstance(failure(fed(CallBegan(0, "strict"), CallClosed(0), ItemOpened(1))), Rejected)
    assert isinstance(failure(fed(CallBegan(0, "strict"), _GOOD)), Rejected)


def test_the_text_of_a_custom_call_is_sealed_as_it_is_an_empty_one_too() -> None:
    custom = CallBegan(0, "f", "a", "custom")
    assert sealed(fed(custom, ArgsPiece(0, "x = {"), CallClosed(0))) == ["x = {"]
    assert sealed(fed(custom, CallClosed(0))) == [""]
    assert sealed(fed(custom, ArgsPiece(0, "a\ud83d"), ArgsPiece(0, "\ude00\ud83d"), CallClosed(0))) == ["a😀\ufffd"]


def test_a_good_end_closes_what_is_open_and_any_other_cuts_it() -> None:
    assert sealed(fed(*call("{}", closed=False), _GOOD)) == [{}]
    assert isinstance(failure(fed(*call("{", closed=False), _GOOD)), Rejected)
    assert failure(fed(*call("{}", closed=False), _BAD)) == Truncated("length")
    for end in (_GOOD, _BAD):
        assert names(fed(*call("{}"), end)) == ["CallOpened", "ArgsDelta", "CallSealed"]
        assert names(fed(*call("{}{}"), end)) == ["CallOpened", "ArgsDelta", "CallFailed"]


def test_a_second_end_changes_nothing() -> None:
    assert names(fed(*call("{}", closed=False), _BAD, _GOOD)) == ["CallOpened", "ArgsDelta", "CallFailed"]


def test_a_call_that_was_left_is_closed_only_if_its_text_is_one_document() -> None:
    assert sealed(fed(*call('{"a": 1}', closed=False), CallLeft(0))) == [{"a": 1}]
    assert names(fed(*call('{"a": ', closed=False), CallLeft(0))) == ["CallOpened", "ArgsDelta"]
    assert names(fed(*call("", closed=False), CallLeft(0))) == ["CallOpened"]
    resumed = [*call('{"a":', closed=False), CallLeft(0), ArgsPiece(0, "1}"), CallLeft(0), CallLeft(0)]
    assert sealed(fed(*resumed)) == [{"a": 1}]
    assert fed(CallLeft(0)) == []  # a call whose name is not complete yet


def test_half_a_character_at_the_end_is_text_as_well() -> None:
    halved = call("{}", "\ud83d", closed=False)
    for end in (CallClosed(0), _GOOD):
        events = fed(*halved, end)
        assert "".join(event.text for event in events if isinstance(event, ArgsDelta)) == "{}\ufffd"
        assert isinstance(failure(events), Rejected)
    assert sealed(fed(*halved, CallLeft(0))) == []
    whole = [*call('"\ud83d', closed=False), CallLeft(0), ArgsPiece(0, '\ude00"'), CallLeft(0)]
    assert sealed(fed(*whole)) == ["😀"]


def test_giving_up_cuts_every_call_that_is_not_sealed() -> None:
    to = router()
    feed(to, *call("{}"), *call("{", item=1, closed=False), *call("x", item=2), *call("", item=3))
    ended = to.cut("stream cut")
    assert [(event.call.index, event.failure) for event in ended if isinstance(event, CallFailed)] == [
        (1, Truncated("stream cut")),
        (3, Truncated("stream cut")),
    ]
    assert to.cut("again") == []


# --- the provider's whole text ---


def test_the_whole_text_adds_what_was_not_streamed() -> None:
    for pieces in ([], ["{"], ['{"a"', ": 1}"]):
        events = fed(*call(*pieces, closed=False), ArgsWhole(0, '{"a": 1}'), CallClosed(0))
        assert "".join(event.text for event in events if isinstance(event, ArgsDelta)) == '{"a": 1}'
        assert sealed(events) == [{"a": 1}]


def test_the_whole_text_takes_the_place_of_what_it_contradicts() -> None:
    events = fed(*call('{"a": 1', closed=False), ArgsWhole(0, '{"a": 2}'), CallClosed(0))
    assert events[2:] == [
        ArgsReplaced(_CALL, '{"a": 2}'),
        ArgSettled(_CALL, ("a",), 2),
        CallSealed(_CALL, {"a": 2}),
    ]
    assert names(fed(*call('{"a": 1}', closed=False), ArgsWhole(0, "x"))) == [
        "CallOpened",
        "ArgsDelta",
        "ArgSettled",
        "ArgsReplaced",
        "CallFailed",
    ]


def test_the_whole_text_may_take_everything_back() -> None:
    events = fed(*call("{", closed=False), ArgsWhole(0, ""), CallClosed(0), ItemOpened(1))
    assert events[2:] == [ArgsReplaced(_CALL, ""), CallSealed(_CALL, {})]


def test_the_whole_text_of_a_call_whose_tool_is_gone_by_then_rejects_it() -> None:
    answers = iter([open_arguments("f", "function"), UNKNOWN])

    def changing(_name: str, _kind: CallKind) -> Arguments | Problem:
        return next(answers)

    events = feed(Router(1, changing), *call("{", closed=False), ArgsWhole(0, "[]"), CallClosed(0))
    assert failure(events) == Rejected((UNKNOWN,), 0)


def test_half_a_character_that_waits_is_in_the_whole_text() -> None:
    events = fed(*call('"\ud83d', closed=False), ArgsWhole(0, '"😀"'), CallClosed(0))
    assert "".join(event.text for event in events if isinstance(event, ArgsDelta)) == '"😀"'
    assert sealed(events) == ["😀"]


def test_the_whole_text_of_a_call_that_has_ended_is_kept_for_the_history() -> None:
    for began in (call(name="unknown", closed=False), call("x", closed=False), [*call("{"), CallClosed(0)]):
        to = router()
        feed(to, *began)
        assert feed(to, ArgsWhole(0, '{"a": 1}'), CallClosed(0)) == []
        assert to.calls["call-1-0"].args_text == '{"a": 1}'


# --- rejections ---


def test_a_rejection_comes_with_the_character_that_decides_and_is_the_end_of_the_call() -> None:
    to = router()
    events = feed(to, *call('{"n": "', 'x"}', name="strict"))
    assert names(events) == ["CallOpened", "ArgsDelta", "CallFailed"]
    assert failure(events).at == 6
    assert to.calls["call-1-0"].args_text == '{"n": "x"}'  # the model is shown what it wrote
    assert to.calls["call-1-0"].rejected == failure(events)
    assert feed(to, ArgsPiece(0, "more"), CallClosed(0), CallLeft(0), _GOOD) == []
    truncated = router()
    feed(truncated, *call("{", closed=False), _BAD)
    assert truncated.calls["call-1-0"].rejected is None


def test_a_call_of_no_tool_ends_as_it_opens() -> None:
    to = router()
    assert feed(to, *call('{"a": 1}', name="unknown")) == [
        CallOpened(Call("call-1-0", 1, 0, "unknown", "a")),
        CallFailed(Call("call-1-0", 1, 0, "unknown", "a"), Rejected((UNKNOWN,), 0)),
    ]
    assert to.calls["call-1-0"].args_text == '{"a": 1}'


def test_calls_beyond_the_limit_are_rejected_and_the_others_are_not() -> None:
    to = router(max_calls=2)
    events = feed(to, *(event for i in range(4) for event in call("{}", item=i)))
    problem = Problem("", "more than 2 calls in one response", "limit", 0)
    assert len(sealed(events)) == 2
    assert [event.failure for event in events if isinstance(event, CallFailed)] == [Rejected((problem,), 0)] * 2


def test_of_a_rejected_call_only_so_much_text_is_kept() -> None:
    to = router(max_args_chars=10)
    feed(to, CallBegan(0, "f"), ArgsPiece(0, "xxxx"))
    for _ in range(100):
        feed(to, ArgsPiece(0, "yyyy"))
    assert to.calls["call-1-0"].args_text == "xxxxyyyy"
    feed(to, CallBegan(1, "unknown"), ArgsPiece(1, "12345"), ArgsPiece(1, "67890"), ArgsPiece(1, "1"))
    assert to.calls["call-1-1"].args_text == "1234567890"
    feed(to, ArgsWhole(0, "z" * 100))
    assert to.calls["call-1-0"].args_text == "z" * 10


# --- text after the close ---


@pytest.mark.parametrize("late", [ArgsPiece(0, "x"), ArgsWhole(0, "{}x"), ArgsWhole(0, "[]")])
def test_more_text_after_the_close_rejects_a_call_that_has_not_started(late: WireEvent) -> None:
    for closed in (call("{}"), [*call("{}", closed=False), CallLeft(0)], [*call("{}", closed=False), _GOOD]):
        to = router()
        feed(to, *closed)
        rejected = failure(feed(to, late))
        assert "after the provider had closed" in rejected.problems[0].message
        assert rejected.at == 2
        assert to.calls["call-1-0"].sealed is None


def test_more_text_after_a_close_without_text_rejects_the_call_as_well() -> None:
    for late in (ArgsPiece(0, "{}"), ArgsWhole(0, "{}")):
        assert isinstance(failure(fed(*call(), late, ItemOpened(1))), Rejected)


@pytest.mark.parametrize("late", [ArgsPiece(0, "x"), ArgsWhole(0, "{}x"), ArgsWhole(0, "[]")])
def test_more_text_after_the_start_is_the_provider_s_fault(late: WireEvent) -> None:
    to = router(started={"call-1-0"})
    feed(to, *call("{}"))
    with pytest.raises(WireError, match="more arguments for f after it had closed the call") as caught:
        to.feed(late)
    assert caught.value.kind == "protocol"


@pytest.mark.parametrize("late", [ArgsPiece(0, " \n"), ArgsPiece(0, ""), ArgsWhole(0, "{} "), ArgsWhole(0, "{}")])
def test_blanks_after_the_close_are_nothing(late: WireEvent) -> None:
    to = router(started={"call-1-0"})
    feed(to, *call("{}"))
    assert feed(to, late, CallClosed(0), CallClosed(0, complete=False), CallLeft(0), _BAD) == []
    assert fed(*call(), ArgsPiece(0, " "), ItemOpened(1))[-1:] == [CallSealed(_CALL, {})]
