"""Models that stand in for others: when they are asked, for how long, and what is told when none answers."""

from __future__ import annotations

from typing import Any, Self

import pytest

from millstream import Agent, Limits, Model, ModelError, Policy, Result, Run, Settings, WireError, tool
from millstream.events import JsonObject, ProviderEvent, RunStarted, TurnStarted
from millstream.runtime.fallback import Fallback, may_fall_back
from millstream.testing import Body, Cut, Hangup, Response, Say, Scenario, ScriptedModel, assert_records, call
from millstream.transcript import Reply

pytestmark = pytest.mark.anyio

QUICK = Limits(request_attempts=1)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


async def to_its_end(run: Run) -> None:
    async with run:
        async for _ in run:
            pass


@tool
async def look(place: str) -> str:
    """Look at a place."""
    return f"nothing at {place}"


def refusing(status: int) -> Body:
    return Body(b'{"error": {"message": "No."}}', status=status)


def failing(*answers: Any, **kwargs: Any) -> ScriptedModel:
    return ScriptedModel(Scenario.of(*answers), **kwargs)


def changes(result: Result) -> list[JsonObject]:
    events = (record.event for record in result.records)
    return [one.data for one in events if isinstance(one, ProviderEvent) and one.name == "request.fallback"]


async def go(model: Model, limits: Limits = QUICK, policy: Policy | None = None) -> Result:
    result = await Agent(model, [look], limits=limits, policy=policy).run("Go.")
    assert_records(result.records)
    return result


# --- the decision ---


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (WireError("no connection", phase="connect", retryable=True), True),
        (WireError("nothing came", kind="timeout", retryable=True), True),
        (WireError("", phase="request", status=503, retryable=True), True),
        (WireError("", phase="request", status=501), True),
        (WireError("no quota", phase="request", status=429), True),
        (WireError("no money", phase="request", status=402), True),
        (WireError("no such model", phase="request", status=404), True),
        (WireError("wrong", phase="request", status=400), False),
        (WireError("the key", phase="request", status=401), False),
        (WireError("not its form", kind="protocol"), False),
    ],
    ids=lambda value: getattr(value, "status", None),
)
def test_when_another_may_answer(error: WireError, expected: bool) -> None:
    assert may_fall_back(error) is expected


# --- in a run ---


@pytest.mark.parametrize("first", [Hangup(), refusing(503), refusing(404), refusing(429)], ids=str)
async def test_the_next_model_is_asked_and_stays(first: Any) -> None:
    second = ScriptedModel([call("look", place="a"), "Done."], api="anthropic-messages")
    model = failing(first, fallback=[second])
    result = await go(model)
    assert result.output == "Done."
    assert (len(model.requests), len(second.requests)) == (1, 2)
    (change,) = changes(result)
    assert (change["from"], change["to"]) == ("openai:scripted", "anthropic:scripted")
    assert change["error"]
    assert [record.event.turn for record in result.records if isinstance(record.event, TurnStarted)] == [1, 2]
    assert {entry.wire for entry in result.transcript if isinstance(entry, Reply)} == {"anthropic-messages"}
    assert isinstance(result.records[0].event, RunStarted)
    assert result.records[0].event.model == "openai:scripted"


async def test_in_the_middle_of_a_run_with_the_history_of_the_other_wire() -> None:
    second = ScriptedModel(["Done."], api="gemini-generate")
    model = failing([Say("I look."), call("look", place="a")], Hangup(), fallback=[second])
    result = await go(model)
    assert result.output == "Done."
    assert [entry.wire for entry in result.transcript if isinstance(entry, Reply)] == [
        "openai-responses",
        "gemini-generate",
    ]
    assert len(second.requests) == 1


async def test_a_model_is_asked_as_often_as_ever_before_another_is() -> None:
    second = ScriptedModel(["Done."])
    model = failing(Hangup(), Hangup(), fallback=[second])
    result = await go(model, Limits(request_attempts=2, max_retry_wait_s=0.01))
    assert len(model.requests) == 2
    names = [record.event.name for record in result.records if isinstance(record.event, ProviderEvent)]
    assert names == ["request.retrying", "request.fallback"]


