"""The provider as an ASGI application: routes, and the scenario's answers on the wire of each."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from functools import partial
from typing import cast

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp

from millstream.events import JsonObject, JsonValue
from millstream.testing.provider import rules
from millstream.testing.provider.background import Background
from millstream.testing.provider.connections import Connections
from millstream.testing.provider.delivery import deliver
from millstream.testing.provider.endpoints import ENDPOINTS, Answering, Endpoint, Posted
from millstream.testing.provider.endpoints.openai_responses import OPENAI_RESPONSES
from millstream.testing.provider.frames import Asked, Frame, compose
from millstream.testing.provider.log import Entry, Log
from millstream.testing.provider.picking import Memory
from millstream.testing.provider.responses import ResponsesWire
from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.scenario import Body, Hangup, Scenario
from millstream.testing.provider.scenario import Response as ScriptedResponse
from millstream.testing.provider.streaming import HungUp, Streamed
from millstream.testing.provider.websocket.endpoint import Sockets
from millstream.testing.provider.websocket.shared import Access, Shared
from millstream.testing.provider.websocket.terms import WebSocketTerms

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
        answering = [
            Route(endpoint.path, partial(self._answer, endpoint=endpoint), methods=["POST"])
            for endpoint in ENDPOINTS.values()
        ]
        return Starlette(
            routes=[
                *answering,
                WebSocketRoute(OPENAI_RESPONSES.path, self._sockets),
                Route(f"{OPENAI_RESPONSES.path}/{{response_id}}", self._background.resume, methods=["GET"]),
                Route(f"{OPENAI_RESPONSES.path}/{{response_id}}/cancel", self._background.cancel, methods=["POST"]),
                Route("/v1/models", self._list_models, methods=["GET"]),
                Route("/requests", self._list_requests, methods=["GET"]),
            ],
            exception_handlers={404: _no_route, WRONG_METHOD: _no_route},
        )

    async def _answer(self, request: Request, endpoint: Endpoint) -> ASGIApp:
        at_s = time.monotonic()
        posted = await _posted(request)
        entry = self._log.add(posted.path, posted.headers, posted.body, at_s)
        refusal = endpoint.refusal(posted, self._memory, self._keys, self._models, check=self._check)
        if refusal is not None:
            return _refused(refusal, entry)
        asked = _asked(posted, endpoint, entry)
        turns = endpoint.turns(asked.body, self._memory)
        number = self.next_number(turns)
        if number >= len(self._scenario.responses):
            return _refused(endpoint.failure(_exhausted(self._scenario, number), "scenario_exhausted"), entry)
        match self._scenario.responses[number]:
            case Hangup(how=how, first_byte_s=first_byte_s):
                entry.answered(None, number)
                return HungUp(entry, self._connections, how, first_byte_s)
            case Body() as whole:
                entry.answered(whole.status, number)
                return self._whole(whole, entry)
            case ScriptedResponse() as response:
                entry.answered(200, number)
                answering = endpoint.answer(asked, response, self._memory, turns)
                if endpoint is OPENAI_RESPONSES and asked.body.get("background") is True:
                    assert isinstance(answering.wire, ResponsesWire), "as that endpoint makes it"
                    begun = self._background.begin(response, asked, answering.wire, entry)
                    answering.before()
                    return begun
                return self._streamed(response, entry, asked, answering)

    def next_number(self, turns: int) -> int:
        """The number of the answer to a request with so many turns behind it; it is used up by that."""
        number = self._answered if self._scenario.pick == "order" else turns
        self._answered += 1
        return number

    def _whole(self, whole: Body, entry: Entry) -> Streamed:
        headers = {"content-type": whole.media_type, "content-length": str(len(whole.data))} | _lower(whole.headers)
        frames = iter([Frame(0.0, whole.data)])
        return Streamed(frames, entry, self._connections, headers, whole.status, whole.first_byte_s)

    def _streamed(self, response: ScriptedResponse, entry: Entry, asked: Asked, answering: Answering) -> Streamed:
        delivery = response.delivery
        headers = {
            "content-type": answering.media_type,
            "x-request-id": f"req_{asked.made_id('request', REQUEST_ID_CHARS)}",
        }
        if delivery.gzip:
            headers["content-encoding"] = "gzip"
        frames = deliver(compose(response, answering.wire), delivery, answering.newline)
        headers |= _lower(delivery.headers)
        first_byte_s, before = response.first_byte_s, answering.before
        return Streamed(frames, entry, self._connections, headers, first_byte_s=first_byte_s, before=before)

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


async def _posted(request: Request) -> Posted:
    body = _parsed(await request.body())
    return Posted(body, request.url.path, dict(request.query_params), dict(request.headers))


def _asked(posted: Posted, endpoint: Endpoint, entry: Entry) -> Asked:
    model = endpoint.model(posted)
    body = cast("JsonObject", posted.body)  # what is no object was refused
    return Asked(body, str(entry.number), int(time.time()), model if isinstance(model, str) else None, posted.query)


def _parsed(data: bytes) -> JsonValue:
    """The JSON value of a body, None where it is no JSON; the rules say so then."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def _refused(refusal: Refusal, entry: Entry) -> Response:
    entry.answered(refusal.status)
    return JSONResponse(refusal.body, refusal.status, NO_RETRY)


def _exhausted(scenario: Scenario, number: int) -> str:
    return (
        f"scenario exhausted: the fake provider has {len(scenario.responses)} answers and was asked for number "
        f"{number + 1} (pick={scenario.pick!r})"
    )


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
