"""An agent on Bedrock over real HTTP: signed requests out, event streams in, tools run in between."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from millstream import Agent, Limits, Model, WireError, tool
from tests.corpus import recorded, requires_corpus
from tests.unit.transport.aws import endpoint, is_signed
from tests.unit.wire.bedrock_wire import args, body, delta, exception_frame, message_stop, metadata, start, stop

pytestmark = pytest.mark.anyio

KEY, SECRET, TOKEN = "AKIDEXAMPLE0", "a-secret-key-of-aws", "a-session-token-of-aws"
CALLING = body(
    ("messageStart", {"role": "assistant"}),
    delta({"text": "Let me see."}),
    stop(),
    start(1, "weather", "tooluse_1"),
    args('{"location": "Par', 1),
    args('is"}', 1),
    stop(1),
    message_stop("tool_use"),
    metadata(),
)
DONE = body(("messageStart", {"role": "assistant"}), delta({"text": "21 degrees."}), stop(), message_stop(), metadata())


@pytest.fixture(autouse=True)
def _aws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.delenv("AWS_BEARER_TOKEN_BEDROCK", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)


@tool(read_only=True)
def weather(location: str) -> str:
    """The weather at a place."""
    return f"21 degrees in {location}"


@tool(read_only=True)
def get_weather(location: str) -> str:
    """The weather at a place."""
    return f"fog in {location}"


async def test_a_run_calls_a_tool_and_answers() -> None:
    with endpoint(CALLING, DONE) as server:
        agent = Agent(Model("bedrock:a.model-v1:0", base_url=server.url), [weather])
        result = await agent.run("Weather in Paris?")
    assert result.output == "21 degrees."
    assert result.usage.output_tokens == 4
    assert all(is_signed(sent, SECRET, "eu-west-1") for sent in server.sent)
    first, second = (json.loads(sent.body) for sent in server.sent)
    assert first["toolConfig"]["tools"][0]["toolSpec"]["name"] == "weather"
    assert second["messages"][1:] == [
        {
            "role": "assistant",
            "content": [
                {"text": "Let me see."},
                {"toolUse": {"toolUseId": "tooluse_1", "name": "weather", "input": {"location": "Paris"}}},
            ],
        },
        {
            "role": "user",
            "content": [{"toolResult": {"toolUseId": "tooluse_1", "content": [{"text": "21 degrees in Paris"}]}}],
        },
    ]


async def test_a_key_is_sent_instead_of_a_signature() -> None:
    with endpoint(DONE) as server:
        await Agent(Model("bedrock:m", base_url=server.url, api_key="a-bedrock-key")).run("Hi")
    assert server.sent[0].headers["authorization"] == "Bearer a-bedrock-key"
    assert "x-amz-date" not in server.sent[0].headers


@requires_corpus
async def test_a_recorded_response_is_played_and_its_call_answered() -> None:
    (calling,) = recorded("open/bedrock-converse/*agent-loop-streaming-0--2.bin")
    with endpoint(calling.read_bytes(), DONE) as server:
        result = await Agent(Model("bedrock:m", base_url=server.url), [get_weather]).run("Weather?")
    assert len(result.calls) == 1
    (answer,) = json.loads(server.sent[1].body)["messages"][2]["content"]
    assert answer["toolResult"]["content"] == [{"text": "fog in San Francisco, CA"}]


async def test_a_failure_in_the_stream_is_asked_for_again_with_a_new_signature() -> None:
    failed = exception_frame("throttlingException", {"message": "Too many requests"})
    with endpoint(failed, DONE) as server:
        agent = Agent(Model("bedrock:m", base_url=server.url), limits=Limits(max_retry_wait_s=0.01))
        assert (await agent.run("Hi")).output == "21 degrees."
    assert all(is_signed(sent, SECRET, "eu-west-1") for sent in server.sent)


@pytest.mark.parametrize("header", ["x-amz-security-token", "authorization"])
async def test_what_signs_a_request_is_told_to_nobody(header: str) -> None:
    """AWS writes back the headers that it calculated a signature from, where that was another."""
    said = b'{"message": "The canonical request should have been ECHO"}'
    with endpoint(said, status=403, echo=header) as server:
        agent = Agent(Model("bedrock:m", base_url=server.url))
        with pytest.raises(WireError) as caught:
            await agent.run("Hi")
    assert "should have been ***" in str(caught.value)
    assert server.sent[0].headers[header] not in str(caught.value)
    assert caught.value.status == 403
