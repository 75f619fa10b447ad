"""What a torn response has done already is not done again where the response is asked for again."""

from __future__ import annotations

from typing import Any

import anyio
import pytest

from millstream import Agent, Approve, Limits, MediaPart, Policy, Result, ToolContext, ToolError, tool
from millstream.events import CallFailed, CallReturned, CallStarted, Event, TurnRestarted
from millstream.runtime.ledger import Began, Did, Ledger
from millstream.testing import Pause, Response, Say, ScriptedModel, call, check_records
from millstream.testing.provider.steps import Cut
from millstream.toolbox.output import Output
from millstream.transcript import ToolResult

pytestmark = pytest.mark.anyio
ONE, TWO, BEGAN = Did("a", "run:a", Output(1)), Did("b", "run:b", Output(2)), Began("c", "run:c")


# --- the bookkeeping ---


def test_an_entry_stands_for_a_call_of_the_same_tool_with_the_same_arguments() -> None:
    ledger = Ledger()
    ledger.enter("look", "d", ONE)
    assert ledger.take("look", "other") is None
    assert ledger.take("other", "d") is None
    assert ledger.take("look", "d") == ONE


def test_each_stands_for_one_call_the_oldest_first() -> None:
    ledger = Ledger()
    for entry in (ONE, BEGAN, TWO):
        ledger.enter("look", "d", entry)
    assert [ledger.take("look", "d") for _ in range(4)] == [ONE, BEGAN, TWO, None]


def test_once_the_response_stands_nothing_is_left() -> None:
    ledger = Ledger()
    ledger.enter("look", "d", ONE)
    ledger.clear()
    assert ledger.take("look", "d") is None


# --- whole runs ---

AGAIN = Policy(on_torn="retry")
LIMITS = Limits(request_attempts=4)


class Tools:
    """Tools that note each start: the tool, its arguments and the idempotency key."""

    def __init__(self) -> None:
        self.ran: list[tuple[str, str]] = []
        self.keys: list[str] = []
        self.fails = 0
        self.image = False

    async def look(self, at: str, ctx: ToolContext) -> Any:
        """Look at something."""
        self.ran.append(("look", at))
        self.keys.append(ctx.idempotency_key)
        if self.fails:
            self.fails -= 1
            raise ToolError("too dark")
        return MediaPart("image/png", base64="eA==") if self.image else f"{at} number {len(self.ran)}"

    async def pay(self, to: str, ctx: ToolContext) -> str:
        """Pay somebody; the first time it takes too long."""
        self.ran.append(("pay", to))
        self.keys.append(ctx.idempotency_key)
        if len(self.ran) == 1:
            await anyio.sleep_forever()
        return f"paid {to}"

    async def play(self, *responses: Any, **how: Any) -> Result:
        """Run, and check the log."""
        options = how.pop("options", {})
        tools: list[Any] = [tool(read_only=True, **options)(self.look), tool(idempotent=True, start="eager")(self.pay)]
        agent = Agent(ScriptedModel([*responses, "Done."]), tools, policy=AGAIN, limits=LIMITS, **how)
        result = await agent.run("Go", run_id="run")
        assert check_records(result.records) == []
        return result


def torn(*steps: Any) -> Response:
    return Response((*steps, Pause(0.02), Cut("reset")))


def of(result: Result, kind: type[Event]) -> list[Any]:
    return [record.event for record in result.records if isinstance(record.event, kind)]


def answers(result: Result) -> list[Any]:
    return [entry.parts[0] for entry in result.transcript if isinstance(entry, ToolResult)]


async def test_a_result_is_reused_and_the_tool_does_not_run_again() -> None:
    tools = Tools()
    result = await tools.play(torn(call("look", at="door")), [call("look", at="door")])
    assert tools.ran == [("look", "door")]
    first, second = of(result, CallStarted)
    assert first.reused_of is None
    assert (second.call.turn, second.reused_of, second.attempt) == (2, first.call.id, 1)
    assert [event.result for event in of(result, CallReturned)] == ["door number 1"] * 2
    assert len(of(result, TurnRestarted)) == 1
    assert [part.text for part in answers(result)] == ["door number 1"]


