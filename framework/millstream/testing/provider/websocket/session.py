"""One WebSocket, from its first message to its last: commands in, events out, lane by lane.

Responses of a lane follow one another, those of different lanes are written side by side, as many at once as the terms
say. Asyncio, as its server is.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from millstream.testing.provider.delivery import deliver
from millstream.testing.provider.frames import Asked, Frame, compose
from millstream.testing.provider.log import Entry
from millstream.testing.provider.responses import ResponsesWire
from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.rules.shapes import Json, Object
from millstream.testing.provider.scenario import Body, Delivery, Hangup, Response
from millstream.testing.provider.snapshot import snapshot
from millstream.testing.provider.steps import CutHow
from millstream.testing.provider.websocket.cache import Cache
from millstream.testing.provider.websocket.messages import event_of, refused, refused_with, written
from millstream.testing.provider.websocket.rules import body_of, check_envelope, check_message
from millstream.testing.provider.websocket.shared import Shared
from millstream.testing.provider.websocket.steering import Steering
from millstream.testing.provider.websocket.terms import WebSocketTerms

INTERNAL_ERROR = 1011
"""The code with which a response is closed that ends before its end."""


@dataclass(frozen=True, slots=True)
class _Create:
    """A `response.create` on its lane."""

    entry: Entry
    message: Object
    lane: str | None

    @property
    def body(self) -> dict[str, Any]:
        return body_of(self.message)


class Session:
    """Serves one connection.

    Args:
        shared: what it has in common with the others.
        terms: its limits.
        scope: of the ASGI connection.
        send: of the ASGI connection.
    """

    def __init__(self, shared: Shared, terms: WebSocketTerms, scope: Scope, send: Send) -> None:
        self._shared = shared
        self._terms = terms
        self._scope = scope
        self._send = send
        self._opened_at_s = terms.clock()
        self._cache = Cache(shared.memory)
        self._steering = Steering(takes=terms.steering)
        self._names: set[str] = set()
        self._lanes: defaultdict[str | None, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._active = asyncio.Semaphore(terms.max_active)

    async def serve(self, receive: Receive) -> None:
        """Serve it until the client leaves."""
        async with asyncio.TaskGroup() as tasks:
            answers: set[asyncio.Task[None]] = set()
            while (event := await receive())["type"] != "websocket.disconnect":
                answer = tasks.create_task(self._take(_parsed(event)))
                answers.add(answer)
                answer.add_done_callback(answers.discard)
            for answer in answers:
                answer.cancel()

    async def _take(self, message: Json) -> None:
        refusal = check_message(message)
        if refusal is not None:
            await self._say(refused(refusal, None))
        elif message["type"] == "response.steer":
            await self._say(written(*self._steering.take(message)))
        else:
            await self._create(message)

    async def _create(self, message: Object) -> None:
        headers = Headers(scope=self._scope)
        entry = self._shared.log.add(self._scope["path"], dict(headers), dict(message), time.monotonic())
        lane = message.get("stream_id")
        refusal = check_envelope(message, self._names, self._terms, self._terms.clock() - self._opened_at_s)
        create = _Create(entry, message, lane if isinstance(lane, str) else None)
        if refusal is not None:
            await self._refuse(create, refusal)
            return
        if isinstance(lane, str):
            self._names.add(lane)
        try:
            async with self._lanes[create.lane], self._active:
                await self._answer(create)
        except (asyncio.CancelledError, OSError):  # the client has left; the latter is uvicorn's word for it
            if not self._shared.connections.closing:
                entry.disconnected()

    async def _answer(self, create: _Create) -> None:
        body = self._steering.with_queued(create.body)
        refusal = self._shared.access.refusal(body, self._cache.stored)
        if refusal is not None:
            await self._refuse(create, refusal)
            return
        if create.message.get("generate") is False:
            await self._warm_up(create)
            return
        turns = self._cache.turns_before(body)
        number, responses = self._shared.next_number(turns), self._shared.scenario.responses
        if number >= len(responses):
            await self._refuse(create, Refusal("scenario exhausted", code="scenario_exhausted", status=500))
            return
        create.entry.answered(200, number)
        match responses[number]:
            case Hangup(how=how, first_byte_s=first_byte_s):
                await asyncio.sleep(first_byte_s)
                await self._cut(create.entry, how)
            case Body() as whole:
                create.entry.answered(whole.status, number)
                self._cache.evict_parent(body, create.lane)
                await self._say(refused_with(whole, create.lane))
            case Response() as response:
                await self._play(create, response, turns)

    async def _play(self, create: _Create, response: Response, turns: int) -> None:
        entry, body = create.entry, create.body
        wire = ResponsesWire(Asked(body, str(entry.number), int(time.time())), response.usage)
        await asyncio.sleep(response.first_byte_s)
        start = time.monotonic()
        entry.mark("response-start")
        completed = False
        self._steering.begin(wire.response_id, create.lane)
        for frame in deliver(compose(response, wire), Delivery(doubled=response.delivery.doubled)):
            await asyncio.sleep(max(0.0, start + frame.at_s - time.monotonic()))
            event = event_of(frame)
            if event is not None and event["type"] in ("response.completed", "response.incomplete"):
                completed = True  # remembered before it is written: the client may go on from it at once
                store = body.get("store") is not False
                self._cache.remember(wire.response_id, wire.output, turns + 1, create.lane, store=store)
            await self._write(entry, frame, event, create.lane)
            if frame.cut is not None:
                self._steering.drop(wire.response_id)
                await self._cut(entry, frame.cut)
                return
        if not completed:
            self._cache.evict_parent(body, create.lane)
        entry.mark("response-end")
        told, waiting = self._steering.end(wire.response_id, wire.output)
        for event in waiting:
            await self._say(written(event, create.lane))
        if told and completed:
            await self._succeed(create, wire.response_id, told)

    async def _succeed(self, steered: _Create, response_id: str, told: list[Json]) -> None:
        """Begin the response behind a steered one, for which nobody has to ask; it inherits all settings."""
        own = {"previous_response_id": response_id, "input": told}
        headers = Headers(scope=self._scope)
        body = {"type": "response.successor", **own}
        entry = self._shared.log.add(self._scope["path"], dict(headers), body, time.monotonic())
        await self._answer(_Create(entry, {**steered.message, **own}, steered.lane))

    async def _write(self, entry: Entry, frame: Frame, event: dict[str, Any] | None, lane: str | None) -> None:
        if frame.mark:  # before the bytes: whoever has read them finds the mark
            entry.mark(frame.mark)
        text = written(event, lane) if event is not None else "" if frame.event else frame.data.decode()
        if text:
            await self._say(text)
            entry.sent(len(text))

    async def _warm_up(self, create: _Create) -> None:
        """Nothing is generated; there is an id to go on from."""
        create.entry.answered(200)
        asked = Asked(create.body, str(create.entry.number), int(time.time()))
        wire = ResponsesWire(asked)
        store = create.body.get("store") is not False
        self._cache.remember(wire.response_id, (), 0, create.lane, store=store)
        for number, status in enumerate(("in_progress", "completed")):
            name = "created" if status == "in_progress" else status
            ready = snapshot(asked, wire.response_id, status)
            event = {"type": f"response.{name}", "sequence_number": number, "response": ready}
            await self._say(written(event, create.lane))

    async def _refuse(self, create: _Create, refusal: Refusal) -> None:
        create.entry.answered(refusal.status)
        self._cache.evict_parent(create.body, create.lane)
        await self._say(refused(refusal, create.lane))

    async def _cut(self, entry: Entry, how: CutHow) -> None:
        entry.mark(f"cut:{how}")
        if how == "eof":
            await self._send({"type": "websocket.close", "code": INTERNAL_ERROR, "reason": "cut"})
        else:
            await self._shared.connections.cut(tuple(self._scope["client"]), how)

    async def _say(self, text: str) -> None:
        await self._send({"type": "websocket.send", "text": text})


def _parsed(event: Any) -> Json:
    try:
        return json.loads(event.get("text") or event.get("bytes") or "")
    except (ValueError, RecursionError):
        return None
