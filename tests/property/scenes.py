"""Scenes: small conversations, each with one thing that goes on when somebody leaves it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, Final

from anyio.lowlevel import checkpoint

from millstream import Limits, Policy, SoFar
from millstream.events import Call, JsonValue
from millstream.guards import Block, Guards
from millstream.testing import CallTool, ErrorEvent, Finish, MoreArgs, Response, Say, Think, Together
from millstream.testing.provider.steps import Step
from tests.property.scripts import Answer, CallPlan, How, Play, Refused, ToolPlan

_READ = ToolPlan("read", read_only=True)
_WRITE = ToolPlan("write")
_LIMITS = Limits(request_attempts=2, max_retry_wait_s=0, max_threads=1, cancel_grace_s=2)


def calling(name: str, number: int = 0, how: How = "return", turns: int = 2) -> tuple[CallTool, CallPlan]:
    """A call that is right; its key is made of `number`."""
    text = json.dumps({"key": f"k{number}", "how": how, "turns": turns})
    return CallTool(name, raw=text, chunk_chars=1000), CallPlan(name, text, f"k{number}")


def answer(*steps: Step | tuple[CallTool, CallPlan], **fields: Any) -> Answer:
    """A response, and the plans of its calls."""
    plans = tuple(step[1] for step in steps if isinstance(step, tuple))
    response = Response(tuple(step[0] if isinstance(step, tuple) else step for step in steps))
    return replace(Answer(response, plans), **fields)


def _play(tool: ToolPlan, *answers: Answer | Refused, policy: Policy | None = None, limits: Limits = _LIMITS) -> Play:
    return Play("openai-responses", (tool,), answers, policy or Policy(), limits)


def _together(name: str, count: int) -> Answer:
    made = [calling(name, number, turns=number) for number in range(count)]
    return Answer(Response((Together(tuple(step for step, _ in made)),)), tuple(plan for _, plan in made))


async def _passes(*given: Any) -> None:
    del given
    await checkpoint()


async def _blocks_but(text: str, run: SoFar) -> Block | None:
    await _passes(run)
    return Block("no buts") if "But" in text else None


async def _blocks_a_call(call: Call, args: JsonValue, run: SoFar) -> Block | None:
    await _passes(args, run)
    return Block("not this one") if run.turns and "k1" in str(args) and call.name else None


def _written(end: int | None = None) -> CallTool:
    """A call whose key is read while it is written; it breaks off at `end`."""
    return CallTool("read", raw='{"how": "return", "turns": 1, "key": "k0"}'[:end], chunk_chars=12, seal=end is None)


_CALL = calling("read")
_READING = replace(_READ, kind="reading")
_LONG_STOP = ToolPlan("read", "async", read_only=True, attempts=2, pause_s=0.005)

SCENES: Final[dict[str, Play]] = {
    "text": _play(_READ, answer(Say("Hello, who is there?"))),
    "reasoning": _play(_READ, answer(Think("Hm, let me see."), Say("Hello."))),
    "one async tool": _play(_READ, answer(Say("Look: "), _CALL, Say("So."))),
    "a thread": _play(replace(_READ, kind="thread"), answer(_CALL, Say("So."))),
    "a generator in a thread": _play(replace(_READ, kind="generator"), answer(_CALL, Say("So."))),
    "an async generator": _play(replace(_READ, kind="async generator"), answer(_CALL, Say("So."))),
    "four at once": _play(_READ, _together("read", 4)),
    "four, one after the other": _play(replace(_READ, exclusive="door"), _together("read", 4)),
    "a pause before another attempt": replace(_play(_LONG_STOP, answer(calling("read", how="once"))), consumer_rest=3),
    "an approval": replace(_play(replace(_WRITE, approval=True), answer(calling("write"))), consumer_rest=3),
    "an edited approval": _play(replace(_WRITE, approval=True), answer(calling("write", how="edit"))),
    "the first byte": _play(_READ, answer(_CALL, silence=5)),
    "torn, then asked again": _play(_READ, answer(Say("Hello."), _CALL, cut=2500), policy=Policy(on_torn="retry")),
    "torn, and saved": _play(_WRITE, answer(calling("write"), calling("write", 1), cut=3300)),
    "a slow consumer": replace(
        _play(_READ, answer(Say("Hello, who is there?"), _CALL), limits=replace(_LIMITS, max_buffered_chars=3)),
        consumer_rest=4,
    ),
    "a change of turns": _play(_WRITE, answer(calling("write")), answer(calling("write", 1)), answer(Say("Done."))),
    "refused": _play(_READ, answer(_CALL), Refused(500), Refused(401)),
    "an error in the stream": _play(_READ, answer(_CALL, ErrorEvent("No."))),
    "more text for a call at work": _play(
        _READ, replace(answer(_CALL, Say("Hm."), MoreArgs("}"), calling("read", 1)), places=())
    ),
    "cut by its length": _play(_WRITE, answer(calling("write"), Finish("length"))),
    "aborted": _play(_READ, answer(_CALL, calling("nobody", 1), Say("And so on.")), policy=Policy(on_reject="abort")),
    "guards that let pass": replace(
        _play(replace(_WRITE, approval=True), answer(Say("I write. Now"), calling("write", how="edit"))),
        guards=Guards(input=_passes, text=_passes, call=_passes),
        consumer_rest=2,
    ),
    "a guard that blocks text": replace(
        _play(replace(_READ), answer(_CALL, Say("All is well. But no."))),
        guards=Guards(text=_blocks_but),
    ),
    "a guard that blocks a call": replace(
        _play(_WRITE, answer(calling("write"), calling("write", 1))),
        guards=Guards(call=_blocks_a_call),
    ),
    "a shielded clean-up": _play(replace(_READ, kind="stuck"), answer(_CALL, rest=2)),
    "tasks in a tool": _play(replace(_READ, kind="nested"), answer(_CALL, Say("So."))),
    "read while it is written": _play(_READING, Answer(Response((_written(), Say("So.")))), answer(Say("Done."))),
    "read while it is written, and too long": _play(
        _READING, Answer(Response((_written(-2), Finish("length")))), answer(Say("Done."))
    ),
    "read while it is written, and torn": replace(
        _play(_READING, Answer(Response((_written(),)), cut=3900), answer(Say("Done."))), consumer_rest=2
    ),
    "read while it is written, and rejected": _play(
        _READING, Answer(Response((_written(-1), MoreArgs("]")))), answer(Say("Done."))
    ),
    "a journal that waits": replace(_play(_READ, answer(Say("Look: "), _CALL), answer(Say("Done."))), journal_rest=2),
}
