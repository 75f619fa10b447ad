"""An agent: a model, tools, instructions and the terms on which they work together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import AsyncExitStack
from copy import copy
from dataclasses import replace
from typing import Any, Self
from uuid import uuid4

import anyio

from millstream.answers import Approver
from millstream.errors import UsageError, WireError
from millstream.guards import Guards, check_guards
from millstream.journal.seam import Journal
from millstream.limits import Limits
from millstream.models import Model, as_model
from millstream.policy import Policy
from millstream.prompt import Prompt, parts_of_prompt
from millstream.runtime.attempt import RunContext, check_approver
from millstream.runtime.blocking import blocking
from millstream.runtime.conversation import Conversation
from millstream.runtime.instructions import Instructions
from millstream.runtime.instructions import checked as check_instructions
from millstream.runtime.run import Result, Run, Start
from millstream.settings import Settings, as_settings
from millstream.stop import StopRule
from millstream.stop import checked as check_stop
from millstream.toolbox.tool import Tool
from millstream.toolbox.toolbox import Toolbox
from millstream.transcript import Transcript, UserMessage
from millstream.transport.named import TransportName
from millstream.transport.seam import Transport, Warming


class Agent:
    """A model with tools.

        agent = Agent("openai:gpt-5.1", tools=[weather])
        async with agent.stream("What should I pack for Paris?") as run:
            async for event in run: ...

    Args:
        model: a model string ("openai:gpt-5.1") or a `Model`.
        tools: functions, tools or toolboxes; the names must differ.
        instructions: what the model is told before everything else, or a function, async or not, that makes it of the
            run so far (`SoFar`) before each turn.
        stop: when the run is over although the model would go on, see `millstream.stop`. The output is then the text of
            the last response, and the transcript can be gone on from.
        approver: asked before a tool that needs approval starts.
        guards: what may stop the prompt, the calls and the text of the answer, see `millstream.guards`.
        policy: what to do when a model, a stream or a tool does not behave.
        limits: caps and deadlines.
        journal: where runs are recorded before they count; in memory by default.
        transport: how requests travel, for a model given as a string: see `Model`.

    Raises:
        ModelError: the model string names no model, or its requests can not travel by that transport.
        ToolDefinitionError: two tools have one name, or a function can not be a tool.
        UsageError: a tool needs approval and there is no approver.
    """

    def __init__(  # noqa: PLR0913  the parts of an agent
        self,
        model: Model | str,
        tools: Iterable[Callable[..., Any] | Tool[..., Any] | Toolbox] = (),
        *,
        instructions: Instructions = "",
        stop: StopRule | None = None,
        approver: Approver | None = None,
        guards: Guards | None = None,
        policy: Policy | None = None,
        limits: Limits | None = None,
        journal: Journal | None = None,
        transport: TransportName | None = None,
    ) -> None:
        self.model = as_model(model, transport)
        self.model.prepare()
        self.toolbox = Toolbox(tools)
        check_instructions(instructions)
        self.instructions = instructions
        self.stop = None if stop is None else check_stop(stop)
        self.policy = policy or Policy()
        self.limits = limits or Limits()
        self._approver = approver
        check_guards(guards)
        self._guards = guards
        self._journal = journal
        self._open: AsyncExitStack | None = None
        self._transport: Transport | None = None
        check_approver(self.toolbox, approver)

    def __repr__(self) -> str:
        return f"Agent({self.model.name!r}, tools=[{', '.join(self.toolbox)}])"

    def stream(
        self,
        prompt: Prompt = None,
        *,
        history: Transcript | None = None,
        deps: Any = None,
        run_id: str | None = None,
        settings: Settings | Mapping[str, Any] | None = None,
    ) -> Run:
        """Begin a run to follow while it happens: `async with` it, then iterate over its events.

        Args:
            prompt: what the user says.
            history: what was said before, `run.transcript` of an earlier run.
            deps: handed to tools as `ToolContext.deps`.
            run_id: the name of the run; made up by default.
            settings: how the model is asked in this run, over its own settings: what is set here holds.

        Raises:
            UsageError: there is neither a prompt nor a history, or the history holds a call without an answer.
        """
        transcript = history or Transcript()
        if prompt is not None:
            transcript += (UserMessage(parts_of_prompt(prompt)),)
        if not transcript:
            raise UsageError("a run needs a prompt, or a history= to go on from")
        if transcript.unanswered:
            names = ", ".join(call.name for call in transcript.unanswered)
            raise UsageError(f"the history holds calls without an answer ({names}): pass run.transcript as it is")
        run_id = run_id or uuid4().hex
        conversation = replace(self._conversation(run_id, deps), settings=as_settings(settings), stop=self.stop)
        said = prompt if isinstance(prompt, str) else None
        return Run(conversation, Start(run_id, said, transcript, self._journal, self._transport))

    async def run(
        self,
        prompt: Prompt = None,
        *,
        history: Transcript | None = None,
        deps: Any = None,
        run_id: str | None = None,
        settings: Settings | Mapping[str, Any] | None = None,
    ) -> Result:
        """Run to the end and give what it left. See `stream` for the arguments.

        Raises:
            WireError: the provider failed; `error.transcript` holds what was said and done.
            RunError: a limit was reached.
        """
        async with self.stream(prompt, history=history, deps=deps, run_id=run_id, settings=settings) as run:
            async for _ in run:
                pass
        return run.result()

    def run_sync(
        self,
        prompt: Prompt = None,
        *,
        history: Transcript | None = None,
        deps: Any = None,
        run_id: str | None = None,
        settings: Settings | Mapping[str, Any] | None = None,
    ) -> Result:
        """As `run`, from code that is not async; within a running event loop it blocks that, working in a thread."""

        async def run() -> Result:
            return await self.run(prompt, history=history, deps=deps, run_id=run_id, settings=settings)

        return blocking(lambda: anyio.run(run))

    def override(self, *, model: Model | str) -> Agent:
        """This agent with another model, for tests above all."""
        other = copy(self)
        other.model = as_model(model)
        other.model.prepare()
        other._open = other._transport = None  # noqa: SLF001  its own copy
        return other

    async def __aenter__(self) -> Self:
        """Keep connections open between runs."""
        if self._open is not None:
            raise UsageError("the agent is entered already")
        async with AsyncExitStack() as stack:
            self._transport = await stack.enter_async_context(self.model.transport())
            self._open = stack.pop_all()
        return self

    def _conversation(self, run_id: str, deps: Any = None) -> Conversation:
        shared = RunContext(run_id, self.limits, self.policy, deps, self._approver, self._guards)
        return Conversation(self.model, self.toolbox, self.instructions, shared)

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
            ask = self._conversation("warm-up").ask(Transcript())
            with anyio.move_on_after(self.limits.first_byte_timeout_s) as wait:
                await self._transport.warm_up(self.model.request(ask, self.limits))
            if wait.cancelled_caught:
                text = f"nothing came for {self.limits.first_byte_timeout_s:g} s"
                raise WireError(text, phase="request", kind="timeout", retryable=True)

    async def __aexit__(self, *exc_info: object) -> None:
        stack, self._open, self._transport = self._open, None, None
        if stack is not None:
            await stack.aclose()
