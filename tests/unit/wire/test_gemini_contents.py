"""Gemini: a transcript -> the contents of the next request, by what the API accepts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from millstream.transcript import (
    CallItem,
    JsonPart,
    MediaPart,
    Part,
    ReasoningItem,
    ReplyItem,
    ServerItem,
    TextItem,
    TextPart,
    ToolResult,
    Transcript,
    UserMessage,
    user,
)
from millstream.wire.gemini import Gemini
from millstream.wire.gemini_calls import UNSIGNED
from tests.unit.wire.gemini_wire import echo, judge
from tests.unit.wire.transcripts import call, foreign, reply, result

_FORMAT = Gemini()
_OWN = "gemini-generate"


def parts(*said: ReplyItem, wire: str = _OWN) -> list[dict[str, Any]]:
    """The parts that a reply becomes."""
    found = _FORMAT.entries(Transcript((user("Hi"), reply(*said, wire=wire))))
    return [part for content in found[1:] for part in content["parts"]]


# --- what the model said ---


def test_parts_go_back_as_they_came() -> None:
    searched = {"toolCall": {"id": "a"}, "thoughtSignature": "t"}
    assert parts(
        ReasoningItem("Hm"),
        ReasoningItem("m", {"thoughtSignature": "r"}),
        TextItem("Let me see."),
        TextItem("", echo={"thoughtSignature": "s"}),
        ServerItem(searched),
        CallItem(call(), '{"n": 1}', echo("call_0", "u")),
    ) == [
        {"text": "Hm", "thought": True},
        {"text": "m", "thought": True, "thoughtSignature": "r"},
        {"text": "Let me see."},
        {"text": "", "thoughtSignature": "s"},
        searched,
        {"functionCall": {"name": "f", "id": "call_0", "args": {"n": 1}}, "thoughtSignature": "u"},
    ]


def test_an_id_goes_back_only_where_one_came_in_the_call_and_in_the_answer() -> None:
    first, second = call(0), call(1)
    said = reply(CallItem(first, "{}", echo("x")), CallItem(second, "{}", echo()), wire=_OWN)
    found = _FORMAT.entries(Transcript((user("Hi"), said, result(first), result(second))))
    assert found[1]["parts"] == [
        {
            "functionCall": {"name": "f", "id": "call_0", "args": {}}
        },  # ours, which is the server's unless that was taken
        {"functionCall": {"name": "f", "args": {}}},
    ]
    assert found[2:] == [
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "f", "id": "call_0", "response": {"output": "done"}}},
                {"functionResponse": {"name": "f", "response": {"output": "done"}}},
            ],
        }
    ]


def test_a_call_that_was_signed_by_nobody_gets_the_signature_for_that() -> None:
    # trap 39: Gemini 3 refuses a step whose first call has none; of parallel calls only the first one has
    unsigned = [CallItem(call(0), "{}", echo()), CallItem(call(1), "{}", echo())]
    assert [part.get("thoughtSignature") for part in parts(*unsigned)] == [None, None]
    assert [part.get("thoughtSignature") for part in parts(*unsigned, wire="openai-chat")] == [UNSIGNED, None]
    left_out = CallItem(call(1), "{}", echo())
    assert [part.get("thoughtSignature") for part in parts(left_out)] == [UNSIGNED]
    signed = CallItem(call(1), "{}", echo(signature="s"))
    assert [part.get("thoughtSignature") for part in parts(signed, CallItem(call(2), "{}", echo()))] == ["s", None]


def test_arguments_are_an_object_whatever_the_model_wrote() -> None:
    for text in ('{"a": "x', "[1]", "", "nonsense", '{"a": NaN}', '{"a": "\\ud800"}'):
        (part,) = parts(CallItem(call(), text, echo()))
        assert isinstance(part["functionCall"]["args"], dict)
        json.dumps(part, allow_nan=False, ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("name", "written"),
    [("a.b:c-d", "a.b:c-d"), ("größe", "gr__e"), ("1st", "_1st"), ("", "_"), ("-x", "_-x"), ("x" * 200, "x" * 128)],
)
def test_a_name_is_one_that_is_accepted(name: str, written: str) -> None:
    (part,) = parts(CallItem(call(name=name), "{}", echo()))
    assert part["functionCall"]["name"] == written
    answers = _FORMAT.entries(Transcript((result(call(name=name)),)))
    assert answers[0]["parts"][0]["functionResponse"]["name"] == written


def test_replies_one_after_another_are_one_content() -> None:
    # a call has to follow the user or answers
    said = Transcript((user("Hi"), reply(TextItem("a"), wire=_OWN), reply(CallItem(call(), "{}", echo()), wire=_OWN)))
    assert [content["role"] for content in _FORMAT.entries(said)] == ["user", "model"]
    assert len(_FORMAT.entries(said)[1]["parts"]) == 2


def test_a_reply_that_says_nothing_is_left_out() -> None:
    assert parts(TextItem(""), ReasoningItem("")) == []
    said = Transcript((user("Hi"), reply(wire=_OWN), reply(TextItem("a"), wire=_OWN)))
    assert [content["role"] for content in _FORMAT.entries(said)] == ["user", "model"]


def test_the_history_of_another_wire() -> None:
    found = _FORMAT.entries(foreign("openai-responses"))
    judge({"contents": found})
    assert found[1:] == [
        {
            "role": "model",
            "parts": [
                {"text": "Let me see."},
                {"functionCall": {"name": "f", "args": {"city": "Paris"}}, "thoughtSignature": UNSIGNED},
                {"functionCall": {"name": "shell", "args": {"input": "ls"}}},
                {"text": "No."},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "f", "response": {"output": '{"c":21}'}}},
                {"functionResponse": {"name": "shell", "response": {"output": "a.txt"}}},
            ],
        },
    ]


# --- what people and tools said ---


def test_a_result_is_text_because_json_would_lose_numbers_and_references() -> None:
    # vercel/ai#14369: `$ref` within a response is taken for the name of a part
    big = JsonPart({"id": 12345678901234567890, "$ref": "#/x"})
    cases: list[tuple[tuple[Part, ...], bool, dict[str, str]]] = [
        ((big,), True, {"output": '{"$ref":"#/x","id":12345678901234567890}'}),
        ((TextPart("a"), TextPart("b")), True, {"output": "a\nb"}),
        ((TextPart("No such file."),), False, {"error": "No such file."}),
        ((), True, {"output": ""}),
    ]
    for given, ok, response in cases:
        (content,) = _FORMAT.entries(Transcript((ToolResult(call(), given, ok),)))
        assert content["parts"] == [{"functionResponse": {"name": "f", "response": response}}]


def test_media() -> None:
    image, file = MediaPart("image/png", base64="aGk=", name="a.png"), MediaPart("video/mp4", url="gs://b/v.mp4")
    written = [
        {"inlineData": {"mimeType": "image/png", "data": "aGk=", "displayName": "a.png"}},
        {"fileData": {"mimeType": "video/mp4", "fileUri": "gs://b/v.mp4"}},
    ]
    found = _FORMAT.entries(
        Transcript((UserMessage((TextPart("See"), image, file)), ToolResult(call(), (image, file))))
    )
    judge({"contents": found})
    assert found == [
        {"role": "user", "parts": [{"text": "See"}, *written]},
        {
            "role": "user",
            "parts": [
                {
                    "functionResponse": {
                        "name": "f",
                        "response": {"output": "[image/png a.png]\n[video/mp4]"},
                        "parts": written,
                    }
                }
            ],
        },
    ]
