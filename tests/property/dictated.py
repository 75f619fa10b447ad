"""A model that writes what a test dictates, piece by piece, while the test looks at what became of each piece.

It speaks the Responses wire, in this process. Nothing here knows of tools or of what a run does with a response.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

import anyio
from anyio.lowlevel import checkpoint

from millstream import Model, WireError
from millstream.transport.seam import Chunk, Request
from tests.talking_model import Message, began, closed, ended, said, wrote


@dataclass
class Draft:
    """A call that is being written: `at` characters of its text are."""

    name: str
    text: str
    index: int
    at: int = 0


@dataclass
class Line:
    """One response on its way."""

    items: int = 0
    calls: int = 0
    drafts: list[Draft] = field(default_factory=list[Draft])
    closed: list[Draft] = field(default_factory=list[Draft])
    over: bool = False
    ended_well: bool = False
    _pieces: deque[Chunk | WireError] = field(default_factory=deque[Chunk | WireError])
    _news: anyio.Event | None = None

    def say(self) -> None:
        """The model writes a sentence."""
        for message in said("So.")[:-1]:
            assert isinstance(message, dict)
            self._add({**message, "output_index": self.items})
        self.items += 1

    def begin(self, name: str, text: str) -> Draft:
        """The model begins a call, of which it will write `text`."""
        draft = Draft(name, text, self.items)
        self.items, self.calls = self.items + 1, self.calls + 1
        self.drafts.append(draft)
        self._add(began(name, draft.index))
        return draft

    def write(self, draft: Draft, length: int) -> None:
        """It writes some of a call."""
        piece = draft.text[draft.at : draft.at + length]
        draft.at += len(piece)
        if piece:
            self._add(wrote(piece, draft.index))

    def close(self, draft: Draft) -> None:
        """It writes the rest of a call, and the provider closes it."""
        self.write(draft, len(draft.text))
        self.drafts.remove(draft)
        self.closed.append(draft)
        self._add(closed(draft.name, draft.text, draft.index))

    def spoil(self, draft: Draft) -> None:
        """It writes more of a call that was closed."""
        self._add(wrote("}", draft.index))

    def end(self, *, length: bool = False) -> None:
        """The response ends."""
        self.over, self.ended_well = True, not length
        self._add(ended(length=length))
        self._add(b"")

    def cut(self) -> None:
        """The connection breaks."""
        self.over = True
        self._add(WireError("the connection broke", kind="torn", retryable=True, retry_after_s=0.0))

    async def receive(self) -> Chunk:
        """The next message."""
        await checkpoint()
        while not self._pieces:
            self._news = anyio.Event()
            await self._news.wait()
        piece = self._pieces.popleft()
        if isinstance(piece, WireError):
            raise piece
        return piece

    def _add(self, piece: Message | bytes | WireError) -> None:
        self._pieces.append(piece)
        if self._news is not None:
            self._news.set()


class DictatedModel(Model):
    """Answers the first `most` requests as it is told; then it says "Done." """

    def __init__(self, most: int) -> None:
        self.asked: list[Any] = []
        self.line: Line | None = None
        """The response that is open."""
        self.lines = 0
        self.open = 0
        self._most = most
        super().__init__("openai:gpt-5.1", api_key="none", transport=_Transport(self))

    def next_line(self, body: Any) -> Line:
        """The response to a request."""
        self.asked.append(json.loads(json.dumps(body["input"])))
        self.lines += 1
        line = Line()
        if self.lines > self._most:
            line.say()
            line.end()
        return line


class _Transport:
    def __init__(self, model: DictatedModel) -> None:
        self._model = model

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        pass

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[Line]:
        """The next response."""
        await checkpoint()
        model = self._model
        assert model.open == 0, "one response at a time"
        model.line = line = model.next_line(request.body)
        model.open += 1
        try:
            yield line
        finally:
            line.over = True
            model.line = None
            model.open -= 1
