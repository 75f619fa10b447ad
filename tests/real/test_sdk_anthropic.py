"""What Anthropic's SDK makes of the fake provider's Messages wire: exactly what the scenario says."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import pytest

from millstream.events import Usage
from millstream.testing import (
    CallTool,
    Cut,
    Delivery,
    ErrorEvent,
    FakeProvider,
    Finish,
    Ping,
    Response,
    Say,
    Scenario,
    Think,
    Together,
)
from millstream.testing.provider.steps import Step

pytestmark = [pytest.mark.real, pytest.mark.anyio]

KEY, MODEL = "sk-ant-right", "a-model"
TOOL: Any = {"name": "weather", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
ASKED: Any = {
    "model": MODEL,
    "max_tokens": 4096,
    "messages": [{"role": "user", "content": "What is the weather?"}],
    "tools": [TOOL],
}
EVERYTHING: list[Step] = [
    Think("Both at once."),
    Say("Let me look: ⛅."),
    Ping(0.001, 0.003, kind="keepalive"),
    Together((CallTool("weather", {"city": "Paris"}), CallTool("weather", {"city": "Zürich"}, id="toolu_mine"))),
]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@asynccontextmanager
async def asked(
    *answers: Any, key: str = KEY, max_retries: int = 0
) -> AsyncGenerator[tuple[anthropic.AsyncAnthropic, FakeProvider]]:
    with FakeProvider(Scenario.of(*answers), keys=[KEY], models=[MODEL]) as served:
        async with anthropic.AsyncAnthropic(
            base_url=served.root_url, api_key=key, max_retries=max_retries, timeout=20.0
        ) as client:
            yield client, served


@pytest.mark.parametrize("delivery", [Delivery(), Delivery(newline="\r\n", gzip=True, piece_bytes=7)])
async def test_everything_arrives(delivery: Delivery) -> None:
    answer = Response(tuple(EVERYTHING), usage=Usage(120, 45, 64, 12), delivery=delivery)
    async with asked(answer) as (client, _), client.messages.stream(**ASKED) as stream:
        message = await stream.get_final_message()
    assert [block.type for block in message.content] == ["thinking", "text", "tool_use", "tool_use"]
    thought, text, paris, zurich = (block.model_dump() for block in message.content)
    assert thought["thinking"] == "Both at once."
    assert text["text"] == "Let me look: ⛅."
    assert (paris["input"], zurich["input"]) == ({"city": "Paris"}, {"city": "Zürich"})
    assert zurich["id"] == "toolu_mine"
    assert message.stop_reason == "tool_use"
    assert (message.usage.input_tokens, message.usage.cache_read_input_tokens) == (56, 64)
    assert message.usage.output_tokens == 45


async def test_what_the_client_made_of_an_answer_is_accepted_as_the_next_request() -> None:
    async with asked(EVERYTHING, "21 degrees.") as (client, _):
        async with client.messages.stream(**ASKED) as stream:
            first = await stream.get_final_message()
        results: Any = [
            {"type": "tool_result", "tool_use_id": block.id, "content": "21"}
            for block in first.content
            if block.type == "tool_use"
        ]
        history = [*ASKED["messages"], {"role": "assistant", "content": first.content}]
        body = ASKED | {"messages": [*history, {"role": "user", "content": results}]}
        async with client.messages.stream(**body) as stream:
            assert await stream.get_final_text() == "21 degrees."


async def test_an_error_in_the_stream() -> None:
    async with asked([Say("x"), ErrorEvent("Overloaded", type="overloaded_error")]) as (client, _):
        with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
            async with client.messages.stream(**ASKED) as stream:
                await stream.until_done()


async def test_a_connection_that_breaks() -> None:
    async with asked([Say("x"), Cut("close")]) as (client, _):
        with pytest.raises(Exception, match=r"incomplete chunked read|closed"):
            async with client.messages.stream(**ASKED) as stream:
                await stream.until_done()


async def test_a_cut_answer() -> None:
    async with asked([Say("And then"), Finish("length")]) as (client, _), client.messages.stream(**ASKED) as stream:
        assert (await stream.get_final_message()).stop_reason == "max_tokens"


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        ({"max_tokens": 0}, anthropic.BadRequestError),
        ({"model": "other"}, anthropic.NotFoundError),
        ({"messages": []}, anthropic.BadRequestError),
    ],
)
async def test_refusals_are_its_exceptions(change: Any, kind: type[anthropic.APIStatusError]) -> None:
    async with asked("never", max_retries=2) as (client, provider):
        with pytest.raises(kind) as caught:
            await client.messages.create(stream=True, **(ASKED | change))
        assert len(provider.requests) == 1
    assert type(caught.value) is kind


async def test_a_wrong_key() -> None:
    async with asked("never", key="sk-ant-wrong") as (client, _):
        with pytest.raises(anthropic.AuthenticationError, match="invalid x-api-key"):
            await client.messages.create(stream=True, **ASKED)
