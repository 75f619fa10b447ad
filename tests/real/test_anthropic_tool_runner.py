"""A loop of one's own with Anthropic's SDK: it asks, `ToolRunner` reads its event objects and runs the tools.

The server is a few lines here: it answers each request with the next body, and remembers what it was asked.
"""

from __future__ import annotations

import gc
import json
from collections.abc import AsyncGenerator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, TypeAlias

import anthropic
import pytest

from millstream import Agent, Model, ToolRunner, UsageError, WireError, tool
from millstream.events import CallFailed, CallReturned, CallStarted, Event, TextDelta, TurnEnded
from tests.alive import nothing_left

pytestmark = [pytest.mark.real, pytest.mark.anyio]

Messages: TypeAlias = list[dict[str, Any]]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    with nothing_left():
        yield
        gc.collect()


@tool(read_only=True)
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    return f"21 °C in {city}"


# --- a server ---


def response(*blocks: dict[str, Any], reason: str = "tool_use", cut: bool = False) -> bytes:
    """A body with these blocks, texts and inputs piece by piece."""
    usage = {"input_tokens": 10, "output_tokens": 1}
    message: dict[str, Any] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [],
        "usage": usage,
    }
    events: Messages = [{"type": "message_start", "message": message | {"stop_reason": None, "stop_sequence": None}}]
    for index, block in enumerate(blocks):
        whole = block.get("text") or json.dumps(block.get("input", {}), ensure_ascii=False)
        key, kind = ("text", "text_delta") if "text" in block else ("partial_json", "input_json_delta")
        empty: dict[str, Any] = {"text": ""} if "text" in block else {"input": {}}
        events.append({"type": "content_block_start", "index": index, "content_block": block | empty})
        for i in range(0, len(whole), 3):
            piece = {"type": kind, key: whole[i : i + 3]}
            events.append({"type": "content_block_delta", "index": index, "delta": piece})
        events.append({"type": "content_block_stop", "index": index})
    if cut:
        events.append({"type": "error", "error": {"type": "overloaded_error", "message": "Too busy."}})
    else:
        end = {"stop_reason": reason, "stop_sequence": None}
        events += [{"type": "message_delta", "delta": end, "usage": {"output_tokens": 9}}, {"type": "message_stop"}]
    return b"".join(f"event: {one['type']}\ndata: {json.dumps(one, ensure_ascii=False)}\n\n".encode() for one in events)


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def use(index: int, **given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": f"toolu_{index}", "name": "weather", "input": given}


class _Server(ThreadingHTTPServer):
    daemon_threads = False

    def __init__(self, *answers: bytes | tuple[int, dict[str, Any]]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers = list(answers)
        self.asked: Messages = []
        self.headers: list[dict[str, str]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        served = self.server
        assert isinstance(served, _Server)
        served.asked.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
        served.headers.append({key.lower(): value for key, value in self.headers.items()})
        answer = served.answers.pop(0)
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "text/event-stream" if status == 200 else "application/json")
        self.send_header("content-length", str(len(content)))
        self.send_header("retry-after", "7")
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name is the library's
        pass


@contextmanager
def serving(*answers: bytes | tuple[int, dict[str, Any]]) -> Generator[_Server]:
    with _Server(*answers) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@asynccontextmanager
async def asked(
    *answers: bytes | tuple[int, dict[str, Any]],
) -> AsyncGenerator[tuple[anthropic.AsyncAnthropic, ToolRunner, _Server]]:
    with serving(*answers) as server:
        async with (
            anthropic.AsyncAnthropic(base_url=server.url, api_key="sk-ant", max_retries=0) as client,
            ToolRunner([weather]) as runner,
        ):
            yield client, runner, server


def ask(client: anthropic.AsyncAnthropic, runner: ToolRunner, messages: Any) -> Any:
    """The next request of the loop: what the SDK returns, not yet awaited."""
    tools: Any = runner.schemas("anthropic")
    return client.messages.create(model="m", max_tokens=100, messages=messages, tools=tools, stream=True)


_CALLS = response(text("Let me look. "), use(0, city="Paris"), use(1, city="Zürich"))


# --- what is read ---


async def test_a_whole_loop() -> None:
    messages: Messages = [{"role": "user", "content": "Weather?"}]
    seen: list[Event] = []
    async with asked(_CALLS, response(text("Warm."), reason="end_turn")) as (client, runner, server):
        while not runner.finished:
            seen += [event async for event in runner.drive(ask(client, runner, messages))]
            messages += runner.items()
    assert messages[1:] == [
        {"role": "assistant", "content": [text("Let me look. "), use(0, city="Paris"), use(1, city="Zürich")]},
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "toolu_0", "content": "21 °C in Paris"},
                {"type": "tool_result", "tool_use_id": "toolu_1", "content": "21 °C in Zürich"},
            ],
        },
        {"role": "assistant", "content": [text("Warm.")]},
    ]
    assert server.asked[1]["messages"] == messages[:3]
    assert server.asked[0]["tools"][0]["eager_input_streaming"] is True
    assert "".join(event.text for event in seen if isinstance(event, TextDelta)) == "Let me look. Warm."
    assert [event.reason for event in seen if isinstance(event, TurnEnded)] == ["tool_use", "end_turn"]
    ends = [type(event) for event in seen if isinstance(event, CallStarted | TurnEnded)]
    assert ends[:2] == [CallStarted, CallStarted]


