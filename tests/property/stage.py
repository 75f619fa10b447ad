"""Plays a conversation: an agent over a transport in this process, with tools that note what was done to them.

The model's bytes are those of the real wires, each request is checked by the provider's own rules, and all that happens
is noted beside the position that the response had reached, so that an oracle can judge it without the run's log.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Self

import anyio
from anyio.lowlevel import checkpoint

from millstream import Agent, Model, Run, WireError
from millstream.answers import Approve, Deny
from millstream.events import Call, JsonObject, JsonValue, Record, TurnStarted
from millstream.journal.memory import MemoryJournal
from millstream.testing import Response, Say
from millstream.testing.provider import rules
from millstream.testing.provider.play import Act
from millstream.testing.provider.rules import Refusal
from millstream.transport.seam import Chunk, Request
from millstream.wire.refusal import error_from_object
from tests.property.scripts import Answer, Api, Play, Refused, written
from tests.property.tools import tool_of

PREFIX: dict[Api, str] = {"openai-responses": "openai", "openai-chat": "openai-chat"}
RUN_ID = "run"
_LAST_WORD = Answer(Response((Say("Done."),)))


@dataclass
class Served:
    """One answer on its way: `position` bytes of it have arrived, `over` once its end was told."""

    answer: Answer
    turn: int
    acts: list[tuple[int, Act]]
    """Each act, with the number of bytes that it is complete with."""
    body: bytes
    ends: list[int]
    """Where its pieces end."""
    position: int = 0
    over: bool = False

    def seen(self, position: int | None = None) -> list[Act]:
        """What of it has arrived whole, by now or when `position` bytes had."""
        reached = self.position if position is None else position
        return [act for end, act in self.acts if end <= reached]


@dataclass(frozen=True)
class Began:
    """The body of a tool began: for which call and with what, and how far which response was."""

    tool: str
    key: str
    attempt: int
    call: Call
    served: Served
    position: int
    over: bool
    args: JsonObject


@dataclass
class Stage:
    """The world around a run; also the transport of its model."""

    play: Play
    requests: list[JsonObject] = field(default_factory=list[JsonObject])
    refusals: list[Refusal] = field(default_factory=list[Refusal])
    served: list[Served] = field(default_factory=list[Served])
    began: list[Began] = field(default_factory=list[Began])
    returned: set[str] = field(default_factory=set[str])
    """Keys of the calls whose tool returned."""
    undone: int = 0
    """How many bodies were told that what they read will not be complete."""
    at_work: Counter[str] = field(default_factory=Counter[str])
    most_at_work: Counter[str] = field(default_factory=Counter[str])
    opened: Counter[str] = field(default_factory=Counter[str])
    """Transports and responses that are open."""
    run: Run | None = None
    journal: MemoryJournal = field(init=False)

    def __post_init__(self) -> None:
        rest = self.play.journal_rest
        self.journal = MemoryJournal() if rest is None else _SlowJournal(rest)

    @property
    def agent(self) -> Agent:
        """The agent that plays."""
        play = self.play
        model = Model(f"{PREFIX[play.api]}:played", api_key="none", transport=self)
        tools = [tool_of(plan) for plan in play.tools]
        asked, bounds = play.guards, play.limits
        return Agent(
            model, tools, approver=self.approve, policy=play.policy, limits=bounds, journal=self.journal, guards=asked
        )

    async def approve(self, call: Call, args: JsonValue) -> Approve | Deny:
        """The person who is asked: the arguments say what they answer."""
        for _ in range(1 + self.play.consumer_rest):
            await checkpoint()
        assert self.run is None or call.id in {pending.id for pending in self.run.pending}
        match args:
            case {"how": "deny"}:
                return Deny("not today")
            case {"how": "edit"}:
                return Approve({**args, "how": "return", "turns": 0})
            case _:
                return Approve()

    def begin(self, call: Call, attempt: int, args: JsonObject) -> None:
        """A body began."""
        plan = call.name
        served = self.served[-1]
        key = str(args["key"])
        self.began.append(Began(plan, key, attempt, call, served, served.position, served.over, args))
        for group in self._groups(plan):
            self.at_work[group] += 1
            self.most_at_work[group] = max(self.most_at_work[group], self.at_work[group])

    def end(self, call: Call) -> None:
        """A body ended."""
        for group in self._groups(call.name):
            self.at_work[group] -= 1

    def _groups(self, plan: str) -> list[str]:
        tool = self.play.tool(plan)
        assert tool is not None
        return ["all", f"tool {plan}", *([f"group {tool.exclusive}"] if tool.exclusive else [])]

    # --- the transport ---

    async def __aenter__(self) -> Self:
        self.opened["transport"] += 1
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        with anyio.CancelScope(shield=True):
            await checkpoint()
            self.opened["transport"] -= 1

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[_Pieces]:
        """The next answer."""
        assert self.opened["transport"] == 1
        assert self.opened["response"] == 0
        await checkpoint()
        self.requests.append(request.body)
        chat = self.play.api == "openai-chat"
        refusal = rules.check_chat(request.body) if chat else rules.check_responses(request.body)
        if refusal is not None:
            self.refusals.append(refusal)
            raise error_from_object(refusal.body["error"], status=refusal.status, phase="request")
        number = len(self.requests) - 1
        answer = self.play.answers[number] if number < len(self.play.answers) else _LAST_WORD
        for _ in range(answer.silence if isinstance(answer, Answer) else 0):
            await checkpoint()
        if isinstance(answer, Refused):
            raise _refused(answer.status)
        self.served.append(self._serve(answer, request.body))
        self.opened["response"] += 1
        try:
            yield _Pieces(self.served[-1])
        finally:
            self.opened["response"] -= 1

    def _serve(self, answer: Answer, request: JsonObject) -> Served:
        parts = written(self.play.api, answer.response, request, str(len(self.requests)))
        ends = list(accumulate(len(data) for data, _ in parts))
        body = b"".join(data for data, _ in parts)
        length = len(body) if answer.cut is None else answer.cut % (len(body) + 1)
        places = ends if answer.places is None else [place % (length + 1) for place in answer.places]
        pieces = sorted({place for place in places if 0 < place < length} | ({length} if length else set()))
        turns = [record.event.turn for record in self.records if isinstance(record.event, TurnStarted)]
        acts = [(end, act) for end, (_, act) in zip(ends, parts, strict=True) if act is not None]
        return Served(answer, turns[-1] if turns else 1, acts, body, pieces)

    @property
    def records(self) -> list[Record]:
        """The log so far."""
        return self.journal.records(RUN_ID)


class _Pieces:
    def __init__(self, served: Served) -> None:
        self._served = served
        self._ends = iter(served.ends)

    async def receive(self) -> Chunk:
        """The next piece, after some turns of the event loop."""
        served = self._served
        for _ in range(1 + served.answer.rest):
            await checkpoint()
        end = next(self._ends, None)
        if end is not None:
            start, served.position = served.position, end
            return served.body[start:end]
        served.over = True
        if served.answer.cut is None or served.answer.tidy:
            return b""
        raise WireError("the connection broke", kind="torn", retryable=True, retry_after_s=0.0)


class _SlowJournal(MemoryJournal):
    """Takes its time."""

    def __init__(self, rest: int) -> None:
        super().__init__()
        self._rest = rest

    async def append(self, run_id: str, records: Sequence[Record]) -> None:
        """Add records to a run's log."""
        for _ in range(self._rest):
            await checkpoint()
        self.add(run_id, records)


def _refused(status: int) -> WireError:
    if status == 0:
        return WireError("no connection", phase="connect", retryable=True, retry_after_s=0.0)
    error = error_from_object({"message": "No."}, status=status, phase="request")
    error.retry_after_s = 0.0
    return error
