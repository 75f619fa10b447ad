"""The invariant checker: reads the log of any run and says what in it can not be.

It is an oracle. It knows the vocabulary (`millstream.events`) and the invariants, and must not know the code that
produces events: neither import it nor share a line with it. Each file holds one family of rules and reads the log for
itself; `Violation.invariant` says which:

     0  the log is well formed: numbers, the life of the run, of its turns, of its sub-agents   order, scopes, run_form,
                                                                                                turn_form
     2  argument text arrives while its response does                                           arguments
     3  sealed arguments are what strict JSON reads in their text                               arguments
     5  settled values are final                                                                arguments, output
     6  one end for every opened call, and nothing after it                                     call_life
     7  every request carries the results that are due, once and in call order                  answers
    10  a tool starts in its allowed state, once per attempt                                    starts, reuse
    11  approval comes first and binds the arguments                                            approvals

Whatever it reports is wrong if the rules are; the other way round a log can not show everything, and where it can not,
the checker is silent. Each file says where its sight ends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeAlias

from millstream.events import Record
from millstream.testing.checker.answers import check_answers
from millstream.testing.checker.approvals import check_approvals
from millstream.testing.checker.arguments import check_arguments
from millstream.testing.checker.call_life import check_call_life
from millstream.testing.checker.order import check_order
from millstream.testing.checker.output import check_output
from millstream.testing.checker.reuse import check_reuse
from millstream.testing.checker.run_form import check_run_form
from millstream.testing.checker.run_log import RunLog
from millstream.testing.checker.scopes import split_runs
from millstream.testing.checker.starts import check_starts
from millstream.testing.checker.turn_form import check_turn_form
from millstream.testing.checker.violation import Violation, describe

__all__ = ("Violation", "assert_records", "check_records")

_Check: TypeAlias = Callable[[RunLog], Iterator[Violation]]
_CHECKS: tuple[_Check, ...] = (
    check_run_form,
    check_turn_form,
    check_arguments,
    check_output,
    check_call_life,
    check_answers,
    check_starts,
    check_reuse,
    check_approvals,
)


def check_records(records: Iterable[Record], *, complete: bool = True) -> list[Violation]:
    """Everything in the log of one run that breaks an invariant; an empty list where all is well.

    Args:
        records: the run's log in the order in which it was written, the records of its sub-agents among them. A log
            that begins with `RunResumed` is read as the later part of a run: what came before is not held against it.
        complete: the run is over, so the log must end with a terminal event. False for a log that is still being
            written, or was cut: every prefix of a good log is good.

    Returns:
        The violations, those with a `seq` first, by `seq`. Any exception raised here is a bug.
    """
    log = tuple(records)
    if not log and complete:
        return [Violation(0, "the log is empty, a run that is over has a first and a last record", None)]
    runs, found = split_runs(log, complete=complete)
    found += check_order(log)
    for run in runs:
        inside = f"in the sub-agent of call {'/'.join(run.scope)}: " if run.scope else ""
        found += (
            replace(violation, message=inside + violation.message) for check in _CHECKS for violation in check(run)
        )
    return sorted(found, key=lambda violation: (violation.seq is None, violation.seq or 0))


def assert_records(records: Iterable[Record], *, complete: bool = True) -> None:
    """Do nothing if the log of a run breaks no invariant, see `check_records`.

    Raises:
        AssertionError: it breaks some; the message lists them with the records they are about.
    """
    log = tuple(records)
    violations = check_records(log, complete=complete)
    if violations:
        raise AssertionError(describe(violations, log))
