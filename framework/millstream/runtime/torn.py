"""What to do with a response that broke off after some of it was shown: the declared policy as one decision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from millstream.policy import Policy

Recovery: TypeAlias = Literal["salvage", "restart", "raise"]


@dataclass(frozen=True, slots=True)
class Torn:
    """The facts of a torn response.

    Args:
        retryable: whether asking again may help.
        any_sealed: whether a call of it was sealed or started.
        started_unrepeatable: whether a tool was started that is neither read-only nor idempotent.
        restarts_left: how often the response may still be asked for again.
    """

    retryable: bool
    any_sealed: bool
    started_unrepeatable: bool
    restarts_left: int


def recovery(policy: Policy, torn: Torn) -> Recovery:
    """Keep what is sealed and go on from it, ask again, or give up.

    A response is never asked for again once a tool was started whose effect must not be repeated.
    """
    may_restart = torn.retryable and torn.restarts_left > 0 and not torn.started_unrepeatable
    match policy.on_torn:
        case "salvage":
            if torn.any_sealed:
                return "salvage"
            return "restart" if may_restart else "raise"
        case "retry":
            return "restart" if may_restart else "raise"
        case "raise":
            return "raise"
