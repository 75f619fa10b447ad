"""The provider over real HTTP: each step and each fault as a real client sees it."""

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import httpx2
import pytest

from millstream.errors import UsageError
from millstream.testing import (
    Body,
    CallTool,
    FakeProvider,
    Finish,
    Pause,
    Response,
    Say,
    Scenario,
    Together,
)
from millstream.testing.provider.steps import Step

KEY = {"authorization": "Bearer sk-test"}
RESPONSES = {"model": "m", "input": "hi", "stream": True}
CHAT = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "stream": True}
LONG_S = 60.0
"""Longer than any test: a pause that only a disconnect or the end of the server ends."""


def post(provider: FakeProvider, body: Any = None, path: str = "/responses") -> httpx2.Response:
    return httpx2.post(provider.base_url + path, json=body or RESPONSES, headers=KEY)


def started_id(answer: httpx2.Response) -> str:
    """The id in the first event."""
    response_id: str = json.loads(answer.text.split("data: ")[1].split("\n")[0])["response"]["id"]
    return response_id


def post_chat(provider: FakeProvider) -> httpx2.Response:
    return post(provider, CHAT, "/chat/completions")


def serve(*steps: Step, **fields: Any) -> FakeProvider:
    return FakeProvider(Scenario((Response(steps, **fields),)))


def read_until(provider: FakeProvider, wanted: Callable[[bytes], bool]) -> bytes:
    """Read until the body is as wanted, then leave."""
    data = b""
    with httpx2.stream("POST", provider.base_url + "/responses", json=RESPONSES, headers=KEY) as response:
        for piece in response.iter_raw():
            data += piece
            if wanted(data):
                return data
    return data


def test_both_wires_stream_with_the_headers_of_real_ones() -> None:
    with FakeProvider(Scenario.of("Hello", "Hello")) as provider:
        answer = post(provider)
        chat = post_chat(provider)
    assert (answer.status_code, chat.status_code) == (200, 200)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["x-request-id"].startswith("req_")
    assert answer.text.endswith("\n\n")
    assert "event: response.completed\n" in answer.text
    assert chat.text.endswith("data: [DONE]\n\n")


def test_events_arrive_when_they_are_written() -> None:
    with serve(Say("abcd"), Pause(LONG_S)) as provider:
        data = read_until(provider, lambda data: b'"delta":"abcd"' in data)
    assert b"output_text.done" in data or data.endswith(b"\n\n")


def test_requests_get_the_answers_in_order_then_a_clear_error() -> None:
    with FakeProvider(Scenario.of("one", "two")) as provider:
        assert '"text":"one"' in post(provider).text
        refused = post(provider, {"model": "m", "stream": True})
        assert '"text":"two"' in post(provider).text
        exhausted = post(provider)
        records = provider.requests
    assert refused.status_code == 400
    assert exhausted.status_code == 500
    assert exhausted.headers["x-should-retry"] == "false"
    assert exhausted.json()["error"]["code"] == "scenario_exhausted"
    assert "has 2 answers and was asked for number 3" in exhausted.json()["error"]["message"]
    assert [(record.status, record.answer) for record in records] == [(200, 0), (400, None), (200, 1), (500, None)]


def test_by_history_each_conversation_begins_with_the_first_answer() -> None:
    second = RESPONSES | {"input": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}]}
    with FakeProvider(Scenario.of("one", "two", pick="history")) as provider:
        texts = [post(provider, body).text for body in (RESPONSES, second, RESPONSES, second)]
        answers = [record.answer for record in provider.requests]
    assert answers == [0, 1, 0, 1]
    assert ['"text":"one"' in text for text in texts] == [True, False, True, False]


def test_a_stored_response_can_be_gone_on_from() -> None:
    with FakeProvider(Scenario.of([CallTool("a", id="call_1")], "done", pick="history")) as provider:
        first = post(provider)
        response_id = started_id(first)
        output = {"type": "function_call_output", "call_id": "call_1", "output": "ok"}
        forgot = post(provider, RESPONSES | {"previous_response_id": response_id, "input": []})
        went_on = post(provider, RESPONSES | {"previous_response_id": response_id, "input": [output]})
        unknown = post(provider, RESPONSES | {"previous_response_id": "resp_9", "input": [output]})
        answers = [record.answer for record in provider.requests]
    assert forgot.json()["error"]["message"] == "No tool output found for function call call_1."
    assert "response.completed" in went_on.text
    assert unknown.json()["error"]["code"] == "previous_response_not_found"
    assert answers == [0, None, 1, None]


def test_what_was_not_to_be_stored_is_not_found() -> None:
    with FakeProvider(Scenario.of("one", "two")) as provider:
        first = post(provider, RESPONSES | {"store": False})
        response_id = started_id(first)
        second = post(provider, RESPONSES | {"previous_response_id": response_id})
    assert second.json()["error"]["code"] == "previous_response_not_found"


def test_times_are_kept() -> None:
    steps = (
        Together((CallTool("a", {"x": 1}, until_s=0.05), CallTool("b", {"y": "z" * 40}, until_s=0.25))),
        Finish(at_s=0.3),
    )
    with serve(*steps) as provider:
        answer = post(provider)
        (record,) = provider.requests
    start = record.at("response-start")
    wanted = {"args-complete:a": 0.05, "call-sealed:a": 0.05, "args-complete:b": 0.25, "finish": 0.3}
    for label, at_s in wanted.items():
        assert at_s - 0.001 <= record.at(label) - start <= at_s + 0.1, (
            label
        )  # never early; late where a machine is busy
    assert record.at_s <= start
    assert record.marks[-1].label == "response-end"
    assert record.bytes_sent == len(answer.content)


