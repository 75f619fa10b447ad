"""The records of a run -> spans. A fold over the log: nothing here waits, and nothing is measured anew."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from millstream.errors import UsageError
from millstream.events import (
    CallFailed,
    CallRetrying,
    CallReturned,
    CallSealed,
    CallStarted,
    OutputDelta,
    ReasoningDelta,
    Record,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunResumed,
    RunStarted,
    RunSuspended,
    TextDelta,
    TurnEnded,
    TurnStarted,
    TurnTorn,
)
from millstream.telemetry.attributes import Attributes, asked, text_of, tokens

if TYPE_CHECKING:
    from opentelemetry.trace import Span, TracerProvider

Scope: TypeAlias = tuple[str, ...]

_FIRST: Final = (TextDelta, OutputDelta, ReasoningDelta)


@dataclass(slots=True)
class _Tool:
    span: Span
    turn: int


@dataclass(slots=True)
class _Turn:
    span: Span
    started_s: float
    first_s: float | None = None
    at_work: int = 0
    """Its tools that are at work."""
    since_s: float = 0.0
    """From when on there is one."""
    overlap_s: float = 0.0
    """How long there was one so far."""
    over: bool = False


@dataclass(slots=True)
class _Run:
    """A run, or that of a sub-agent."""

    span: Span
    model: str
    unix_s: float
    """The wall clock at the time from which the records count."""
    turns: dict[int, _Turn] = field(default_factory=dict[int, _Turn])
    tools: dict[str, _Tool] = field(default_factory=dict[str, _Tool])
    args: dict[str, Any] = field(default_factory=dict[str, Any])

    def ns(self, at_s: float) -> int:
        """The time of a record as OpenTelemetry counts it."""
        return int((self.unix_s + at_s) * 1e9)


class Tracing:
    """Makes spans of what happens in the runs of an agent: `Agent(…, observer=Tracing())`.

    Args:
        provider: where spans go; the global one by default.
        content: whether arguments and results of tools are written into spans. They may hold what nobody should read.

    Raises:
        UsageError: opentelemetry is not installed.
    """

    def __init__(self, provider: TracerProvider | None = None, *, content: bool = False) -> None:
        try:
            from opentelemetry import trace
        except ImportError as error:
            raise UsageError("spans need OpenTelemetry: pip install 'millstream[otel]'") from error
        self._tracer = trace.get_tracer("millstream", tracer_provider=provider)
        self._content = content

    def begin(self, agent: str) -> RunTracing:
        """What observes one run of the agent of that name."""
        return RunTracing(self._tracer, agent, content=self._content)


class RunTracing:
    """The spans of one run: `feed` it every record; `at_work` wraps each tool."""

    def __init__(self, tracer: Any, agent: str, *, content: bool) -> None:
        from opentelemetry import context

        self._tracer = tracer
        self._agent = agent
        self._content = content
        self._outside: Any = context.get_current()
        self._runs: dict[Scope, _Run] = {}

    @contextmanager
    def at_work(self, call_id: str, scope: Scope = ()) -> Generator[None]:
        """While a tool is at work its span is the current one."""
        from opentelemetry import trace

        run = self._runs.get(scope)
        tool = run.tools.get(call_id) if run is not None else None
        if tool is None:
            yield
            return
        with trace.use_span(tool.span, record_exception=False, set_status_on_exception=False):
            yield

    def feed(self, record: Record) -> None:
        """Take the next record."""
        event, scope = record.event, record.scope
        if isinstance(event, RunStarted | RunResumed):
            self._begin(record, event)
            return
        run = self._runs.get(scope)
        if run is None:
            return
        match event:
            case TurnStarted():
                self._turn_started(run, event, record.at_s)
            case TurnEnded():
                reasons = {"gen_ai.response.finish_reasons": [event.reason]}
                _end_turn(run, event.turn, record.at_s, reasons | tokens(event.usage), "")
            case TurnTorn():
                _end_turn(run, event.turn, record.at_s, tokens(event.usage), "torn")
            case CallSealed() if self._content:
                run.args[event.call.id] = event.args
            case CallStarted():
                self._call_started(run, event, record.at_s)
            case CallRetrying():
                _note(run, event)
            case CallReturned() | CallFailed():
                self._call_ended(run, event, record.at_s)
            case RunFinished() | RunFailed() | RunCancelled() | RunSuspended():
                self._end(scope, run, event, record.at_s)
            case _ if isinstance(event, _FIRST) and (turn := run.turns.get(event.turn)) is not None:
                turn.first_s = record.at_s if turn.first_s is None else turn.first_s
            case _:
                pass

    def _begin(self, record: Record, event: RunStarted | RunResumed) -> None:
        from opentelemetry import trace

        scope, model = record.scope, event.model if isinstance(event, RunStarted) else ""
        above = self._runs.get(scope[:-1]) if scope else None
        tool = above.tools.get(scope[-1]) if above is not None else None
        name = self._name(above, scope)
        parent = self._outside if tool is None else trace.set_span_in_context(tool.span)
        start_s = event.started_unix_s if above is None else above.unix_s + record.at_s
        span = self._tracer.start_span(
            f"invoke_agent {name}",
            context=parent,
            start_time=int(start_s * 1e9),
            attributes={
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.agent.name": name,
                "gen_ai.conversation.id": event.run_id,
            }
            | asked(model),
        )
        self._runs[scope] = _Run(span, model, start_s - record.at_s)

    def _name(self, above: _Run | None, scope: Scope) -> str:
        """The name of the agent, or that of the tool that a sub-agent works behind."""
        span: Any = above.tools[scope[-1]].span if above is not None and scope[-1] in above.tools else None
        return self._agent if span is None else str(getattr(span, "name", "")).removeprefix("execute_tool ")

    def _turn_started(self, run: _Run, event: TurnStarted, at_s: float) -> None:
        from opentelemetry import trace

        model = run.model.partition(":")[2] or run.model
        span = self._tracer.start_span(
            f"chat {model}".rstrip(),
            context=trace.set_span_in_context(run.span),
            kind=trace.SpanKind.CLIENT,
            start_time=run.ns(at_s),
            attributes={
                "gen_ai.operation.name": "chat",
                "gen_ai.request.stream": True,
                "millstream.turn": event.turn,
            }
            | asked(run.model),
        )
        run.turns[event.turn] = _Turn(span, at_s)

    def _call_started(self, run: _Run, event: CallStarted, at_s: float) -> None:
        from opentelemetry import trace

        call, turn = event.call, run.turns.get(event.call.turn)
        tool = run.tools.get(call.id)
        if tool is None:
            attributes: Attributes = {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": call.name,
                "gen_ai.tool.call.id": call.provider_id,
                "gen_ai.tool.type": "function",
                "millstream.call.id": call.id,
                "millstream.call.start_state": event.state,
            }
            if call.id in run.args:
                attributes["gen_ai.tool.call.arguments"] = text_of(run.args.pop(call.id))
            if event.reused_of is not None:
                attributes["millstream.call.reused_of"] = event.reused_of
            parent = trace.set_span_in_context(turn.span if turn is not None else run.span)
            span = self._tracer.start_span(
                f"execute_tool {call.name}", context=parent, start_time=run.ns(at_s), attributes=attributes
            )
            run.tools[call.id] = _Tool(span, call.turn)
            if turn is not None and not turn.over:
                turn.since_s = at_s if turn.at_work == 0 else turn.since_s
                turn.at_work += 1
        else:
            tool.span.set_attribute("millstream.call.attempts", event.attempt)

    def _call_ended(self, run: _Run, event: CallReturned | CallFailed, at_s: float) -> None:
        call, tool = event.call, run.tools.pop(event.call.id, None)
        run.args.pop(call.id, None)
        turn = run.turns.get(call.turn)
        if tool is None:  # it never started
            span = turn.span if turn is not None else run.span
            if isinstance(event, CallFailed):
                facts = {"gen_ai.tool.name": call.name, "error.type": event.failure.type}
                span.add_event("millstream.call.not_run", facts, run.ns(at_s))
            return
        if isinstance(event, CallFailed):
            _fail(tool.span, getattr(event.failure, "error", event.failure.type), event.failure.type)
        elif self._content:
            tool.span.set_attribute("gen_ai.tool.call.result", text_of(event.result))
        tool.span.end(run.ns(at_s))
        if turn is not None and not turn.over:
            turn.at_work -= 1
            turn.overlap_s += 0.0 if turn.at_work else at_s - turn.since_s

    def _end(self, scope: Scope, run: _Run, event: Any, at_s: float) -> None:
        for turn in run.turns:
            _end_turn(run, turn, at_s, {}, "cut")
        for tool in run.tools.values():  # of a suspended run
            tool.span.end(run.ns(at_s))
        match event:
            case RunFinished(usage=usage):
                run.span.set_attributes(tokens(usage))
            case RunFailed(error=error, message=message):
                _fail(run.span, error, message)
            case RunSuspended(pending=pending):
                run.span.set_attribute("millstream.pending", [call.id for call in pending])
            case RunCancelled(reason=reason):
                run.span.set_attribute("millstream.cancelled", reason)
            case _:
                pass
        run.span.end(run.ns(at_s))
        del self._runs[scope]


def _end_turn(run: _Run, number: int, at_s: float, attributes: Attributes, error: str) -> None:
    turn = run.turns.get(number)
    if turn is None or turn.over:
        return
    turn.over = True
    turn.overlap_s += at_s - turn.since_s if turn.at_work else 0.0
    turn.span.set_attributes({**attributes, "millstream.overlap_s": round(turn.overlap_s, 6)})
    if turn.first_s is not None:
        turn.span.set_attribute("gen_ai.response.time_to_first_chunk", round(turn.first_s - turn.started_s, 6))
    if error:
        _fail(turn.span, error, "the response broke off")
    turn.span.end(run.ns(at_s))


def _note(run: _Run, event: CallRetrying) -> None:
    tool = run.tools.get(event.call.id)
    if tool is not None:
        facts = {"millstream.call.attempt": event.attempt, "error.type": event.failure.type}
        tool.span.add_event("millstream.call.retrying", facts)


def _fail(span: Span, error_type: str, message: str) -> None:
    from opentelemetry.trace import Status, StatusCode

    span.set_attribute("error.type", error_type)
    span.set_status(Status(StatusCode.ERROR, message))
