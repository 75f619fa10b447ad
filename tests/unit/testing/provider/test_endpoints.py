"""Every endpoint over real HTTP: it answers, it refuses in its own form, and every fault can be played on it."""

import json
from typing import Any, get_args

import httpx2
import pytest

from millstream.errors import UsageError
from millstream.testing import (
    Body,
    CallTool,
    Cut,
    Delivery,
    ErrorEvent,
    FakeProvider,
    Flood,
    Hangup,
    LongLine,
    MoreArgs,
    Ping,
    Raw,
    Response,
    Say,
    Scenario,
)
from millstream.testing.provider.endpoints import ENDPOINTS, Api, Posted
from millstream.testing.provider.scenario import Answer
from millstream.testing.provider.steps import Step
from tests.unit.testing.provider.asking import BODIES, NEXT_TURNS, headers_of, path_of
from tests.unit.testing.provider.wires import EVERYTHING, frames, marks_of

HISTORIES = ("input", "messages", "contents", "prompt")
"""What the fields that hold a conversation are called."""
NO_KEY_NEEDED = "ollama-native"
MESSAGES = {
    "openai-responses": "error.message",
    "openai-chat": "error.message",
    "openai-completions": "error.message",
    "anthropic-messages": "error.message",
    "gemini-generate": "error.message",
    "gemini-interactions": "error.message",
    "ollama-native": "error",
    "bedrock-converse": "message",
    "cohere-v2": "message",
}
"""Where each provider says what is wrong."""


@pytest.fixture(params=ENDPOINTS)
def api(request: pytest.FixtureRequest) -> Api:
    name: Api = request.param
    return name


def post(
    provider: FakeProvider, api: Api, body: dict[str, Any] | None = None, *, key: str = "right", model: str = "m"
) -> httpx2.Response:
    named = {"model": model} if "model" in BODIES[api] else {}
    sent = BODIES[api] | named | (body or {})
    return httpx2.post(provider.root_url + path_of(api, model), json=sent, headers=headers_of(api, key))


def told(api: Api, answer: httpx2.Response) -> str:
    value: Any = answer.json()
    for step in MESSAGES[api].split("."):
        value = value[step]
    return str(value)


def test_the_table_is_whole() -> None:
    assert set(get_args(Api)) == set(ENDPOINTS) == set(BODIES) == set(MESSAGES)
    assert set(NEXT_TURNS) == set(ENDPOINTS) - {"openai-completions"}


def test_it_answers(api: Api) -> None:
    with FakeProvider(Scenario.of(EVERYTHING), keys=["right"], models=["m"]) as provider:
        answer = post(provider, api)
        (record,) = provider.requests
    assert answer.status_code == 200, answer.text
    assert b"No m" in answer.content  # the beginning of the last text: the rest is another delta
    assert record.path == path_of(api)
    assert "right" not in json.dumps(record.to_json())
    assert record.at("finish") >= record.at("first-text") >= record.at("response-start")


def test_a_key_must_be_the_right_one(api: Api) -> None:
    with FakeProvider(Scenario.of("never"), keys=["right"]) as provider:
        wrong = post(provider, api, key="wrong")
        without = httpx2.post(provider.root_url + path_of(api), json=BODIES[api])
    assert wrong.status_code in (400, 401, 403)
    assert without.status_code in (401, 403)
    assert "wrong" not in told(api, wrong)
    assert told(api, without)


def test_any_key_is_a_key_but_there_must_be_one(api: Api) -> None:
    with FakeProvider(Scenario.of("x", "x")) as provider:
        assert post(provider, api, key="any").status_code == 200
        without = httpx2.post(provider.root_url + path_of(api), json=BODIES[api])
    assert (without.status_code == 200) is (api == NO_KEY_NEEDED)


def test_a_model_that_is_not_there(api: Api) -> None:
    with FakeProvider(Scenario.of("never"), models=["m"]) as provider:
        answer = post(provider, api, model="other")
    assert answer.status_code in (400, 404)
    assert "other" in told(api, answer) or api == "bedrock-converse"


def test_a_body_that_is_wrong_or_no_json(api: Api) -> None:
    wrong: dict[str, Any] = {key: 7 for key in HISTORIES if key in BODIES[api]}
    with FakeProvider(Scenario.of("never")) as provider:
        answers = post(provider, api, wrong)
        url, headers = provider.root_url + path_of(api), headers_of(api, "right")
        no_json = httpx2.post(url, content=b"{nope", headers=headers)
    assert answers.status_code == no_json.status_code == 400
    assert told(api, answers)
    assert told(api, no_json)


def test_the_rules_can_be_left_out(api: Api) -> None:
    wrong: dict[str, Any] = {key: 7 for key in HISTORIES if key in BODIES[api]}
    with FakeProvider(Scenario.of("x"), check=False) as provider:
        assert post(provider, api, wrong).status_code == 200


def test_a_scenario_that_is_exhausted_says_so_in_the_provider_s_form(api: Api) -> None:
    with FakeProvider(Scenario.of()) as provider:
        answer = post(provider, api)
    assert answer.status_code == 500
    assert "scenario exhausted: the fake provider has 0 answers" in told(api, answer)


def test_only_streams(api: Api) -> None:
    with FakeProvider(Scenario.of("x")) as provider:
        answer = post(provider, api, {"stream": False} if api in ("ollama-native", "cohere-v2") else None)
    assert answer.status_code == (400 if api in ("ollama-native", "cohere-v2") else 200)


