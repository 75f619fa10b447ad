"""Runs whose first response is a recorded one that breaks off, and whose next request is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import anyio

from millstream import Agent, Limits, Model, ToolDefinitionError, WireError
from millstream.events import CallReturned, CallSealed, CallStarted, Record
from millstream.providers import PROVIDERS
from millstream.toolbox.signature import BoundArguments, Signature
from millstream.toolbox.tool import Tool, ToolOptions
from millstream.transcript import Transcript
from millstream.transport.seam import Request
from tests.conformance.streams import Stream

PREFIXES = {row.wire: prefix for prefix, row in reversed(PROVIDERS.items())}
"""wire -> the first prefix that speaks it."""
_ENOUGH = "that is enough"


@dataclass
class TornRun:
    """What a run did whose first response broke off."""

    requests: list[Mapping[str, Any]] = field(default_factory=list[Mapping[str, Any]])
    records: tuple[Record, ...] = ()
    transcript: Transcript = field(default_factory=Transcript)
    error: WireError | None = None

    def ids(self, *kinds: type[CallStarted | CallSealed | CallReturned]) -> set[str]:
        """The calls that have an event of such a kind."""
        return {record.event.call.id for record in self.records if isinstance(record.event, kinds)}


class _Pieces:
    def __init__(self, body: bytes) -> None:
        self._pieces = [body] if body else []

    async def receive(self) -> bytes:
        return self._pieces.pop() if self._pieces else b""


class _Transport:
    """Gives one body, and refuses every further request."""

    def __init__(self, body: bytes, requests: list[Mapping[str, Any]]) -> None:
        self._body = body
        self._requests = requests

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        pass

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[_Pieces]:
        self._requests.append(request.body)
        if len(self._requests) > 1:
            raise WireError(_ENOUGH, phase="request", status=400)
        yield _Pieces(self._body)


async def _answer(**args: Any) -> str:
    return f"{len(args)} arguments"


def tools_of(stream: Stream) -> list[Tool[..., Any]]:
    """A tool for every name that is called; it takes any arguments."""
    tools: dict[str, Tool[..., Any]] = {}
    schema = {"type": "object"}
    for call in stream.expected["calls"]:
        if call["kind"] != "function":
            continue
        signature = Signature("", schema, schema, None, lambda text: BoundArguments((), json.loads(text)))
        try:
            tool = Tool(
                _answer, signature, ToolOptions(read_only=True), name=call["name"], description="", body="async"
            )
        except ToolDefinitionError:  # a name that no tool may have is a call of no tool
            continue
        tools[tool.name] = tool
    return list(tools.values())


def torn_run(stream: Stream, body: bytes, tools: list[Tool[..., Any]]) -> TornRun:
    """Run an agent whose model answers with `body`, a beginning of the stream, and then no more."""
    run = TornRun()
    name = f"{PREFIXES[stream.api]}:a-model"
    model = Model(name, api_key="a-key", transport=_Transport(body, run.requests))
    agent = Agent(model, tools, limits=Limits(max_retry_wait_s=0))

    async def play() -> None:
        running = agent.stream("Hi")
        try:
            async with running:
                async for _ in running:
                    pass
        except WireError as error:
            run.error = error
        run.records, run.transcript = tuple(running.records), running.transcript

    anyio.run(play)
    return run
