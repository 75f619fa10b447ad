"""Anthropic Messages: a transcript -> `messages`, by what the API accepts."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from millstream.transcript import (
    CallItem,
    Entry,
    JsonPart,
    MediaPart,
    Part,
    ReasoningItem,
    ReplyItem,
    ServerItem,
    SystemMessage,
    TextItem,
    TextPart,
    ToolResult,
    Transcript,
    UserMessage,
    user,
)
from millstream.wire.anthropic.messages import NAME, container_of, messages
from tests.unit.wire.transcripts import call, foreign, reply, result

_THOUGHT = ReasoningItem("Hm", {"thinking": "Hm", "signature": "EqQB"})
_THOUGHT_WRITTEN = {"type": "thinking", "thinking": "Hm", "signature": "EqQB"}
_CONTAINER = ServerItem({"type": "container", "id": "container_1"})
_PNG = base64.b64encode(b"\x89PNG").decode()


def written(*entries: Entry) -> list[dict[str, Any]]:
    return messages(Transcript(entries))


def blocks(*items: ReplyItem, wire: str = NAME) -> list[dict[str, Any]]:
    """The blocks that a reply becomes which a user answers."""
    made = written(user("Go."), reply(*items, wire=wire), user("On."))
    return made[1]["content"] if len(made) == 3 else []


def part(given: Part) -> list[dict[str, Any]]:
    made = written(UserMessage((given,)))
    return made[0]["content"] if made else []


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


# --- who speaks ---


def test_the_results_of_all_calls_stand_first_in_one_message_and_the_user_s_words_behind_them() -> None:
    first, second = call(0), call(1)
    made = written(
        user("Both?"),
        reply(TextItem("Yes."), CallItem(first, '{"a": 1}'), CallItem(second, "{}"), wire=NAME),
        result(first, "one"),
        ToolResult(second, (TextPart("no such city"),), ok=False),
        user("And now?"),
    )
    assert made == [
        {"role": "user", "content": [text("Both?")]},
        {
            "role": "assistant",
            "content": [
                text("Yes."),
                {"type": "tool_use", "id": "call_0", "name": "f", "input": {"a": 1}},
                {"type": "tool_use", "id": "call_1", "name": "f", "input": {}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_0", "content": "one"},
                {"type": "tool_result", "tool_use_id": "call_1", "content": "no such city", "is_error": True},
                text("And now?"),
            ],
        },
    ]


def test_a_reply_that_says_nothing_leaves_one_message_of_the_user() -> None:
    made = written(user("Hi"), reply(TextItem(""), wire=NAME), user("Still there?"))
    assert made == [{"role": "user", "content": [text("Hi"), text("Still there?")]}]


def test_an_instruction_within_the_history_is_told_by_the_user() -> None:
    made = written(user("Hi"), SystemMessage("Be brief."))
    assert made == [{"role": "user", "content": [text("Hi"), text("<system>\nBe brief.\n</system>")]}]


@pytest.mark.parametrize("blank", ["", " ", "\n\t"])
def test_texts_that_are_blank_are_not_written(blank: str) -> None:
    assert blocks(TextItem(blank), TextItem("a"), TextItem(blank)) == [text("a")]
    assert part(TextPart(blank)) == []


# --- what goes back ---


def test_thinking_goes_back_unchanged_and_before_what_it_led_to() -> None:
    redacted = ReasoningItem("", {"data": "EtEC"})
    made = blocks(_THOUGHT, redacted, TextItem("So."), _THOUGHT, CallItem(call(), "{}"))
    assert [block["type"] for block in made] == ["thinking", "redacted_thinking", "text", "thinking", "tool_use"]
    assert (made[0], made[1]) == (_THOUGHT_WRITTEN, {"type": "redacted_thinking", "data": "EtEC"})


def test_thinking_that_was_not_signed_stays_out() -> None:
    assert blocks(ReasoningItem("Hm"), TextItem("So.")) == [text("So.")]


def test_thinking_is_not_the_end_of_a_message_that_is_answered() -> None:  # the API refuses it
    assert blocks(TextItem("So."), _THOUGHT) == [text("So.")]
    assert blocks(_THOUGHT) == []


def test_a_reply_that_was_interrupted_is_the_last_message_as_it_is_and_is_gone_on_with() -> None:
    use = ServerItem({"type": "server_tool_use", "id": "srvtoolu_0", "name": "web_search", "input": {}})
    paused = reply(TextItem("Let me see."), use, _THOUGHT, wire=NAME)
    made = written(user("Hi"), paused)
    assert made[1] == {"role": "assistant", "content": [text("Let me see."), dict(use.echo), _THOUGHT_WRITTEN]}
    rest = reply(
        ServerItem({"type": "web_search_tool_result", "tool_use_id": "srvtoolu_0"}), TextItem("So."), wire=NAME
    )
    gone_on = written(user("Hi"), paused, rest, user("And?"))
    assert [message["role"] for message in gone_on] == ["user", "assistant", "user"]
    assert [block["type"] for block in gone_on[1]["content"]] == [
        "text",
        "server_tool_use",
        "thinking",
        "web_search_tool_result",
        "text",
    ]


def test_marks_on_a_text_and_the_caller_of_a_call_go_back() -> None:
    citations = [{"type": "page_location", "cited_text": "x"}]
    caller = {"type": "code_execution_20250825", "tool_id": "srvtoolu_0"}
    assert blocks(
        TextItem("As it says.", echo={"type": "text", "citations": citations}),
        CallItem(call(), "{}", {"type": "tool_use", "caller": caller}),
    ) == [
        {"type": "text", "text": "As it says.", "citations": citations},
        {"type": "tool_use", "id": "call_0", "name": "f", "input": {}, "caller": caller},
    ]


def test_the_result_of_a_call_of_a_toolset_names_it() -> None:
    item = CallItem(call(), "{}", {"type": "tool_use", "toolset_name": "computer"})
    made = written(user("Hi"), reply(item, wire=NAME), result(call()))
    assert made[1]["content"][0]["toolset_name"] == "computer"
    assert made[2]["content"][0]["toolset_name"] == "computer"
    plain = written(user("Hi"), reply(item, wire="another"), result(call()))
    assert "toolset_name" not in plain[2]["content"][0]


def test_a_refusal_does_not_go_back_to_who_refused() -> None:  # it is the API's own explanation
    assert blocks(TextItem("I was", refusal=False), TextItem("Blocked.", refusal=True)) == [text("I was")]


def test_a_conversation_on_another_wire_is_told_plainly() -> None:
    made = messages(foreign("openai-responses"))
    assert made[1]["content"] == [
        text("Let me see."),
        {"type": "tool_use", "id": "call_0", "name": "f", "input": {"city": "Paris"}},
        {"type": "tool_use", "id": "call_1", "name": "shell", "input": {"input": "ls"}},
        text("No."),
    ]
    assert [block["content"] for block in made[2]["content"]] == ['{"c":21}', "a.txt"]


# --- calls ---


@pytest.mark.parametrize(
    ("args_text", "written_as"),
    [
        ('{"a": [1, 2.5, "é"]}', {"a": [1, 2.5, "é"]}),
        ("", {}),
        ('{"city": "Par', {"city": "Par"}),
        ("[1]", {"INVALID_JSON": "[1]"}),
        ("save it", {}),
        ('{"n": 1e999}', {"INVALID_JSON": '{"n": 1e999}'}),
        ('{"s": "\\ud800"}', {"INVALID_JSON": '{"s": "\\ud800"}'}),
        ("[" * 100_000, {"INVALID_JSON": "[" * 100_000}),
    ],
)
def test_arguments_are_an_object_whatever_the_model_wrote(args_text: str, written_as: dict[str, Any]) -> None:
    (block,) = blocks(CallItem(call(), args_text))
    json.dumps(block, ensure_ascii=False, allow_nan=False).encode()
    assert block["input"] == written_as


def test_ids_of_other_wires_get_the_characters_that_are_allowed_and_stay_apart() -> None:
    ids = ["call.1", "call_1", "call 1", "", "toolu_01Ab-c", "функция"]
    calls = [call(i, id_=id_) for i, id_ in enumerate(ids)]
    entries: list[Entry] = [
        user("Hi"),
        reply(*(CallItem(one, "{}") for one in calls), wire="gemini"),
        *map(result, calls),
    ]
    made = written(*entries)
    given = [block["id"] for block in made[1]["content"]]
    assert given == ["call_1", "call_1_", "call_1__", "_", "toolu_01Ab-c", "_______"]
    assert [block["tool_use_id"] for block in made[2]["content"]] == given
    longer = written(*entries, user("And?"), reply(CallItem(call(9, id_="call/1"), "{}"), wire="gemini"))
    assert longer[1] == made[1]  # what was said once is said the same again, or a cache would be of no use


@pytest.mark.parametrize(("name", "given"), [("", "_"), ("get weather!", "get_weather_"), ("x" * 200, "x" * 128)])
def test_names_of_calls_are_made_valid(name: str, given: str) -> None:
    assert blocks(CallItem(call(name=name), "{}"))[0]["name"] == given


# --- results and what users send ---


@pytest.mark.parametrize(
    ("parts", "ok", "fields"),
    [
        ((TextPart("a"), JsonPart([1])), True, {"content": "a\n[1]"}),
        ((), True, {}),
        ((TextPart(" "),), True, {}),
        ((), False, {"content": "the call failed", "is_error": True}),
        (
            (TextPart("Look:"), MediaPart("image/png", base64=_PNG)),
            True,
            {
                "content": [
                    text("Look:"),
                    {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": _PNG}},
                ]
            },
        ),
    ],
)
def test_results(parts: tuple[Part, ...], ok: bool, fields: dict[str, Any]) -> None:
    made = written(user("Hi"), reply(CallItem(call(), "{}"), wire=NAME), ToolResult(call(), parts, ok=ok))
    assert made[2]["content"] == [{"type": "tool_result", "tool_use_id": "call_0", **fields}]


_TEXT = base64.b64encode("Grüße".encode()).decode()


@pytest.mark.parametrize(
    ("media", "block"),
    [
        (
            MediaPart("image/webp", url="https://h/a.webp"),
            {"type": "image", "source": {"type": "url", "url": "https://h/a.webp"}},
        ),
        (
            MediaPart("image/avif", url="https://h/a"),
            {"type": "image", "source": {"type": "url", "url": "https://h/a"}},
        ),
        (
            MediaPart("application/pdf", base64="JVBE", name="a.pdf"),
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBE"},
                "title": "a.pdf",
            },
        ),
        (
            MediaPart("application/pdf", url="https://h/a.pdf"),
            {"type": "document", "source": {"type": "url", "url": "https://h/a.pdf"}},
        ),
        (
            MediaPart("text/csv; charset=utf-8", base64=_TEXT, name="a.csv"),
            {
                "type": "document",
                "source": {"type": "text", "media_type": "text/plain", "data": "Grüße"},
                "title": "a.csv",
            },
        ),
        (MediaPart("text/plain", base64="/////w=="), text("[text/plain: it can not be shown to you here]")),
        (MediaPart("text/plain", base64="a"), text("[text/plain: it can not be shown to you here]")),
        (MediaPart("text/plain", url="https://h/a.txt"), text("[text/plain: it can not be shown to you here]")),
        (
            MediaPart("image/tiff", base64="AAAA", name="a.tif"),
            text("[image/tiff a.tif: it can not be shown to you here]"),
        ),
        (MediaPart("audio/wav", base64="AAAA"), text("[audio/wav: it can not be shown to you here]")),
    ],
)
def test_images_and_documents(media: MediaPart, block: dict[str, Any]) -> None:
    assert part(media) == [block]


def test_json_of_a_user_is_text() -> None:
    assert part(JsonPart({"b": 1, "a": "é"})) == [text('{"a":"é","b":1}')]


# --- where the provider ran code ---


def test_the_place_where_code_ran_is_named_as_long_as_nobody_spoke_since_and_is_no_block() -> None:
    said = reply(_CONTAINER, CallItem(call(), "{}"), wire=NAME)
    assert container_of(Transcript((user("Hi"), said, result(call())))) == "container_1"
    assert container_of(Transcript((user("Hi"), said, result(call()), user("New.")))) is None
    assert container_of(Transcript((user("Hi"), said, result(call()), reply(TextItem("x"), wire=NAME)))) is None
    assert container_of(Transcript((reply(_CONTAINER, wire="another"),))) is None
    assert container_of(Transcript()) is None
    assert [block["type"] for block in blocks(*said.items)] == ["tool_use"]
