"""The life of a call as a table: what is not in it is refused."""

from __future__ import annotations

from collections import deque
from typing import Any, get_args

import pytest

from millstream.events import (
    AnswerRequested,
    ApprovalRequested,
    ApprovalResolved,
    ArgsDelta,
    ArgSettled,
    ArgsReplaced,
    Call,
    CallEvent,
    CallFailed,
    CallLogged,
    CallOpened,
    CallProgress,
    CallQueued,
    CallRetrying,
    CallReturned,
    CallSealed,
    CallStarted,
    CallYielded,
    Truncated,
)
from millstream.routing.turn import LIFE, CallState, IllegalEvent, Turn

_CALL = Call("call-1-0", 1, 0, "f", "a")


def one_of_each(call: Call = _CALL) -> list[CallEvent]:
    return [
        CallOpened(call),
        ArgsDelta(call, "{}"),
        ArgsReplaced(call, "{}"),
        ArgSettled(call, (), {}),
        CallSealed(call, {}),
        ApprovalRequested(call, {}, "d"),
        AnswerRequested(call, {}, "d"),
        ApprovalResolved(call, "approved", "d"),
        CallQueued(call, "w"),
        CallStarted(call, 1, "safe", "d"),
        CallProgress(call),
        CallLogged(call, "t"),
        CallYielded(call, 1),
        CallRetrying(call, 1, 0.1, Truncated("t")),
        CallReturned(call, 1),
        CallFailed(call, Truncated("t")),
    ]


def event_of(kind: type[CallEvent], call: Call = _CALL) -> CallEvent:
    return next(event for event in one_of_each(call) if type(event) is kind)


def ways() -> dict[CallState, list[CallEvent]]:
    """For each state the shortest way to it."""
    found: dict[CallState, list[CallEvent]] = {"unopened": []}
    waiting = deque(found)
    while waiting:
        state = waiting.popleft()
        for kind, after in LIFE[state].items():
            if after not in found:
                found[after] = [*found[state], event_of(kind)]
                waiting.append(after)
    return found


def turn_in(state: CallState) -> Turn:
    turn = Turn()
    for event in ways()[state]:
        turn.observe(event)
    assert turn.state(_CALL.id) == state
    return turn


def test_there_is_one_of_each_call_event_here() -> None:
    assert {type(event) for event in one_of_each()} == set(get_args(CallEvent))


def test_every_state_can_be_reached_and_every_state_but_the_last_can_fail() -> None:
    assert set(ways()) == set(LIFE) == set(get_args(CallState))
    for state, allowed in LIFE.items():
        assert (CallFailed in allowed) == (state not in ("unopened", "ended"))


@pytest.mark.parametrize("state", get_args(CallState))
@pytest.mark.parametrize("event", one_of_each(), ids=lambda event: type(event).__name__)
def test_what_the_table_allows_happens_and_all_else_is_refused(state: CallState, event: CallEvent) -> None:
    turn, after = turn_in(state), LIFE[state].get(type(event))
    assert turn.allows(event) == (after is not None)
    if after is not None:
        turn.observe(event)
        assert turn.state(_CALL.id) == after
        return
    with pytest.raises(IllegalEvent) as caught:
        turn.observe(event)
    assert turn.state(_CALL.id) == state
    message = str(caught.value)
    assert message.startswith(f"{type(event).__name__} for call-1-0, which is {state}: allowed are ")
    assert all(kind.__name__ in message for kind in LIFE[state])


_ALLOWED: dict[CallState, str] = {
    "unopened": "CallOpened",
    "receiving": "ArgsDelta ArgsReplaced ArgSettled CallSealed CallStarted CallFailed",
    "streaming": "ArgsDelta ArgsReplaced ArgSettled CallProgress CallLogged CallYielded CallSealed CallFailed",
    "sealed": "ApprovalRequested AnswerRequested CallQueued CallStarted CallReturned CallFailed",
    "asked": "ApprovalResolved CallQueued CallFailed",
    "deferred": "ApprovalResolved CallFailed",
    "answered": "AnswerRequested CallQueued CallStarted CallReturned CallFailed",
    "running": "CallProgress CallLogged CallYielded CallRetrying CallReturned CallFailed",
    "retrying": "CallStarted CallQueued CallFailed",
    "ended": "",
}


def test_the_table_is_the_one_that_is_drawn() -> None:
    # spelled out again, so that no change of the table goes unseen
    assert {state: {kind.__name__ for kind in row} for state, row in LIFE.items()} == {
        state: set(names.split()) for state, names in _ALLOWED.items()
    }


@pytest.mark.parametrize(
    ("events", "last"),
    [
        pytest.param([CallOpened, ArgsDelta, CallSealed, CallStarted, CallReturned], "ended", id="the plain life"),
        pytest.param(
            [CallOpened, CallSealed, CallStarted, CallRetrying, CallStarted], "running", id="a second attempt"
        ),
        pytest.param(
            [CallOpened, CallStarted, ArgsDelta, CallSealed, CallReturned], "ended", id="started while streaming"
        ),
        pytest.param(
            [CallOpened, CallSealed, ApprovalRequested, ApprovalResolved, CallQueued, CallStarted],
            "running",
            id="approved",
        ),
        pytest.param([CallOpened, CallSealed, CallReturned], "ended", id="a result from before"),
        pytest.param([CallOpened, CallFailed], "ended", id="rejected as it opened"),
    ],
)
def test_lives(events: list[Any], last: CallState) -> None:
    turn = Turn()
    for kind in events:
        turn.observe(event_of(kind))
    assert turn.state(_CALL.id) == last


def test_each_call_lives_its_own_life_and_ends_are_told_in_call_order() -> None:
    turn = Turn()
    calls = [Call(f"call-1-{i}", 1, i, "f", f"id{i}") for i in range(3)]
    for call in calls:
        turn.observe(CallOpened(call))
    assert list(turn.owed) == ["call-1-0", "call-1-1", "call-1-2"]
    assert list(turn.ends) == []
    turn.observe(CallFailed(calls[2], Truncated("t")))
    turn.observe(CallSealed(calls[0], {}))
    assert list(turn.owed) == ["call-1-0", "call-1-1"]
    turn.observe(CallReturned(calls[0], 1))
    turn.observe(CallFailed(calls[1], Truncated("t")))
    assert not turn.owed
    assert [end.call.index for end in turn.ends] == [0, 1, 2]
    assert [end.ok for end in turn.ends] == [True, False, False]
    assert turn.state("another") == "unopened"
