"""Tools on any terms, whose bodies do what a test tells them to and nothing else, however long that takes.

A body waits for orders, on the event loop or in a thread; what it was told and how it ended is noted here, and what it
should never see is an assertion in it, which the test finds in `wrong`.
"""

from __future__ import annotations

import queue
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, Literal, TypeAlias

import anyio
from anyio.lowlevel import checkpoint

from millstream import ArgsAborted, ArgStream, Retry, Tool, ToolContext, ToolError, tool
from millstream.events import Call, CallEnded, CallStarted, Record
from millstream.policy import Start

Order: TypeAlias = Literal["return", "tool error", "raise", "exit", "progress", "hang"]
BodyKind: TypeAlias = Literal["async", "generator", "thread", "reading"]


@dataclass(frozen=True)
class Terms:
    """One tool."""

    name: str
    body: BodyKind = "async"
    read_only: bool = False
    idempotent: bool = False
    start: Start | None = None
    limit: int | None = None
    exclusive: str | bool | None = None
    priority: int = 0
    approval: bool = False
    deferred: bool = False
    attempts: int = 1


@dataclass
class Puppet:
    """A body at work: one attempt of one call."""

    terms: Terms
    context: ToolContext[Any]
    hung: bool = False
    told_to_end: bool = False
    _news: anyio.Event | None = None
    _orders: queue.SimpleQueue[Order] = field(default_factory=queue.SimpleQueue[Order])

    def tell(self, order: Order) -> None:
        """Have it do something."""
        self.hung = self.hung or order == "hang"
        self.told_to_end = self.told_to_end or order not in ("hang", "progress")
        self._orders.put(order)
        if self._news is not None:
            self._news.set()

    async def order(self) -> Order:
        """On the event loop: the next order, once there is one."""
        while self._orders.empty():
            self._news = anyio.Event()
            await self._news.wait()
        return self._orders.get_nowait()

    def order_in_thread(self) -> Order:
        """In a thread."""
        return self._orders.get(timeout=30)

    def do(self, order: Order) -> str | None:
        """Carry out an order; what is returned by it, None where the body goes on."""
        match order:
            case "return":
                return f"did {self.context.call.id}"
            case "tool error":
                raise ToolError("no")
            case "raise":
                raise OSError("secret")
            case "exit":
                raise SystemExit(1)
            case "progress":
                self.context.progress(1, 2, "half")
                return None
            case "hang":
                return None


@dataclass
class Theatre:
    """All the bodies of a run, `deps` of the run."""

    records: Callable[[], list[Record]]
    at_work: list[Puppet] = field(default_factory=list[Puppet])
    begun: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    reading: int = 0
    wrong: list[str] = field(default_factory=list[str])

    @contextmanager
    def playing(self, terms: Terms, context: ToolContext[Any]) -> Generator[Puppet]:
        """A body, from its beginning to its end."""
        puppet, call = Puppet(terms, context), context.call
        self._check_begin(call, context.attempt)
        self.at_work.append(puppet)
        try:
            yield puppet
        finally:
            self.at_work.remove(puppet)

    def _check_begin(self, call: Call, attempt: int) -> None:
        events = [one.event for one in list(self.records())]
        if not any(isinstance(one, CallStarted) and (one.call.id, one.attempt) == (call.id, attempt) for one in events):
            self.wrong.append(f"{call.id} began before the journal knew")
        if (call.id, attempt) in self.begun:
            self.wrong.append(f"attempt {attempt} of {call.id} began twice")
        self.begun.add((call.id, attempt))

    @property
    def threads_to_come(self) -> bool:
        """Whether a thread was started that has not begun."""
        events = [one.event for one in self.records()]
        over = {one.call.id for one in events if isinstance(one, CallEnded)}
        started = [one for one in events if isinstance(one, CallStarted) and one.call.id not in over]
        threads = [one for one in started if one.reused_of is None and one.call.name.startswith("thread")]
        return any((one.call.id, one.attempt) not in self.begun for one in threads)


@cache
def tool_of(terms: Terms) -> Tool[..., Any]:
    """The tool on these terms, for any theatre."""
    repeated = Retry(attempts=terms.attempts, first_wait_s=0, max_wait_s=0, jitter_s=0)
    made: Tool[..., Any] = tool(
        name=terms.name,
        read_only=terms.read_only,
        idempotent=terms.idempotent,
        start=terms.start,
        limit=terms.limit,
        exclusive=terms.exclusive,
        priority=terms.priority,
        needs_approval=terms.approval,
        deferred=terms.deferred,
        retry=repeated if terms.attempts > 1 else None,
    )(_FUNCTIONS[terms.body](terms))
    return made


def _async(terms: Terms) -> Callable[..., Any]:
    async def work(key: str, ctx: ToolContext[Theatre]) -> str:
        """Work."""
        del key
        with ctx.deps.playing(terms, ctx) as puppet:
            return await _obey(puppet)

    return work


async def _obey(puppet: Puppet) -> str:
    while True:
        order = await puppet.order()
        if order == "hang":
            try:
                await anyio.sleep_forever()
            finally:
                with anyio.CancelScope(shield=True):
                    await checkpoint()
        done = puppet.do(order)
        if done is not None:
            return done


def _generator(terms: Terms) -> Callable[..., Any]:
    async def work(key: str, ctx: ToolContext[Theatre]) -> AsyncIterator[str]:
        """Work, bit by bit."""
        del key
        with ctx.deps.playing(terms, ctx) as puppet:
            done = None
            while done is None:
                order = await puppet.order()
                if order == "hang":
                    await anyio.sleep_forever()
                done = puppet.do(order)
                if done is None:
                    yield "a part"
            yield done

    return work


def _thread(terms: Terms) -> Callable[..., Any]:
    def work(key: str, ctx: ToolContext[Theatre]) -> str:
        """Work in a thread."""
        del key
        with ctx.deps.playing(terms, ctx) as puppet:
            done = None
            while done is None:
                done = puppet.do(puppet.order_in_thread())
            return done

    return work


def _reading(terms: Terms) -> Callable[..., Any]:
    async def work(key: ArgStream[str], ctx: ToolContext[Theatre]) -> str:
        """Read what is written, then work."""
        with ctx.deps.playing(terms, ctx) as puppet:
            ctx.deps.reading += 1
            try:
                async for _ in key:
                    pass
            except ArgsAborted:
                await checkpoint()
                raise
            finally:
                ctx.deps.reading -= 1
            return await _obey(puppet)

    return work


_FUNCTIONS: Final[Mapping[BodyKind, Callable[[Terms], Callable[..., Any]]]] = {
    "async": _async,
    "generator": _generator,
    "thread": _thread,
    "reading": _reading,
}
