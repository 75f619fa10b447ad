"""A loop of one's own: the official SDK asks, `ToolRunner` reads the SDK's own event objects and runs the tools."""

from __future__ import annotations

import gc
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Literal, TypeAlias

import anyio
import openai
import pytest
from anyio import to_thread

from millstream import Model, ModelError, Retry, ToolContext, ToolRunner, UsageError, WireError, tool
from millstream.events import (
    CallEnded,
    CallFailed,
    CallReturned,
    CallSealed,
    CallStarted,
    Event,
    Rejected,
    TextDelta,
    Truncated,
    TurnEnded,
    TurnTorn,
)
from millstream.testing import (
    Body,
    CallTool,
    Cut,
    ErrorEvent,
    FakeProvider,
    Flood,
    Response,
    Say,
    Scenario,
    Think,
    Together,
    call,
)
from tests.alive import nothing_left
from tests.real.sdk import MODEL, asked

pytestmark = [pytest.mark.real, pytest.mark.anyio]

Wire: TypeAlias = Literal["responses", "chat"]
STYLES = {"responses": "openai", "chat": "openai-chat"}
TWO_TURNS = (
    Response(
        (Think("Both."), Say("Let me look. "), call("weather", city="Paris"), call("weather", city="Rome"), Say("So:"))
    ),
    "21 °C in both.",
)


# On trio the SDK alone, without us, leaves generators to the collector behind the [DONE] of Chat, and trio complains.
@pytest.fixture(params=["responses-asyncio", "chat-asyncio", "responses-trio"])
def surroundings(request: pytest.FixtureRequest) -> list[str]:
    chosen: str = request.param
    return chosen.split("-")


@pytest.fixture
def wire(surroundings: list[str]) -> Wire:
    return "chat" if surroundings[0] == "chat" else "responses"


@pytest.fixture
def anyio_backend(surroundings: list[str]) -> str:
    return surroundings[1]


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    with nothing_left():
        yield
        gc.collect()


@tool(read_only=True)
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    return f"21 °C in {city}"


def ask(client: openai.AsyncOpenAI, wire: Wire, runner: ToolRunner, items: list[Any]) -> Awaitable[Any]:
    """The next request of the loop: what the SDK returns, not yet awaited."""
    tools: Any = runner.schemas(STYLES[wire]) or openai.omit
    if wire == "responses":
        return client.responses.create(model=MODEL, input=items, tools=tools, stream=True)
    return client.chat.completions.create(model=MODEL, messages=items, tools=tools, stream=True)


@asynccontextmanager
async def loop_on(
    wire: Wire, *answers: Any, tools: Any = (weather,), **runner: Any
) -> AsyncGenerator[tuple[Callable[[], Awaitable[Any]], ToolRunner, list[Any], FakeProvider]]:
    """A client, a runner, the items so far, and what asks for the next response."""
    items: list[Any] = [{"role": "user", "content": "What is the weather?"}]
    async with asked(*answers) as (client, provider), ToolRunner(tools, **runner) as entered:
        yield (lambda: ask(client, wire, entered, items)), entered, items, provider


def told(items: list[Any], wire: Wire) -> list[str]:
    """What the model was told of its calls."""
    if wire == "responses":
        return [item["output"] for item in items if item.get("type") == "function_call_output"]
    return [item["content"] for item in items if item["role"] == "tool"]


async def rest_of(events: AsyncIterator[Event]) -> list[Event]:
    return [event async for event in events]


@pytest.mark.parametrize("awaited", [False, True])
async def test_a_whole_loop(wire: Wire, awaited: bool) -> None:
    seen: list[list[Event]] = []
    async with loop_on(wire, *TWO_TURNS) as (next_response, runner, items, provider):
        while not runner.finished:
            stream: Any = await next_response() if awaited else next_response()
            seen.append([event async for event in runner.drive(stream)])
            items.extend(runner.items())
    first, second = seen
    assert "".join(event.text for event in first if isinstance(event, TextDelta)) == "Let me look. So:"
    assert [event.result for event in first if isinstance(event, CallReturned)] == ["21 °C in Paris", "21 °C in Rome"]
    assert "".join(event.text for event in second if isinstance(event, TextDelta)) == "21 °C in both."
    assert told(items, wire) == ["21 °C in Paris", "21 °C in Rome"]
    assert [request.status for request in provider.requests] == [200, 200], "the provider's rules hold for the loop"
    body: Any = provider.requests[1].body
    assert told(body["input" if wire == "responses" else "messages"], wire) == told(items, wire)


