"""What the checker finds: one broken rule at one record, and how a list of them reads.

It knows the names of the invariants and nothing of how they are checked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from millstream.events import Record

INVARIANTS: Mapping[int, str] = {
    0: "the log is well formed",
    2: "argument text arrives while its response does",
    3: "sealed arguments are what strict JSON reads in their text",
    5: "settled values are final",
    6: "one end for every opened call, and nothing after it",
    7: "every request carries the results that are due, once and in call order",
    10: "a tool starts in its allowed state, once per attempt",
    11: "approval comes first and binds the arguments",
}

_SHOWN_VIOLATIONS = 40
"""One fault early in a log may break a rule at every later record: a reader needs the first ones."""
_SHOWN_EVENT_CHARS = 300
"""Arguments and results may be megabytes."""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule.

    `invariant` is its number (0: the log is not well formed), `message` a sentence, `seq` the number of the offending
    record, or None where the log as a whole is at fault.
    """

    invariant: int
    message: str
    seq: int | None


def describe(violations: Sequence[Violation], log: Sequence[Record]) -> str:
    """The violations as text for people, each with its invariant and the record it is about."""
    events = {record.seq: record.event for record in log}
    lines = [f"the log of the run ({len(log)} records) breaks its invariants in {len(violations)} place(s):"]
    for violation in violations[:_SHOWN_VIOLATIONS]:
        where = "the log" if violation.seq is None else f"seq {violation.seq}"
        lines.append(f"  {where}: {violation.message}")
        lines.append(f"      invariant {violation.invariant}: {INVARIANTS[violation.invariant]}")
        if violation.seq is not None:
            shown = repr(events[violation.seq])
            cut = len(shown) > _SHOWN_EVENT_CHARS
            lines.append(f"      {shown[:_SHOWN_EVENT_CHARS]}{' …' if cut else ''}")
    hidden = len(violations) - _SHOWN_VIOLATIONS
    if hidden > 0:
        lines.append(f"  and {hidden} more; mend the first ones first")
    return "\n".join(lines)