async def test_the_stream_that_the_helper_gives_once_it_is_entered() -> None:
    messages: Any = [{"role": "user", "content": "Weather?"}]
    async with asked(_CALLS) as (client, runner, _):
        tools: Any = runner.schemas("anthropic")
        manager = client.messages.stream(model="m", max_tokens=100, messages=messages, tools=tools)
        with pytest.raises(UsageError, match="enter the AsyncMessageStreamManager first"):
            runner.drive(manager)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
        async with manager as stream:
            seen = [event async for event in runner.drive(stream)]
    assert [event.result for event in seen if isinstance(event, CallReturned)] == ["21 °C in Paris", "21 °C in Zürich"]
    assert "".join(event.text for event in seen if isinstance(event, TextDelta)) == "Let me look. "


async def test_a_client_that_blocks_is_told_apart() -> None:
    with serving(_CALLS) as server, anthropic.Anthropic(base_url=server.url, api_key="k", max_retries=0) as client:
        messages: Any = [{"role": "user", "content": "Weather?"}]
        async with ToolRunner([weather]) as runner:
            with client.messages.create(model="m", max_tokens=9, messages=messages, stream=True) as stream:
                with pytest.raises(UsageError, match="AsyncAnthropic"):
                    runner.drive(stream)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
                list(stream)


async def test_an_error_within_the_stream() -> None:
    async with asked(response(text("Let me"), cut=True)) as (client, runner, _):
        with pytest.raises(WireError, match=r"Too busy\.") as caught:
            async for _event in runner.drive(ask(client, runner, [{"role": "user", "content": "Hi"}])):
                pass
    assert (caught.value.phase, caught.value.code, caught.value.retryable) == ("stream", "overloaded_error", True)


async def test_a_call_that_is_whole_is_saved_from_a_stream_that_breaks() -> None:
    async with asked(response(use(0, city="Paris"), cut=True)) as (client, runner, _):
        async for _event in runner.drive(ask(client, runner, [{"role": "user", "content": "Hi"}])):
            pass
        assert [message["role"] for message in runner.items()] == ["assistant", "user"]
        assert not runner.finished


async def test_a_refusal_of_the_request() -> None:
    said = {"type": "error", "error": {"type": "rate_limit_error", "message": "Slow down."}}
    async with asked((429, said)) as (client, runner, _):
        with pytest.raises(WireError, match=r"Slow down\.") as caught:
            async for _event in runner.drive(ask(client, runner, [{"role": "user", "content": "Hi"}])):
                pass
    error = caught.value
    assert (error.phase, error.status, error.code, error.retry_after_s) == ("request", 429, "rate_limit_error", 7.0)


async def test_a_call_that_was_cut_does_not_run() -> None:
    whole = response(use(0, city="Paris"), reason="max_tokens")
    body = whole.replace(b'"\\"}"', b'""')
    assert body != whole
    async with asked(body) as (client, runner, _):
        drive = runner.drive(ask(client, runner, [{"role": "user", "content": "Hi"}]))
        seen = [event async for event in drive if isinstance(event, CallStarted | CallFailed)]
        (answer,) = runner.items()[1]["content"]
    assert [type(event) for event in seen] == [CallFailed]
    assert answer["is_error"] is True


# --- the same, asked by an agent ---


async def test_an_agent_asks_with_its_own_key_and_version() -> None:
    with serving(_CALLS, response(text("Warm."), reason="end_turn")) as server:
        model = Model("anthropic:m", base_url=server.url + "/v1", api_key="sk-ant")
        result = await Agent(model, [weather], instructions="Be brief.").run("Weather?")
    assert result.output == "Warm."
    assert [(one["x-api-key"], one["anthropic-version"]) for one in server.headers] == [("sk-ant", "2023-06-01")] * 2
    assert all("authorization" not in one for one in server.headers)
    assert [block["type"] for block in server.asked[1]["messages"][2]["content"]] == ["tool_result"] * 2
    assert server.asked[0]["system"] == "Be brief."
