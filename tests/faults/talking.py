"""Talks to the fake provider over WebSocket: agents, what they sent, and that nothing of it is left."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from millstream import Agent, Model, Tool, tool
from millstream.events import Event, ProviderEvent
from millstream.events.values import is_object
from millstream.runtime.run import Run
from millstream.testing import FakeProvider, RecordedRequest, Scenario
from millstream.testing.provider.websocket.terms import WebSocketTerms
from millstream.transport.http import HttpTransport
from millstream.transport.websocket import WebSocketTransport
from tests.alive import no_task_left, nothing_left
from tests.laws import assert_lawful


@dataclass
class Talk:
    """A provider, an agent that is entered, and what its tools did."""

    provider: FakeProvider
    agent: Agent
    did: list[str] = field(default_factory=list[str])

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """What the provider was asked."""
        return self.provider.requests

    @property
    def sent(self) -> list[dict[str, Any]]:
        """The bodies of the requests."""
        return [request.body for request in self.requests if is_object(request.body)]

    @property
    def parents(self) -> list[bool]:
        """Which of the requests went on from a response."""
        return ["previous_response_id" in body for body in self.sent]

    @property
    def by_websocket(self) -> list[bool]:
        """Which of the requests came over a WebSocket."""
        return [request.headers.get("upgrade") == "websocket" for request in self.requests]

    @property
    def connections(self) -> int:
        """How many WebSockets the requests came over."""
        keys = (request.headers.get("sec-websocket-key") for request in self.requests)
        return len({key for key in keys if key is not None})


def looking(did: list[str]) -> Tool[..., Any]:
    """A tool without an effect."""

    @tool(read_only=True)
    async def look(at: str) -> str:
        """Look at something."""
        did.append(at)
        return f"nothing at {at}"

    return look


def saving(did: list[str]) -> Tool[..., Any]:
    """A tool with an effect, which may not be repeated."""

    @tool(start="eager")
    async def save(at: str) -> str:
        """Save something."""
        did.append(at)
        return f"saved {at}"

    return save


@asynccontextmanager
async def talking(
    script: Iterable[Any] | Scenario,
    *,
    terms: WebSocketTerms | None = WebSocketTerms(),  # noqa: B008  a frozen value
    model: dict[str, Any] | None = None,
    clock: Callable[[], float] | None = None,
    **options: Any,
) -> AsyncGenerator[Talk]:
    """An agent that is entered, with the tools `look` and `save`; afterwards nothing of it may be left.

    `terms` are the provider's, `model` holds keywords of the model, `clock` tells the age of connections, `options` are
    those of the agent.
    """
    scenario = script if isinstance(script, Scenario) else Scenario.of(*script)
    with nothing_left(), FakeProvider(scenario, websocket=terms) as provider:
        did: list[str] = []
        transport = "websocket" if clock is None else WebSocketTransport(HttpTransport(), clock=clock)
        facts: dict[str, Any] = {"base_url": provider.base_url, "api_key": "sk-secret-key", "transport": transport}
        agent = Agent(Model("openai:fake", **facts | (model or {})), [looking(did), saving(did)], **options)
        async with no_task_left(), agent:
            yield Talk(provider, agent, did)


async def follow(run: Run) -> list[Event]:
    """Follow a run to its end; its log must be lawful."""
    async with run:
        events = [event async for event in run]
    assert_lawful(run.records)
    return events


def told(events: Iterable[Event], name: str) -> list[ProviderEvent]:
    """The events of that name about a request on its way."""
    return [event for event in events if isinstance(event, ProviderEvent) and event.name == name]
