"""Whether an answer fits a call that waits for one, and what it comes to. Decisions only, nothing waits.

The same rules hold for an answer given while a run goes on and for one that a suspended run is resumed with.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

from millstream.answers import Answer, AnyAnswer, Approve, Deny
from millstream.arguments.outcomes import Sealed
from millstream.errors import UsageError
from millstream.events import ApprovalResolved, Call, CallFailed, CallReturned, Denied, JsonValue, Rejected
from millstream.routing.surrogates import printable
from millstream.runtime.attempt import RunContext
from millstream.toolbox.results import NotJson, to_json
from millstream.toolbox.tool import Tool

WaitsFor: TypeAlias = Literal["approval", "answer"]
"""A person's leave to run it, or, of a deferred tool, its result."""


def named(call: Call) -> str:
    """A call as messages name it."""
    return f"{call.id} ({call.name})"


def not_waiting(call_id: object, waiting: Iterable[Call]) -> UsageError:
    """The error of an answer to what is none of the calls that wait. Nothing runs because somebody names it."""
    known = ", ".join(map(named, waiting)) or "none"
    return UsageError(f"no call {call_id!r} waits for an answer here; waiting: {known}. Answer only calls of pending")


def fitting(call: Call, waits_for: WaitsFor, answer: object) -> AnyAnswer:
    """The answer, its value as a JSON value.

    Raises:
        UsageError: it is no answer, or none to what the call waits for; the message names the call.
    """
    match answer:
        case Approve() if waits_for == "answer":
            raise UsageError(
                f"{named(call)} is deferred, there is nothing to approve: give its result with Answer(value) or "
                "run.answer(call_id, value), or refuse it with Deny(reason)"
            )
        case Answer(value=value):
            try:
                return Answer(to_json(value))
            except NotJson as error:
                message = f"the answer to {named(call)} is no JSON value, it is of type {type(value).__name__}"
                raise UsageError(message) from error
        case Approve() | Deny():
            return answer
        case _:
            raise UsageError(
                f"{named(call)} was answered with {type(answer).__name__}: "
                "write Approve(), Deny(reason) or Answer(value)"
            )


def edited(call: Call, tool: Tool[..., Any], args: JsonValue, shared: RunContext) -> Sealed | str:
    """The arguments in place of the model's, checked as the model's are; or what is wrong with them, in words."""
    if call.kind == "custom" and not isinstance(args, str):
        return f"{call.name} takes one text"
    try:
        text = tool.written(call.kind, to_json(args))
    except NotJson:
        return f"a {type(args).__name__} is no JSON value"
    outcome = checked(call, tool, text, shared)
    if isinstance(outcome, Sealed):
        return outcome
    return "; ".join(f"{problem.path} {problem.message}".strip() for problem in outcome.problems)


def checked(call: Call, tool: Tool[..., Any], text: str, shared: RunContext) -> Sealed | Rejected:
    """The text of whole arguments, checked and bound as what a model writes."""
    arguments = tool.arguments(call.kind, shared.limits, coerce=shared.policy.coerce)
    arguments.feed(text)
    return arguments.close()


def denial(call: Call, digest: str, reason: str) -> tuple[ApprovalResolved, CallFailed]:
    """What a refusal comes to."""
    reason = printable(reason)
    return ApprovalResolved(call, "denied", digest, reason), CallFailed(call, Denied(reason))


def result(call: Call, digest: str, value: JsonValue) -> tuple[ApprovalResolved, CallReturned]:
    """What a result from outside comes to."""
    return ApprovalResolved(call, "answered", digest), CallReturned(call, value)
