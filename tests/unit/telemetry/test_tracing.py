"""Runs as spans, read back from the SDK's exporter in memory."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from millstream import Agent, Retry, UsageError, WireError, tool
from millstream.events import (
    Call,
    CallReturned,
    CallSealed,
    CallStarted,
    Event,
    Record,
    RunFinished,
    RunStarted,
    RunSuspended,
    TextDelta,
    TurnEnded,
    TurnStarted,
    Usage,
)
from millstream.telemetry import Tracing
from millstream.testing import Body, ScriptedModel, call


class Spans:
    """What was exported, by name."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self._exporter))

    def __iter__(self) -> Iterator[ReadableSpan]:
        return iter(self._exporter.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        found = [span for span in self if span.name == name]
        return sorted(found, key=lambda span: span.start_time or 0)

    def parents(self) -> list[tuple[str, str]]:
        names = {span.context.span_id: span.name for span in self if span.context is not None}
        return sorted((span.name, names[span.parent.span_id] if span.parent else "") for span in self)


def facts(span: ReadableSpan) -> dict[str, Any]:
    return dict(span.attributes or {})


@pytest.fixture
def spans() -> Iterator[Spans]:
    found = Spans()
    yield found
    found.provider.shutdown()


@tool(read_only=True)
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    trace.get_tracer("mine").start_span("lookup").end()
    return f"21 °C in {city}"


TWO = [call("weather", city="Paris"), call("weather", city="Rome")]


@pytest.mark.anyio
async def test_a_run_its_responses_and_its_tools(spans: Spans) -> None:
    agent = Agent(ScriptedModel([TWO, "Warm."]), [weather], observer=Tracing(spans.provider))
    result = await agent.run("Is it warm?")
    model = result.records[0].event.model.partition(":")[2] if isinstance(result.records[0].event, RunStarted) else ""
    assert spans.parents() == [
        (f"chat {model}", "invoke_agent agent"),
        (f"chat {model}", "invoke_agent agent"),
        ("execute_tool weather", f"chat {model}"),
        ("execute_tool weather", f"chat {model}"),
        ("invoke_agent agent", ""),
    ]
    (run,) = spans.named("invoke_agent agent")
    assert facts(run)["gen_ai.operation.name"] == "invoke_agent"
    assert facts(run)["gen_ai.conversation.id"] == result.run_id
    assert facts(run)["gen_ai.usage.output_tokens"] == result.usage.output_tokens
    first, second = spans.named(f"chat {model}")
    assert first.kind is trace.SpanKind.CLIENT
    assert facts(first)["gen_ai.response.finish_reasons"] == ("completed",)
    assert facts(first)["gen_ai.usage.input_tokens"] > 0
    assert facts(first)["millstream.overlap_s"] >= 0
    assert (facts(first)["millstream.turn"], facts(second)["millstream.turn"]) == (1, 2)
    assert facts(second)["gen_ai.response.time_to_first_chunk"] >= 0
    for span in spans.named("execute_tool weather"):
        assert facts(span)["gen_ai.tool.name"] == "weather"
        assert facts(span)["millstream.call.start_state"] == "eager"
        assert "gen_ai.tool.call.arguments" not in facts(span)
        assert span.status.status_code is StatusCode.UNSET
    for span in spans:
        assert span.start_time is not None
        assert span.end_time is not None
        assert span.start_time <= span.end_time


@pytest.mark.anyio
async def test_what_a_tool_does_itself_is_found_under_it(spans: Spans) -> None:

    @tool(read_only=True)
    async def inside() -> int:
        """Do something of its own."""
        with spans.provider.get_tracer("mine").start_as_current_span("query"):
            await anyio.lowlevel.checkpoint()
        return 1

    @tool(read_only=True)
    def in_a_thread() -> int:
        """Do something of its own in a thread."""
        spans.provider.get_tracer("mine").start_span("read").end()
        return 1

    model = ScriptedModel([[call("inside"), call("in_a_thread")], "Done."])
    with spans.provider.get_tracer("mine").start_as_current_span("request"):
        await Agent(model, [inside, in_a_thread], observer=Tracing(spans.provider)).run("Go")
    parents = dict(spans.parents())
    assert parents["query"] == "execute_tool inside"
    assert parents["read"] == "execute_tool in_a_thread"
    assert parents["invoke_agent agent"] == "request"


@pytest.mark.anyio
async def test_content_is_written_only_where_it_is_asked_for(spans: Spans) -> None:
    tracing = Tracing(spans.provider, content=True)
    await Agent(ScriptedModel([TWO, "Warm."]), [weather], observer=tracing).run("Is it warm?")
    first = spans.named("execute_tool weather")[0]
    assert facts(first)["gen_ai.tool.call.arguments"] == '{"city": "Paris"}'
    assert facts(first)["gen_ai.tool.call.result"] == "21 °C in Paris"


@pytest.mark.anyio
async def test_failures_are_told_by_their_kind(spans: Spans) -> None:
    tries: list[int] = []

    @tool(read_only=True, retry=Retry(attempts=2, first_wait_s=0, jitter_s=0))
    async def flaky() -> int:
        """Fail."""
        tries.append(1)
        raise ValueError("a secret")

    model = ScriptedModel([[call("flaky"), call("nowhere")], Body({"error": {"message": "No."}}, 400)])
    with pytest.raises(WireError):
        await Agent(model, [flaky], observer=Tracing(spans.provider)).run("Go")
    (ran,) = spans.named("execute_tool flaky")
    assert facts(ran)["error.type"] == "ValueError"
    assert facts(ran)["millstream.call.attempts"] == 2
    assert [event.name for event in ran.events] == ["millstream.call.retrying"]
    assert ran.status.status_code is StatusCode.ERROR
    assert all("a secret" not in str(span.to_json()) for span in spans)
    chats = [span for span in spans if span.name.startswith("chat")]
    not_run = [event for span in chats for event in span.events if event.name == "millstream.call.not_run"]
    assert [dict(event.attributes or {}) for event in not_run] == [
        {"gen_ai.tool.name": "nowhere", "error.type": "Rejected"}
    ]
    (run,) = spans.named("invoke_agent agent")
    assert facts(run)["error.type"] == "WireError"


@pytest.mark.anyio
async def test_a_run_that_was_left_ends_its_spans(spans: Spans) -> None:
    agent = Agent(ScriptedModel(["A long answer. " * 20]), observer=Tracing(spans.provider))
    async with agent.stream("Go") as run:
        async for event in run:
            if isinstance(event, TextDelta):
                break
    assert facts(spans.named("invoke_agent agent")[0])["millstream.cancelled"]
    assert [span for span in spans if span.name.startswith("chat")]


def log(*events: tuple[float, Any]) -> list[Record]:
    return [Record(seq, at_s, event) for seq, (at_s, event) in enumerate(events, 1)]


A = Call("call-1-0", 1, 0, "a", "pa")
B = Call("call-1-1", 1, 1, "b", "pb")


def test_overlap_is_the_time_for_which_tools_worked_while_the_response_arrived(spans: Spans) -> None:
    tracing = Tracing(spans.provider).begin("agent")
    for record in log(
        (0.0, RunStarted("r", "azure:gpt", None, 1000.0)),
        (0.0, TurnStarted(1)),
        (0.5, TextDelta("Hm", 1, 0)),
        (1.0, CallSealed(A, {})),
        (1.0, CallStarted(A, 1, "eager", "d")),
        (1.5, CallStarted(B, 1, "eager", "d")),
        (2.0, CallReturned(A, 1)),
        (3.0, CallReturned(B, 1)),
        (3.5, CallStarted(Call("call-1-2", 1, 2, "c", "pc"), 1, "eager", "d")),
        (4.0, TurnEnded(1, "stop", Usage(1, 2, 3, 4))),
        (9.0, CallReturned(Call("call-1-2", 1, 2, "c", "pc"), 1)),
        (9.0, RunFinished("x", Usage())),
    ):
        tracing.feed(record)
    (turn,) = spans.named("chat gpt")
    assert facts(turn)["millstream.overlap_s"] == pytest.approx(2.5)
    assert facts(turn)["gen_ai.response.time_to_first_chunk"] == pytest.approx(0.5)
    assert facts(turn)["gen_ai.provider.name"] == "azure.ai.openai"
    assert facts(turn)["gen_ai.usage.cache_read.input_tokens"] == 3
    assert facts(turn)["gen_ai.usage.reasoning.output_tokens"] == 4
    assert (turn.start_time, turn.end_time) == (1_000_000_000_000, 1_004_000_000_000)
    (late,) = spans.named("execute_tool c")
    assert late.end_time == 1_009_000_000_000


def test_an_agent_behind_a_tool_is_found_under_it(spans: Spans) -> None:
    tracing = Tracing(spans.provider).begin("boss")
    inner = ("call-1-0",)
    steps: list[tuple[float, Event, tuple[str, ...]]] = [
        (0.0, RunStarted("r", "m", None, 1000.0), ()),
        (0.0, TurnStarted(1), ()),
        (1.0, CallStarted(A, 1, "eager", "d"), ()),
        (1.5, RunStarted("r2", "openai:gpt", None, 2000.0), inner),
        (1.5, TurnStarted(1), inner),
        (2.0, CallStarted(A, 1, "eager", "d"), inner),
        (2.5, CallReturned(A, 1), inner),
        (3.0, TurnEnded(1, "stop"), inner),
        (3.0, RunFinished("x", Usage()), inner),
        (4.0, CallReturned(A, 1), ()),
        (5.0, RunSuspended((B,)), ()),
    ]
    for number, (at_s, event, scope) in enumerate(steps, 1):
        tracing.feed(Record(number, at_s, event, scope))
    assert spans.parents() == [
        ("chat gpt", "invoke_agent a"),
        ("chat m", "invoke_agent boss"),
        ("execute_tool a", "chat gpt"),
        ("execute_tool a", "chat m"),
        ("invoke_agent a", "execute_tool a"),
        ("invoke_agent boss", ""),
    ]
    assert facts(spans.named("invoke_agent boss")[0])["millstream.pending"] == ("call-1-1",)


def test_a_tool_that_nobody_knows_is_at_work_all_the_same(spans: Spans) -> None:
    with Tracing(spans.provider).begin("agent").at_work("call-9-9"):
        assert not trace.get_current_span().get_span_context().is_valid


def test_without_opentelemetry_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry", None)
    with pytest.raises(UsageError, match=r"pip install 'millstream\[otel\]'"):
        Tracing()