async def test_an_image_is_reused_as_an_image() -> None:
    tools = Tools()
    tools.image = True
    result = await tools.play(torn(call("look", at="door")), [call("look", at="door")])
    assert len(tools.ran) == 1
    assert answers(result) == [MediaPart("image/png", base64="eA==")]


async def test_other_arguments_are_another_call() -> None:
    tools = Tools()
    result = await tools.play(torn(call("look", at="door")), [call("look", at="roof")])
    assert tools.ran == [("look", "door"), ("look", "roof")]
    assert [event.reused_of for event in of(result, CallStarted)] == [None, None]


async def test_of_equal_calls_each_result_is_used_once_in_order_and_a_further_call_runs() -> None:
    tools = Tools()
    two, three = [call("look", at="door")] * 2, [call("look", at="door")] * 3
    result = await tools.play(torn(*two), three)
    assert len(tools.ran) == 3
    a, b, *rest = of(result, CallStarted)
    assert [event.reused_of for event in rest] == [a.call.id, b.call.id, None]
    assert [part.text for part in answers(result)] == ["door number 1", "door number 2", "door number 3"]


async def test_it_is_reused_again_where_the_next_response_is_torn_too() -> None:
    tools = Tools()
    look, late = call("look", at="door"), call("look", at="roof")
    result = await tools.play(torn(look, late), torn(look), [look, late])
    assert tools.ran == [("look", "door"), ("look", "roof")]
    door, roof, again, third, last = of(result, CallStarted)
    assert again.reused_of == door.call.id
    assert third.reused_of == again.call.id
    assert last.reused_of == roof.call.id


async def test_a_later_response_is_told_anew() -> None:
    tools = Tools()
    look = call("look", at="door")
    result = await tools.play(torn(look, look), [look], [look])
    assert len(tools.ran) == 3, "the second result was not used, and is stale by now"
    assert [part.text for part in answers(result)] == ["door number 1", "door number 3"]


async def test_a_failure_is_not_reused_but_its_key_is() -> None:
    tools = Tools()
    tools.fails = 1
    result = await tools.play(torn(call("look", at="door")), [call("look", at="door")])
    assert len(tools.ran) == 2
    assert len(of(result, CallFailed)) == 1
    assert [event.reused_of for event in of(result, CallStarted)] == [None, None]
    assert tools.keys == ["run:call-1-0"] * 2


async def test_what_was_started_and_cut_short_is_started_again_under_its_key() -> None:
    tools = Tools()
    pay = call("pay", to="Ada")
    result = await tools.play(torn(pay), torn(pay, Say("…")), [pay])
    assert tools.ran == [("pay", "Ada")] * 2
    assert tools.keys == ["run:call-1-0"] * 2
    assert [event.reused_of for event in of(result, CallStarted)] == [None, None, "call-2-0"]


async def test_approval_is_asked_for_again_and_binds_what_runs() -> None:
    tools, asked = Tools(), list[str]()

    async def approve(which: Any, _: Any) -> Approve:
        asked.append(which.id)
        return Approve({"at": "roof"} if len(asked) == 1 else None)

    look = call("look", at="door")
    await tools.play(torn(look), [look], approver=approve, options={"needs_approval": True})
    assert asked == ["call-1-0", "call-2-0"]
    assert tools.ran == [("look", "roof"), ("look", "door")], "the result of the edited arguments is not that of these"


async def test_a_result_that_is_reused_takes_no_place() -> None:
    tools = Tools()
    looks = [call("look", at=at) for at in ("door", "roof", "well")]
    result = await tools.play(torn(*looks), looks, options={"limit": 1, "exclusive": "eyes"})
    assert len(tools.ran) == 3
    assert len(of(result, CallStarted)) == 6
    assert [event.reused_of is None for event in of(result, CallStarted)] == [True] * 3 + [False] * 3


async def test_a_tool_that_must_not_be_repeated_has_no_entry_for_its_response_is_not_asked_for_again() -> None:
    ran: list[str] = []

    @tool(start="eager")
    async def save(at: str) -> str:
        """Save."""
        ran.append(at)
        return "saved"

    model = ScriptedModel([torn(call("save", at="a")), [call("save", at="a")], "Done."])
    with pytest.raises(Exception, match="connection"):
        await Agent(model, [save], policy=AGAIN).run("Go")
    assert ran == ["a"]
