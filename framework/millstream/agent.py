"""An agent: a model, tools, instructions and the terms on which they work together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from copy import copy
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Self, Unpack
from uuid import uuid4

import anyio

from millstream.answers import Answers, Approver
from millstream.errors import UsageError, WireError
from millstream.given import check_terms, check_transcript
from millstream.guards import Guards, check_guards, joined
from millstream.handoff import Handoff, as_handoffs, list_of
from millstream.journal.seam import Journal
from millstream.limits import Limits
from millstream.models import Model, as_model
from millstream.observing import Observer, RunObserver
from millstream.policy import Policy
from millstream.prompt import Prompt, parts_of_prompt
from millstream.reachable import check_askable
from millstream.runtime.attempt import RunContext
from millstream.runtime.blocking import blocking
from millstream.runtime.conversation import Conversation, Successor
from millstream.runtime.executors.orders import check_deps, check_processes
from millstream.runtime.instructions import Instructions
from millstream.runtime.instructions import checked as check_instructions
from millstream.runtime.output import plan_output
from millstream.runtime.remembered import check_history
from millstream.runtime.result import Result, Start
from millstream.runtime.resumption import as_state, resumption
from millstream.runtime.run import Run
from millstream.runtime.sources import Sources, check_sources
from millstream.runtime.state import RunState
from millstream.sessions.session import Session
from millstream.settings import Settings, as_settings
from millstream.stop import StopRule
from millstream.stop import checked as check_stop
from millstream.sub_agent import MakePrompt, SubAgentTool, ToolTerms
from millstream.toolbox.mcp import MCPServer
from millstream.toolbox.output_type import Output, as_output
from millstream.toolbox.tool import Tool
from millstream.toolbox.toolbox import Toolbox
from millstream.toolbox.turn_tools import ToolsForTurn
from millstream.transcript import Transcript, UserMessage
from millstream.transport.named import TransportName
from millstream.transport.seam import Transport, Warming

if TYPE_CHECKING:
    from typing_extensions import TypeForm


class Agent(Generic[Output]):
    """A model with tools.

        agent = Agent("openai:gpt-5.1", tools=[weather])
        async with agent.stream("What should I pack for Paris?") as run:
            async for event in run: ...

    Args:
        model: a model string ("openai:gpt-5.1") or a `Model`.
        tools: functions, tools, toolboxes or MCP servers; the names must differ.
        instructions: what the model is told before everything else, or a function, async or not, that makes it of the
            run so far (`SoFar`) before each turn.
        output_type: what a run ends with: text, or a pydantic model, a dataclass, a TypedDict, a list, a union … of
            which the model is told the JSON Schema; see `Settings.output_mode`.
        stop: when the run is over although the model would go on, see `millstream.stop`. The output is then the text of
            the last response (None, where there is an `output_type`), and the transcript can be gone on from.
        approver: asked inline before a tool that needs approval starts; without one the run asks (`ApprovalRequested`)
            and, where nobody answers with `run.approve`, is suspended.
        guards: what may stop the prompt, the calls and the text of the answer, see `millstream.guards`.
        policy: what to do when a model, a stream or a tool does not behave.
        limits: caps and deadlines.
        journal: where runs are recorded before they count; in memory by default.
        observer: watches the runs, see `millstream.telemetry`.
        transport: how requests travel, for a model given as a string: see `Model`.
        tools_for_turn: asked before each request which tools the model is told of: see `toolbox.turn_tools`. A call of
            any other is refused as one of a tool that does not exist.
        name: what it is called in events, and as `transfer_to_NAME` by models that may hand over to it.
        handoffs: agents that its model may hand the conversation over to, as they are or as a `Handoff`. For agents
            that hand over to each other append to the `handoffs` of the first one once the second is there.

    Raises:
        ModelError: the model string names no model, or its requests can not travel by that transport.
        ToolDefinitionError: two tools have one name, or a function can not be a tool.
        UsageError: JSON can not fill the output type, a tool can not be found by the process it asks for, or an agent
            to hand over to has no name that would do.
    """

    def __init__(  # noqa: PLR0913  the parts of an agent
        self,
        model: Model | str,
        tools: Iterable[Callable[..., Any] | Tool[..., Any] | Toolbox | MCPServer] = (),
        *,
        instructions: Instructions = "",
        output_type: TypeForm[Output] = str,  # type: ignore[assignment]  # the default of Output, too
        stop: StopRule | None = None,
        approver: Approver | None = None,
        guards: Guards | None = None,
        policy: Policy | None = None,
        limits: Limits | None = None,
        journal: Journal | None = None,
        observer: Observer | None = None,
        transport: TransportName | None = None,
        tools_for_turn: ToolsForTurn | None = None,
        name: str = "agent",
        handoffs: Iterable[Agent[Any] | Handoff] = (),
    ) -> None:
        self.model: Model = as_model(model, transport)
        self.model.prepare()
        self.toolbox: Toolbox = Toolbox(tools)
        check_instructions(instructions)
        self.instructions = instructions
        self.stop: StopRule | None = None if stop is None else check_stop(stop)
        self.policy: Policy = policy or Policy()
        self.limits: Limits = limits or Limits()
        self._output = as_output(output_type)
        self._approver = approver
        check_guards(guards)
        check_terms(policy, limits, observer)
        self._guards = guards
        self._journal = journal
        self._observer = observer
        self._open: AsyncExitStack | None = None
        self._transport: Transport | None = None
        self._sources: Sources | None = None
        self._tools_for_turn = tools_for_turn
        check_sources(self.toolbox)
        check_processes(self.toolbox.values())
        self.name = name
        self.handoffs: list[Agent[Any] | Handoff] = list_of(handoffs)
        _ = self._tools  # so that what can not be handed over to is told here

    def __repr__(self) -> str:
        name = f", name={self.name!r}" if self.name != "agent" else ""
        return f"Agent({self.model.name!r}, tools=[{', '.join(self.toolbox)}]{name})"

    def stream(  # noqa: PLR0913  what a run may differ in
        self,
        prompt: Prompt = None,
        *,
        history: Transcript | Session | None = None,
        deps: Any = None,
        run_id: str | None = None,
        settings: Settings | Mapping[str, Any] | None = None,
        resume: RunState | str | None = None,
        answers: Answers | None = None,
    ) -> Run[Output]:
        """Begin a run to follow while it happens: `async with` it, then iterate over its events.

        Args:
            prompt: what the user says.
            history: what was said before: `run.transcript` of an earlier run, or a `Session`, which keeps this one too.
            deps: handed to tools as `ToolContext.deps`.
            run_id: the name of the run; made up by default.
            settings: how the model is asked in this run, over its own settings: what is set here holds.
            resume: a suspended run to go on with, `run.state` or the text of its `dump()`, in place of the prompt, the
                history (but a `Session`) and the id. Its answered calls run, or end as denied or with the given result;
                then the model goes on. Where calls are left unanswered, the run is suspended again for those. Nothing
                keeps a state from being resumed twice.
            answers: what people and clients say, by call id: `Approve()`, `Deny(reason)` or `Answer(value)`.

        Raises:
            UsageError: there is neither a prompt nor a history; the history holds a call without an answer, or a result
                of a call that no reply made; the state is not authentic; an answer does not fit the calls of the state;
                a tool with `executor="process"` asks for `deps` that can not be sent there; a tool of a sub-agent, or
                of an agent that may take over, needs approval, and nobody can be asked.
        """
        check_askable(self)
        check_deps(self.toolbox.values(), deps)
        observer = self._observer.begin(self.name) if self._observer is not None else None
        session = history if isinstance(history, Session) else None
        begin = partial(Start, journal=self._journal, transport=self._transport, session=session, observer=observer)
        if resume is not None or answers is not None:
            state = as_state(resume, prompt=prompt, history=None if session is not None else history, run_id=run_id)
            conversation = replace(self._conversation(state.run_id, deps, observer), settings=as_settings(settings))
            goes_on = resumption(state, answers, self.toolbox, conversation.shared)
            return Run(conversation, begin(state.run_id, None, state.history, resumption=goes_on))
        transcript = Transcript() if history is None or isinstance(history, Session) else history
        check_transcript(transcript)
        if prompt is not None:
            transcript += (UserMessage(parts_of_prompt(prompt)),)
        if session is None:
            check_history(transcript)
        run_id = run_id or uuid4().hex
        conversation = replace(self._conversation(run_id, deps, observer), settings=as_settings(settings))
        said = prompt if isinstance(prompt, str) else None
        return Run(conversation, begin(run_id, said, transcript))

    async def run(  # noqa: PLR0913  as stream
        self,
        prompt: Prompt = None,
        *,
        history: Transcript | Session | None = None,
        deps: Any = None,
        run_id: str | None = None,
        settings: Settings | Mapping[str, Any] | None = None,
        resume: RunState | str | None = None,
        answers: Answers | None = None,
    ) -> Result[Output]:
        """Run to the end and give what it left; `result.pending` tells whether it is suspended. Arguments as `stream`.

        Raises:
            WireError: the provider failed; `error.transcript` holds what was said and done.
            RunError: a limit was reached, or the model gave no output of the `output_type` (`OutputInvalid`).
        """
        following = self.stream(
            prompt, history=history, deps=deps, run_id=run_id, settings=settings, resume=resume, answers=answers
        )
        async with following as run:
            async for _ in run:
                pass
        return run.result()

    def run_sync(  # noqa: PLR0913  as stream
        self,
        prompt: Prompt = None,
        *,
        history: Transcript | Session | None = None,
        deps: Any = None,
        run_id: str | None = None,
        settings: Settings | Mapping[str, Any] | None = None,
        resume: RunState | str | None = None,
        answers: Answers | None = None,
    ) -> Result[Output]:
        """As `run`, from code that is not async; within a running event loop it blocks that, working in a thread."""

        async def run() -> Result[Output]:
            return await self.run(
                prompt, history=history, deps=deps, run_id=run_id, settings=settings, resume=resume, answers=answers
            )

        return blocking(lambda: anyio.run(run))

    def override(self, *, model: Model | str) -> Agent[Output]:
        """This agent with another model, for tests above all."""
        other = copy(self)
        other.model = as_model(model)
        other.model.prepare()
        other._open = other._transport = other._sources = None  # noqa: SLF001  its own copy
        return other

    async def __aenter__(self) -> Self:
        """Keep connections and MCP servers open between runs."""
        if self._open is not None:
            raise UsageError("the agent is entered already")
        async with AsyncExitStack() as stack:
            transport = await stack.enter_async_context(self.model.transport())
            self._sources = await stack.enter_async_context(Sources(self._tools, self.limits))
            self._transport = transport
            self._open = stack.pop_all()
        return self

    def _conversation(self, run_id: str, deps: Any = None, observer: RunObserver | None = None) -> Conversation:
        shared = RunContext(run_id, self.limits, self.policy, deps, self._approver, self._guards, self._guards)
        if observer is not None:
            shared = replace(shared, at_work=observer.at_work)
        conversation = Conversation(
            self.model,
            self._tools,
            self.instructions,
            shared,
            stop=self.stop,
            name=self.name,
            agent=self,
            transport=self._transport,
            successors=self._successors,
            sources=self._sources,
            tools_for_turn=self._tools_for_turn,
        )
        if self._output is None:
            return conversation
        return replace(
            conversation, output=plan_output(self._output, self.model, self._tools, conversation.ask(Transcript()))
        )

    # --- with other agents ---

    def as_tool(
        self,
        name: str,
        description: str,
        *,
        prompt: MakePrompt | None = None,
        deps: Callable[[Any], Any] | None = None,
        **terms: Unpack[ToolTerms],
    ) -> SubAgentTool:
        """This agent as a tool for another: a call of it is a run, and the output of that is the result.

        What happens in that run is in the log of the run around it, as records with a `scope`. It ends with its call.

        Args:
            name: what the model calls it.
            description: what the model is told of it.
            prompt: makes the prompt of arguments that the model writes, its annotated parameters; by default the model
                writes the prompt, the one parameter `prompt: str`.
            deps: makes the agent's `deps` of those of the run around it, which it gets as they are by default.
            terms: as for `@tool`, from `read_only` to `exclusive`; there is no time limit unless `timeout_s` sets one.

        Raises:
            ToolDefinitionError: `prompt` can not be filled from JSON, or the name is not allowed.
            UsageError: terms that contradict each other.
        """
        return SubAgentTool(self, name, description, prompt, deps, terms)

    @property
    def approver(self) -> Approver | None:
        """Who is asked before a tool that needs approval starts, None where nobody is."""
        return self._approver

    def asking(self, approver: Approver | None) -> Agent[Output]:
        """This agent, asking `approver` if it has none of its own."""
        if approver is None or self._approver is not None:
            return self
        other = copy(self)
        other._approver = approver  # noqa: SLF001  its own copy
        return other

    @property
    def _tools(self) -> Toolbox:
        handoffs = as_handoffs(self.handoffs)
        return Toolbox([self.toolbox, *(handoff.tool for handoff in handoffs)]) if handoffs else self.toolbox

    @property
    def _successors(self) -> dict[str, Successor]:
        return {
            one.tool.name: Successor(one.agent.name, partial(self._taking_over, one.agent), one.history)
            for one in as_handoffs(self.handoffs)
        }

    async def warm_up(self) -> None:
        """Have the connection and the provider ready before the first prompt is there; the agent must be entered.

        Over WebSocket the connection is opened, and the provider prepares instructions and tools; over HTTP there is
        nothing to prepare.

        Raises:
            UsageError: the agent is not entered.
            WireError: there is no connection, or the provider refused.
        """
        if self._transport is None:
            raise UsageError("enter the agent first: async with agent: await agent.warm_up()")
        if isinstance(self._transport, Warming):
            conversation = self._conversation("warm-up")
            if self._sources is not None:
                conversation = replace(conversation, toolbox=await self._sources.toolbox())
            ask = conversation.ask(Transcript())
            with anyio.move_on_after(self.limits.first_byte_timeout_s) as wait:
                await self._transport.warm_up(self.model.request(ask, self.limits))
            if wait.cancelled_caught:
                text = f"nothing came for {self.limits.first_byte_timeout_s:g} s"
                raise WireError(text, phase="request", kind="timeout", retryable=True)

    async def __aexit__(self, *exc_info: object) -> None:
        stack, self._open, self._transport, self._sources = self._open, None, None, None
        if stack is not None:
            await stack.aclose()

    @staticmethod
    def _taking_over(agent: Agent, shared: RunContext) -> Conversation:
        """The part of an agent in a run that another one began: within its limits, with its own policy."""
        own = agent.asking(shared.approver)._conversation(shared.run_id, shared.deps)  # noqa: SLF001  an agent, too
        kept = replace(
            own.shared,
            limits=shared.limits,
            nest=shared.nest,
            at_work=shared.at_work,
            guards=joined(shared.entry_guards, own.shared.guards),
            entry_guards=shared.entry_guards,
        )
        return replace(own, shared=kept)