async def test_never_once_anything_was_shown() -> None:
    second = ScriptedModel(["never asked"])
    torn = Response((Say("Once upon"), Cut()))
    with pytest.raises(WireError) as caught:
        await go(failing(torn, fallback=[second]), policy=Policy(on_torn="raise"))
    assert "no model answered" not in str(caught.value)
    assert second.requests == []


async def test_what_is_wrong_with_the_request_itself_is_not_asked_elsewhere() -> None:
    second = ScriptedModel(["never asked"])
    with pytest.raises(WireError) as caught:
        await go(failing(refusing(400), fallback=[second]))
    assert caught.value.status == 400
    assert second.requests == []


async def test_when_all_fail_each_is_named() -> None:
    third = failing(refusing(404), api="gemini-generate")
    second = failing(refusing(429), api="anthropic-messages", fallback=[third])
    run = Agent(failing(Hangup(), fallback=[second]), limits=QUICK).stream("Go.")
    with pytest.raises(WireError, match=r"no model answered: openai:.*; anthropic:scripted: .*; gemini:") as one:
        await to_its_end(run)
    assert one.value.retryable
    assert one.value.status == 404
    assert one.value.transcript is not None
    assert_records(run.records)


async def test_one_without_a_key_is_named_among_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(WireError, match=r"no model answered: .*; anthropic:x: there is no key for anthropic:x"):
        await go(failing(Hangup(), fallback=["anthropic:x"]))
    with pytest.raises(ModelError, match="there is no key"):  # the first one is the caller's own mistake
        await go(Model("anthropic:x", fallback=[ScriptedModel(["never asked"])]))


async def test_each_is_asked_with_its_own_settings() -> None:
    second = ScriptedModel(["Done."], api="openai-chat")
    second.settings = Settings(max_output_tokens=7)
    await go(failing(Hangup(), fallback=[second]))
    assert second.requests[0]["max_completion_tokens"] == 7


async def test_transports_are_opened_when_they_are_needed_and_closed_with_the_run() -> None:
    class Counting:
        opened = closed = 0

        async def __aenter__(self) -> Self:
            self.opened += 1
            return self

        async def __aexit__(self, *exc_info: object) -> None:
            self.closed += 1

        def open(self, request: Any) -> Any:
            raise WireError(f"no connection to {request.url}", phase="connect", retryable=True)

    one, other, unused = Counting(), Counting(), Counting()
    third = Model("openai:c", api_key="k", transport=unused)
    second = Model("openai:b", api_key="k", transport=other, fallback=[ScriptedModel(["Done."]), third])
    async with Agent(Model("openai:a", api_key="k", transport=one, fallback=[second]), limits=QUICK) as agent:
        assert (await agent.run("Go.")).output == "Done."
        assert (one.opened, one.closed) == (1, 0), "kept between runs"
        assert (other.opened, other.closed) == (1, 1)
    assert (one.closed, unused.opened) == (1, 0)


async def test_the_decider_alone() -> None:
    told: list[Any] = []
    second, third = ScriptedModel(["x"]), ScriptedModel(["y"])
    model = ScriptedModel(["z"], fallback=[second, third])
    fallback = Fallback(lambda name, data: told.append((name, data)))
    down = {model}

    async def attempt(one: Model) -> Model:
        if one in down:
            raise WireError("down", retryable=True)
        return one

    assert await fallback.ask(model, attempt) is second
    down.clear()
    assert await fallback.ask(model, attempt) is second, "it stays"
    down.update((second, third))
    with pytest.raises(WireError, match="no model answered"):
        await fallback.ask(model, attempt)
    assert len(told) == 2
    assert await fallback.ask(ScriptedModel([]), attempt) is not None


# --- how it is written ---


def test_mistakes() -> None:
    with pytest.raises(ModelError, match=r"fallback= takes several: write fallback=\(MODEL,\)"):
        Model("openai:x", fallback="anthropic:y")
    with pytest.raises(ModelError, match='"anthropics:y" names no provider'):
        Model("openai:x", fallback=["anthropics:y"])


def test_the_chain_holds_those_of_the_others_too() -> None:
    model = Model("openai:a", fallback=[Model("openai:b", fallback=["openai:c"]), "openai:d"])
    assert [one.name for one in model.chain] == ["openai:a", "openai:b", "openai:c", "openai:d"]
