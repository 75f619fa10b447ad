"""The provider as an ASGI application: routes, keys, rules, and the scenario's answers on both wires."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import Any, cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from millstream.events import JsonObject, JsonValue
from millstream.testing.provider import rules
from millstream.testing.provider.background import Background, check_background
from millstream.testing.provider.chat import ChatWire
from millstream.testing.provider.connections import Connections
from millstream.testing.provider.delivery import deliver
from millstream.testing.provider.frames import Asked, Frame, Wire, compose
from millstream.testing.provider.log import Entry, Log
from millstream.testing.provider.picking import Memory
from millstream.testing.provider.responses import ResponsesWire
from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.rules.shapes import is_object
from millstream.testing.provider.scenario import Body, Hangup, Scenario
from millstream.testing.provider.scenario import Response as ScriptedResponse
from millstream.testing.provider.streaming import HungUp, Streamed
from millstream.testing.provider.websocket.endpoint import Sockets
from millstream.testing.provider.websocket.shared import Access, Shared
from millstream.testing.provider.websocket.terms import WebSocketTerms

CHAT_PATH, RESPONSES_PATH = "/v1/chat/completions", "/v1/responses"
DEFAULT_MODEL = "fake"
REQUEST_ID_CHARS = 32
WRONG_METHOD = 405
NO_RETRY = {"x-should-retry": "false"}
"""What tells the official clients that the same request would fail again."""


class App:
    """What one provider does with a request.

    Args:
        scenario: the answers.
        log: where requests are recorded.
        connections: where connections are cut.
        keys: the keys that are let in; None is any.
        models: the models there are; None is any.
        check: whether the provider's rules are applied to the body.
        websocket: the terms of its WebSockets.
    """

    def __init__(  # noqa: PLR0913  what a provider is made of
        self,
        scenario: Scenario,
        log: Log,
        connections: Connections,
        keys: Collection[str] | None,
        models: Collection[str] | None,
        check: bool,
        *,
        websocket: WebSocketTerms,
    ) -> None:
        self._scenario = scenario
        self._log = log
        self._connections = connections
        self._keys = keys
        self._models = models
        self._check = check
        self._memory = Memory()
        self._answered = 0
        self._background = Background(log, connections)
        access = Access(keys, models, check)
        self._sockets = Sockets(Shared(scenario, log, connections, access, self._memory, self.next_number), websocket)

    def asgi(self) -> ASGIApp:
        """The application."""
        return Starlette(
            routes=[
                Route(RESPONSES_PATH, partial(self._answer, chat=False), methods=["POST"]),
                WebSocketRoute(RESPONSES_PATH, self._sockets),
                Route(f"{RESPONSES_PATH}/{{response_id}}", self._background.resume, methods=["GET"]),
                Route(f"{RESPONSES_PATH}/{{response_id}}/cancel", self._background.cancel, methods=["POST"]),
                Route(CHAT_PATH, partial(self._answer, chat=True), methods=["POST"]),
                Route("/v1/models", self._list_models, methods=["GET"]),
                Route("/requests", self._list_requests, methods=["GET"]),
            ],
            exception_handlers={404: _no_route, WRONG_METHOD: _no_route},
        )

    async def _answer(self, request: Request, chat: bool) -> ASGIApp:
        at_s = time.monotonic()
        body = _parsed(await request.body())
        entry = self._log.add(request.url.path, dict(request.headers), body, at_s)
        refusal = self._refusal(request, body, chat)
        if refusal is not None:
            entry.answered(refusal.status)
            return JSONResponse(refusal.body, refusal.status, NO_RETRY)
        asked = cast("JsonObject", body)
        turns = self._memory.turns_before(asked, chat=chat)
        number = self.next_number(turns)
        if number >= len(self._scenario.responses):
            entry.answered(500)
            return JSONResponse(_exhausted(self._scenario, number), 500, NO_RETRY)
        match self._scenario.responses[number]:
            case Hangup(how=how, first_byte_s=first_byte_s):
                entry.answered(None, number)
                return HungUp(entry, self._connections, how, first_byte_s)
            case Body() as whole:
                entry.answered(whole.status, number)
                return self._whole(whole, entry)
            case ScriptedResponse() as response:
                entry.answered(200, number)
                facts = Asked(asked, str(entry.number), int(time.time()))
                if chat:
                    wire = ChatWire(facts, response.usage, lone_call=response.call_count == 1)
                    return self._streamed(response, entry, facts, wire)
                kept = ResponsesWire(facts, response.usage)
                if asked.get("background") is True:
                    begun = self._background.begin(response, facts, kept, entry)
                    self._remember(kept, facts, turns)
                    return begun
                return self._streamed(response, entry, facts, kept, partial(self._remember, kept, facts, turns))

    def next_number(self, turns: int) -> int:
        """The number of the answer to a request with so many turns behind it; it is used up by that."""
        number = self._answered if self._scenario.pick == "order" else turns
        self._answered += 1
        return number

    def _refusal(self, request: Request, body: JsonValue, chat: bool) -> Refusal | None:
        refusal = rules.check_key(request.headers.get("authorization"), self._keys)
        if refusal is not None:
            return refusal
        if not is_object(body):
            return rules.not_json()
        refusal = rules.check_model(body.get("model"), self._models, chat=chat)
        if refusal is None and self._check:
            refusal = rules.check_chat(body) if chat else rules.check_responses(body, self._memory.stored)
            refusal = refusal or check_background(body)
        if refusal is None and body.get("stream") is not True:
            message = 'This fake provider only streams. Send "stream": true.'
            refusal = Refusal(message, "stream", "unsupported_value")
        return refusal

    def _whole(self, whole: Body, entry: Entry) -> Streamed:
        headers = {"content-type": whole.media_type, "content-length": str(len(whole.data))} | _lower(whole.headers)
        frames = iter([Frame(0.0, whole.data)])
        return Streamed(frames, entry, self._connections, headers, whole.status, whole.first_byte_s)

    def _streamed(
        self,
        response: ScriptedResponse,
        entry: Entry,
        asked: Asked,
        wire: Wire,
        before: Callable[[], None] = lambda: None,
    ) -> Streamed:
        delivery = response.delivery
        headers = {
            "content-type": "text/event-stream; charset=utf-8",
            "x-request-id": f"req_{asked.made_id('request', REQUEST_ID_CHARS)}",
        }
        if delivery.gzip:
            headers["content-encoding"] = "gzip"
        frames = deliver(compose(response, wire), delivery)
        headers |= _lower(delivery.headers)
        return Streamed(frames, entry, self._connections, headers, first_byte_s=response.first_byte_s, before=before)

    def _remember(self, wire: ResponsesWire, asked: Asked, turns: int) -> None:
        """Keep a response before its last event is written: the client may go on from it at once."""
        if wire.finished and asked.body.get("store") is not False:
            self._memory.remember(wire.response_id, wire.output, turns + 1)

    async def _list_models(self, request: Request) -> Response:
        refusal = rules.check_key(request.headers.get("authorization"), self._keys)
        if refusal is not None:
            return JSONResponse(refusal.body, refusal.status)
        names = sorted(self._models) if self._models is not None else [DEFAULT_MODEL]
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": "millstream"} for name in names]
        return JSONResponse({"object": "list", "data": listed})

    async def _list_requests(self, request: Request) -> Response:
        del request
        return JSONResponse([record.to_json() for record in self._log.requests()])


async def _no_route(request: Request, error: Exception) -> Response:
    wrong_method = isinstance(error, HTTPException) and error.status_code == WRONG_METHOD
    refuse = rules.unknown_method if wrong_method else rules.unknown_url
    refusal = refuse(request.method, request.url.path)
    return JSONResponse(refusal.body, refusal.status)


def _parsed(data: bytes) -> JsonValue:
    """The JSON value of a body, None where it is no JSON; the rules say so then."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _exhausted(scenario: Scenario, number: int) -> dict[str, Any]:
    message = (
        f"scenario exhausted: the fake provider has {len(scenario.responses)} answers and was asked for number "
        f"{number + 1} (pick={scenario.pick!r})"
    )
    return {"error": {"message": message, "type": "server_error", "param": None, "code": "scenario_exhausted"}}


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
