"""What a run begins with, and what it leaves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic

from millstream.events import Call, Record, Usage
from millstream.journal.seam import Journal
from millstream.observing import RunObserver
from millstream.runtime.handle import CallHandle
from millstream.runtime.resumption import Resumption
from millstream.runtime.state import RunState
from millstream.sessions.session import Session
from millstream.toolbox.output_type import Output
from millstream.transcript import Transcript
from millstream.transport.seam import Transport

if TYPE_CHECKING:
    from millstream.agent import Agent


@dataclass(frozen=True, slots=True)
class Start:
    """What a run begins with. `transport` is one that somebody else keeps open, None for one of the run's own."""

    run_id: str
    prompt: str | None
    transcript: Transcript
    journal: Journal | None = None
    transport: Transport | None = None
    session: Session | None = None
    observer: RunObserver | None = None
    resumption: Resumption | None = None


@dataclass(frozen=True, slots=True)
class Result(Generic[Output]):
    """What a run left. `output` is what it was for: one of the `output_type`, else the text of the answer.

    `agent` is the one that answered, another one after a handoff; go on with `agent.run(…, history=transcript)`.
    Of a suspended run it is None; `pending` are the calls that wait for an answer, and `state` is what to go on from.
    """

    output: Output
    text: str
    calls: dict[str, CallHandle]
    usage: Usage
    transcript: Transcript = field(repr=False)
    records: list[Record] = field(repr=False)
    run_id: str
    agent: Agent[Any] = field(repr=False)
    pending: tuple[Call, ...] = ()
    state: RunState | None = field(default=None, repr=False)
