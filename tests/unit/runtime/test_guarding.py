"""Guards in a run: what they stop leaves no trace, what they let pass is as without them, and what fails blocks."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millstream import Agent, Approve, Deny, Limits, Policy, Run, UsageError, tool
from millstream.codec import record_to_json
from millstream.errors import GuardBlocked
from millstream.events import (
    Call,
    CallFailed,
    CallQueued,
    CallStarted,
    Cancelled,
    Denied,
    JsonValue,
    RefusalDelta,
    RunFailed,
    RunFinished,
    RunStarted,
    TextDelta,
    Truncated,
    TurnTorn,
)
from millstream.guards import Block, Guards, Piece, TextGuard
from millstream.so_far import SoFar
from millstream.testing import Cut, Refuse, Response, Say, Scenario, ScriptedModel, assert_records, call
from millstream.transcript import Reply, ToolResult

BAD = "ACME"


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


def no_acme(text: str, run: SoFar) -> Block | None:
    """A plain function."""
    del run
    return Block("it names a customer") if BAD in text else None


async def let_pass(*given: Any) -> None:
    """An async one."""
    del given
    await anyio.lowlevel.checkpoint()


@tool(read_only=True)
async def look(place: str) -> str:
    """Look at a place."""
    return f"nothing at {place}"


async def to_its_end(run: Run) -> GuardBlocked | None:
    try:
        async with run:
            async for _ in run:
                pass
    except GuardBlocked as error:
        assert_records(run.records)
        return error
    assert_records(run.records)
    return None


def shown(run: Run) -> str:
    events = (record.event for record in run.records)
    return "".join(event.text for event in events if isinstance(event, TextDelta | RefusalDelta))


def failures(run: Run) -> list[Any]:
    return [record.event.failure for record in run.records if isinstance(record.event, CallFailed)]


# --- on text ---


@pytest.mark.anyio
@pytest.mark.parametrize("piece", ["sentence", "message", 1, 40])
async def test_text_that_passes_is_shown_as_it_is(piece: Piece) -> None:
    said = "It is warm. It will stay so.\nUntil Sunday"
    script = Response((Say(said, chunk_chars=3), call("look", place="a")))
    guards = Guards(text=[no_acme, TextGuard(let_pass, piece)])
    run = Agent(ScriptedModel(Scenario.of(script, "Done.")), [look], guards=guards).stream("Go.")
    assert await to_its_end(run) is None
    assert shown(run) == said + "Done."
    assert run.text == run.output == "Done."
    assert [entry.text for entry in run.transcript if isinstance(entry, Reply)] == [said, "Done."]


@pytest.mark.anyio
@pytest.mark.parametrize("piece", ["sentence", "message"])
async def test_text_that_does_not_pass_leaves_no_trace(piece: Piece) -> None:
    script = Response((Say("All is well. We sold it to ACME. And more.", chunk_chars=4), call("look", place="a")))
    run = Agent(ScriptedModel([script]), [look], guards=Guards(text=TextGuard(no_acme, piece))).stream("Go.")
    error = await to_its_end(run)
    assert error is not None
    assert (error.guard, error.reason, error.what) == ("no_acme", "it names a customer", "text")
    assert str(error) == "the guard no_acme blocked the answer: it names a customer"
    assert shown(run) == run.text == ("All is well. " if piece == "sentence" else "")
    assert not any(BAD in str(record_to_json(record)) for record in run.records)
    assert BAD not in repr(run.transcript)
    assert error.transcript is run.transcript
    last = run.records[-1].event
    assert isinstance(last, RunFailed)
    assert last.error == "GuardBlocked"
    assert not any(isinstance(record.event, CallStarted) for record in run.records)
    again = await Agent(ScriptedModel(["Better."])).run(history=error.transcript)
    assert again.output == "Better."


@pytest.mark.anyio
async def test_a_refusal_is_text_too() -> None:
    run = Agent(ScriptedModel([Response((Refuse("Not for ACME."),))]), guards=Guards(text=no_acme)).stream("Go.")
    assert await to_its_end(run) is not None
    assert shown(run) == ""
    run = Agent(ScriptedModel([Response((Refuse("No."),))]), guards=Guards(text=no_acme)).stream("Go.")
    assert await to_its_end(run) is None
    assert shown(run) == run.output == "No."


@pytest.mark.anyio
async def test_a_call_behind_text_waits_until_that_has_passed() -> None:
    passed = anyio.Event()
    early: list[bool] = []

    async def slow(text: str, run: SoFar) -> None:
        del text, run
        for _ in range(10):
            await anyio.lowlevel.checkpoint()
        passed.set()

    @tool(read_only=True)
    async def note(place: str) -> str:
        """Note a place."""
        early.append(not passed.is_set())
        return place

    script = Response((Say("I note it"), call("note", place="a")))
    run = Agent(ScriptedModel([script, "Done."]), [note], guards=Guards(text=slow)).stream("Go.")
    assert await to_its_end(run) is None
    assert early == [False]


@pytest.mark.anyio
@pytest.mark.parametrize("api", ["openai-responses", "openai-chat", "anthropic-messages"])
async def test_tools_that_have_started_are_stopped_and_those_that_have_not_are_denied(api: Any) -> None:
    begun = anyio.Event()
    wiped: list[str] = []

    @tool(start="eager")
    async def watch(place: str) -> str:
        """Watch a place."""
        begun.set()
        await anyio.sleep_forever()
        return place

    @tool(start="end")
    async def wipe(place: str) -> str:
        """Wipe a place."""
        wiped.append(place)
        return place

    async def after_the_start(text: str, run: SoFar) -> Block | None:
        await begun.wait()
        return no_acme(text, run)

    steps = (call("watch", place="a"), call("wipe", place="b"), Say("For ACME."))
    model = ScriptedModel([Response(steps)], api=api)
    run = Agent(model, [watch, wipe], guards=Guards(text=after_the_start)).stream("Go.")
    error = await to_its_end(run)
    assert error is not None
    stopped = Cancelled("a guard blocked the response")
    if api == "openai-chat":  # where the last call is not closed before the end
        assert failures(run) == [Truncated("response torn"), stopped]
    else:
        assert failures(run) == [Denied("it names a customer"), stopped]
    assert wiped == []
    assert run.transcript.unanswered == ()
    torn = next(record.event for record in run.records if isinstance(record.event, TurnTorn))
    results = [entry.call.id for entry in run.transcript if isinstance(entry, ToolResult)]
    assert results == list(torn.kept)
    assert len(results) == (1 if api == "openai-chat" else 2)


@pytest.mark.anyio
async def test_what_is_held_back_when_a_response_breaks_is_not_shown_and_it_is_asked_for_again() -> None:
    torn = Response((Say("Half a sent"), Cut()))
    model = ScriptedModel([torn, "A whole one."])
    run = Agent(model, guards=Guards(text=no_acme), limits=Limits(max_retry_wait_s=0.01)).stream("Go.")
    assert await to_its_end(run) is None
    assert shown(run) == "A whole one."


@pytest.mark.anyio
async def test_a_blocked_response_is_not_asked_for_again_when_nothing_was_shown() -> None:
    model = ScriptedModel([Response((Say("ACME. "), Cut())), "never asked"])
    run = Agent(model, guards=Guards(text=no_acme)).stream("Go.")
    assert await to_its_end(run) is not None
    assert len(model.requests) == 1


@pytest.mark.anyio
async def test_a_run_that_is_left_while_a_guard_thinks() -> None:
    asked = anyio.Event()

    async def silent(text: str, run: SoFar) -> None:
        del text, run
        asked.set()
        await anyio.sleep_forever()

    run = Agent(ScriptedModel(["ACME. "]), guards=Guards(text=silent)).stream("Go.")
    async with run:
        await asked.wait()
    assert_records(run.records)
    assert not any(BAD in str(record_to_json(record)) for record in run.records)
    assert BAD not in repr(run.transcript)


# --- on input ---


@pytest.mark.anyio
async def test_nothing_is_asked_before_the_input_has_passed() -> None:
    seen: list[SoFar] = []
    model = ScriptedModel([call("look", place="a"), "Done."])

    async def about_acme(run: SoFar[str]) -> Block | None:
        await anyio.lowlevel.checkpoint()
        seen.append(run)
        assert model.requests == []
        return Block(f"not for {run.deps}") if BAD in run.prompt else None

    agent = Agent(model, [look], guards=Guards(input=[let_pass, about_acme]))
    blocked = agent.stream("What of ACME?", deps="Ann")
    error = await to_its_end(blocked)
    assert error is not None
    assert (error.guard.rpartition(".")[2], error.reason, error.what) == ("about_acme", "not for Ann", "input")
    assert [type(record.event) for record in blocked.records] == [RunStarted, RunFailed]
    passing = agent.stream("What of others?")
    assert await to_its_end(passing) is None
    assert len(seen) == 2, "once a run"
    assert len(model.requests) == 2


# --- on calls ---


async def only_here(asked: Call, args: JsonValue, run: SoFar) -> Block | None:
    await anyio.lowlevel.checkpoint()
    assert run.turns >= 1
    return Block(f"{asked.name} may not go {args['place']}") if args["place"] == "there" else None


@pytest.mark.anyio
@pytest.mark.parametrize("start", ["eager", "safe", "end"])
async def test_a_call_that_does_not_pass_is_denied_and_the_run_goes_on(start: Any) -> None:
    went: list[str] = []

    @tool
    async def go(place: str) -> str:
        """Go to a place."""
        went.append(place)
        return place

    model = ScriptedModel([[call("go", place="here"), call("go", place="there"), call("go", place="here")], "Done."])
    agent = Agent(model, [go], guards=Guards(call=only_here), policy=Policy(start=start))
    run = agent.stream("Go.")
    assert await to_its_end(run) is None
    assert went == ["here", "here"]
    assert failures(run) == [Denied("go may not go there")]
    told = [entry for entry in run.transcript if isinstance(entry, ToolResult)]
    assert [result.ok for result in told] == [True, False, True]
    assert "it was denied: go may not go there" in repr(told[1])
    assert any(isinstance(record.event, CallQueued) and record.event.why == "a guard" for record in run.records)
    assert isinstance(run.records[-1].event, RunFinished)


@pytest.mark.anyio
async def test_a_guard_judges_what_an_approver_made_of_the_arguments() -> None:
    went: list[str] = []
    answers: list[Approve | Deny] = [Approve({"place": "there"}), Approve({"place": "here"}), Approve()]

    @tool(needs_approval=True)
    async def go(place: str) -> str:
        """Go to a place."""
        went.append(place)
        return place

    async def approver(asked: Call, args: JsonValue) -> Approve | Deny:
        del asked, args
        for _ in range(8):  # the guard is done with the first arguments
            await anyio.lowlevel.checkpoint()
        return answers.pop(0)

    model = ScriptedModel([*(call("go", place=place) for place in ("near", "near", "there")), "Done."])
    agent = Agent(model, [go], guards=Guards(call=only_here), approver=approver)
    run = agent.stream("Go.")
    assert await to_its_end(run) is None
    assert went == ["here"]
    assert failures(run) == [Denied("go may not go there")] * 2
    assert len(answers) == 1, "nobody goes on being asked about a call that is denied"


@pytest.mark.anyio
async def test_a_call_that_is_cancelled_while_a_guard_thinks() -> None:
    @tool
    async def go(place: str) -> str:
        """Go to a place."""
        return place

    async def silent(asked: Call, args: JsonValue, run: SoFar) -> None:
        del asked, args, run
        await anyio.sleep_forever()

    run = Agent(ScriptedModel([call("go", place="a"), "Done."]), [go], guards=Guards(call=silent)).stream("Go.")
    async with run:
        async for event in run:
            if isinstance(event, CallQueued) and event.why == "a guard":
                assert run.cancel(event.call.id)
    assert failures(run) == [Cancelled("cancelled by the caller")]
    assert run.output == "Done."
    assert_records(run.records)


# --- guards that fail ---


def raising(*given: Any) -> None:
    raise ValueError(f"secret {len(given)}")


async def silent(*given: Any) -> None:
    del given
    await anyio.sleep_forever()


def odd(*given: Any) -> Any:
    return bool(given)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("guard", "why"),
    [
        (raising, "it raised ValueError"),
        (silent, "it did not answer within 0.01 s, Limits.guard_timeout_s"),
        (odd, "it returned bool, not None or Block(reason)"),
    ],
)
@pytest.mark.parametrize("what", ["input", "text", "call"])
async def test_a_guard_that_can_not_judge_blocks(guard: Any, why: str, what: str) -> None:
    model = ScriptedModel([call("look", place="a"), "Done."] if what == "call" else ["Hello."])
    agent = Agent(model, [look], guards=Guards(**{what: guard}), limits=Limits(guard_timeout_s=0.01))
    run = agent.stream("Go.")
    error = await to_its_end(run)
    if what == "call":
        assert failures(run) == [Denied(f"the guard {guard.__name__} could not judge it: {why}")]
        cause = run.calls["call-1-0"].exception
    else:
        assert error is not None
        assert error.reason == why
        cause = error.__cause__
    assert isinstance(cause, ValueError) is (guard is raising)
    assert not any("secret" in str(record_to_json(record)) for record in run.records)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Guards(input="no"), "a guard on input is a function of (run), not 'n'"),  # type: ignore[arg-type]
        (lambda: Guards(call=[3]), "a guard on calls is a function of (call, args, run), not 3"),  # type: ignore[list-item]
        (lambda: Guards(text=["no"]), "a guard on text is a function of (text, run), not 'no'"),  # type: ignore[list-item]
        (lambda: TextGuard(no_acme, "word"), "TextGuard(piece='word') is no piece of text"),  # type: ignore[arg-type]
        (lambda: Guards(text=only_here), "a guard on text is called with (text, run): only_here(asked: 'Call', "),  # type: ignore[arg-type]
        (lambda: Agent(ScriptedModel([]), guards=no_acme), "are none: write Guards(text=…"),  # type: ignore[arg-type]
        (lambda: TextGuard(no_acme, 0), "TextGuard(piece=0) is no piece of text"),
        (lambda: TextGuard(no_acme, True), "TextGuard(piece=True) is no piece of text"),
    ],
)
def test_mistakes_are_told_where_they_are_made(make: Any, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        make()
    assert words in str(caught.value)


# --- what was emitted is always the beginning of what was allowed ---


_SENTENCES = st.lists(
    st.sampled_from(["It is warm. ", "We sold it. ", "Line\n", "Say 3.14 ", "ACME ", "AC", "ME", "Is it? "]),
    max_size=12,
)


@settings(max_examples=150)
@given(
    said=_SENTENCES.map("".join),
    piece=st.sampled_from(["sentence", "message", 1, 5, 40]),
    chunk=st.integers(1, 20),
    backend=st.sampled_from(["asyncio", "trio"]),
    then_calls=st.booleans(),
)
def test_what_is_shown_is_the_beginning_of_text_that_passed(
    said: str, piece: Piece, chunk: int, backend: str, then_calls: bool
) -> None:
    passed: list[str] = [""]

    async def check(text: str, run: SoFar) -> Block | None:
        await anyio.lowlevel.checkpoint()
        verdict = no_acme(text, run)
        if verdict is None:
            passed.append(text)
        return verdict

    async def main() -> Run:
        steps = (Say(said, chunk_chars=chunk),) if said else ()
        model = ScriptedModel([Response((*steps, *((call("look", place="a"),) if then_calls else ()))), "."])
        run = Agent(model, [look], guards=Guards(text=TextGuard(check, piece))).stream("Go.")
        error = await to_its_end(run)
        assert (error is not None) == (BAD in said)
        return run

    run = anyio.run(main, backend=backend)
    events = (record.event for record in run.records)
    texts = "".join(event.text for event in events if isinstance(event, TextDelta) and event.turn == 1)
    longest = max((text for text in passed if text != "."), key=len)
    assert texts == longest == said[: len(texts)]
    if BAD not in said:
        assert texts == said
    else:
        assert BAD not in texts
        assert BAD not in repr(run.transcript)
        assert not any(isinstance(record.event, CallStarted) for record in run.records)