async def test_tools_start_before_the_stream_is_over(wire: Wire) -> None:
    """The SDK's stream is held back behind what seals the first call, until the tool of that call has started."""
    started = anyio.Event()

    @tool(read_only=True, name="weather")
    async def watched(city: str) -> str:
        """Look up the weather of a city."""
        started.set()
        return city

    def seals_the_first(event: Any) -> bool:
        if wire == "responses":
            return bool(event.type == "response.output_item.done" and event.item.type == "function_call")
        return any(part.index == 1 for choice in event.choices for part in choice.delta.tool_calls or ())

    async def held_back(stream: Any) -> AsyncIterator[Any]:
        async with stream:
            async for event in stream:
                yield event
                if seals_the_first(event) and not started.is_set():
                    with anyio.fail_after(10):
                        await started.wait()

    async with loop_on(wire, *TWO_TURNS, tools=[watched]) as (next_response, runner, _, _provider):
        events = await rest_of(runner.drive(held_back(await next_response())))
    kinds = [type(event) for event in events]
    assert kinds.index(CallStarted) < kinds.index(TurnEnded)
    assert kinds.index(CallStarted) < len(kinds) - 1 - kinds[::-1].index(CallSealed), "before the second call is whole"


async def test_calls_that_alternate_and_end_in_another_order_are_answered_in_call_order(wire: Wire) -> None:
    other_done = anyio.Event()

    @tool(read_only=True, name="weather")
    async def out_of_order(city: str) -> str:
        """Look up the weather of a city."""
        if city == "Paris":
            await other_done.wait()
        other_done.set()
        return city

    calls = Together((call("weather", city="Paris"), call("weather", city="Rome")))
    async with loop_on(wire, [calls], "Done.", tools=[out_of_order]) as (next_response, runner, items, _):
        events = await rest_of(runner.drive(next_response()))
        items.extend(runner.items())
        await rest_of(runner.drive(next_response()))
        assert runner.finished
    assert [event.result for event in events if isinstance(event, CallReturned)] == ["Rome", "Paris"]
    assert told(items, wire) == ["Paris", "Rome"]


async def test_tools_of_every_form_with_context_and_retries(wire: Wire) -> None:
    attempts: list[int] = []

    @tool(idempotent=True, retry=Retry(attempts=2, first_wait_s=0, jitter_s=0))
    def stubborn(ctx: ToolContext[dict[str, str]]) -> str:
        """Fail once."""
        attempts.append(ctx.attempt)
        if ctx.attempt == 1:
            raise OSError("not yet")
        return ctx.deps["word"]

    @tool
    async def counting(to: int) -> AsyncIterator[int]:
        """Count."""
        for number in range(to):
            yield number

    steps = [call("stubborn"), call("counting", to=3), call("weather", city="Oslo"), call("nobody")]
    async with loop_on(wire, steps, "Done.", tools=[stubborn, counting, weather], deps={"word": "mill"}) as (
        next_response,
        runner,
        items,
        provider,
    ):
        events = await rest_of(runner.drive(next_response()))
        items.extend(runner.items())
        await rest_of(runner.drive(next_response()))
    assert attempts == [1, 2]
    assert told(items, wire)[:3] == ["mill", "2", "21 °C in Oslo"]
    assert 'there is no tool named "nobody"' in told(items, wire)[3]
    assert [event.call.name for event in events if isinstance(event, CallEnded)].count("nobody") == 1
    assert [request.status for request in provider.requests] == [200, 200]


async def test_arguments_that_are_wrong_are_rejected_and_told(wire: Wire) -> None:
    steps = [CallTool("weather", {"town": "Paris"}), call("weather", city="Rome")]
    async with loop_on(wire, steps, "Done.") as (next_response, runner, items, _):
        events = await rest_of(runner.drive(next_response()))
        items.extend(runner.items())
        await rest_of(runner.drive(next_response()))
    (failed,) = (event for event in events if isinstance(event, CallFailed))
    assert isinstance(failed.failure, Rejected)
    assert 'no known key begins with "t"; known are: city' in told(items, wire)[0]
    assert told(items, wire)[1] == "21 °C in Rome"


async def test_a_stream_that_breaks_keeps_what_was_sealed(wire: Wire) -> None:
    steps = [call("weather", city="Paris"), CallTool("weather", raw='{"city":"Ro', seal=False), Cut("close")]
    async with loop_on(wire, steps, "So.") as (next_response, runner, items, provider):
        events = await rest_of(runner.drive(next_response()))
        items.extend(runner.items())
        await rest_of(runner.drive(next_response()))
    assert [event.result for event in events if isinstance(event, CallReturned)] == ["21 °C in Paris"]
    (failed,) = (event for event in events if isinstance(event, CallFailed))
    assert isinstance(failed.failure, Truncated)
    assert any(isinstance(event, TurnTorn) for event in events)
    assert [request.status for request in provider.requests] == [200, 200]


async def test_a_refusal_of_the_request_is_a_wire_error_with_the_sdks_own_behind_it(wire: Wire) -> None:
    slow_down = Body(
        {"error": {"message": "Slow down.", "code": "rate_limit_exceeded"}}, 429, headers={"Retry-After": "7"}
    )
    async with loop_on(wire, slow_down) as (next_response, runner, _, _provider):
        with pytest.raises(WireError, match=r"Slow down\.") as caught:
            await rest_of(runner.drive(next_response()))
    error = caught.value
    assert (error.phase, error.status, error.code) == ("request", 429, "rate_limit_exceeded")
    assert (error.retryable, error.retry_after_s) == (True, 7.0)
    assert isinstance(error.__cause__, openai.RateLimitError)


