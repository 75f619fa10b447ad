"""Plays a scenario: the fake provider over real HTTP, an agent against it, and what became of the run."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, TypeVar

from millstream import Agent, Limits, MillstreamError, Model, Run, Tool, tool
from millstream.events import CallEnded, CallFailed, CallReturned, CallStarted, Event, Failure, Record, RunFinished
from millstream.providers import PROVIDERS
from millstream.testing import FakeProvider, RecordedRequest, Response, Scenario
from millstream.testing.provider.steps import Step
from tests.alive import no_task_left, nothing_left
from tests.laws import assert_lawful

API: TypeAlias = Literal["openai-responses", "openai-chat"]
E = TypeVar("E", bound=Event)

ARGS = {"path": "/a.txt", "n": 7, "content": "rm -rf /tmp/x && echo safe"}
TEXT = '{"path": "/a.txt", "n": 7, "content": "rm -rf /tmp/x && echo safe"}'
CUT = TEXT[: TEXT.index(" safe")]
"""Arguments broken off within a string: what was written of it must not be taken for the whole."""
PREFIX: dict[str, str] = {row.wire: prefix for prefix, row in reversed(PROVIDERS.items())}
"""The first prefix of model strings for each wire."""


@dataclass
class Ran:
    """What the tools of a test did."""

    calls: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])

    @property
    def save(self) -> Tool[..., Any]:
        """A tool with an effect."""

        @tool
        async def save(path: str, n: int, content: str) -> str:
            """Save a file."""
            self.calls.append((path, n, content))
            return f"saved {path}"

        return save

    @property
    def look(self) -> Tool[..., Any]:
        """A tool without an effect and without parameters."""

        @tool(read_only=True)
        async def look() -> str:
            """Look around."""
            self.calls.append(())
            return "nothing to see"

        return look


@dataclass
class Story:
    """What became of a run."""

    run: Run
    provider: FakeProvider
    error: MillstreamError | None = None
    records: list[Record] = field(default_factory=list[Record])

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """What the provider was asked."""
        return self.provider.requests

    @property
    def events(self) -> list[Event]:
        """What the consumer saw."""
        return [record.event for record in self.records]

    def all(self, kind: type[E]) -> list[E]:
        """The events of a kind."""
        return [event for event in self.events if isinstance(event, kind)]

    def one(self, kind: type[E]) -> E:
        """The one event of a kind."""
        (event,) = self.all(kind)
        return event

    def seen(self, kind: type[E]) -> Record:
        """The record of the first event of a kind."""
        return next(record for record in self.records if isinstance(record.event, kind))

    @property
    def started(self) -> list[str]:
        """The names of the tools that were started, in order."""
        return [event.call.name for event in self.all(CallStarted)]

    @property
    def ends(self) -> list[CallEnded]:
        """The ends of calls, in order."""
        return [event for event in self.events if isinstance(event, CallReturned | CallFailed)]

    @property
    def failures(self) -> list[Failure]:
        """How calls failed, in order."""
        return [event.failure for event in self.all(CallFailed)]

    @property
    def finished(self) -> bool:
        """Whether the run ended as it should."""
        return isinstance(self.events[-1], RunFinished)

    def told(self, request: int = -1) -> list[str]:
        """What the model was told of its calls in a request."""
        body: Any = self.requests[request].body
        if "messages" in body:
            return [str(one["content"]) for one in body["messages"] if one["role"] == "tool"]
        return [str(one["output"]) for one in body["input"] if str(one.get("type", "")).endswith("_output")]


def once() -> Limits:
    """Limits under which nothing is asked twice: a test of what breaks needs no second try."""
    return Limits(request_attempts=1)


def model_of(provider: FakeProvider, api: API) -> Model:
    """The provider's model on a wire."""
    return Model(f"{PREFIX[api]}:fake", base_url=provider.url_for(PREFIX[api]), api_key="sk-test")


@asynccontextmanager
async def playing(
    api: API, script: Iterable[Any], tools: Iterable[Any] = (), *, refused: int = 0, **options: Any
) -> AsyncGenerator[Story]:
    """A run that was entered, to be followed by the test; afterwards nothing of it may be left.

    `script` is what `Scenario.of` takes; `refused` is how many of the requests the provider must have refused;
    `options` are those of the agent.
    """
    with nothing_left(), FakeProvider(Scenario.of(*script)) as provider:
        agent = Agent(model_of(provider, api), tools, **options)
        async with no_task_left():
            run = agent.stream("Go.", deps="deps")
            story = Story(run, provider)
            async with run:
                yield story
        assert_lawful(run.records)
        refusals = [request for request in provider.requests if request.status in (400, 401, 404)]
        assert len(refusals) == refused, [request.body for request in refusals]


async def play(
    api: API, script: Iterable[Any], tools: Iterable[Any] = (), *, refused: int = 0, **options: Any
) -> Story:
    """A run from its first event to its last; what it raises is in the story."""
    async with playing(api, script, tools, refused=refused, **options) as story:
        await follow(story)
    return story


async def follow(
    story: Story, until: Callable[[Event], Any] = lambda _: False, then: Callable[[], Awaitable[Any]] | None = None
) -> None:
    """Take events until one is as wanted, or to the end."""
    try:
        async for record in story.run.follow():
            story.records.append(record)
            if until(record.event):
                if then is not None:
                    await then()
                return
    except MillstreamError as error:
        story.error = error


def response(*steps: Step | str, **fields: Any) -> Response:
    """A response with a pace, a dress or other fields of its own."""
    (made,) = Scenario.of(list(steps)).responses
    assert isinstance(made, Response)
    return Response(made.steps, **fields)
