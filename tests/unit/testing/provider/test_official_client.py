"""The official client reads both wires: text and two calls, their results, and the provider's refusals."""

from typing import Any

import openai
import pytest

from millstream.testing import CallTool, Delivery, FakeProvider, Response, Say, Scenario, Think, Together

PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
TWO_CALLS = Response(
    (
        Think("Both at once."),
        Say("I look it up."),
        Together((CallTool("weather", {"city": "Paris"}), CallTool("weather", {"city": "Zürich"}))),
    )
)
ONE_BY_ONE = Response((Say("I look it up."), *(CallTool("weather", {"city": city}) for city in ("Paris", "Zürich"))))
"""The client's helper for Chat takes a call for complete when a delta for another one comes."""
SCENARIO = Scenario((ONE_BY_ONE, Response((Say("21 and 18 degrees."),))), "history")


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
@pytest.mark.parametrize("delivery", [Delivery(), Delivery("\r\n", gzip=True, piece_bytes=7)])
async def test_responses(delivery: Delivery) -> None:
    tool: Any = {"type": "function", "name": "weather", "parameters": PARAMETERS, "strict": True}
    first = Response(TWO_CALLS.steps, delivery=delivery)
    with FakeProvider(Scenario((first, *SCENARIO.responses[1:]), "history")) as provider:
        async with openai.AsyncOpenAI(base_url=provider.base_url, api_key="sk-test", max_retries=0) as client:
            async with client.responses.stream(model="m", input="hi", tools=[tool]) as stream:
                async for _ in stream:
                    pass
                response = await stream.get_final_response()
            calls = [item for item in response.output if item.type == "function_call"]
            assert response.output_text == "I look it up."
            assert [call.arguments for call in calls] == ['{"city":"Paris"}', '{"city":"Zürich"}']
            assert response.usage is not None
            outputs: Any = [{"type": "function_call_output", "call_id": call.call_id, "output": "x"} for call in calls]
            async with client.responses.stream(
                model="m", input=outputs, previous_response_id=response.id, tools=[tool]
            ) as stream:
                assert (await stream.get_final_response()).output_text == "21 and 18 degrees."
            echoed: Any = [
                {"role": "user", "content": "hi"},
                *(item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in response.output[:1]),
                *(item.model_dump(exclude_none=True, exclude={"parsed_arguments"}) for item in calls),
            ]
            with pytest.raises(
                openai.BadRequestError, match=f"No tool output found for function call {calls[1].call_id}"
            ):
                await client.responses.create(model="m", input=[*echoed, outputs[0]], stream=True)
            async with client.responses.stream(model="m", input=[*echoed, *outputs]) as stream:
                assert (await stream.get_final_response()).output_text == "21 and 18 degrees."


@pytest.mark.anyio
async def test_chat_completions() -> None:
    tool: Any = {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS, "strict": True}}
    messages: Any = [{"role": "user", "content": "hi"}]
    with FakeProvider(SCENARIO) as provider:
        async with openai.AsyncOpenAI(base_url=provider.base_url, api_key="sk-test", max_retries=0) as client:
            chat = client.chat.completions
            async with chat.stream(
                model="m", messages=messages, tools=[tool], stream_options={"include_usage": True}
            ) as stream:
                async for _ in stream:
                    pass
                completion = await stream.get_final_completion()
            message = completion.choices[0].message
            calls = message.tool_calls or []
            assert (message.content, completion.choices[0].finish_reason) == ("I look it up.", "tool_calls")
            assert [call.function.arguments for call in calls] == ['{"city":"Paris"}', '{"city":"Zürich"}']
            assert completion.usage is not None
            said: Any = {"role": "assistant", "tool_calls": [call.model_dump(exclude_none=True) for call in calls]}
            for call in said["tool_calls"]:
                call["function"].pop("parsed_arguments")
            answers: Any = [{"role": "tool", "tool_call_id": call.id, "content": "x"} for call in calls]
            with pytest.raises(openai.BadRequestError, match=f"did not have response messages: {calls[1].id}"):
                await chat.create(model="m", messages=[*messages, said, answers[0]], stream=True)
            async with chat.stream(model="m", messages=[*messages, said, *answers]) as stream:
                last = await stream.get_final_completion()
            assert last.choices[0].message.content == "21 and 18 degrees."


@pytest.mark.anyio
async def test_refusals_are_the_errors_of_the_official_client() -> None:
    with FakeProvider(SCENARIO, keys=["sk-right"], models=["m"]) as provider:
        async with openai.AsyncOpenAI(base_url=provider.base_url, api_key="sk-wrong", max_retries=0) as client:
            with pytest.raises(openai.AuthenticationError):
                await client.responses.create(model="m", input="hi", stream=True)
        async with openai.AsyncOpenAI(base_url=provider.base_url, api_key="sk-right", max_retries=0) as client:
            assert [model.id async for model in client.models.list()] == ["m"]
            with pytest.raises(openai.NotFoundError):
                await client.chat.completions.create(
                    model="n", messages=[{"role": "user", "content": "x"}], stream=True
                )
