"""What an assembler makes of a text, in a form that tells 1 from 1.0 from true and one order of keys from another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from millstream.arguments import Assembler, Rejected, Sealed, Settled
from millstream.events.values import Path
from tests.pieces import cuttings


@dataclass(frozen=True)
class Outcome:
    settled: tuple[tuple[Path, str], ...]
    """Paths and values, the values as JSON text."""
    value: str | None
    """The sealed value as JSON text."""
    rejected: Rejected | None
    early: bool
    """Whether the rejection came before the text was over."""
    partial: str
    """What `partial` showed at the end, as JSON text."""


def assemble(assembler: Assembler, pieces: Iterable[str]) -> Outcome:
    """Feed and close, and check what holds of every assembler."""
    settled: list[tuple[Path, str]] = []
    rejected: Rejected | None = None
    for piece in pieces:
        for event in assembler.feed(piece):
            assert rejected is None, "something came after a rejection"
            if isinstance(event, Settled):
                settled.append((event.path, json.dumps(event.value)))
            elif isinstance(event, Rejected):
                rejected = event
    verdict = assembler.close()
    assert assembler.close() == verdict
    assert assembler.feed(" ") == []
    if rejected is not None:
        assert verdict == rejected
    if isinstance(verdict, Rejected):
        assert verdict.problems
        assert verdict.at == min(problem.at for problem in verdict.problems)
        assert not assembler.complete
    value = json.dumps(verdict.value) if isinstance(verdict, Sealed) else None
    partial = json.dumps(assembler.partial)
    assert value in {None, partial}
    return Outcome(
        tuple(settled), value, verdict if isinstance(verdict, Rejected) else None, rejected is not None, partial
    )


def however_cut(text: str, make: Callable[[], Assembler]) -> Outcome:
    """The outcome of `text`, which is the same however it is cut."""
    whole = assemble(make(), [text])
    for pieces in cuttings(text):
        assert assemble(make(), pieces) == whole, pieces
    return whole