def test_the_first_byte_waits() -> None:
    with serve(first_byte_s=0.2) as provider:
        before = time.monotonic()
        post(provider)
        assert time.monotonic() - before >= 0.2


def test_whole_bodies_and_http_errors() -> None:
    busy = Body({"error": {"message": "busy"}}, 429, headers={"Retry-After": "2"})
    with FakeProvider(Scenario.of(Body("<html>hello</html>"), busy)) as provider:
        page = post(provider)
        error = post(provider)
    assert (page.status_code, page.headers["content-type"], page.text) == (200, "text/html", "<html>hello</html>")
    assert (error.status_code, error.headers["retry-after"], error.json()) == (429, "2", {"error": {"message": "busy"}})


def test_many_requests_at_once() -> None:
    async def ask(provider: FakeProvider) -> list[int]:
        async with httpx2.AsyncClient(limits=httpx2.Limits(max_connections=50)) as client:
            url = provider.base_url + "/responses"
            answers = await asyncio.gather(*(client.post(url, json=RESPONSES, headers=KEY) for _ in range(50)))
        return [answer.status_code for answer in answers]

    with FakeProvider(Scenario((Response((Say("x" * 40),), tokens_per_s=100),), "history")) as provider:
        before = time.monotonic()
        assert asyncio.run(ask(provider)) == [200] * 50
        assert time.monotonic() - before < 5  # one after the other it would take as long
        assert len(provider.requests) == 50


def test_keys() -> None:
    with FakeProvider(Scenario.of("x"), keys={"sk-right"}) as provider:
        url = provider.base_url + "/responses"
        none = httpx2.post(url, json=RESPONSES)
        wrong = httpx2.post(url, json=RESPONSES, headers={"authorization": "Bearer sk-wrong"})
        right = httpx2.post(url, json=RESPONSES, headers={"authorization": "Bearer sk-right"})
        models = httpx2.get(provider.base_url + "/models")
        records = str(provider.requests)
    assert [none.status_code, wrong.status_code, right.status_code, models.status_code] == [401, 401, 200, 401]
    assert wrong.json()["error"]["code"] == "invalid_api_key"
    assert "sk-" not in wrong.text + records


def test_models() -> None:
    with FakeProvider(Scenario.of("x", "x"), models=["m", "n"]) as provider:
        listed = httpx2.get(provider.base_url + "/models", headers=KEY)
        known = post(provider)
        chat = post(provider, CHAT | {"model": "gpt-9"}, "/chat/completions")
        responses = post(provider, RESPONSES | {"model": "gpt-9"})
    assert [model["id"] for model in listed.json()["data"]] == ["m", "n"]
    assert [known.status_code, chat.status_code, responses.status_code] == [200, 404, 400]
    assert chat.json()["error"]["code"] == responses.json()["error"]["code"] == "model_not_found"


def test_routes_and_bodies_that_there_are_not() -> None:
    with FakeProvider(Scenario.of("x")) as provider:
        nowhere = post(provider, path="/nowhere")
        method = httpx2.get(provider.base_url + "/responses", headers=KEY)
        garbage = httpx2.post(provider.base_url + "/responses", content=b"{", headers=KEY)
        whole = post(provider, RESPONSES | {"stream": False})
    assert (nowhere.status_code, nowhere.json()["error"]["message"]) == (404, "Invalid URL (POST /v1/nowhere)")
    assert (method.status_code, method.json()["error"]["code"]) == (405, "method_not_supported")
    assert (garbage.status_code, garbage.json()["error"]["type"]) == (400, "invalid_request_error")
    assert (whole.status_code, whole.json()["error"]["param"]) == (400, "stream")


@pytest.mark.parametrize(
    "odd", [{"input": [{"type": "odd"}]}, {"input": 7, "tools": 7, "reasoning": 7, "text": [], "stream_options": 7}]
)
def test_rules_can_be_left_out(odd: dict[str, Any]) -> None:
    with FakeProvider(Scenario.of("x", "x"), check=False) as provider:
        assert post(provider, {"model": "m", "stream": True} | odd).status_code == 200
        assert post(provider, {"stream": True, "messages": odd} | odd, "/chat/completions").status_code == 200


def test_requests_can_be_fetched_as_json() -> None:
    with FakeProvider(Scenario.of("x")) as provider:
        post(provider)
        (fetched,) = httpx2.get(provider.base_url.removesuffix("/v1") + "/requests").json()
        (record,) = provider.requests
    assert fetched == json.loads(json.dumps(record.to_json()))
    assert fetched["headers"]["authorization"] == "Bearer ********"


def test_waiting_for_requests_tells_what_was_seen() -> None:
    with FakeProvider(Scenario.of("x")) as provider:
        asking = threading.Timer(0.01, lambda: post(provider))
        asking.start()
        assert len(provider.wait_for_requests(1)) == 1
        asking.join()
        with pytest.raises(TimeoutError, match=r"no 2 requests within 0\.01 s; the provider has seen: /v1/responses"):
            provider.wait_for_requests(2, 0.01)


def test_it_is_used_once_and_entered_first() -> None:
    provider = FakeProvider(Scenario.of("x"))
    with pytest.raises(UsageError, match="enter it with `with` first"):
        _ = provider.base_url
    with provider:
        pass
    with pytest.raises(UsageError, match="make a new one"):
        provider.__enter__()


def test_importing_loads_no_server_and_without_one_the_extra_is_named() -> None:
    code = """
import sys
import millstream.testing as testing
assert not {"starlette", "uvicorn"} & set(sys.modules), "loaded too early"
sys.modules["uvicorn"] = None
try:
    testing.FakeProvider(testing.Scenario.of("x"))
except testing.provider.server.UsageError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout == "FakeProvider needs uvicorn: pip install 'millstream[fake]'\n"
