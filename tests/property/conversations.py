"""Strategies for whole conversations: tools, answers, faults, terms. Small ones first, for hypothesis to shrink to."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count

from hypothesis import strategies as st

from millstream import Limits, Policy
from millstream.testing import CallTool, ErrorEvent, Finish, MoreArgs, Response, Say, Think, Together
from millstream.testing.provider.steps import Step
from tests.property.scripts import APIS, HOWS, KINDS, Answer, CallPlan, Play, Refused, ToolPlan

MAX_RESULT_CHARS = 300
STARTS = (None, "eager", "safe", "end")
_TEXTS = st.sampled_from(("Hello.", "Ab", "é😀\n", '{"key":', "k99"))
_WRONG = (
    "",
    "{",
    "null",
    '{"key": 7}',
    '{"key": "x", "how": "never", "turns": 0}',
    '{"key": "x", "how": "return", "turns": "many"}',
    '{"key": "x", "key": "y", "how": "return", "turns": 0}',
    '{"key": "x", "how": "return", "turns": 0} and more',
    '{"key": "x", "how": "return", "turns": NaN}',
    '{"key": "x", "how": "return", "turns": 0, "else": 1}}',
)


PALETTE = tuple(
    replace(terms, name=f"{kind.replace(' ', '_')}_{terms.name}", kind=kind)
    for terms in (
        ToolPlan("write"),
        ToolPlan("read", read_only=True),
        ToolPlan("eager", start="eager"),
        ToolPlan("end", start="end"),
        ToolPlan("asked", approval=True),
        ToolPlan("one", limit=1, read_only=True),
        ToolPlan("door", exclusive="door"),
        ToolPlan("again", attempts=2, read_only=True),
        ToolPlan("asked_again", attempts=3, exclusive="door", limit=2, start="eager", approval=True),
    )
    for kind in KINDS
)
"""The tools there are: to make one takes longer than to play a conversation, so each is made once."""


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Any policy."""
    return Policy(
        start=draw(st.sampled_from((None, None, *STARTS[1:]))),
        on_torn=draw(st.sampled_from(("salvage", "retry", "raise"))),
        on_reject=draw(st.sampled_from(("drain", "abort"))),
        on_truncated=draw(st.sampled_from(("answer", "raise"))),
    )


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    """Terms that are reached now and then."""
    return Limits(
        max_concurrent_tools=draw(st.sampled_from((32, 1, 2))),
        max_calls_per_turn=draw(st.sampled_from((64, 3))),
        max_result_chars=MAX_RESULT_CHARS,
        max_buffered_chars=draw(st.sampled_from((1_000_000, 5))),
        max_turns=draw(st.sampled_from((32, 2))),
        request_attempts=2,
        max_retry_wait_s=0,
    )


@st.composite
def calls(draw: st.DrawFn, keys: count[int], tools: tuple[ToolPlan, ...]) -> tuple[CallTool, CallPlan]:
    """A call, valid for the most part, and what it means."""
    name = draw(st.sampled_from(tools)).name if draw(st.integers(0, 15)) < 15 else "nobody"
    if draw(st.integers(0, 7)) == 7:
        text = draw(st.sampled_from(_WRONG))
        return CallTool(name, raw=text, chunk_chars=draw(_CHUNKS)), CallPlan(name, text, None)
    key = f"k{next(keys)}"
    args = {"key": key, "how": draw(st.sampled_from(HOWS)), "turns": draw(st.integers(0, 4))}
    text = json.dumps(args, indent=draw(st.sampled_from((None, 1))))
    return CallTool(name, raw=text, chunk_chars=draw(_CHUNKS)), CallPlan(name, text, key)


_CHUNKS = st.sampled_from((1000, 20, 5))


@st.composite
def answers(draw: st.DrawFn, keys: count[int], tools: tuple[ToolPlan, ...], *, good: bool = False) -> Answer:
    """Text, reasoning and calls in any order, however they end and arrive; `good` ones are whole."""
    steps: list[Step] = []
    plans: list[CallPlan] = []
    for what in draw(st.lists(st.sampled_from(("call", "call", "say", "think", "together", "late")), max_size=5)):
        made: list[tuple[CallTool, CallPlan]] = []
        match what:
            case "say":
                steps.append(Say(draw(_TEXTS), chunk_chars=draw(_CHUNKS)))
            case "think":
                steps.append(Think(draw(_TEXTS), chunk_chars=draw(_CHUNKS)))
            case "call":
                made = [draw(calls(keys, tools))]
                steps.append(made[0][0])
            case "together":
                made = [draw(calls(keys, tools)) for _ in range(draw(st.integers(2, 3)))]
                steps.append(Together(tuple(step for step, _ in made)))
            case _:
                if plans and draw(st.integers(0, 3)) == 3:
                    steps.append(MoreArgs(draw(st.sampled_from((" ", "}"))), draw(st.integers(0, len(plans) - 1))))
        plans += [plan for _, plan in made]
    ends: tuple[tuple[Step, ...], ...] = ((Finish("length"),), (Finish("odd"),), (ErrorEvent("No."),))
    steps += () if good else draw(st.sampled_from((*[()] * 9, *ends)))
    return Answer(
        Response(tuple(steps)),
        tuple(plans),
        cut=None if good or draw(st.integers(0, 3)) < 3 else draw(st.integers(0, 30_000)),
        tidy=draw(st.booleans()),
        places=draw(st.none() | st.lists(st.integers(0, 30_000), max_size=8).map(tuple)),
        rest=draw(st.integers(0, 2)),
        silence=draw(st.integers(0, 1)),
    )


@st.composite
def plays(draw: st.DrawFn) -> Play:
    """A whole conversation."""
    keys = count()
    tools = tuple(draw(st.lists(st.sampled_from(PALETTE), min_size=1, max_size=4, unique=True)))
    turns: list[Answer | Refused] = []
    for _ in range(draw(st.integers(1, 3))):
        if draw(st.integers(0, 9)) == 9:
            turns.append(Refused(draw(st.sampled_from((0, 401, 500)))))
        else:
            turns.append(draw(answers(keys, tools)))
    return Play(
        draw(st.sampled_from(APIS)),
        tools,
        tuple(turns),
        draw(policies()),
        draw(limits()),
        consumer_rest=draw(st.integers(0, 2)),
        journal_rest=draw(st.sampled_from((None, None, 0, 2))),
    )