@pytest.mark.parametrize("turn", NEXT_TURNS)
def test_the_turns_of_a_history_are_counted(turn: Api) -> None:
    scenario = Scenario.of("first", "second", pick="history")
    with FakeProvider(scenario) as provider:
        post(provider, turn)
        assert post(provider, turn, NEXT_TURNS[turn]).status_code == 200
        post(provider, turn)
        assert [record.answer for record in provider.requests] == [0, 1, 0]


def test_an_interaction_goes_on_from_another() -> None:
    with FakeProvider(Scenario.of(CallTool("f", {}, id="1"), "done", pick="history")) as provider:
        first = post(provider, "gemini-interactions").text
        (line,) = [line for line in first.split("\n") if "interaction.created" in line and line.startswith("data")]
        before = json.loads(line[5:])["interaction"]["id"]
        result = {"type": "function_result", "call_id": "1", "result": "x"}
        assert post(provider, "gemini-interactions", {"previous_interaction_id": before}).status_code == 400
        body = {"previous_interaction_id": before, "input": [result]}
        assert post(provider, "gemini-interactions", body).status_code == 200
        assert provider.requests[-1].answer == 1


def test_faults_within_the_stream(api: Api) -> None:
    faults: list[list[Step]] = [
        [Say("x"), Cut("eof")],
        [Say("x"), ErrorEvent("boom")],
        [Flood("flood " * 100, chars=10_000)],
        [LongLine(100_000), Cut()],
        [Raw(b"\xff raw"), Ping(0.001, 0.002), Ping(0.001, 0.002, kind="keepalive"), Say("x")],
    ]
    with FakeProvider(Scenario.of(*faults)) as provider:
        cut, failed, flood, long, raw = (post(provider, api).content for _ in faults)
        ends = [[mark.label for mark in record.marks] for record in provider.requests]
    assert "cut:eof" in ends[0]
    assert "finish" not in ends[0]
    assert cut
    assert b"boom" in failed
    assert "error" in ends[1]
    assert len(flood) > 10_000
    assert len(long) >= 100_000
    assert b"\xff raw" in raw


@pytest.mark.parametrize("how", ["close", "reset"])
def test_connections_that_break(api: Api, how: Any) -> None:
    with FakeProvider(Scenario.of([Say("x"), Cut(how, at_s=0.02)], Hangup(how))) as provider:
        for _ in range(2):
            with pytest.raises((httpx2.RemoteProtocolError, httpx2.ReadError)):
                post(provider, api)


def test_bodies_and_deliveries(api: Api) -> None:
    say = (Say("Grüße"), CallTool("f", {"x": "é"}))
    answers: list[Answer] = [
        Body({"error": "busy"}, status=503),
        Response(say, delivery=Delivery(gzip=True, piece_bytes=3)),
        Response(say, delivery=Delivery(newline="\r\n", bom=True)),
    ]
    with FakeProvider(Scenario.of(*answers)) as provider:
        busy, packed, dressed = (post(provider, api) for _ in answers)
    assert busy.status_code == 503
    assert packed.headers["content-encoding"] == "gzip"
    assert "Grü".encode() in packed.content
    assert dressed.content.startswith(b"\xef\xbb\xbf") is (api != "bedrock-converse")


def test_the_base_url_of_a_model_string() -> None:
    with FakeProvider(Scenario.of("x")) as provider:
        assert provider.url_for("openai") == provider.base_url == f"{provider.root_url}/v1"
        assert provider.gemini_url == f"{provider.root_url}/v1beta"
        with pytest.raises(UsageError, match='no model string begins with "telex:", there are openai'):
            provider.url_for("telex")


def test_a_signed_request_is_known_by_the_id_of_its_key() -> None:
    signed = "AWS4-HMAC-SHA256 Credential=AKID/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=0"
    endpoint = ENDPOINTS["bedrock-converse"]
    posted = Posted({}, headers={"authorization": signed})
    assert endpoint.check_key(posted, ["AKID"]) is None
    assert endpoint.check_key(posted, ["other"]) is not None


def test_anthropic_wants_a_version() -> None:
    posted = Posted(BODIES["anthropic-messages"], headers={"x-api-key": "any"})
    refusal = ENDPOINTS["anthropic-messages"].check_key(posted, None)
    assert refusal is not None
    assert refusal.body["error"]["message"] == "anthropic-version: header is required"


@pytest.mark.parametrize("name", ["anthropic-messages", "bedrock-converse", "cohere-v2", "gemini-interactions"])
def test_a_call_that_is_closed_twice_is_closed_once(name: Api) -> None:
    once = frames(name, CallTool("f", {}), Say("x"))
    twice = frames(name, CallTool("f", {}), Say("x"), MoreArgs("", seal=True))
    assert b"".join(frame.data for frame in once) == b"".join(frame.data for frame in twice)
    assert marks_of(twice).count("call-sealed:f") == 2


def test_gemini_without_alt_is_an_array_of_json() -> None:
    with FakeProvider(Scenario.of("Hello", "Hello")) as provider:
        answer = post(provider, "gemini-generate")
        sse = httpx2.post(
            f"{provider.root_url}{path_of('gemini-generate')}?alt=sse",
            json=BODIES["gemini-generate"],
            headers=headers_of("gemini-generate", "any"),
        )
    assert answer.headers["content-type"] == "application/json; charset=UTF-8"
    assert len(answer.json()) == 3
    assert sse.headers["content-type"] == "text/event-stream"
    assert sse.content.count(b"\r\n\r\n") == 3
    assert sse.content.count(b"\n") == sse.content.count(b"\r\n")
