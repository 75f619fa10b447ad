"""The agents that a run may come to, through sub-agents and handoffs, and whether somebody can be asked in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millstream.answers import Approver
from millstream.errors import UsageError
from millstream.handoff import as_handoffs
from millstream.sub_agent import SubAgentTool
from millstream.toolbox.toolbox import Toolbox

if TYPE_CHECKING:
    from millstream.agent import Agent


def check_askable(agent: Agent[Any]) -> None:
    """Check that somebody can be asked about each tool that needs approval, wherever a run of the agent may lead.

    A run of its own can be suspended, those of sub-agents and of agents that take over can not.

    Raises:
        UsageError: a tool of one that it may hand over to, or of a sub-agent, needs approval, and neither its own agent
            nor the one that the run begins with has an approver; or such a tool is deferred.
    """
    seen = {id(agent)}
    _check_below(agent, agent.approver, seen)


def _check_below(agent: Agent[Any], approver: Approver | None, seen: set[int]) -> None:
    check_sub_agents(agent.toolbox, approver, seen)
    for handoff in as_handoffs(agent.handoffs):
        _check(handoff.agent, approver, seen)


def check_sub_agents(toolbox: Toolbox, approver: Approver | None, seen: set[int] | None = None) -> None:
    """As `check_askable`, for the sub-agents among the tools; those in `seen` are checked already."""
    for tool in toolbox.values():
        if isinstance(tool, SubAgentTool):
            _check(tool.agent, approver, seen if seen is not None else set())


def _check(agent: Agent[Any], approver: Approver | None, seen: set[int]) -> None:
    if id(agent) in seen:
        return
    seen.add(id(agent))
    asked = agent.approver or approver
    unapproved = next((tool.name for tool in agent.toolbox.values() if tool.options.needs_approval), None)
    if unapproved is not None and asked is None:
        raise UsageError(
            f"{unapproved} of the agent {agent.name} needs approval: pass approver=, an async function that is asked "
            "each time, to that agent or to the one that the run begins with"
        )
    deferred = next((tool.name for tool in agent.toolbox.values() if tool.options.deferred), None)
    if deferred is not None:
        raise UsageError(
            f"{deferred} of the agent {agent.name} is deferred: only the agent that a run begins with can wait for "
            "results from outside, give the tool to that one"
        )
    _check_below(agent, asked, seen)
