"""Stop rules: what each says, how they are joined, and what a run leaves that one of them ended."""

from __future__ import annotations

from typing import Any

import pytest

from millstream import Agent, Result, Run, RunError, ToolError, UsageError, tool
from millstream.events import Call, CallFailed, CallReturned, Raised, RunFailed, RunFinished, Usage
from millstream.so_far import SoFar
from millstream.stop import Rule, after_call, after_tokens, after_turns, all_of, any_of
from millstream.testing import CallTool, Say, ScriptedModel, assert_records, call
from millstream.transcript import Reply, ToolResult, Transcript, user

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


async def to_its_end(run: Run) -> None:
    async with run:
        async for _ in run:
            pass


@tool(read_only=True)
async def look(place: str) -> str:
    """Look at a place."""
    return f"nothing at {place}"


@tool
async def book(place: str) -> str:
    """Book a place."""
    if place == "full":
        raise ToolError("it is full")
    return f"booked {place}"


def run_so_far(*, turns: int = 1, tokens: int = 0, ends: tuple[Any, ...] = ()) -> SoFar:
    return SoFar("r", None, Transcript(), Usage(tokens, 0), turns, ends)


def ended(name: str, *, ok: bool = True) -> CallReturned | CallFailed:
    made = Call("call-1-0", 1, 0, name, "p")
    return CallReturned(made, "x") if ok else CallFailed(made, Raised("ValueError"))


# --- rules alone ---


def test_after_turns() -> None:
    assert [after_turns(2)(run_so_far(turns=turns)) for turns in (0, 1, 2, 3)] == [False, False, True, True]


def test_after_tokens() -> None:
    assert [after_tokens(100)(run_so_far(tokens=tokens)) for tokens in (99, 100)] == [False, True]


def test_after_call_wants_one_that_returned() -> None:
    rule = after_call("book")
    assert not rule(run_so_far(ends=(ended("look"), ended("book", ok=False))))
    assert rule(run_so_far(ends=(ended("look"), ended("book"))))


def test_rules_and_functions_are_joined() -> None:
    def odd(run: SoFar) -> bool:
        return run.turns % 2 == 1

    cases = [run_so_far(turns=turns) for turns in (1, 2, 3, 4)]
    assert [(odd & after_turns(3))(run) for run in cases] == [False, False, True, False]
    assert [(after_turns(3) & odd)(run) for run in cases] == [False, False, True, False]
    assert [(odd | after_turns(4))(run) for run in cases] == [True, False, True, True]
    assert [(after_turns(4) | odd)(run) for run in cases] == [True, False, True, True]
    assert not any_of()(cases[0])
    assert not all_of()(cases[0])
    assert repr(after_turns(3) | after_call("book") & odd) == "(after_turns(3) | (after_call('book') & odd))"


def test_what_can_not_be_a_rule_is_refused_where_it_is_written() -> None:
    async def later(run: SoFar) -> bool:
        return run.turns > 1

    for wrong, words in ((3, "stop=3 is no rule"), (later, "the stop rule later is async")):
        with pytest.raises(UsageError, match=words):
            Agent(ScriptedModel([]), stop=wrong)  # type: ignore[arg-type]
        with pytest.raises(UsageError, match=words):
            after_turns(2) | wrong  # type: ignore[operator]
    with pytest.raises(UsageError, match=r'takes the name of a tool: after_call\("book"\)'):
        after_call(book)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=r"a stop rule is called with \(run\): .*\(\) can not be"):
        Agent(ScriptedModel([]), stop=lambda: True)  # type: ignore[arg-type, misc]
    for make in (after_turns, after_tokens):
        with pytest.raises(UsageError, match="would stop"):
            make(0)


# --- in a run ---


def model() -> ScriptedModel:
    first: list[Say | CallTool] = [Say("I look. "), call("look", place="a"), call("look", place="b")]
    return ScriptedModel([first, [Say("I book."), call("book", place="a")], call("look", place="c"), "All done."])


async def run_with(rule: Any, asked: ScriptedModel | None = None) -> Result:
    result = await Agent(asked or model(), [look, book], stop=rule).run("Go.")
    assert_records(result.records)
    return result


async def test_the_output_is_the_text_of_the_last_response_and_every_call_has_its_answer() -> None:
    asked = model()
    result = await run_with(after_call("book"), asked)
    assert result.output == result.text == "I book."
    assert isinstance(result.records[-1].event, RunFinished)
    assert result.transcript.unanswered == ()
    assert [handle.result for handle in result.calls.values()][-1] == "booked a"
    assert len(asked.requests) == 2


async def test_what_was_stopped_can_be_gone_on_from() -> None:
    asked = model()
    agent = Agent(asked, [look, book], stop=after_turns(1))
    first = await agent.run("Go.")
    assert isinstance(first.transcript.entries[-1], ToolResult)
    second = await agent.run(history=first.transcript)  # this run has had no response of its own yet
    assert second.output == "I book."
    third = await agent.run("And now?", history=second.transcript)
    assert [entry.turn for entry in third.transcript if isinstance(entry, Reply)] == [1, 2, 3]
    for result in (first, second, third):
        assert_records(result.records)


async def test_a_rule_sees_the_run_so_far() -> None:
    seen: list[SoFar] = []

    def watch(run: SoFar) -> bool:
        seen.append(run)
        return False

    result = await run_with(watch)
    assert result.output == "All done."
    assert [run.turns for run in seen] == [1, 2, 3], "not asked where the run is over anyway"
    assert [[end.call.name for end in run.ends] for run in seen] == [["look", "look"], ["book"], ["look"]]
    assert [len(run.transcript) for run in seen] == [4, 6, 8]
    assert all(run.transcript.unanswered == () for run in seen)
    assert {run.run_id for run in seen} == {result.run_id}
    assert 0 < seen[0].usage.total_tokens < seen[1].usage.total_tokens
    assert seen[0].prompt == "Go."


async def test_a_call_that_failed_does_not_count() -> None:
    asked = ScriptedModel([call("book", place="full"), call("book", place="a"), "never asked"])
    result = await run_with(after_call("book"), asked)
    assert [handle.result for handle in result.calls.values()] == [None, "booked a"]


async def test_a_rule_that_raises_fails_the_run_with_its_name_and_not_its_text() -> None:
    def broken(run: SoFar) -> bool:
        raise ValueError(f"secret {run.run_id}")

    run = Agent(model(), [look, book], stop=broken).stream("Go.")
    with pytest.raises(RunError, match=r"the stop rule .*broken raised ValueError") as caught:
        await to_its_end(run)
    assert isinstance(caught.value.__cause__, ValueError)
    assert caught.value.transcript is not None
    assert caught.value.transcript.unanswered == ()
    last = run.records[-1].event
    assert isinstance(last, RunFailed)
    assert "secret" not in last.message
    assert_records(run.records)


async def test_a_rule_that_says_something_else_is_told_so() -> None:
    def number(run: SoFar) -> Any:
        return run.turns

    with pytest.raises(UsageError, match=r"number says int: return True or False"):
        await Agent(model(), [look, book], stop=number).run("Go.")


def test_a_prompt_is_what_the_user_said_last() -> None:
    said = Transcript((user("first"), user("second")))
    assert SoFar("r", None, said).prompt == "second"
    assert SoFar("r", None, Transcript()).prompt == ""
    assert isinstance(after_turns(1), Rule)
