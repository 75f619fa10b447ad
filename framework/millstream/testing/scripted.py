"""A model that says what a script says: in process, without a server, for tests of your own agents.

    model = ScriptedModel([[call("weather", city="Paris")], "21 °C in Paris"])
    result = await agent.override(model=model).run("What is the weather in Paris?")
    assert model.requests[1]["input"][-1]["output"] == …

The script goes through the real wire format, so that decoder, router and request are those of the real provider; every
request is checked by the provider's own rules.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Literal, Self

import anyio
from anyio.lowlevel import checkpoint

from millstream.errors import UsageError, WireError
from millstream.events import JsonObject
from millstream.models import Model
from millstream.testing.provider import rules
from millstream.testing.provider.chat import ChatWire
from millstream.testing.provider.delivery import deliver
from millstream.testing.provider.frames import Asked, Frame, compose
from millstream.testing.provider.responses import ResponsesWire
from millstream.testing.provider.scenario import Answer, Body, Hangup, Response, Scenario
from millstream.testing.provider.steps import CallTool, Step
from millstream.transport.seam import Chunk, Request
from millstream.wire.refusal import error_from_body, error_from_object, torn

Api = Literal["openai-responses", "openai-chat"]
_PREFIX: dict[Api, str] = {"openai-responses": "openai", "openai-chat": "openai-chat"}


def call(name: str, /, **args: Any) -> CallTool:
    """A step of a script: the model calls the tool `name` with these arguments. `CallTool` can say more."""
    return CallTool(name, args)


class ScriptedModel(Model):
    """A model whose responses are given beforehand.

    Args:
        script: the responses in order; each is text, a step (`call(…)`), a list of both, or a `Response` with a pace.
        api: the wire format it speaks.

    `requests` are the bodies that were sent, in order. Pauses and paces of the script take their time.

    Raises, from the run:
        UsageError: more responses were asked for than the script has.
        WireError: a request breaks the provider's rules, as the provider would say.
    """

    def __init__(
        self, script: Scenario | Sequence[Answer | Step | str | Sequence[Step | str]], *, api: Api = "openai-responses"
    ) -> None:
        scenario = script if isinstance(script, Scenario) else Scenario.of(*script)
        transport = _ScriptedTransport(scenario, api)
        # a script may say whatever any server says
        super().__init__(f"{_PREFIX[api]}:scripted", api_key="scripted", transport=transport, lenient=True)
        self.requests: list[JsonObject] = transport.requests


class _ScriptedTransport:
    def __init__(self, scenario: Scenario, api: Api) -> None:
        self.requests: list[JsonObject] = []
        self._scenario = scenario
        self._chat = api == "openai-chat"
        self._count = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        pass

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncGenerator[_Frames]:
        """The next response of the script."""
        await checkpoint()
        self.requests.append(request.body)
        refusal = rules.check_chat(request.body) if self._chat else rules.check_responses(request.body)
        if refusal is not None:
            raise error_from_object(refusal.body["error"], status=refusal.status, phase="request")
        answer = self._next()
        match answer:
            case Response():
                yield _Frames(answer, self._wire(answer, request))
            case Body() if answer.status != 200:  # noqa: PLR2004  the only status of a stream
                raise error_from_body(answer.data, status=answer.status, phase="request")
            case Body():
                yield _Frames(Response(), iter([Frame(0.0, answer.data)]))
            case Hangup():
                raise WireError("the connection was closed before the first byte", phase="connect", retryable=True)

    def _next(self) -> Answer:
        number, responses = self._count, self._scenario.responses
        self._count += 1
        if number >= len(responses):
            raise UsageError(f"the script has {len(responses)} responses and was asked for number {number + 1}")
        return responses[number]

    def _wire(self, answer: Response, request: Request) -> Any:
        asked = Asked(request.body, str(self._count), int(time.time()))
        if self._chat:
            return compose(answer, ChatWire(asked, answer.usage, lone_call=answer.call_count == 1))
        return compose(answer, ResponsesWire(asked, answer.usage))


class _Frames:
    """The frames of one response, each when it is due."""

    def __init__(self, response: Response, frames: Any) -> None:
        self._frames = deliver(frames, response.delivery)
        self._start: float | None = None
        self._cut: str | None = None

    async def receive(self) -> Chunk:
        """The next frame's bytes."""
        if self._start is None:
            self._start = anyio.current_time()
        while self._cut is None:
            frame = next(self._frames, None)
            if frame is None:
                return b""
            self._cut = frame.cut
            wait_s = self._start + frame.at_s - anyio.current_time()
            await (anyio.sleep(wait_s) if wait_s > 0 else checkpoint())
            if frame.data:
                return frame.data
        if self._cut == "eof":
            return b""
        raise torn("the connection broke")
