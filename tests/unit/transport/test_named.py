"""Transports by name: `Model(transport="aiohttp")`."""

from __future__ import annotations

from typing import get_args

import httpx2
import pytest

from millstream import Agent, Model, ModelError
from millstream.testing import FakeProvider, Scenario
from millstream.transport import named
from millstream.transport.aiohttp import AiohttpTransport
from millstream.transport.named import NAMED, TransportName
from tests.alive import nothing_left


def test_every_name_is_one_of_the_type() -> None:
    assert set(get_args(TransportName)) == set(NAMED)


def test_a_model_makes_it_anew_for_each_who_asks() -> None:
    model = Model("openai:gpt", transport="aiohttp")
    first = model.transport()
    assert isinstance(first, AiohttpTransport)
    assert model.transport() is not first


def test_a_name_of_none() -> None:
    with pytest.raises(ModelError, match="there are: http, aiohttp, websocket, or leave it out"):
        Model("openai:gpt", transport="carrier-pigeon")  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "extra"), [("aiohttp", "fast"), ("websocket", "websocket")])
def test_without_its_package(name: TransportName, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named, "find_spec", {"aiohttp": None, "websockets": None}.get)
    with pytest.raises(ModelError, match=rf"pip install 'millstream\[{extra}\]'"):
        Model("openai:gpt", transport=name)


@pytest.mark.anyio
async def test_a_client_of_the_user_s_own_beside_it() -> None:
    async with httpx2.AsyncClient() as client:
        with pytest.raises(ModelError, match="leave one of them out"):
            Model("openai:gpt", transport="aiohttp", client=client)


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
@pytest.mark.anyio
async def test_runs_on_aiohttp() -> None:
    with nothing_left(), FakeProvider(Scenario.of("Hello.", "Again.")) as provider:
        agent = Agent(Model("openai:gpt", base_url=provider.base_url, api_key="any", transport="aiohttp"))
        async with agent:
            assert (await agent.run("Hi")).text == "Hello."
            assert (await agent.run("Hi")).text == "Again."


@pytest.mark.parametrize("anyio_backend", ["trio"])
@pytest.mark.anyio
async def test_under_trio_there_is_no_aiohttp() -> None:
    with pytest.raises(ModelError, match='transport="aiohttp" works on asyncio only'):
        await Agent(Model("vllm:any", transport="aiohttp")).run("Hi")
