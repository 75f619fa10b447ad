"""An agent that is warmed up: the connection is open and the provider prepared before the first prompt is there."""

from __future__ import annotations

import pytest
from websockets.frames import Opcode

from millstream import Agent, Limits, Model, UsageError, WireError
from millstream.testing import Body, CallTool, FakeProvider, Scenario
from tests.faults.talking import follow, talking, told
from tests.unit.transport.websocket.peer import Peer, peer

pytestmark = pytest.mark.anyio


async def test_the_first_run_goes_on_from_what_was_prepared() -> None:
    async with talking([[CallTool("look", {"at": "it"})], "Done.", "Again."], instructions="Be brief.") as talk:
        await talk.agent.warm_up()
        warm = talk.sent[0]
        assert warm["generate"] is False
        assert warm["input"] == []
        assert warm["instructions"] == "Be brief."
        assert [tool["name"] for tool in warm["tools"]] == ["look", "save"]
        assert (await talk.agent.run("Go.")).text == "Done."
        assert (await talk.agent.run("Go.")).text == "Again."
    assert talk.connections == 1
    assert talk.parents == [False, True, True, False]
    assert [len(body["input"]) for body in talk.sent[1:]] == [1, 1, 1]


async def test_what_was_prepared_and_is_gone_is_not_missed() -> None:
    now = 0.0
    async with talking(["Done."], clock=lambda: now) as talk:
        await talk.agent.warm_up()
        now = 3600.0
        assert (await talk.agent.run("Go.")).text == "Done."
    assert talk.parents == [False, False]
    assert talk.connections == 2


async def test_a_provider_that_forgot_what_it_prepared() -> None:
    not_found = Body({"error": {"code": "previous_response_not_found", "message": "No."}}, 400)
    async with talking([not_found, "Done."]) as talk:
        await talk.agent.warm_up()
        assert (await talk.agent.run("Go.")).text == "Done."
    assert talk.parents == [False, True, False]


async def test_without_websockets_there_is_nothing_to_prepare() -> None:
    async with talking(["Done."], terms=None) as talk:
        await talk.agent.warm_up()
        assert not talk.requests
        events = await follow(talk.agent.stream("Go."))
        assert len(told(events, "request.fell_back")) == 1


async def test_a_provider_that_never_answers() -> None:
    async def act(one: Peer) -> None:
        await one.accept()
        await one.frame(Opcode.CLOSE)
        await one.flush()

    async with peer(act) as url:
        base_url = url.removesuffix("/responses")
        model = Model("openai:fake", base_url=base_url, api_key="any", transport="websocket")
        async with Agent(model, limits=Limits(first_byte_timeout_s=0.2)) as agent:
            with pytest.raises(WireError, match=r"nothing came for 0\.2 s"):
                await agent.warm_up()


async def test_nor_is_there_over_http() -> None:
    with FakeProvider(Scenario.of("Done.")) as provider:
        async with Agent(Model("openai:fake", base_url=provider.base_url, api_key="any")) as agent:
            await agent.warm_up()
            assert not provider.requests


async def test_the_agent_has_to_be_entered() -> None:
    agent = Agent(Model("openai:fake", base_url="http://127.0.0.1:9/v1", transport="websocket"))
    with pytest.raises(UsageError, match="enter the agent first"):
        await agent.warm_up()
