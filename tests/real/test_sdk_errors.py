"""What the fake provider refuses is, to the official SDK, the exception that the real one's refusal would be."""

from __future__ import annotations

from typing import Any

import httpx2
import openai
import pytest

from millstream.testing import Body, FakeProvider, Hangup, Response, Say, Scenario
from tests.real.sdk import CHAT_TOOLS, KEY, MESSAGES, MODEL, PARAMETERS, RESPONSES_TOOLS, asked

pytestmark = [pytest.mark.real, pytest.mark.anyio]

SLOW_DOWN = {"error": {"message": "Slow down.", "type": "tokens", "param": None, "code": "rate_limit_exceeded"}}
CALL: Any = {"type": "function_call", "call_id": "call_1", "name": "weather", "arguments": '{"city":"Paris"}'}
SAID: Any = {
    "role": "assistant",
    "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
}


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


async def ask(client: openai.AsyncOpenAI, wire: str, **body: Any) -> Any:
    """Ask for a stream, with a body that is fine but for what is given."""
    asking: Any = client.responses if wire == "responses" else client.chat.completions
    said = {"input": "Hi"} if wire == "responses" else {"messages": MESSAGES}
    return await asking.create(**{"model": MODEL, "stream": True, **said, **body})


async def refused(wire: str, kind: type[openai.APIStatusError], **body: Any) -> openai.APIStatusError:
    """The exception with which the SDK tells of a body that the rules refuse."""
    async with asked("never said") as (client, provider):
        with pytest.raises(kind) as caught:
            await ask(client, wire, **body)
    assert type(caught.value) is kind
    assert [request.answer for request in provider.requests] == [None]
    return caught.value


WIRES = pytest.mark.parametrize("wire", ["responses", "chat"])


@WIRES
async def test_a_wrong_key(wire: str) -> None:
    async with asked("never said", key="sk-wrong-and-secret", max_retries=2) as (client, provider):
        with pytest.raises(openai.AuthenticationError) as caught:
            await ask(client, wire)
    assert (caught.value.status_code, caught.value.code) == (401, "invalid_api_key")
    assert caught.value.type == "invalid_request_error"
    assert "secret" not in str(caught.value)
    assert len(provider.requests) == 1, "it is not tried again"


async def test_a_model_that_is_not_there() -> None:
    chat = await refused("chat", openai.NotFoundError, model="another")
    assert chat.code == "model_not_found"
    assert "`another` does not exist" in chat.message
    responses = await refused("responses", openai.BadRequestError, model="another")
    assert (responses.code, responses.param) == ("model_not_found", "model")


@WIRES
async def test_too_many_requests(wire: str) -> None:
    limited = Body(SLOW_DOWN, 429, headers={"Retry-After": "7"})
    async with asked(limited) as (client, _):
        with pytest.raises(openai.RateLimitError, match=r"Slow down\.") as caught:
            await ask(client, wire)
    assert caught.value.code == "rate_limit_exceeded"
    assert caught.value.response.headers["retry-after"] == "7"


@WIRES
async def test_the_sdk_tries_again_when_it_is_told_to(wire: str) -> None:
    limited = Body(SLOW_DOWN, 429, headers={"Retry-After-Ms": "5"})
    down = Body({"error": {"message": "Oops."}}, 503, headers={"Retry-After-Ms": "5"})
    async with asked(limited, down, "Hi.", max_retries=2) as (client, provider):
        stream = await ask(client, wire)
        assert [event async for event in stream]
    assert [request.status for request in provider.requests] == [429, 503, 200]


@WIRES
async def test_a_script_that_is_over_is_not_asked_again(wire: str) -> None:
    async with asked(max_retries=2) as (client, provider):
        with pytest.raises(openai.InternalServerError, match="scenario exhausted") as caught:
            await ask(client, wire)
    assert caught.value.code == "scenario_exhausted"
    assert len(provider.requests) == 1


@WIRES
@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, openai.PermissionDeniedError),
        (409, openai.ConflictError),
        (422, openai.UnprocessableEntityError),
        (500, openai.InternalServerError),
        (502, openai.InternalServerError),
    ],
)
async def test_any_other_status(wire: str, status: int, kind: type[openai.APIStatusError]) -> None:
    page = "<html><title>Bad gateway</title></html>"
    async with asked(Body(page if status == 502 else {"error": {"message": "No."}}, status)) as (client, _):
        with pytest.raises(kind) as caught:
            await ask(client, wire)
    assert caught.value.status_code == status


