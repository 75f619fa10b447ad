"""Invariants 6, 7, 13 and 14 of whole runs, by the numbers of the design, whatever model, network and tools do."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings

from millstream.codec import dumps, loads
from millstream.events import CallEnded, CallEvent, CallOpened, JsonObject, RunFinished
from tests.property.conversations import MAX_RESULT_CHARS, plays
from tests.property.deterministic import BACKENDS, Backend
from tests.property.played import Played, played, wrong_in
from tests.property.scripts import Play

pytestmark = [pytest.mark.timeout(1800), pytest.mark.parametrize("backend", BACKENDS)]
EXAMPLES = settings(max_examples=settings().max_examples // 8)


@EXAMPLES
@given(play=plays())
def test_6_every_call_that_opened_ends_exactly_once_and_nothing_of_it_follows(play: Play, backend: Backend) -> None:
    events = played(play, backend).events
    opened = [event.call.id for event in events if isinstance(event, CallOpened)]
    ended = [event.call.id for event in events if isinstance(event, CallEnded)]
    assert len(set(opened)) == len(opened)
    assert sorted(ended) == sorted(opened)
    last_words = {event.call.id: event for event in events if isinstance(event, CallEvent)}
    assert all(isinstance(event, CallEnded) for event in last_words.values())


@EXAMPLES
@given(play=plays())
def test_7_each_call_is_answered_once_in_call_order_with_its_own_result(play: Play, backend: Backend) -> None:
    run = played(play, backend)
    for request in run.stage.requests:
        for group in _groups(request):
            calls = [call_id for call_id, _ in group.calls]
            assert [call_id for call_id, _ in group.answers] == calls
            for (_, args), (_, answer) in zip(group.calls, group.answers, strict=True):
                _check_answer(args, answer, run)
    assert not (run.stage.run and run.stage.run.transcript.unanswered)


class _Group:
    """Calls that the model made in one response as a request tells of them, and the answers behind them."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.answers: list[tuple[str, str]] = []


def _groups(request: JsonObject) -> list[_Group]:
    """The calls and answers in a request, split where calls come after answers."""
    groups = [_Group()]
    told: list[Any] = request["messages"] if "messages" in request else request["input"]
    for entry in told:
        made = [(call["id"], call["function"]["arguments"]) for call in entry.get("tool_calls", ())]
        if entry.get("type") == "function_call":
            made = [(entry["call_id"], entry["arguments"])]
        if made and groups[-1].answers:
            groups.append(_Group())
        groups[-1].calls += made
        if entry.get("role") == "tool":
            groups[-1].answers.append((entry["tool_call_id"], entry["content"]))
        if entry.get("type") == "function_call_output":
            groups[-1].answers.append((entry["call_id"], entry["output"]))
    return groups


def _check_answer(args: str, answer: str, run: Played) -> None:
    """An answer speaks of its own call, says "did" if and only if the tool returned, and no secret of an exception."""
    own = re.findall(r'"key": ?"(k\d+)"', args)
    assert set(re.findall(r"\bk\d+\b", answer)) <= set(own)
    if "did k" in answer:
        assert own[0] in run.stage.returned
    assert "secret" not in answer
    assert len(answer) <= MAX_RESULT_CHARS


@EXAMPLES
@given(play=plays())
def test_13_every_request_is_accepted_by_the_rules_of_the_provider(play: Play, backend: Backend) -> None:
    run = played(play, backend)
    assert not run.stage.refusals
    assert len(run.stage.requests) <= play.limits.max_turns * play.limits.request_attempts + 1
    if isinstance(run.events[-1], RunFinished):
        assert run.stage.run is not None
        again = played(Play(play.api, play.tools, ()), backend, history=run.stage.run.transcript)
        assert not again.stage.refusals
        assert isinstance(again.events[-1], RunFinished)


@EXAMPLES
@given(play=plays())
def test_14_any_prefix_of_the_log_is_a_legal_state_and_can_be_written_down(play: Play, backend: Backend) -> None:
    run = played(play, backend)
    assert not wrong_in(run)
    for end in range(len(run.records)):
        assert not wrong_in(run, end), end
    for record in run.records:
        line = dumps(record)
        assert line.encode()
        again = loads(line)
        assert (again.seq, again.event, again.scope) == (record.seq, record.event, record.scope)
        assert dumps(again) == line
