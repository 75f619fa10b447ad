"""The Gemini wire: its messages, checked against the official types and recorded streams."""

import json
from pathlib import Path
from typing import Any

import pytest
from google.genai.types import GenerateContentResponse

from millstream.events import Usage
from millstream.testing import CallTool, Cut, ErrorEvent, Finish, MoreArgs, Ping, Say, Think, Together
from millstream.testing.provider.rules.gemini import signed_part
from millstream.testing.provider.rules.signature import signature_of
from millstream.testing.provider.steps import Step
from tests.unit.testing.provider.wires import EVERYTHING, data_of, fields_of, frames, marks_of, unseen

SSE = {"alt": "sse"}


def messages(*steps: Step, usage: Usage | None = None) -> list[dict[str, Any]]:
    return data_of(frames("gemini-generate", *steps, usage=usage, query=SSE))


def parts(*steps: Step) -> list[dict[str, Any]]:
    candidates = [message["candidates"][0] for message in messages(*steps)]
    return [part for candidate in candidates for part in candidate.get("content", {"parts": []})["parts"]]


def end(*steps: Step) -> dict[str, Any]:
    candidate: dict[str, Any] = messages(*steps)[-1]["candidates"][0]
    return candidate


@pytest.mark.parametrize(
    "steps",
    [EVERYTHING, [Say("x"), Finish("length")], [CallTool("a", raw="{nope")], [Think("hm"), Say("x")], []],
)
def test_every_message_is_one_of_the_official_client(steps: list[Step]) -> None:
    made = messages(*steps)
    assert made
    for message in made:
        parsed = GenerateContentResponse.model_validate(message)  # forbids what it does not know
        assert parsed.candidates


def test_text_thoughts_and_the_end() -> None:
    assert parts(Think("hmmm"), Say("Hello")) == [
        {"text": "hmmm", "thought": True},
        {"text": "Hell"},
        {"text": "o"},
        {"text": "", "thoughtSignature": signature_of("")},
    ]
    assert parts(Say("x")) == [{"text": "x"}, {"text": ""}]
    assert end(Say("x")) == {"content": {"parts": [{"text": ""}], "role": "model"}, "finishReason": "STOP", "index": 0}


def test_calls_come_whole_and_only_the_first_is_signed() -> None:
    together = Together((CallTool("a", {"x": "yyyy"}, id="1"), CallTool("b", {"z": 1}, id="2")))
    assert parts(together)[:-1] == [
        {
            "functionCall": {"name": "a", "args": {"x": "yyyy"}, "id": "1"},
            "thoughtSignature": signature_of(signed_part("a", '{"x": "yyyy"}')),
        },
        {"functionCall": {"name": "b", "args": {"z": 1}, "id": "2"}},
    ]
    assert end(together)["finishReason"] == "STOP"
    marks = ["call-opened:a", "args-complete:a", "call-sealed:a", "call-opened:b", "args-complete:b", "call-sealed:b"]
    assert marks_of(frames("gemini-generate", together)) == [*marks, "finish"]


def test_a_call_without_an_id_and_without_arguments() -> None:
    (call, _) = parts(CallTool("a", raw="", id=""))
    assert call["functionCall"] == {"name": "a", "args": {}}


def test_arguments_are_sent_as_they_were_written() -> None:
    data = b"".join(frame.data for frame in frames("gemini-generate", CallTool("a", raw='{"x":1,"x":1e999}')))
    assert b'"args":{"x":1,"x":1e999}' in data


@pytest.mark.parametrize("raw", ["{nope", '{"x": NaN}', '{"x": "cut'])
def test_arguments_that_are_no_json_never_come(raw: str) -> None:
    assert parts(CallTool("a", raw=raw)) == []
    assert end(CallTool("a", raw=raw)) == {
        "finishReason": "MALFORMED_FUNCTION_CALL",
        "index": 0,
        "finishMessage": "Malformed function call",
    }


def test_a_call_that_was_never_closed_never_comes() -> None:
    assert parts(CallTool("a", raw='{"x": 1'), Finish("length")) == [{"text": ""}]
    assert messages(CallTool("a", {"x": 1}), Cut()) == []
    assert parts(CallTool("a", raw='{"x":', seal=False), MoreArgs("1}", seal=True))[0]["functionCall"]["args"] == {
        "x": 1
    }


def test_an_open_call_is_closed_by_a_good_end() -> None:
    assert parts(CallTool("a", {"x": 1}, seal=False))[0]["functionCall"]["args"] == {"x": 1}
    assert parts(CallTool("a", {}), MoreArgs("{}"))[1:] == [{"text": ""}]


@pytest.mark.parametrize(
    ("reason", "told"), [("length", "MAX_TOKENS"), ("content_filter", "SAFETY"), ("RECITATION", "RECITATION")]
)
def test_reasons(reason: str, told: str) -> None:
    assert end(Say("x"), Finish(reason))["finishReason"] == told


def test_without_alt_it_is_one_array() -> None:
    made = frames("gemini-generate", Say("Hello"), CallTool("a", {"x": 1}), Ping(1, 2))
    assert json.loads(b"".join(frame.data for frame in made)) == messages(Say("Hello"), CallTool("a", {"x": 1}))
    assert b"".join(frame.data for frame in frames("gemini-generate", Cut())) == b""


def test_tokens() -> None:
    counted = messages(Say("x"), usage=Usage(100, 30, 40, 10))[-1]["usageMetadata"]
    assert counted == {
        "promptTokenCount": 100,
        "candidatesTokenCount": 20,
        "totalTokenCount": 130,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 100}],
        "cachedContentTokenCount": 40,
        "thoughtsTokenCount": 10,
    }


def test_errors() -> None:
    assert messages(ErrorEvent("busy", code=503)) == [
        {"error": {"code": 503, "message": "busy", "status": "UNAVAILABLE"}}
    ]
    assert messages(ErrorEvent("boom"))[0]["error"]["status"] == "INTERNAL"
    assert messages(ErrorEvent("boom", shape="data"))[0]["error"]["type"] == "server_error"


def test_the_fields_are_those_of_recorded_streams(corpus: Path) -> None:
    """Each object has only fields that some recorded one in its place has."""
    recorded: dict[str, set[str]] = {}
    for file in (corpus / "streams/open/gemini-generate").glob("*.sse"):
        for line in file.read_text(encoding="utf-8").split("\n"):
            if line.startswith("data:"):
                fields_of(json.loads(line[5:]), recorded)
    made: dict[str, set[str]] = {}
    for message in messages(*EVERYTHING):
        fields_of(message, made)
    assert unseen(made, recorded) == {}