@WIRES
@pytest.mark.parametrize("how", ["close", "reset"])
async def test_no_answer_at_all(wire: str, how: Any) -> None:
    async with asked(Hangup(how)) as (client, _):
        with pytest.raises(openai.APIConnectionError):
            await ask(client, wire)


@WIRES
async def test_an_answer_that_does_not_come(wire: str) -> None:
    async with asked(Response((Say("late"),), first_byte_s=60), timeout_s=0.1) as (client, provider):
        with pytest.raises(openai.APITimeoutError):
            await ask(client, wire)
    assert len(provider.requests) == 1


@WIRES
async def test_an_answer_that_was_not_asked_for_as_a_stream(wire: str) -> None:
    error = await refused(wire, openai.BadRequestError, stream=False)
    assert (error.param, error.code) == ("stream", "unsupported_value")


UNANSWERED = "No tool output found for function call call_1"
NEVER_CALLED = "No tool call found for function call output with call_id call_2"
OUTPUT = {"type": "function_call_output", "call_id": "call_2", "output": "21"}


@pytest.mark.parametrize(
    ("body", "says", "param"),
    [
        ({"input": [CALL]}, UNANSWERED, "input"),
        ({"input": [OUTPUT]}, NEVER_CALLED, "input"),
        ({"input": [CALL | {"arguments": "{"}]}, "valid JSON", "input[0].arguments"),
        ({"input": [{"role": "robot", "content": "Hi"}]}, "Invalid value: 'robot'", "input[0].role"),
        ({"previous_response_id": "resp_unknown"}, "resp_unknown' not found", "previous_response_id"),
        ({"tools": [RESPONSES_TOOLS[0] | {"name": "a b"}]}, "does not match pattern", "tools[0].name"),
        (
            {"tools": [RESPONSES_TOOLS[0] | {"parameters": PARAMETERS | {"required": []}}]},
            "'required' is required",
            "tools[0].parameters",
        ),
        ({"tool_choice": {"type": "function", "name": "other"}}, "'other' not found in 'tools'", "tool_choice"),
    ],
)
async def test_the_rules_of_responses(body: Any, says: str, param: str) -> None:
    error = await refused("responses", openai.BadRequestError, **body)
    assert says in error.message
    assert error.param == param
    assert error.type == "invalid_request_error"


@pytest.mark.parametrize(
    ("body", "says", "param"),
    [
        ({"messages": [*MESSAGES, SAID]}, "did not have response messages: call_1", "messages"),
        (
            {"messages": [*MESSAGES, {"role": "tool", "tool_call_id": "call_1", "content": "21"}]},
            "must be a response to a preceeding message",
            "messages.[1].role",
        ),
        ({"messages": []}, "empty array", "messages"),
        ({"parallel_tool_calls": True}, "only allowed when 'tools' are specified", "parallel_tool_calls"),
        ({"tools": [CHAT_TOOLS[0] | {"type": "gadget"}]}, "Invalid value: 'gadget'", "tools[0].type"),
    ],
)
async def test_the_rules_of_chat(body: Any, says: str, param: str) -> None:
    error = await refused("chat", openai.BadRequestError, **body)
    assert says in error.message
    assert error.param == param


async def test_a_path_that_is_not_there() -> None:
    async with asked() as (client, _):
        with pytest.raises(openai.NotFoundError, match=r"Invalid URL \(POST /v1/embeddings\)"):
            await client.embeddings.create(model=MODEL, input="Hi")


async def test_a_refusal_uses_up_no_answer() -> None:
    with FakeProvider(Scenario.of("Said once."), keys=[KEY]) as provider:
        async with (
            httpx2.AsyncClient() as http,
            openai.AsyncOpenAI(base_url=provider.base_url, api_key=KEY, max_retries=0, http_client=http) as client,
        ):
            with pytest.raises(openai.BadRequestError):
                await client.responses.create(model=MODEL, input=[CALL], stream=True)
            async with client.responses.stream(model=MODEL, input="Hi") as stream:
                assert (await stream.get_final_response()).output_text == "Said once."
