"""What type checkers see of the public names beyond the tools themselves: runs, results, records, tests; and mistakes.

Not collected by pytest: mypy and pyright read it (`make types`). Where a line must be an error it is marked as one, and
both checkers complain of a mark that is not needed.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, assert_never, assert_type

from millstream import (
    Agent,
    Answer,
    Approve,
    ArgsAborted,
    ArgStream,
    Deny,
    Final,
    GuardBlocked,
    Handoff,
    Limits,
    MCPServer,
    MillstreamError,
    Model,
    ModelError,
    ModelRetry,
    ModerationBlocked,
    OutputSchema,
    Policy,
    Result,
    Retry,
    Run,
    RunClosed,
    RunError,
    RunState,
    Settings,
    SoFar,
    Tool,
    Toolbox,
    ToolContext,
    ToolDefinitionError,
    ToolError,
    ToolRunner,
    Transcript,
    TurnLimit,
    UsageError,
    UseTool,
    WireError,
    schema_tool,
    tool,
)
from millstream.events import (
    Call,
    CallEnded,
    CallFailed,
    CallReturned,
    Cancelled,
    Denied,
    Event,
    Failure,
    JsonValue,
    Problem,
    Raised,
    Record,
    Rejected,
    TextDelta,
    TimedOut,
    Truncated,
    Unknown,
    Usage,
)
from millstream.guards import Block, Guards, TextGuard
from millstream.mcp_server import MCPTools
from millstream.runtime.drive import Drive
from millstream.runtime.handle import CallHandle
from millstream.runtime.state import PendingCall
from millstream.stop import Rule, after_call, after_tokens, after_turns, any_of
from millstream.testing import (
    CallTool,
    FakeProvider,
    RecordedRequest,
    Response,
    Say,
    Scenario,
    ScriptedModel,
    Violation,
    call,
    check_records,
)
from millstream.toolbox.turn_tools import TurnContext
from millstream.transcript import Entry, Part, TextPart, UserMessage


@dataclass
class Deps:
    key: str


# --- tools: every form, bare and with options, keeps the signature of its function ---


@tool
def sync_bare(city: str, days: int = 1) -> str:
    return city * days


@tool(read_only=True)
def sync_called(city: str, *, days: int = 1) -> str:
    return city * days


@tool
async def async_bare(city: str) -> dict[str, int]:
    return {city: 1}


@tool(name="other", description="Say something else.", idempotent=True, needs_approval=True)
async def async_called(city: str) -> dict[str, int]:
    return {city: 1}


@tool
def generator_bare(city: str) -> Iterator[str | Final]:
    yield city
    yield Final(city)


@tool(exclusive="disk", executor="thread")
def generator_called(city: str) -> Iterator[int]:
    yield len(city)


@tool
async def async_generator_bare(city: str) -> AsyncIterator[str]:
    yield city


@tool(needs_approval=lambda args: bool(args.get("city")))
async def async_generator_called(city: str, ctx: ToolContext[Deps]) -> AsyncIterator[str]:
    assert_type(ctx, ToolContext[Deps])
    assert_type(ctx.deps, Deps)
    assert_type(ctx.deps.key, str)
    assert_type(ctx.call, Call)
    assert_type(ctx.idempotency_key, str)
    assert_type(ctx.run_id, str)
    assert_type(ctx.attempt, int)
    assert_type(ToolContext.current(), ToolContext[Any])
    yield city


def signatures() -> None:
    assert_type(sync_bare("Paris", days=2), str)
    assert_type(sync_called("Paris", days=2), str)
    assert_type(generator_bare("Paris"), Iterator[str | Final])
    assert_type(generator_called("Paris"), Iterator[int])
    assert_type(async_generator_bare("Paris"), AsyncIterator[str])
    assert_type(tool(len)("abc"), int)
    same: Callable[[str], Awaitable[dict[str, int]]] = async_called  # a tool goes where its function goes
    listed: list[Tool[..., Any]] = [sync_bare, sync_called, async_bare, generator_bare, async_generator_called]
    del same, listed
    assert_type(sync_bare.name, str)
    assert_type(sync_bare.description, str)
    assert_type(sync_bare.parameters, Mapping[str, Any])


async def awaited_signatures() -> None:
    assert_type(await async_bare("Paris"), dict[str, int])
    assert_type(await async_called(city="Paris"), dict[str, int])


# --- tools from elsewhere ---


async def forward(args: dict[str, Any], ctx: ToolContext[Any]) -> str:
    return f"{args} {ctx.call.id}"


def for_turn(context: TurnContext) -> Toolbox | list[str]:
    assert_type(context.turn, int)
    assert_type(context.transcript, Transcript)
    return context.toolbox.exclude("other") if context.turn > 1 else ["other"]


async def for_turn_later(context: TurnContext) -> Toolbox | None:
    return context.toolbox.only("other") if context.turn > 1 else None


def tools_from_elsewhere() -> None:
    made = schema_tool("made", {"properties": {"x": {"type": "string"}}}, forward, idempotent=True, timeout_s=3)
    assert_type(made, Tool[..., Any])
    server = MCPServer("uvx notes", "notes_", env={"A": "b"}, include=["find"], needs_approval=["find"])
    box = Toolbox([made, server]).only("made").rename({"made": "other"}).prefix("p_")
    assert_type(box, Toolbox)
    Agent("openai:gpt-5.1", [box, MCPServer(["uvx", "x"])], tools_for_turn=for_turn)
    Agent("openai:gpt-5.1", [MCPServer("https://x/mcp", headers={"A": "b"})], tools_for_turn=for_turn_later)
    ToolRunner([server])
    served = MCPTools([made, sync_bare], name="mine", deps=Deps("k"), limits=Limits(), policy=Policy())
    assert_type(served.serve(), None)


# --- agents and runs ---


async def approver(asked: Call, args: JsonValue) -> Approve | Deny:
    return Deny(f"not {asked.name}") if args else Approve()


agent = Agent(
    Model("openai:gpt-5.1", base_url="http://localhost/v1", api_key="k", settings={"temperature": 0}),
    [sync_bare, async_called, len, Toolbox([generator_bare])],
    instructions="Be brief.",
    approver=approver,
    policy=Policy(start="end", on_torn="retry", on_reject="abort", on_truncated="raise", tool_errors="message"),
    limits=Limits(max_turns=3),
)
assert_type(agent.run_sync("Hi"), Result)
assert_type(agent.stream("Hi"), Run)
assert_type(agent.override(model="openai:gpt-5.1"), Agent)
assert_type(agent.override(model=ScriptedModel(["Hi"])), Agent)
assert_type(agent.toolbox, Toolbox)
assert_type(agent.model, Model)


async def runs(history: Transcript) -> None:
    assert_type(await agent.run("Hi"), Result)
    assert_type(await agent.run(["Look:", TextPart("this")], history=history, deps=Deps("k"), run_id="r"), Result)
    async with agent as entered:
        assert_type(entered, Agent)
        assert_type(await entered.run(history=history), Result)


@tool(deferred=True)
def deferred(question: str) -> str:
    raise NotImplementedError


async def resumed(state: RunState, text: str) -> None:
    assert_type(deferred("Why?"), str)
    assert_type(RunState.load(text), RunState)
    assert_type(RunState.load(text, b"key"), RunState)
    assert_type(state.dump("key"), str)
    assert_type(state.pending, tuple[Call, ...])
    for waiting in state.calls.values():
        assert_type(waiting, PendingCall)
        assert_type(waiting.call, Call)
        assert_type(waiting.args, JsonValue)
        assert_type(waiting.waits_for, Literal["approval", "answer"])
    answers: dict[str, Approve | Deny | Answer] = {"a": Approve(), "b": Deny("no"), "c": Answer({"d": 1})}
    assert_type(await agent.run(resume=state, answers=answers), Result)
    assert_type(agent.run_sync(resume=text, answers={"a": Approve({"city": "Paris"})}), Result)
    assert_type(agent.stream(resume=state, answers=answers, deps=Deps("k")), Run)
    agent.stream(resume=state, answers={"a": True})  # type: ignore[dict-item]


def results(result: Result) -> None:
    assert_type(result.pending, tuple[Call, ...])
    assert_type(result.state, RunState | None)
    assert_type(result.output, str)
    assert_type(result.text, str)
    assert_type(result.calls, dict[str, CallHandle])
    assert_type(result.usage, Usage)
    assert_type(result.usage + result.usage, Usage)
    assert_type(result.transcript, Transcript)
    assert_type(result.records, list[Record])
    assert_type(result.run_id, str)
    assert_type(result.agent, Agent[Any])


async def iterations() -> None:
    async with agent.stream("Hi") as run:
        assert_type(run, Run)
        async for event in run:
            assert_type(event, Event)
            told(event)
        async for record in run.follow():
            assert_type(record, Record)
            assert_type(record.seq, int)
            assert_type(record.event, Event)
        async for text in run.text_stream():
            assert_type(text, str)
        assert_type(run.cancel(), bool)
        assert_type(run.cancel("call", "no need"), bool)
        assert_type(run.text, str)
        assert_type(run.usage, Usage)
        assert_type(run.pending, tuple[Call, ...])
        assert_type(run.state, RunState | None)
        run.approve("call", {"city": "Paris"})
        run.deny("call", "no")
        run.answer("call", ["so"])
        assert_type(run.records, list[Record])
        assert_type(run.transcript, Transcript)
        handle = run.calls["call"]
        assert_type(handle.call, Call)
        assert_type(handle.args_text, str)
        assert_type(handle.preview(), str | None)
        assert_type(handle.failure, Failure | None)
        assert_type(handle.exception, BaseException | None)
        assert_type(handle.cancel(), bool)
        assert_type(handle.run, Run[Any] | None)
        assert_type(run.agent, Agent)
    assert_type(run.result(), Result)


def told(event: Event) -> str:
    match event:
        case TextDelta(text=text):
            assert_type(text, str)
            return text
        case CallReturned(call=called, media=places):
            assert_type(called, Call)
            assert_type(places, tuple[int, ...])
            return called.name
        case CallFailed(failure=failure):
            assert_type(failure, Failure)
            return failure.type
        case _:
            return event.type


def why(failure: Failure) -> str:
    """Inside the library, and for who wants to hear of it, a failure is one of exactly these."""
    match failure:
        case Rejected(problems=problems):
            assert_type(problems, tuple[Problem, ...])
        case Truncated() | Raised() | TimedOut() | Denied() | Cancelled() | Unknown():
            pass
        case _:
            assert_never(failure)
    return failure.type


def ended(event: CallEnded) -> tuple[Call, bool]:
    return event.call, event.ok


def transcripts(history: Transcript) -> None:
    assert_type(history + (UserMessage((TextPart("Hi"),)),), Transcript)  # noqa: RUF005  it is no tuple
    assert_type(history.unanswered, tuple[Call, ...])
    for entry in history:
        assert_type(entry, Entry)


# --- arguments that are read while they are written ---


@tool
async def reading(rows: ArgStream[list[int]], text: str = "") -> int:
    return sum([assert_type(row, int) async for row in rows]) + len(text)


# --- errors ---


def errors(error: WireError | RunError | TurnLimit | ModerationBlocked | GuardBlocked) -> None:
    assert_type(error.transcript, Transcript | None)
    if isinstance(error, WireError):
        assert_type(error.status, int | None)
        assert_type(error.retryable, bool)
        assert_type(error.retry_after_s, float | None)
        assert_type(error.hint, str)
    root: list[type[MillstreamError]] = [UsageError, ToolDefinitionError, ModelError, RunClosed, WireError, RunError]
    if isinstance(error, GuardBlocked):
        assert_type(error.guard, str)
        assert_type(error.reason, str)
    for_tools: list[type[Exception]] = [ToolError, ModelRetry, ArgsAborted]
    del root, for_tools


# --- a loop of one's own ---


async def own_loop(stream: AsyncIterator[bytes], awaitable: Awaitable[AsyncIterator[dict[str, Any]]]) -> None:
    async with ToolRunner([sync_bare, len], policy=Policy(), limits=Limits(), deps=Deps("k")) as runner:
        assert_type(runner, ToolRunner)
        assert_type(runner.drive(stream, api="openai-chat"), Drive)
        async for event in runner.drive(awaitable):
            assert_type(event, Event)
        assert_type(runner.finished, bool)
        assert_type(runner.items(), list[dict[str, Any]])
        assert_type(runner.schemas("openai"), list[dict[str, Any]])


# --- agents that work for agents ---


def question(topic: str, depth: int = 1) -> str:
    return topic * depth


async def longer_question(topic: str, ctx: ToolContext[Deps]) -> list[str | Part]:
    return [ctx.deps.key, topic]


def last_entries(transcript: Transcript) -> Transcript:
    return Transcript(transcript.entries[-3:])


async def other_agents() -> None:
    research = agent.as_tool("research", "Research.", prompt=question, read_only=True, timeout_s=60, limit=2)
    ask = agent.as_tool("ask", "Ask.", prompt=longer_question, deps=lambda deps: deps)
    listed: list[Tool[..., Any]] = [research, ask]
    assert_type(await research(prompt="mills"), Any)
    billing = Agent("openai:x", listed, name="billing")
    first = Agent("openai:x", [research], handoffs=[billing, Handoff(agent, "Other things.", history=last_entries)])
    billing.handoffs.append(first)
    assert_type(billing.name, str)


# --- how a model is asked and read ---


def asking() -> None:
    settings = Settings(
        tool_choice=UseTool("weather"), effort="low", output=OutputSchema({"type": "object"}), strict_tools=True
    )
    for lenient in (True, False):
        Model("openai:x", settings=settings, lenient=lenient)
    Model("openai:x", settings={"temperature": 0}, lenient="auto")
    Model("openai:x", lenient={"missing_index", "late_name"})
    Model("openai:x", lenient=["missing_index"])
    Policy(moderation="block")


# --- who may say what, when it stops, and who answers ---


async def about_keys(text: str, run: SoFar[Deps]) -> Block | None:
    assert_type(run.deps, Deps)
    assert_type(run.ends, tuple[CallEnded, ...])
    return Block("it holds a key") if "sk-" in text else None


def only_reads(asked: Call, args: JsonValue, run: SoFar) -> Block | None:
    assert_type(run.deps, Any)
    return Block(asked.name) if args else None


def never(run: SoFar) -> None:
    assert_type(run.prompt, str)
    assert_type(run.transcript, Transcript)


def says_so(run: SoFar[Deps]) -> bool:
    return run.usage.total_tokens > 0


async def instructs(run: SoFar[Deps]) -> str:
    return f"Turn {run.turns}"


def steering() -> None:
    guards = Guards(input=never, text=[about_keys, TextGuard(about_keys, "message")], call=(only_reads,))
    Agent("openai:x", guards=guards, stop=after_turns(3) | says_so, instructions=instructs)
    Agent("openai:x", stop=says_so, instructions=lambda run: f"Turn {run.turns}")
    Agent(Model("openai:x", fallback=("anthropic:y", Model("openai:z"))), guards=Guards(text=TextGuard(about_keys, 80)))
    assert_type(says_so & after_call("book"), Rule)
    assert_type(any_of(says_so, after_tokens(9)), Rule)
    assert_type(agent.stream("Hi", settings=Settings(cache=True)), Run)
    assert_type(agent.run_sync("Hi", settings={"temperature": 0}), Result)


# --- what tests need ---


def testing() -> None:
    assert_type(call("weather", city="Paris", days=2), CallTool)
    model = ScriptedModel([[call("weather", city="Paris")], "21 °C", Response((Say("x"),), tokens_per_s=60)])
    as_model: Model = model
    del as_model
    assert_type(ScriptedModel(Scenario.of("Hi"), api="openai-chat"), ScriptedModel)
    with FakeProvider(Scenario.of("Hi"), keys=["k"]) as provider:
        assert_type(provider, FakeProvider)
        assert_type(provider.base_url, str)
        assert_type(provider.requests, tuple[RecordedRequest, ...])
    assert_type(check_records(agent.run_sync("Hi").records), list[Violation])


# --- mistakes that must not pass ---


async def mistakes(result: Result, history: Transcript, sync_stream: Iterator[bytes]) -> None:
    Agent()  # type: ignore[call-arg]
    Agent("openai:x", sync_bare)  # type: ignore[arg-type]
    Agent("openai:x", ["weather"])  # type: ignore[list-item]
    Agent("openai:x", [], "Be brief.")  # type: ignore[call-arg]
    Agent("openai:x", policy="end")  # type: ignore[arg-type]
    Agent("openai:x", limits={"max_turns": 3})  # type: ignore[arg-type]
    Agent("openai:x", approver=lambda _call, _args: True)  # type: ignore[arg-type, return-value]
    MCPServer("uvx notes", ["find"])  # type: ignore[arg-type]
    schema_tool("x", {}, forward, read=True)  # type: ignore[call-arg]
    Agent("openai:x", tools_for_turn=["x"])  # type: ignore[arg-type]
    Policy(start="now")  # type: ignore[arg-type]
    Policy(on_torn="ignore")  # type: ignore[arg-type]
    Limits(max_turn=3)  # type: ignore[call-arg]
    Limits().max_turns = 3  # type: ignore[misc]
    Retry(attempts="3")  # type: ignore[arg-type]
    Model("openai:x", key="k")  # type: ignore[call-arg]
    Model("openai:x", lenient="yes")  # type: ignore[arg-type]
    Model("openai:x", lenient={"missing_indexes"})  # type: ignore[arg-type]
    Policy(moderation="score")  # type: ignore[arg-type]
    Settings(effort="much")  # type: ignore[arg-type]
    Guards(text=only_reads)  # type: ignore[arg-type]
    Guards(call=about_keys)  # type: ignore[arg-type]
    TextGuard(about_keys, "word")  # type: ignore[arg-type]
    Agent("openai:x", stop=instructs)  # type: ignore[arg-type]
    Agent("openai:x", guards=about_keys)  # type: ignore[arg-type]
    Model("openai:x", fallback=3)  # type: ignore[arg-type]
    agent.stream("Hi", history=[])  # type: ignore[arg-type]
    agent.stream(3)  # type: ignore[arg-type]
    agent.as_tool("ask")  # type: ignore[call-arg]
    agent.as_tool("ask", "Ask.", executor="thread")  # type: ignore[call-arg]
    agent.as_tool("ask", "Ask.", prompt="mills")  # type: ignore[arg-type]
    Agent("openai:x", handoffs=["billing"])  # type: ignore[list-item]
    Handoff(agent, history=[])  # type: ignore[arg-type]
    agent.run_sync("Hi", {"key": "k"})  # type: ignore[call-arg, arg-type]
    agent.override(ScriptedModel(["Hi"]))  # type: ignore[call-arg]
    await agent.run_sync("Hi")  # type: ignore[misc]
    for _ in agent.stream("Hi"):  # type: ignore[attr-defined]
        pass
    with agent.stream("Hi"):  # type: ignore[attr-defined]
        pass
    result.outputs  # type: ignore[attr-defined]  # noqa: B018
    result.text = "other"  # type: ignore[misc]
    history.entries.append(UserMessage(()))  # type: ignore[attr-defined]
    sync_bare(town="Paris")  # type: ignore[call-arg]
    sync_called("Paris", 2)  # type: ignore[call-arg]
    (await async_bare("Paris")).missing  # type: ignore[attr-defined]  # noqa: B018
    async_bare("Paris")["Paris"]  # type: ignore[index]
    ToolRunner([]).drive(sync_stream)  # type: ignore[arg-type]
    ScriptedModel("Hi", api="openai")  # type: ignore[arg-type]
    FakeProvider("Hi")  # type: ignore[arg-type]
