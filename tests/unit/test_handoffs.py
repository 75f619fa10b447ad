"""Handing a conversation over: who goes on, with what, what is seen of it, and what can not be handed over."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Self

import pytest

from millstream import (
    Agent,
    Approve,
    Handoff,
    Limits,
    Policy,
    Result,
    ToolContext,
    Transcript,
    TurnLimit,
    UsageError,
    tool,
)
from millstream.events import (
    Call,
    JsonValue,
    Raised,
    RunFailed,
    Truncated,
    TurnStarted,
)
from millstream.testing import Finish, Say, ScriptedModel, call, check_records
from millstream.testing.provider.endpoints import Api
from millstream.testing.scripted import scripted_apis
from millstream.transcript import Reply, UserMessage

pytestmark = pytest.mark.anyio


@tool
async def invoice(number: int, ctx: ToolContext[Any]) -> str:
    """Look up an invoice."""
    return f"invoice {number} of {ctx.deps}"


@tool
async def note(text: str) -> str:
    """Write a note."""
    return f"noted {text}"


def billing(*script: Any, **options: Any) -> Agent:
    said = script or ([call("invoice", number=7)], "It is paid.")
    model = ScriptedModel(list(said), api=options.pop("api", "openai-responses"))
    return Agent(model, [invoice], name="billing", instructions="You do bills.", **options)


def triage(*handoffs: Any, script: Any = None, api: Api = "openai-responses", **options: Any) -> Agent:
    first = [Say("Let me see. "), call("transfer_to_billing", message="angry")]
    model = ScriptedModel(script or [first, "Not reached."], api=api)
    return Agent(model, [note], name="triage", instructions="You sort.", handoffs=handoffs, **options)


def turns(result: Result) -> list[str]:
    return [record.event.agent for record in result.records if isinstance(record.event, TurnStarted)]


def scripted(agent: Agent) -> ScriptedModel:
    assert isinstance(agent.model, ScriptedModel)
    return agent.model


def told(agent: Agent, request: int = 0) -> str:
    return str(scripted(agent).requests[request])


# --- who goes on ---


async def test_the_next_turn_is_the_other_agents_with_all_that_was_said() -> None:
    other = billing()
    first = triage(other)
    async with first.stream("Is it paid?", deps="me") as run:
        assert run.agent is first
        async for _ in run:
            pass
    result = run.result()
    assert check_records(result.records) == []
    assert turns(result) == ["triage", "billing", "billing"]
    assert result.agent is run.agent is other
    assert result.output == "It is paid."
    assert [handle.result for handle in result.calls.values()][1] == "invoice 7 of me"
    assert len(scripted(first).requests) == 1
    request = scripted(other).requests[0]
    assert request["instructions"] == "You do bills."
    assert [one["name"] for one in request["tools"]] == ["invoice"]
    assert "Is it paid?" in str(request["input"])
    assert "angry" in str(request["input"])
    assert result.usage.total_tokens > 0


async def test_a_run_without_one_has_the_agent_that_was_asked() -> None:
    agent = triage(billing(), script=["Hello."])
    result = await agent.run("Hi")
    assert result.agent is agent
    assert turns(result) == ["triage"]


async def test_the_next_run_goes_on_with_the_agent_that_answered() -> None:
    result = await triage(billing([call("invoice", number=7)], "It is paid.", "Goodbye.")).run("Is it paid?")
    again = await result.agent.run("Thanks.", history=result.transcript)
    assert check_records(again.records) == []
    assert again.output == "Goodbye."
    assert turns(again) == ["billing"]


async def test_other_calls_of_the_response_run_and_are_answered() -> None:
    script = [[call("note", text="a"), call("transfer_to_billing"), call("note", text="b")]]
    other = billing("Yes?")
    result = await triage(other, script=script).run("Go.")
    assert check_records(result.records) == []
    assert [handle.result for handle in result.calls.values()] == [
        "noted a",
        "billing goes on with the conversation from here.",
        "noted b",
    ]
    assert "noted b" in told(other)


async def test_the_first_of_two_wins_and_the_other_is_told_so() -> None:
    refunds = Agent(ScriptedModel(["Never asked."]), name="refunds")
    other = billing("Yes?")
    script = [[call("transfer_to_refunds"), call("transfer_to_billing")]]
    for handoffs, winner in (((other, refunds), "refunds"), ((billing("Yes?"), refunds), "refunds")):
        refunds.model = ScriptedModel(["Yes?"])
        result = await triage(*handoffs, script=script).run("Go.")
        assert check_records(result.records) == []
        assert turns(result) == ["triage", winner]
        failure = result.calls["call-1-1"].failure
        assert isinstance(failure, Raised)
        assert failure.message == (
            "Not handed over: transfer_to_refunds came first, and the conversation goes to one only."
        )


async def test_agents_that_hand_over_to_each_other_are_bounded_by_the_turns_of_the_run() -> None:
    other = billing(*[[call("transfer_to_triage")]] * 9)
    first = triage(other, script=[[call("transfer_to_billing")]] * 9, limits=Limits(max_turns=5))
    other.handoffs.append(first)
    async with first.stream("Go.") as run:
        with pytest.raises(TurnLimit):
            async for _ in run:
                pass
    assert check_records(run.records) == []
    assert isinstance(run.records[-1].event, RunFailed)
    agents = [record.event.agent for record in run.records if isinstance(record.event, TurnStarted)]
    assert agents == ["triage", "billing", "triage", "billing", "triage"]
    assert run.agent is other


async def test_a_handoff_of_a_response_that_ended_badly_does_not_count() -> None:
    script = [[call("transfer_to_billing"), Finish("length")], "I stay."]
    result = await triage(billing(), script=script).run("Go.")
    assert check_records(result.records) == []
    assert isinstance(result.calls["call-1-0"].failure, Truncated)
    assert turns(result) == ["triage", "triage"]


async def test_a_handoff_that_is_cancelled_does_not_count() -> None:
    async with triage(billing(), script=[[call("transfer_to_billing")], "I stay."]).stream("Go.") as run:
        async for event in run:
            if event.type == "CallSealed":
                run.cancel(event.call.id, "stay here")
    assert check_records(run.records) == []
    assert [event.event.agent for event in run.records if isinstance(event.event, TurnStarted)] == ["triage"] * 2


@pytest.mark.parametrize("api", [api for api in scripted_apis() if api != "openai-completions"])  # it has no tools
async def test_from_any_wire_to_any_other(api: Api) -> None:
    """The echoes of one provider are not sent to another; an agent without tools is told of calls, too."""
    for there in ("openai-responses", "anthropic-messages", api):
        first = triage(billing(api=there), api=api)
        result = await first.run("Is it paid?", deps="me")
        assert check_records(result.records) == []
        assert result.output == "It is paid."
        toolless = Agent(ScriptedModel(["I only talk."], api=there), name="billing")
        result = await triage(toolless, api=api).run("Is it paid?")
        assert check_records(result.records) == []
        assert result.output == "I only talk."


# --- on whose terms ---


class Counting(ScriptedModel):
    """A script whose connection counts how often it is opened and closed."""

    def __init__(self, *script: Any) -> None:
        super().__init__(list(script))
        self.opened = self.closed = 0

    def transport(self) -> Any:
        inner = super().transport()
        model = self

        class Counted:
            async def __aenter__(self) -> Self:
                model.opened += 1
                return self

            async def __aexit__(self, *exc_info: object) -> None:
                model.closed += 1

            @asynccontextmanager
            async def open(self, request: Any) -> AsyncGenerator[Any]:
                assert model.opened > model.closed
                async with inner.open(request) as incoming:
                    yield incoming

        return Counted()


async def test_a_connection_is_opened_when_its_agent_is_first_asked_and_closed_with_the_run() -> None:
    there = Counting([call("transfer_to_triage")], "Done.")
    other = Agent(there, name="billing")
    never = Agent(Counting(), name="never")
    first = triage(other, never, script=[[call("transfer_to_billing")]] * 2)
    other.handoffs.append(first)
    async with first.stream("Go.") as run:
        assert there.opened == 0
        async for event in run:
            if isinstance(event, TurnStarted):
                assert there.opened <= (event.turn > 1)
    assert check_records(run.records) == []
    assert run.output == "Done."
    assert (there.opened, there.closed) == (1, 1)
    assert isinstance(never.model, Counting)
    assert never.model.opened == 0


async def test_a_connection_that_the_agent_keeps_open_is_used_and_stays_open() -> None:
    there = Counting("One.", "Two.")
    async with Agent(there, name="billing") as other:
        for _ in range(2):
            await triage(other, script=[[call("transfer_to_billing")]]).run("Go.")
        assert (there.opened, there.closed) == (1, 0)
    assert there.closed == 1


async def test_agents_of_one_model_share_its_connection() -> None:
    model = Counting([call("transfer_to_billing")], "Yes?")
    await Agent(model, name="triage", handoffs=[Agent(model, name="billing")]).run("Go.")
    assert (model.opened, model.closed) == (1, 1)


async def test_the_policy_is_the_agents_own_and_the_limits_are_the_runs() -> None:
    @tool
    async def fail() -> str:
        """Fail."""
        raise ValueError("secret")

    model = ScriptedModel([[call("fail")], "Hm."])
    other = Agent(model, [fail], name="billing", policy=Policy(tool_errors="message"), limits=Limits(max_turns=1))
    result = await triage(other, script=[[call("transfer_to_billing")]]).run("Go.")
    assert check_records(result.records) == []
    assert "ValueError: secret" in told(other, 1)


async def test_the_approver_of_the_first_is_asked_where_the_other_has_none() -> None:
    @tool(needs_approval=True)
    async def refund(amount: int) -> str:
        """Pay back."""
        return f"{amount} paid back"

    asked: list[str] = []

    async def approver(call: Call, args: JsonValue) -> Approve:
        asked.append(f"{call.name} {args}")
        return Approve()

    other = Agent(ScriptedModel([[call("refund", amount=5)], "Done.", "Bye."]), [refund], name="billing")
    script = [[call("transfer_to_billing")]]
    with pytest.raises(UsageError, match="refund of the agent billing needs approval"):
        triage(other, script=script).stream("Go.")
    result = await triage(other, script=script, approver=approver).run("Go.")
    assert check_records(result.records) == []
    assert asked == ["refund {'amount': 5}"]
    again = await result.agent.run("Thanks.", history=result.transcript)
    assert again.output == "Bye."


# --- what is told ---


async def test_the_history_for_the_other_agent_can_be_cut_and_the_transcript_stays_whole() -> None:
    def last_words(transcript: Transcript) -> Transcript:
        return Transcript(tuple(entry for entry in transcript if isinstance(entry, UserMessage))[-1:])

    other = billing()
    first = triage(Handoff(other, "About money.", history=last_words))
    result = await first.run("Is it paid?", deps="me")
    assert check_records(result.records) == []
    assert "transfer_to_billing" not in told(other)
    assert "Is it paid?" in told(other)
    assert "invoice 7" in told(other, 1)
    assert "transfer_to_billing" not in told(other, 1)
    calls = [called.name for entry in result.transcript if isinstance(entry, Reply) for called in entry.calls]
    assert calls == ["transfer_to_billing", "invoice"]
    assert "About money." in told(first)


@pytest.mark.parametrize("history", [Transcript(), None, "unanswered"])
async def test_what_is_no_history_ends_the_run(history: Any) -> None:
    def made(whole: Transcript) -> Any:
        return Transcript(whole.entries[:2]) if history == "unanswered" else history

    first = triage(Handoff(billing(), history=made))
    with pytest.raises(UsageError, match=r"Handoff\(…, history=…\) to billing must give a transcript"):
        await first.run("Go.")


async def test_a_sub_agent_may_hand_over_within_its_own_run() -> None:
    worker = triage(billing("From billing.")).as_tool("work", "Work.")
    result = await Agent(ScriptedModel([[call("work", prompt="go")], "So."]), [worker]).run("Go.")
    assert check_records(result.records) == []
    assert result.calls["call-1-0"].result == "From billing."
    assert turns(result) == ["agent", "triage", "billing", "agent"]


# --- bad input ---


def test_who_can_not_be_handed_over_to() -> None:
    with pytest.raises(UsageError, match=r"an agent that is handed over to needs a name: Agent\(…, name=…\)"):
        triage(Agent("openai:x"))
    with pytest.raises(UsageError, match=r"'Billing desk' can not be handed over to: .* letters, digits, _ and -"):
        triage(Agent("openai:x", name="Billing desk"))
    wrong: Any = "billing"
    with pytest.raises(UsageError, match=r"handoffs=\[…\] holds 'billing': write agents, or Handoff\(agent, …\)"):
        triage(wrong)
    for wrong in ("billing", billing()):
        with pytest.raises(UsageError, match="handoffs are given as a list: write"):
            Agent("openai:x", handoffs=wrong)
    with pytest.raises(UsageError, match='two tools are named "transfer_to_billing"'):
        triage(billing(), billing())


def test_a_name_stands_where_the_agent_is_shown() -> None:
    assert repr(Agent("openai:gpt-5.1", name="billing")) == "Agent('openai:gpt-5.1', tools=[], name='billing')"
    assert repr(Agent("openai:gpt-5.1")) == "Agent('openai:gpt-5.1', tools=[])"


def test_the_tool_says_what_it_does() -> None:
    hand_over = Handoff(billing()).tool
    assert hand_over.name == "transfer_to_billing"
    assert hand_over.description == "Hand the conversation over to billing, who goes on with it."
    assert hand_over() == "The conversation is handed over."
