from __future__ import annotations

from typing import Any

import anyio
import pytest
from anyio.lowlevel import checkpoint

from millstream.errors import WireError
from millstream.transport.websocket.exchange import Exchange
from millstream.wire.refusal import torn

pytestmark = pytest.mark.anyio


def event(name: str, response_id: str = "", **fields: Any) -> dict[str, Any]:
    return {"type": name} | ({"response": {"id": response_id}} if response_id else {}) | fields


ERROR = {"type": "error", "status": 400, "error": {"code": "a_code", "message": "No.", "type": "a_type"}}


async def unsent(text: str) -> None:
    raise AssertionError(text)


def offered(exchange: Exchange, *messages: dict[str, Any]) -> Exchange:
    for message in messages:
        exchange.offer(message, 10)
    return exchange


async def rest(exchange: Exchange) -> list[Any]:
    names: list[Any] = []
    while isinstance(message := await exchange.receive(), dict):
        names.append(message["type"])
    return names


async def test_what_came_is_received_up_to_the_end() -> None:
    exchange = offered(
        Exchange("", unsent),
        event("response.created", "resp_1"),
        event("response.output_text.delta"),
        event("response.completed", "resp_1"),
        event("response.output_text.delta"),
    )
    await exchange.head()
    assert exchange.over
    assert exchange.completed
    assert exchange.response_id == "resp_1"
    assert await rest(exchange) == ["response.created", "response.output_text.delta", "response.completed"]
    assert await exchange.receive() == b""


@pytest.mark.parametrize("name", ["response.incomplete", "response.failed"])
async def test_other_ends_do_not_complete_it(name: str) -> None:
    exchange = offered(Exchange("", unsent), event("response.created", "resp_1"), event(name, "resp_1"))
    assert exchange.over
    assert not exchange.completed


async def test_an_error_before_the_response_refuses_it() -> None:
    exchange = offered(Exchange("", unsent), ERROR)
    with pytest.raises(WireError) as caught:
        await exchange.head()
    assert (caught.value.phase, caught.value.status, caught.value.code) == ("request", 400, "a_code")


async def test_an_error_within_ends_it_behind_what_came_before() -> None:
    exchange = offered(Exchange("", unsent), event("response.created", "resp_1"), ERROR)
    await exchange.head()
    assert await exchange.receive() == event("response.created", "resp_1")
    with pytest.raises(WireError) as caught:
        await exchange.receive()
    assert caught.value.phase == "stream"


async def test_a_connection_that_breaks_ends_it_behind_what_came_before() -> None:
    exchange = offered(Exchange("", unsent), event("response.created", "resp_1"))
    exchange.fail(torn("gone"))
    assert await exchange.receive() == event("response.created", "resp_1")
    with pytest.raises(WireError, match="gone"):
        await exchange.receive()


async def test_a_connection_that_breaks_behind_its_end_does_not_matter() -> None:
    exchange = offered(Exchange("", unsent), event("response.created", "resp_1"), event("response.completed", "resp_1"))
    exchange.fail(torn("gone"))
    assert await rest(exchange) == ["response.created", "response.completed"]


async def test_what_comes_later_wakes_whoever_waits() -> None:
    exchange = Exchange("", unsent)
    seen: list[Any] = []

    async def read() -> None:
        await exchange.head()
        seen.append(await exchange.receive())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        await checkpoint()
        offered(exchange, event("keepalive"))
    assert seen == [event("keepalive")]


async def test_left_overs_of_a_response_that_broke_off_are_dropped() -> None:
    """On the real wire `response.failed` may follow an error."""
    exchange = offered(
        Exchange("", unsent, after_error=True),
        event("response.output_text.delta"),
        event("response.failed", "resp_0"),
        event("response.created", "resp_1"),
        event("response.failed", "resp_0"),
        event("response.completed", "resp_1"),
    )
    assert await rest(exchange) == ["response.created", "response.completed"]


async def test_a_server_that_sends_no_beginning() -> None:
    exchange = offered(Exchange("", unsent), event("response.output_item.added"), event("response.completed", "resp_1"))
    await exchange.head()
    assert await rest(exchange) == ["response.output_item.added", "response.completed"]


async def test_too_much_that_nobody_takes_makes_its_connection_wait() -> None:
    exchange = Exchange("", unsent)
    exchange.offer(event("response.created", "resp_1"), 2_000_000)
    done: list[str] = []

    async def room() -> None:
        await exchange.room()
        done.append("room")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(room)
        for _ in range(5):
            await checkpoint()
        assert not done
        await exchange.receive()
    assert done == ["room"]


async def test_one_that_is_left_keeps_nothing_and_makes_nobody_wait() -> None:
    exchange = Exchange("", unsent)
    exchange.leave()
    exchange.offer(event("response.created", "resp_1"), 2_000_000)
    with anyio.fail_after(1):
        await exchange.room()
    assert not exchange.over
    offered(exchange, event("response.completed", "resp_1"))
    assert exchange.over


async def test_calls_that_wait_for_results_are_known() -> None:
    call = event("response.output_item.done", item={"type": "function_call"})
    text = event("response.output_item.done", item={"type": "message"})
    assert offered(Exchange("", unsent), call).calls_tools
    assert not offered(Exchange("", unsent), text).calls_tools
