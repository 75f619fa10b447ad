"""Whether what was given to an agent is of the kind it must be: told at the line that is wrong, not within a run."""

from __future__ import annotations

from millstream.errors import UsageError
from millstream.limits import Limits
from millstream.policy import Policy
from millstream.transcript import Transcript


def check_terms(policy: object, limits: object, observer: object) -> None:
    """Check the terms of an agent.

    Raises:
        UsageError: one of them is something else.
    """
    if not isinstance(policy, Policy | None):
        raise UsageError(f"policy={policy!r} is none: write Policy(on_torn=…, start=…)")
    if not isinstance(limits, Limits | None):
        raise UsageError(f"limits={limits!r} are none: write Limits(max_turns=…)")
    if observer is not None and not hasattr(observer, "begin"):
        raise UsageError(f"observer={observer!r} observes nothing: it needs a method begin(agent), as Tracing() has")


def check_transcript(history: object) -> None:
    """Check that a history is one.

    Raises:
        UsageError: it is something else.
    """
    if not isinstance(history, Transcript):
        raise UsageError(
            f"history= takes a Transcript or a Session, not {type(history).__name__}: pass run.transcript of an "
            'earlier run, or make one of what was said, Transcript((user("Hi"), …)) with millstream.transcript'
        )
