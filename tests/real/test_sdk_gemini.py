"""What Google's SDK makes of the fake provider's Gemini wire: exactly what the scenario says."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import pytest
from google import genai
from google.genai import errors, types

from millstream.events import Usage
from millstream.testing import CallTool, Cut, ErrorEvent, FakeProvider, Response, Say, Scenario, Think, Together

pytestmark = pytest.mark.real

KEY, MODEL = "right", "gemini-fake"
TOOL = types.Tool(
    function_declarations=[
        types.FunctionDeclaration(
            name="weather",
            parameters=types.Schema(
                type=types.Type.OBJECT, properties={"city": types.Schema(type=types.Type.STRING)}, required=["city"]
            ),
        )
    ]
)
CONFIG = types.GenerateContentConfig(
    tools=[TOOL], automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True)
)
QUESTION = types.Content(role="user", parts=[types.Part(text="What is the weather?")])
EVERYTHING = (
    Think("Both at once."),
    Say("Let me look: ⛅."),
    Together((CallTool("weather", {"city": "Paris"}), CallTool("weather", {"city": "Zürich"}, id="mine"))),
)


@contextmanager
def asked(*answers: Any, key: str = KEY) -> Generator[tuple[genai.Client, FakeProvider]]:
    with FakeProvider(Scenario.of(*answers), keys=[KEY], models=[MODEL]) as served:
        options = types.HttpOptions(base_url=served.root_url, api_version="v1beta")
        with genai.Client(api_key=key, http_options=options) as client:
            yield client, served


def ask(client: genai.Client, *contents: types.Content, model: str = MODEL) -> list[types.Part]:
    """All parts of the answer."""
    models: Any = client.models
    stream = models.generate_content_stream(model=model, contents=list(contents), config=CONFIG)
    parts: list[types.Part] = []
    for message in stream:
        for candidate in message.candidates or ():
            if candidate.content is not None:
                parts += candidate.content.parts or ()
    return parts


def test_everything_arrives() -> None:
    with asked(Response(EVERYTHING, usage=Usage(120, 45, 64, 12))) as (client, served):
        parts = ask(client, QUESTION)
        assert served.requests[0].path == f"/v1beta/models/{MODEL}:streamGenerateContent"
    assert "".join(part.text or "" for part in parts if part.thought) == "Both at once."
    assert "".join(part.text or "" for part in parts if not part.thought) == "Let me look: ⛅."
    paris, zurich = (part.function_call for part in parts if part.function_call is not None)
    assert (paris.args, zurich.args, zurich.id) == ({"city": "Paris"}, {"city": "Zürich"}, "mine")
    assert [part.thought_signature is not None for part in parts if part.function_call] == [True, False]


def test_what_the_client_made_of_an_answer_is_accepted_as_the_next_request() -> None:
    with asked(EVERYTHING, "21 degrees.") as (client, _):
        parts = ask(client, QUESTION)
        results = [
            types.Part(
                function_response=types.FunctionResponse(
                    name=part.function_call.name, id=part.function_call.id, response={"output": "21"}
                )
            )
            for part in parts
            if part.function_call is not None
        ]
        said, told = types.Content(role="model", parts=parts), types.Content(role="user", parts=results)
        last = ask(client, QUESTION, said, told)
    assert "".join(part.text or "" for part in last) == "21 degrees."


def test_an_error_in_the_stream() -> None:
    answer = [Say("x"), ErrorEvent("busy", code=503)]
    with asked(answer) as (client, _), pytest.raises(errors.ServerError, match="busy"):
        ask(client, QUESTION)


def test_a_connection_that_breaks() -> None:
    with asked([Say("x"), Cut("close")]) as (client, _), pytest.raises(Exception, match="incomplete chunked read"):
        ask(client, QUESTION)


def test_refusals_are_its_exceptions() -> None:
    with asked("never") as (client, _), pytest.raises(errors.ClientError, match="is not found for API version"):
        ask(client, QUESTION, model="other")
    with asked("never", key="wrong") as (client, _), pytest.raises(errors.ClientError, match="API key not valid"):
        ask(client, QUESTION)
    with asked("never") as (client, _), pytest.raises(errors.ClientError, match="valid role"):
        ask(client, types.Content(role="assistant", parts=QUESTION.parts))
