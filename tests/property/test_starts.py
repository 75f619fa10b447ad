"""Invariant 10 of whole runs: a tool starts only when it may, as soon as it may, and at most once per attempt."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import example, given, settings

from millstream.events import CallFailed, CallOpened, CallStarted, Denied, Rejected, RunFailed, TurnTorn
from millstream.testing import MoreArgs
from tests.property.conversations import plays
from tests.property.deterministic import BACKENDS, Backend
from tests.property.played import played
from tests.property.scenes import answer, calling
from tests.property.scripts import Play, ToolPlan
from tests.property.stage import Began, Served
from tests.property.starts import is_right, may_start

pytestmark = [pytest.mark.timeout(1800), pytest.mark.parametrize("backend", BACKENDS)]
EXAMPLES = settings(max_examples=settings().max_examples // 8)
_LATE = Play(
    "openai-chat",
    (ToolPlan("write"),),
    (replace(answer(calling("write"), calling("write", 1), MoreArgs(" ")), places=(2330,)),),
)
"""Once failed here: blank text for a call that the model had turned away from."""


@EXAMPLES
@given(play=plays())
def test_10_a_body_begins_only_when_it_may_and_once_per_attempt(play: Play, backend: Backend) -> None:
    run = played(play, backend)
    for began in run.stage.began:
        plan = began.served.answer.calls[began.call.index]
        tool = play.tool(began.tool)
        assert tool is not None
        assert plan.key == began.key
        seen = began.served.seen(began.position)
        assert may_start(play.api, tool.starts(play.policy), seen, began.call.index, over=began.over)
        assert began.attempt <= tool.attempts
    attempts = [(began.key, began.attempt) for began in run.stage.began]
    assert len(set(attempts)) == len(attempts)
    told = [event for event in run.events if isinstance(event, CallStarted)]
    assert len({(event.call.id, event.attempt) for event in told}) == len(told)
    assert {(began.call.id, began.attempt) for began in run.stage.began} <= {(one.call.id, one.attempt) for one in told}


@EXAMPLES
@given(play=plays())
def test_10_no_more_are_at_work_than_the_terms_allow(play: Play, backend: Backend) -> None:
    most = played(play, backend).stage.most_at_work
    assert most["all"] <= play.limits.max_concurrent_tools
    assert most["group door"] <= 1
    for tool in play.tools:
        assert tool.limit is None or most[f"tool {tool.name}"] <= tool.limit


@EXAMPLES
@given(play=plays())
def test_10_every_call_that_is_right_is_started_once_its_response_ended_well(play: Play, backend: Backend) -> None:
    run = played(play, backend)
    started = {event.call.id for event in run.events if isinstance(event, CallStarted)}
    unrun = {event.call.id for event in run.events if isinstance(event, CallFailed) and _was_refused(event)}
    torn = {event.turn for event in run.events if isinstance(event, TurnTorn)}
    opened = [event.call for event in run.events if isinstance(event, CallOpened)]
    for served in run.stage.served:
        if served.turn in torn or isinstance(run.events[-1], RunFailed) or played_in_vain(served):
            continue
        for call in (call for call in opened if call.turn == served.turn):
            plan, tool = served.answer.calls[call.index], play.tool(call.name)
            right = is_right(plan, served.seen(), call.index) and call.index < play.limits.max_calls_per_turn
            if tool is not None and right and may_start(play.api, "end", served.seen(), call.index, over=True):
                assert call.id in started or (call.id in unrun and tool.approval), call


def _was_refused(event: CallFailed) -> bool:
    return isinstance(event.failure, Denied | Rejected)


def played_in_vain(served: Served) -> bool:
    """Whether nothing of it arrived whole."""
    return not served.seen()


@EXAMPLES
@example(play=_LATE)
@given(play=plays())
def test_10_a_body_begins_before_the_next_piece_is_read(play: Play, backend: Backend) -> None:
    """On the event loop, where a call waits for nothing but the model: no limit, no group, no slow journal."""
    tools = tuple(replace(tool, limit=None, exclusive=None) for tool in play.tools)
    play = replace(play, tools=tools, limits=replace(play.limits, max_concurrent_tools=32), journal_rest=None)
    run = played(play, backend)
    for began in run.stage.began:
        tool = play.tool(began.tool)
        assert tool is not None
        if began.attempt == 1 and _is_prompt(tool):
            assert began.position == _first_chance(play, tool, began)


def _is_prompt(tool: ToolPlan) -> bool:
    return tool.kind in ("async", "async generator", "stuck", "inline") and not tool.approval


def _first_chance(play: Play, tool: ToolPlan, began: Began) -> int:
    """The end of the first piece with which the call may start."""
    ends = began.served.ends
    state = tool.starts(play.policy)
    return next((end for end in ends if may_start(play.api, state, began.served.seen(end), began.call.index)), ends[-1])
