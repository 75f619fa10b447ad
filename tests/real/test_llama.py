"""A real model on a real llama.cpp server, over each wire that it speaks."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import anyio
import pytest

from millstream import Agent, Limits, Model, WireError, tool
from millstream.events import TextDelta
from millstream.providers import PROVIDERS
from millstream.testing import check_records
from millstream.transport.llama_process import LlamaServer, acquire, release
from millstream.wire.formats import FORMATS
from tests.alive import no_task_left, nothing_left
from tests.real.llama_server import MODEL, PARAMS, examples, requires_llama

pytestmark = [
    pytest.mark.real,
    pytest.mark.anyio,
    pytest.mark.parametrize("anyio_backend", ["asyncio"]),
    pytest.mark.timeout(300),
    requires_llama,
]

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 12}, "degrees": {"type": "integer"}},
    "required": ["city", "degrees"],
    "additionalProperties": False,
}
CHAT_SCHEMA = {"response_format": {"type": "json_schema", "json_schema": {"name": "weather", "schema": SCHEMA}}}


@dataclass(frozen=True, slots=True)
class Way:
    """A wire, its word for the longest answer, and how it is told a schema; None where this server ignores it."""

    wire: str
    longest: str
    schema: dict[str, Any] | None


WAYS = [
    Way("openai-chat", "max_tokens", CHAT_SCHEMA),
    Way("openai-responses", "max_output_tokens", CHAT_SCHEMA),  # llama.cpp ignores text.format, and reads Chat's
    Way("anthropic-messages", "max_tokens", None),
]


@pytest.fixture(params=WAYS, ids=lambda way: way.wire)
def way(request: pytest.FixtureRequest) -> Way:
    found: Way = request.param
    if found.wire not in FORMATS:
        pytest.skip(f"there is no wire {found.wire}")
    return found


@pytest.fixture(scope="module")
def server() -> Generator[LlamaServer]:
    assert MODEL is not None
    name, server = acquire(MODEL, PARAMS)
    try:
        yield server
    finally:
        release(name, server)


def model(way: Way, server: LlamaServer, longest: int = 48, *, path: str = "", **settings: Any) -> Model:
    prefix = next(prefix for prefix, provider in PROVIDERS.items() if provider.wire == way.wire)
    version = "" if FORMATS[way.wire].path("smol").startswith("/v1/") else "/v1"
    words = {"temperature": 0, way.longest: longest} | settings
    return Model(f"{prefix}:smol", base_url=server.url() + version + path, api_key=server.key, settings=words)


async def test_text_streams(way: Way, server: LlamaServer) -> None:
    async with no_task_left(), Agent(model(way, server, 16)).stream("Count to ten.") as run:
        pieces = [event.text async for event in run if isinstance(event, TextDelta)]
    assert len(pieces) > 2
    assert run.text == "".join(pieces) != ""
    assert run.usage.output_tokens > 2
    check_records(run.records)


async def test_a_tool_is_called_and_its_result_is_used(way: Way, server: LlamaServer) -> None:
    asked: list[str] = []

    @tool
    def weather(city: str) -> str:
        """The weather in a city."""
        asked.append(city)
        return "37 degrees"

    history = examples("weather", Oslo="3 degrees", Rome="18 degrees", Cairo="31 degrees", Lima="19 degrees")
    result = await Agent(model(way, server), [weather]).run("What is the weather in Paris?", history=history)
    assert asked == ["Paris"]
    (call,) = result.calls.values()
    assert (call.args, call.result) == ({"city": "Paris"}, "37 degrees")
    assert "37" in result.text
    check_records(result.records)


async def test_an_answer_held_to_a_schema(way: Way, server: LlamaServer) -> None:
    if way.schema is None:
        pytest.skip(f"this server holds no answer over {way.wire} to a schema")
    asked = Agent(model(way, server, 40, **way.schema))
    data = json.loads((await asked.run("The weather in Paris: 21 degrees. Answer as JSON.")).text)
    assert set(data) == {"city", "degrees"}
    assert isinstance(data["degrees"], int)


async def test_leaving_early_ends_the_connection_and_the_server_s_work(way: Way, server: LlamaServer) -> None:
    with nothing_left():
        async with no_task_left(), Agent(model(way, server, 1500)).stream("Tell a long story.") as run:
            async for event in run:
                if isinstance(event, TextDelta):
                    break
        assert await anyio.to_thread.run_sync(_falls_idle, server)


def _falls_idle(server: LlamaServer) -> bool:
    """Whether the server works on nothing any more, within half a minute."""
    asked = urllib.request.Request(f"{server.url()}/slots", headers={"authorization": f"Bearer {server.key}"})
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with urllib.request.urlopen(asked, timeout=10) as answer:
            if not any(slot["is_processing"] for slot in json.load(answer)):
                return True
        time.sleep(0.05)
    return False


async def test_a_wrong_key_and_a_wrong_path(way: Way, server: LlamaServer) -> None:
    right = model(way, server)
    wrong = Model(right.name, base_url=f"{server.url()}/v1", api_key="wrong", settings=right.settings)
    with pytest.raises(WireError, match="Invalid API Key") as refused:
        await Agent(wrong).run("Hi")
    assert (refused.value.status, refused.value.retryable) == (401, False)
    assert "API key" in refused.value.hint
    with pytest.raises(WireError, match="Not Found") as nowhere:
        await Agent(model(way, server, path="/nowhere"), limits=Limits(request_attempts=1)).run("Hi")
    assert (nowhere.value.status, nowhere.value.retryable) == (404, False)
    assert "base URL" in nowhere.value.hint
