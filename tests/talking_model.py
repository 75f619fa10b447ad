"""A model that says what a test tells it to, message by message, and waits in between for what the test waits for.

It speaks the Responses wire, in this process. A step is a message, or something to await before the next one.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any, Self, TypeAlias

from anyio.lowlevel import checkpoint

from millstream import Model, WireError
from millstream.transport.seam import Chunk, Request

Message: TypeAlias = dict[str, Any]
Step: TypeAlias = Message | Callable[[], Awaitable[object]] | WireError


class TalkingModel(Model):
    """Answers each request with the next of these responses; then it says "Done."."""

    def __init__(self, *responses: list[Step]) -> None:
        self.asked: list[Any] = []
        """The `input` of every request."""
        transport = _Transport(list(responses), self.asked)
        super().__init__("openai:gpt-5.1", api_key="none", transport=transport)


class _Transport:
    def __init__(self, responses: list[list[Step]], asked: list[Any]) -> None:
        self._responses = responses
        self._asked = asked

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        pass

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[_Incoming]:
        """The next response."""
        self._asked.append(json.loads(json.dumps(request.body["input"])))
        yield _Incoming(iter(self._responses.pop(0) if self._responses else said("Done.")))


class _Incoming:
    def __init__(self, steps: Iterator[Step]) -> None:
        self._steps = steps

    async def receive(self) -> Chunk:
        """The next message."""
        await checkpoint()
        for step in self._steps:
            if isinstance(step, WireError):
                raise step
            if callable(step):
                await step()
            else:
                return step
        return b""


def torn() -> WireError:
    """The connection breaks."""
    return WireError("the connection broke", retryable=True)


def _item(name: str, index: int, arguments: str, status: str) -> Message:
    of_call = {"type": "function_call", "name": name, "call_id": f"fc-{index}", "arguments": arguments}
    return of_call | {"id": f"item-{index}", "status": status}


def began(name: str, index: int = 0) -> Message:
    """The model begins a call."""
    item = _item(name, index, "", "in_progress")
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def wrote(text: str, index: int = 0) -> Message:
    """It writes arguments."""
    of = {"type": "response.function_call_arguments.delta", "output_index": index, "item_id": f"item-{index}"}
    return of | {"delta": text}


def whole(text: str, index: int = 0) -> Message:
    """The provider says all it has written."""
    of = {"type": "response.function_call_arguments.done", "output_index": index, "item_id": f"item-{index}"}
    return of | {"arguments": text}


def closed(name: str, text: str, index: int = 0) -> Message:
    """The provider closes the call."""
    item = _item(name, index, text, "completed")
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def ended(*, length: bool = False) -> Message:
    """The response ends, well or because it is too long."""
    response: Message = {"id": "resp", "status": "incomplete" if length else "completed", "output": []}
    if length:
        response["incomplete_details"] = {"reason": "max_output_tokens"}
    return {"type": f"response.{response['status']}", "response": response}


def said(text: str) -> list[Step]:
    """A whole response of text."""
    item: Message = {"type": "message", "id": "m", "role": "assistant", "status": "completed", "content": []}
    part: Message = {"type": "output_text", "text": text, "annotations": []}
    return [
        {"type": "response.output_item.added", "output_index": 0, "item": item},
        {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "item_id": "m", "delta": text},
        {"type": "response.output_item.done", "output_index": 0, "item": item | {"content": [part]}},
        ended(),
    ]


def calling(name: str, text: str, index: int = 0, *, size: int = 1) -> list[Step]:
    """A whole call, `size` characters a piece."""
    pieces = [wrote(text[at : at + size], index) for at in range(0, len(text), size)]
    return [began(name, index), *pieces, whole(text, index), closed(name, text, index)]
