"""How the requests of a model travel: the keyword of Model and Agent, and what is asked of the transport."""

from __future__ import annotations

import httpx2
import pytest

from millstream import Agent, Limits, Model, ModelError
from millstream.transcript import CallItem, Transcript, user
from millstream.transport import named
from millstream.transport.http import HttpTransport
from millstream.transport.websocket import WebSocketTransport
from millstream.wire.format import Ask
from millstream.wire.resuming import Cursor
from tests.unit.wire.transcripts import call, reply, result


def test_http_unless_it_says_otherwise() -> None:
    assert isinstance(Model("openai:m").transport(), HttpTransport)
    assert isinstance(Model("openai:m", transport="http").transport(), HttpTransport)
    assert isinstance(Model("openai:m", transport="websocket").transport(), WebSocketTransport)


def test_each_run_that_is_on_its_own_has_a_transport_of_its_own() -> None:
    model = Model("openai:m", transport="websocket")
    assert model.transport() is not model.transport()


def test_a_transport_of_ones_own() -> None:
    transport = HttpTransport()
    assert Model("openai:m", transport=transport).transport() is transport


def test_an_agent_takes_it_for_a_model_string() -> None:
    assert isinstance(Agent("openai:m", transport="websocket").model.transport(), WebSocketTransport)


def test_an_agent_does_not_take_it_beside_a_model() -> None:
    with pytest.raises(ModelError, match=r'belongs to the model: Model\("openai:m", transport="websocket"\)'):
        Agent(Model("openai:m"), transport="websocket")


def test_only_the_responses_wire_has_websockets() -> None:
    with pytest.raises(ModelError, match="is for models of the wire openai-responses, this is one of openai-chat"):
        Model("openai-chat:m", transport="websocket")


@pytest.mark.anyio
async def test_a_client_is_for_http() -> None:
    async with httpx2.AsyncClient() as client:
        with pytest.raises(ModelError, match="client= is for HTTP on httpx2, which transport= replaces"):
            Model("openai:m", transport="websocket", client=client)


def test_it_needs_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named, "find_spec", {"websockets": None}.get)
    with pytest.raises(ModelError, match=r"pip install 'millstream\[websocket\]'"):
        Model("openai:m", transport="websocket")


def test_a_request_says_how_it_can_be_continued_and_how_large_messages_may_be() -> None:
    asked = call()
    said = reply(CallItem(asked, "{}", {"type": "function_call", "call_id": "call_0"}), wire="openai-responses")
    ask = Ask("m", Transcript((user("Go."), said, result(asked))))
    request = Model("openai:m", api_key="k").request(ask, Limits(max_message_bytes=1234))
    assert request.continuation is not None
    assert request.continuation.previous_response_id == "resp_1"
    assert len(request.body["input"]) == 3
    assert "previous_response_id" not in request.body
    assert request.max_message_bytes == 1234
    assert Model("openai-chat:m", api_key="k").request(ask, Limits()).continuation is None


def test_the_rest_of_a_response_and_its_stop_are_asked_for_with_the_same_headers() -> None:
    model = Model("openai:m", base_url="https://host/v1", api_key="k", headers={"x-project": "p"})
    begun = model.request(Ask("m", Transcript((user("Go."),))), Limits())
    rest = model.resume(begun, Cursor("resp_1", 7))
    assert (rest.method, rest.url) == ("GET", "https://host/v1/responses/resp_1?stream=true&starting_after=7")
    stop = model.stop(begun, Cursor("resp_1", 7))
    assert (stop.method, stop.url) == ("POST", "https://host/v1/responses/resp_1/cancel")
    assert rest.headers == stop.headers == begun.headers
    assert rest.body == stop.body == {}
