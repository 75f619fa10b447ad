"""A model that says what a test wrote: responses on the openai-chat wire, without a network."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

from millstream import Agent, Model, Tool, Toolbox
from millstream.transport.seam import Chunk, Request


def calling(*calls: tuple[str, dict[str, Any]]) -> list[bytes]:
    """A response that calls tools, each by name with arguments."""
    deltas: list[dict[str, Any]] = [
        {"index": i, "id": f"call_{i}", "function": {"name": name, "arguments": json.dumps(args)}}
        for i, (name, args) in enumerate(calls)
    ]
    return _stream(*[{"tool_calls": [delta]} for delta in deltas], finish="tool_calls")


def saying(text: str) -> list[bytes]:
    """A response that says something."""
    return _stream({"content": text}, finish="stop")


class Scripted:
    """A transport that answers each request with the next response; `requests` holds what it was asked."""

    def __init__(self, *responses: list[bytes]) -> None:
        self._responses = list(responses)
        self.requests: list[Request] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        pass

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[_Incoming]:
        self.requests.append(request)
        yield _Incoming(self._responses.pop(0))

    @property
    def tool_results(self) -> list[str]:
        """What the model was told of its calls, in the latest request."""
        messages = self.requests[-1].body["messages"]
        return [message["content"] for message in messages if message["role"] == "tool"]


def scripted(
    tools: list[Callable[..., Any] | Tool[..., Any] | Toolbox], *responses: list[bytes]
) -> tuple[Agent, Scripted]:
    """An agent whose model gives these responses, one a turn, and the transport that does."""
    transport = Scripted(*responses)
    return Agent(Model("openai-chat:scripted", api_key="none", transport=transport), tools), transport


class _Incoming:
    def __init__(self, pieces: list[bytes]) -> None:
        self._pieces = iter(pieces)

    async def receive(self) -> Chunk:
        return next(self._pieces, b"")


def _stream(*deltas: dict[str, Any], finish: str) -> list[bytes]:
    choices: list[dict[str, Any]] = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": finish})
    chunks = [{"choices": [choice]} for choice in choices]
    return [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks] + [b"data: [DONE]\n\n"]
