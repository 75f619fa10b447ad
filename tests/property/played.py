"""Plays a conversation to its end, for tests that look at what became of it."""

from __future__ import annotations

from dataclasses import dataclass

import anyio
from anyio.lowlevel import checkpoint

from millstream import MillstreamError, RunError, Transcript, WireError
from millstream.events import CallStarted, Event, Record
from millstream.testing import Violation, check_records
from tests.alive import no_task_left
from tests.property.deterministic import Backend, run_in_loop
from tests.property.scripts import Play
from tests.property.stage import RUN_ID, Stage
from tests.property.starts import has_moved_on

PATIENCE_S = 20


@dataclass
class Played:
    """What became of a conversation."""

    stage: Stage
    records: list[Record]
    """What the consumer took."""
    error: MillstreamError | None

    @property
    def events(self) -> list[Event]:
        """The events of the log."""
        return [record.event for record in self.records]


def played(play: Play, backend: Backend, history: Transcript | None = None) -> Played:
    """Play it from the first event to the last; whatever it holds, nothing else may be raised, and nothing is left."""

    async def main() -> Played:
        stage = Stage(play)
        records: list[Record] = []
        error: MillstreamError | None = None
        async with no_task_left():
            stage.run = run = stage.agent.stream("Go.", history=history, run_id=RUN_ID, deps=stage)
            with anyio.fail_after(PATIENCE_S):
                async with run:
                    try:
                        async for record in run.follow():
                            records.append(record)
                            for _ in range(play.consumer_rest):
                                await checkpoint()
                    except (WireError, RunError) as failure:
                        error = failure
        assert records == stage.records
        assert not +stage.opened
        return Played(stage, records, error)

    return run_in_loop(backend, main)


def wrong_in(run: Played, end: int | None = None) -> list[Violation]:
    """What the checker finds in the log, or in its first `end` records, but the one thing that it can not know better.

    It refuses a "safe" start where the next item opened without an event and the stream broke off right there.
    """
    found = check_records(run.records[:end], complete=end is None)
    moved_on = {began.call.id for began in run.stage.began if has_moved_on(began.served.seen(), began.call.index)}
    return [one for one in found if not ("shows no later item" in one.message and _call_in(one, run) in moved_on)]


def _call_in(violation: Violation, run: Played) -> str | None:
    event = next((record.event for record in run.records if record.seq == violation.seq), None)
    return event.call.id if isinstance(event, CallStarted) else None
