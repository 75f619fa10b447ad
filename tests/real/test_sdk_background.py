"""The official SDK against responses in the background: read on from a number, stopped."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from millstream.testing import Cut, Pause, Response, Say
from tests.real.sdk import MODEL, asked

pytestmark = [pytest.mark.anyio, pytest.mark.real]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def begun(client: openai.AsyncOpenAI) -> list[Any]:
    """The events that come before the stream ends."""
    stream = await client.responses.create(model=MODEL, input="Hi", background=True, stream=True)
    return [event async for event in stream]


async def test_the_rest_of_a_stream_that_was_cut() -> None:
    async with asked(Response((Say("One, "), Cut("eof"), Say("two.")))) as (client, _):
        first = await begun(client)
        assert [event.type for event in first[:3]] == ["response.created", "response.queued", "response.in_progress"]
        last, response_id = first[-1].sequence_number, first[0].response.id
        rest = await client.responses.retrieve(response_id, stream=True, starting_after=last)
        more: list[Any] = [event async for event in rest]
    assert [event.sequence_number for event in [*first, *more]] == list(range(len(first) + len(more)))
    assert more[-1].response.output_text == "One, two."
    assert more[-1].response.background is True


async def test_a_response_is_stopped_and_says_so() -> None:
    async with asked(Response((Say("On"), Pause(0.05), Cut("eof"), Pause(30.0), Say("and on.")))) as (client, _):
        response_id = (await begun(client))[0].response.id
        assert (await client.responses.retrieve(response_id)).status == "in_progress"
        assert (await client.responses.cancel(response_id)).status == "cancelled"
        rest = await client.responses.retrieve(response_id, stream=True, starting_after=0)
        assert [event async for event in rest] == []


async def test_it_has_to_be_stored() -> None:
    async with asked("Never.") as (client, _):
        with pytest.raises(openai.BadRequestError, match="store"):
            await client.responses.create(model=MODEL, input="Hi", background=True, store=False, stream=True)


async def test_what_is_not_there() -> None:
    async with asked("Never.") as (client, _):
        with pytest.raises(openai.NotFoundError):
            await client.responses.retrieve("resp_nowhere")
        with pytest.raises(openai.NotFoundError):
            await client.responses.cancel("resp_nowhere")