async def test_a_request_that_breaks_the_rules_is_not_worth_another_try(wire: Wire) -> None:
    async with loop_on(wire, "never said") as (next_response, runner, items, _):
        items.append({"role": "robot", "content": "Hi"})
        with pytest.raises(WireError, match="robot") as caught:
            await rest_of(runner.drive(next_response()))
    assert (caught.value.status, caught.value.retryable) == (400, False)


async def test_an_error_within_the_stream_is_told_with_its_code(wire: Wire) -> None:
    async with loop_on(wire, [Say("It beg"), ErrorEvent("Too busy.", "server_overloaded")]) as (ask_, runner, _, _p):
        with pytest.raises(WireError, match=r"Too busy\.") as caught:
            await rest_of(runner.drive(ask_()))
    assert (caught.value.phase, caught.value.code, caught.value.retryable) == ("stream", "server_overloaded", True)


async def test_leaving_early_closes_the_connection(wire: Wire) -> None:
    async with asked(Response((Flood(),))) as (client, provider):
        async with ToolRunner([weather]) as runner:
            async for event in runner.drive(ask(client, wire, runner, [{"role": "user", "content": "Hi"}])):
                if isinstance(event, TextDelta):
                    break
        assert len(await to_thread.run_sync(provider.wait_for_disconnects, 1)) == 1


async def test_a_stream_that_was_never_read_is_closed_too(wire: Wire) -> None:
    async with loop_on(wire, "never read") as (next_response, runner, _, _provider):
        runner.drive(next_response())  # "was never awaited" would fail this test


# --- what the SDK gives beside create(stream=True) ---


async def test_the_helper_for_responses() -> None:
    items: Any = [{"role": "user", "content": "What is the weather?"}]
    async with asked(*TWO_TURNS) as (client, provider), ToolRunner([weather]) as runner:
        while not runner.finished:
            tools: Any = runner.schemas("openai")
            manager = client.responses.stream(model=MODEL, input=items, tools=tools)
            with pytest.raises(UsageError, match=r"enter the AsyncResponseStreamManager first: async with … as stream"):
                runner.drive(manager)  # type: ignore[arg-type]
            async with manager as stream:
                await rest_of(runner.drive(stream))
            items.extend(runner.items())
    assert told(items, "responses") == ["21 °C in Paris", "21 °C in Rome"]
    assert [request.status for request in provider.requests] == [200, 200]


async def test_the_helper_for_chat_makes_events_of_its_own() -> None:
    async with (
        asked("Hello.") as (client, _),
        ToolRunner([]) as runner,
        client.chat.completions.stream(model=MODEL, messages=[{"role": "user", "content": "Hi"}]) as stream,
    ):
        with pytest.raises(UsageError, match=r"made by the SDK's helper.*: ask with create\(…, stream=True\)"):
            await rest_of(runner.drive(stream))


async def test_the_client_that_blocks_is_told_off_at_once(wire: Wire) -> None:
    with (
        FakeProvider(Scenario.of("Hello.")) as provider,
        openai.OpenAI(base_url=provider.base_url, api_key="any", max_retries=0) as client,
    ):
        asking: Any = client.responses if wire == "responses" else client.chat.completions
        body: Any = {"input": "Hi"} if wire == "responses" else {"messages": [{"role": "user", "content": "Hi"}]}
        async with ToolRunner([]) as runner:
            with (
                asking.create(model=MODEL, stream=True, **body) as stream,
                pytest.raises(UsageError, match="would hold up every tool: ask with an async client"),
            ):
                runner.drive(stream)


async def test_the_events_of_the_client_that_blocks_can_be_given_from_a_thread(wire: Wire) -> None:
    """What the error above leaves to those who have no async client: their own bridge."""
    async with asked(*TWO_TURNS) as (_, provider), ToolRunner([weather]) as runner:
        with openai.OpenAI(base_url=provider.base_url, api_key="sk-right", max_retries=0) as client:
            asking: Any = client.responses if wire == "responses" else client.chat.completions
            key = "input" if wire == "responses" else "messages"
            items: list[Any] = [{"role": "user", "content": "Hi"}]
            while not runner.finished:
                body: Any = {key: items, "tools": runner.schemas(STYLES[wire])}
                with asking.create(model=MODEL, stream=True, **body) as stream:
                    await rest_of(runner.drive(from_thread(stream)))
                items.extend(runner.items())
    assert told(items, wire) == ["21 °C in Paris", "21 °C in Rome"]


async def from_thread(stream: Any) -> AsyncIterator[Any]:
    """The events of a stream that blocks, each awaited in a thread."""
    pieces, over = iter(stream), object()
    while (piece := await to_thread.run_sync(next, pieces, over)) is not over:
        yield piece


def test_a_model_takes_no_client_of_an_sdk() -> None:
    client: Any = openai.OpenAI(api_key="any")
    with pytest.raises(ModelError, match=r"takes an httpx2\.AsyncClient, not a openai\.OpenAI"):
        Model("openai:any", client=client)
    client.close()
