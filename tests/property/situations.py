"""Situations: agents with one thing each that goes on when somebody leaves their run, beyond one response.

Each is made anew for every play, over a world that counts what is open. Scenes of a single response are in `scenes`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from anyio.lowlevel import checkpoint

from millstream import Agent, Answer, Approve, Limits, Policy, Run, SoFar, tool
from millstream.answers import AnyAnswer
from millstream.events import AnswerRequested, ApprovalRequested, Call, CallStarted, JsonValue, Record, TextDelta
from millstream.guards import Guards
from millstream.sessions import Session
from millstream.stop import after_turns
from millstream.testing import Body, Cut, Hangup, Response, Say, Together
from millstream.toolbox.executor import Executor, Work
from tests.property.counted import World, calling
from tests.property.small_tools import alone, ask_user, flaky, parts, parts_in_thread, wipe, work


@dataclass
class Situation:
    """An agent, and what its consumer does beside taking events.

    Args:
        agent: who is asked.
        on_record: what the consumer does at each event.
        rest: turns of the event loop that it takes for each.
        session: what the run is part of.
        answers: a run of the agent that is suspended is gone on from with these, and that run is what is left.
        at_work: bodies that run in a place of their own.
        last_word: what a model says that goes on from there.
    """

    agent: Agent[Any]
    on_record: Callable[[Run[Any], Record], object] = lambda _, __: None
    rest: int = 0
    session: Session | None = None
    answers: Mapping[str, AnyAnswer] | None = None
    at_work: list[str] = field(default_factory=list[str])
    last_word: str = "Done."


@dataclass
class Book:
    """What is asked for."""

    title: str


LIMITS: Final = Limits(request_attempts=2, max_retry_wait_s=0, cancel_grace_s=2, max_threads=1)
_A, _B = "call-1-0", "call-1-1"


class _Elsewhere(Executor):
    """Runs bodies at a place of its own, from which each must have gone when its run is left."""

    def __init__(self, at_work: list[str]) -> None:
        self._at_work = at_work

    async def submit(self, work: Work) -> Any:
        """Run the body there."""
        self._at_work.append(work.context.call.id)
        await checkpoint()
        await checkpoint()
        result = work.run()
        self._at_work.remove(work.context.call.id)
        return result

    async def cancel(self, work: Work) -> None:
        """Fetch it back."""
        await checkpoint()
        if work.context.call.id in self._at_work:
            self._at_work.remove(work.context.call.id)


def _handoff(world: World) -> Situation:
    second = Agent(world.model("second", [Say("Me. "), calling("work", turns=2)], "Done."), [work], name="second")
    first = world.model("first", [calling("work", turns=1), calling("transfer_to_second")])
    return Situation(Agent(first, [work], name="first", handoffs=[second]))


def _sub_agent(world: World) -> Situation:
    inner = Agent(world.model("inner", [Say("Hm. "), calling("work", turns=2)], "Done."), [work])
    script = [[Say("I ask. "), calling("research", prompt="a"), calling("work", turns=1)], "So."]
    return Situation(Agent(world.model("outer", *script), [inner.as_tool("research", "Research."), work]))


def _structured(world: World) -> Situation:
    script = ['{"title": ', [calling("work", turns=1)], '{"title": "Mills"}']
    return Situation(Agent(world.model("model", *script), [work], output_type=Book), last_word='{"title": "Rivers"}')


def _suspended(world: World) -> Situation:
    calls = [calling("wipe", disk="sda"), calling("work", turns=2), calling("ask_user", question="Why?")]
    return Situation(Agent(world.model("model", calls, "Done."), [wipe, work, ask_user]))


def _resumed(world: World) -> Situation:
    calls = [calling("wipe", disk="sda"), calling("ask_user", question="Why?"), calling("work", turns=1)]
    agent = Agent(world.model("model", calls, "Done."), [wipe, ask_user, work])
    return Situation(agent, answers={_A: Approve(), _B: Answer("because")})


def _resumed_in_part(world: World) -> Situation:
    calls = [calling("wipe", disk="sda"), calling("ask_user", question="Why?")]
    return Situation(Agent(world.model("model", calls, "Done."), [wipe, ask_user]), answers={_A: Approve()})


def _session(world: World) -> Situation:
    agent = Agent(world.model("model", [Say("I look. "), calling("work", turns=1)], "Done."), [work])
    return Situation(agent, session=Session())


def _answered_live(world: World) -> Situation:
    def answer(run: Run[Any], record: Record) -> None:
        if isinstance(record.event, ApprovalRequested):
            run.approve(record.event.call.id, {"disk": "sdb"})
        if isinstance(record.event, AnswerRequested):
            run.answer(record.event.call.id, "because")

    calls = [calling("ask_user", question="Why?"), calling("wipe", disk="sda")]
    return Situation(Agent(world.model("model", calls, "Done."), [wipe, ask_user]), answer)


def _one_cancelled(world: World) -> Situation:
    def cancel(run: Run[Any], record: Record) -> None:
        if isinstance(record.event, CallStarted) and record.event.call.index == 0:
            run.calls[_A].cancel("enough")

    calls = [calling("work", turns=9), calling("work", turns=2)]
    return Situation(Agent(world.model("model", calls, "Done."), [work]), cancel)


def _guarded(world: World) -> Situation:
    async def thinks(call: Call, args: JsonValue, run: SoFar[Any]) -> None:
        del call, args, run
        await checkpoint()
        await checkpoint()

    calls = [calling("work", turns=1), calling("alone", turns=1)]
    agent = Agent(world.model("model", calls, "Done."), [work, alone], guards=Guards(call=thinks))
    return Situation(agent)


def _fallback(world: World) -> Situation:
    second = world.model("second", [calling("work", turns=1)], "Done.", api="anthropic-messages")
    overloaded = Body(b'{"error": {"message": "Overloaded."}}', status=503)
    return Situation(Agent(world.model("first", overloaded, Hangup(), fallback=(second,)), [work], limits=LIMITS))


def _elsewhere(world: World) -> Situation:
    at_work: list[str] = []

    @tool(executor=_Elsewhere(at_work))
    def count(to: int) -> int:
        """Count."""
        return to

    calls = [calling("count", to=3), calling("count", to=4)]
    return Situation(Agent(world.model("model", calls, "Done."), [count]), at_work=at_work)


def _barrier(world: World) -> Situation:
    calls = [calling("work", turns=2), calling("alone", turns=1), calling("work", turns=1)]
    return Situation(Agent(world.model("model", [Together(tuple(calls))], "Done."), [work, alone]))


def _generator(world: World) -> Situation:
    agent = Agent(
        world.model("model", [calling("parts", count=4)], "Done."), [parts], limits=Limits(max_buffered_chars=9)
    )
    return Situation(agent, rest=4)


def _generator_in_thread(world: World) -> Situation:
    limits = Limits(max_buffered_chars=9, cancel_grace_s=2)
    agent = Agent(
        world.model("model", [calling("parts_in_thread", count=3)], "Done."), [parts_in_thread], limits=limits
    )
    return Situation(agent, rest=2)


def _steered(world: World) -> Situation:
    def steer(run: Run[Any], record: Record) -> None:
        if isinstance(record.event, TextDelta) and record.event.turn == 1:
            run.steer("Shorter.")

    script = [[Say("At length. "), calling("work", turns=1)], "In short.", "Shorter still."]
    return Situation(Agent(world.model("model", *script), [work]), steer)


def _retried(world: World) -> Situation:
    return Situation(Agent(world.model("model", [calling("flaky", until=3)], "Done."), [flaky]))


def _restarted(world: World) -> Situation:
    call = calling("flaky", until=1)
    torn = Response((call, Say("So that"), Cut()))
    agent = Agent(world.model("model", torn, [call], "Done."), [flaky], policy=Policy(on_torn="retry"))
    return Situation(agent)


def _stopped(world: World) -> Situation:
    async def instructions(run: SoFar[Any]) -> str:
        await checkpoint()
        return f"Turn {run.turns}."

    async def all_tools(_: Any) -> None:
        await checkpoint()

    agent = Agent(
        world.model("model", [calling("work", turns=1)], [calling("work", turns=1)]),
        [work],
        instructions=instructions,
        tools_for_turn=all_tools,
        stop=after_turns(2),
    )
    return Situation(agent)


def _asking_approver(world: World) -> Situation:
    async def approver(call: Call, args: JsonValue) -> Approve:
        del call, args
        await checkpoint()
        await checkpoint()
        return Approve()

    calls = [calling("wipe", disk="sda"), calling("wipe", disk="sdb")]
    return Situation(Agent(world.model("model", calls, "Done."), [wipe], approver=approver), rest=1)


SITUATIONS: Final[Mapping[str, Callable[[World], Situation]]] = {
    "a handoff": _handoff,
    "a sub-agent": _sub_agent,
    "a structured output that is corrected": _structured,
    "on the way to suspension": _suspended,
    "resumed": _resumed,
    "resumed in part": _resumed_in_part,
    "a session": _session,
    "answered live": _answered_live,
    "one call cancelled": _one_cancelled,
    "a guard and a barrier": _guarded,
    "a model that stands in": _fallback,
    "an executor of one's own": _elsewhere,
    "a barrier": _barrier,
    "a generator and a slow consumer": _generator,
    "a generator in a thread and a slow consumer": _generator_in_thread,
    "steered": _steered,
    "tried three times": _retried,
    "torn, asked again, and the result used again": _restarted,
    "a stop rule, instructions and tools of the turn": _stopped,
    "an approver asked twice": _asking_approver,
}
