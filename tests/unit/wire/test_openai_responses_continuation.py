from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from millstream.events import Call
from millstream.settings import Settings
from millstream.transcript import CallItem, Reply, TextItem, TextPart, ToolResult, Transcript, user
from millstream.wire.continuation import Continuing
from millstream.wire.format import Ask
from millstream.wire.formats import FORMATS
from millstream.wire.openai_responses.continuation import continuation

CALL = Call("call-1-0", 1, 0, "look", "call_abc")
ECHO = {"type": "function_call", "call_id": "call_abc", "name": "look", "arguments": "{}"}
REPLY = Reply(1, (CallItem(CALL, "{}", ECHO),), "openai-responses", "openai:m", "resp_1")
RESULT = ToolResult(CALL, (TextPart("21"),))
OUTPUT = {"type": "function_call_output", "call_id": "call_abc", "output": "21"}


def ask(*entries: Any, **body: Any) -> Ask:
    return Ask("m", Transcript((user("Go."), *entries)), settings=Settings(body=body))


def test_only_what_came_after_the_last_reply() -> None:
    found = continuation(ask(REPLY, RESULT, user("And?")))
    assert found is not None
    assert found.previous_response_id == "resp_1"
    assert found.input == [OUTPUT, {"type": "message", "role": "user", "content": "And?"}]


def test_the_last_reply_counts() -> None:
    said = Reply(2, (TextItem("Done."),), "openai-responses", "openai:m", "resp_2")
    found = continuation(ask(REPLY, RESULT, said, user("And?")))
    assert found is not None
    assert found.previous_response_id == "resp_2"
    assert [item["type"] for item in found.input] == ["message"]


@pytest.mark.parametrize(
    "entries",
    [
        (),
        (replace(REPLY, response_id=None), RESULT),
        (replace(REPLY, wire="anthropic-messages"), RESULT),
        (REPLY, RESULT, Reply(2, (TextItem("x"),), "openai-chat", "m", "chatcmpl_1")),
        (REPLY,),
        (replace(REPLY, items=(CallItem(CALL, "{}", {**ECHO, "call_id": "call_other"}),)), RESULT),
        (replace(REPLY, items=(CallItem(CALL, "{}"),)), RESULT),
    ],
    ids=["no reply", "torn", "of another wire", "another wire since", "unanswered", "id of our own", "no echo"],
)
def test_what_can_only_be_told_whole(entries: Any) -> None:
    assert continuation(ask(*entries)) is None


@pytest.mark.parametrize("field", ["input", "previous_response_id", "conversation"])
def test_a_user_who_says_himself_what_is_told_of_the_past(field: str) -> None:
    assert continuation(ask(REPLY, RESULT, **{field: "x"})) is None


def test_the_format_offers_it_and_others_do_not() -> None:
    assert isinstance(FORMATS["openai-responses"], Continuing)
    assert not isinstance(FORMATS["openai-chat"], Continuing)
