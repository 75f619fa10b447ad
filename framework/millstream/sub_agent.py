"""An agent as a tool of another: its body runs the agent, in the log of the run that called it.

A tool of this kind is made by `Agent.as_tool`. It knows of a run only the place that `runtime.nest` lends it.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from functools import cache
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

from millstream.errors import ToolError, TurnLimit, UsageError
from millstream.policy import Retry, Start
from millstream.prompt import Prompt
from millstream.runtime.nest import WITHIN, Nest, Within
from millstream.toolbox.signature import Signature, read_signature
from millstream.toolbox.tool import Tool, ToolOptions

if TYPE_CHECKING:
    from millstream.agent import Agent

MakePrompt: TypeAlias = Callable[..., Prompt | Awaitable[Prompt]]
"""Makes what the agent is told of arguments that the model writes."""


class ToolTerms(TypedDict, total=False):
    """The terms on which an agent may be called as a tool; see `tool`. `timeout_s` is no limit by default."""

    read_only: bool
    idempotent: bool
    start: Start
    needs_approval: bool | Callable[[Mapping[str, Any]], bool]
    timeout_s: float
    retry: Retry
    limit: int
    exclusive: str


class SubAgentTool(Tool[..., Coroutine[Any, Any, Any]]):
    """A tool whose body runs an agent. Called outside of a run, it runs the agent by itself."""

    def __init__(
        self,
        agent: Agent[Any],
        name: str,
        description: str,
        prompt: MakePrompt | None,
        deps: Callable[[Any], Any] | None,
        terms: ToolTerms,
    ) -> None:
        self.agent = agent
        self._prompt = prompt if prompt is not None else _as_it_is
        self._deps = deps
        signature = read_signature(prompt) if prompt is not None else _signature_as_it_is()
        super().__init__(self._answer, signature, _options(terms), name=name, description=description, body="async")

    async def _answer(self, *args: Any, **kwargs: Any) -> Any:
        made = self._prompt(*args, **kwargs)
        prompt: Prompt = await made if isawaitable(made) else made
        within = WITHIN.get()
        if within is None or within.shared.nest is None:
            return (await self.agent.run(prompt)).output
        return await self._run(prompt, within, within.shared.nest)

    async def _run(self, prompt: Prompt, within: Within, nest: Nest) -> Any:
        """Run the agent within the call of another agent's run."""
        shared, call = within.shared, within.call
        if nest.depth_left < 1:
            raise ToolError(f"{self.name} was not run: agents are nested too deeply here. Go on without it.")
        deps = self._deps(shared.deps) if self._deps is not None else shared.deps
        earlier = len(nest.runs.get(call.id, ()))  # another run makes calls of its own: no key of theirs is used again
        run_id = f"{shared.run_id}:{call.id}{f':{earlier + 1}' if earlier else ''}"
        run = self.agent.asking(shared.approver).stream(prompt, deps=deps, run_id=run_id)
        with nest.place(call, run):
            try:
                await run.within(nest, call)
            except TurnLimit as error:
                message = f"{self.name} was stopped before it came to an answer. Ask it for less at a time."
                raise ToolError(message) from error
        return run.output


def _as_it_is(prompt: str) -> str:
    """Ask it.

    Args:
        prompt: The whole task, with all that must be known for it: nothing of this conversation is seen there.
    """
    return prompt


@cache
def _signature_as_it_is() -> Signature:
    return read_signature(_as_it_is)


def _options(terms: ToolTerms) -> ToolOptions:
    unknown = next((name for name in terms if name not in ToolTerms.__annotations__), None)
    if unknown is not None:
        known = ", ".join(ToolTerms.__annotations__)
        raise UsageError(f"as_tool has no option {unknown}=; there are: prompt, deps, {known}")
    given: dict[str, Any] = {"timeout_s": math.inf, **terms}
    return ToolOptions(**given)
