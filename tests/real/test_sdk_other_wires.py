"""What official clients make of the smaller wires: Completions, Interactions, and the frames of Bedrock."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import openai
import pytest
from google import genai
from google.genai import types

from millstream.testing import CallTool, FakeProvider, Say, Scenario, Think
from millstream.testing.provider.steps import Step

pytestmark = pytest.mark.real


def test_completions() -> None:
    with (
        FakeProvider(Scenario.of([Say("Once upon a time.")])) as served,
        openai.OpenAI(base_url=served.base_url, api_key="any", max_retries=0) as client,
    ):
        chunks = list(client.completions.create(model="m", prompt="Tell me.", stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == "Once upon a time."
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_interactions_go_on_from_each_other() -> None:
    """A call, its result, and the answer: the client's own words for each."""
    answers = Scenario.of([Think("hm"), CallTool("weather", {"city": "Zürich"}, id="c1")], "21 degrees.")
    with FakeProvider(answers) as served:
        options = types.HttpOptions(base_url=served.root_url, api_version="v1beta")
        with genai.Client(api_key="any", http_options=options) as client:
            api: Any = client.interactions
            first: list[Any] = list(api.create(model="m", input="What is the weather?", stream=True))
            result = {"type": "function_result", "call_id": "c1", "name": "weather", "result": "21"}
            before = first[0].interaction.id
            second: list[Any] = list(api.create(model="m", input=[result], previous_interaction_id=before, stream=True))
    texts = [
        event.delta.arguments
        for event in first
        if getattr(event, "delta", None) and event.delta.type == "arguments_delta"
    ]
    assert "".join(texts) == '{"city":"Zürich"}'
    assert first[-1].interaction.status == "requires_action"
    said = [event.delta.text for event in second if getattr(event, "delta", None) and event.delta.type == "text"]
    assert "".join(said) == "21 degrees."
    assert second[-1].interaction.status == "completed"


def test_converse_stream() -> None:
    """botocore itself asks, signs and reads."""
    session: Any = import_module("botocore.session")
    config: Any = import_module("botocore.config")
    steps: list[Step] = [Think("hm"), Say("Let me look."), CallTool("weather", {"city": "Zürich"}, id="t1")]
    with FakeProvider(Scenario.of(steps), keys=["AKID"]) as served:
        client = session.get_session().create_client(
            "bedrock-runtime",
            region_name="us-east-1",
            endpoint_url=served.root_url,
            aws_access_key_id="AKID",
            aws_secret_access_key="secret",
            config=config.Config(retries={"max_attempts": 0}),
        )
        question = {"role": "user", "content": [{"text": "What is the weather?"}]}
        events = list(client.converse_stream(modelId="us.amazon.nova-2-lite-v1:0", messages=[question])["stream"])
        client.close()
        (record,) = served.requests
    inputs = [event["contentBlockDelta"]["delta"].get("toolUse") for event in events if "contentBlockDelta" in event]
    assert "".join(tool["input"] for tool in inputs if tool) == '{"city":"Zürich"}'
    assert [event["messageStop"]["stopReason"] for event in events if "messageStop" in event] == ["tool_use"]
    assert record.path == "/model/us.amazon.nova-2-lite-v1:0/converse-stream"
