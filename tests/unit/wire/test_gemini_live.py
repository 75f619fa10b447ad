"""Gemini Live: what the messages of one turn say, and what answers its calls."""

from __future__ import annotations

import json

import pytest

from millstream.events.values import Call
from millstream.transcript import JsonPart, TextPart, ToolResult
from millstream.wire.gemini_live import LiveReader, result_message
from millstream.wire_events import (
    ArgsPiece,
    Broke,
    CallBegan,
    CallClosed,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    TextPiece,
    WireEvent,
)
from tests.unit.wire.sessions import Message, calls, live, says, turn_complete


def read(*messages: Message) -> list[WireEvent]:
    reader = LiveReader()
    return [event for message in messages for event in reader.accept(message)]


def parts(*given: Message) -> Message:
    return {"serverContent": {"modelTurn": {"parts": list(given)}}}


def test_what_is_spoken_is_text_by_its_transcription() -> None:
    sound = parts({"inlineData": {"mimeType": "audio/pcm", "data": "AA=="}})
    assert read(
        {"setupComplete": {}}, says("Hel"), sound, {"serverContent": {"outputTranscription": {}}}, says("lo")
    ) == [
        ItemOpened(0),
        TextPiece(0, "Hel"),
        TextPiece(0, "lo"),
    ]


def test_text_and_thoughts_are_items_of_their_own() -> None:
    assert read(parts({"text": "Hm", "thought": True}, {"text": "a"}, {"text": "b"}, {"text": ""})) == [
        ItemOpened(0),
        ReasoningPiece(0, "Hm"),
        ItemOpened(1),
        TextPiece(1, "a"),
        TextPiece(1, "b"),
    ]


def test_calls_come_whole_and_the_model_waits_for_them() -> None:
    """A tool that may start only once the model has moved on must start here, or both would wait."""
    given = calls({"id": "a", "name": "f", "args": {"x": "é"}}, {"id": "b", "name": "g"})
    assert read(says("Hm"), given, says("So"))[2:] == [
        CallBegan(1, "f", "a"),
        ArgsPiece(1, '{"x": "é"}'),
        CallClosed(1),
        CallBegan(2, "g", "b"),
        ArgsPiece(2, "{}"),
        CallClosed(2),
        ItemOpened(3),
        ItemOpened(4),
        TextPiece(4, "So"),
    ]
    assert live(given, turn_complete()).sealed == {0: {"x": "é"}, 1: {}}


def test_the_turn_ends_with_its_usage() -> None:
    finished, ended = read(turn_complete())
    assert finished == Finished("turn_complete", good=True)
    assert isinstance(ended, Ended)
    assert ended.usage is not None
    assert (ended.usage.input_tokens, ended.usage.output_tokens, ended.usage.reasoning_tokens) == (3, 6, 4)


def test_vertex_has_other_words_for_the_usage() -> None:
    usage = {"promptTokenCount": 3, "toolUsePromptTokenCount": 1, "candidatesTokenCount": 5, "totalTokenCount": 9}
    _, ended = read({"usageMetadata": usage}, {"serverContent": {"turnComplete": True}})
    assert isinstance(ended, Ended)
    assert ended.usage is not None
    assert (ended.usage.input_tokens, ended.usage.output_tokens) == (4, 5)


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ("TURN_COMPLETE_REASON_UNSPECIFIED", "turn_complete"),
        ("MALFORMED_FUNCTION_CALL", "MALFORMED_FUNCTION_CALL"),
        ("RESPONSE_REJECTED", "RESPONSE_REJECTED"),
    ],
)
def test_a_turn_may_say_why_it_is_complete(said: str, reason: str) -> None:
    finished, _ = read(turn_complete(turnCompleteReason=said))
    assert finished == Finished(reason, good=reason == "turn_complete")


def test_a_turn_that_the_user_broke_into_did_not_end_well() -> None:
    finished, _ = read({"serverContent": {"interrupted": True}}, turn_complete())
    assert finished == Finished("interrupted", good=False)


def test_what_has_no_meaning_here_passes_through() -> None:
    cancelled: Message = {"toolCallCancellation": {"ids": ["a"]}}
    heard: Message = {"serverContent": {"inputTranscription": {"text": "Hi"}}}
    code: Message = {"executableCode": {"code": "1"}}
    assert read(cancelled, heard, parts(code), {"goAway": {"timeLeft": "1s"}}) == [
        Passed("toolCallCancellation", cancelled),
        Passed("inputTranscription", heard["serverContent"]),
        Passed("part", code),
        Passed("goAway", {"goAway": {"timeLeft": "1s"}}),
    ]


def test_messages_about_the_session_begin_no_turn() -> None:
    about: list[Message] = [{"sessionResumptionUpdate": {}}, {"serverContent": {}}, {"goAway": {}}]
    assert isinstance(live(says("a"), turn_complete(), *about).last, Ended)
    assert isinstance(live(says("a"), turn_complete(), says("b")).last, Broke)


def test_turns_follow_one_another() -> None:
    response = live(says("a"), turn_complete(), calls({"id": "x", "name": "f", "args": {}}), turn_complete())
    assert response.reply().text == "a"
    assert response.sealed == {0: {}}
    ended = response.router.ended
    assert ended is not None
    assert ended.usage is not None
    assert ended.usage.input_tokens == 6


def test_an_error_breaks_the_session_off() -> None:
    response = live(says("a"), {"error": {"code": 503, "message": "Unavailable", "status": "UNAVAILABLE"}})
    assert isinstance(response.last, Broke)
    assert response.last.error.message == "the provider says: Unavailable"
    assert response.last.error.retryable


def test_done_is_not_a_word_of_this_wire() -> None:
    assert LiveReader().done() == []


def test_results_are_one_message() -> None:
    made = [Call(f"call-1-{i}", 1, i, "f", f"id-{i}") for i in range(3)]
    results = [
        ToolResult(made[0], (TextPart("done"),)),
        ToolResult(made[1], (JsonPart({"a": 1}),)),
        ToolResult(made[2], (TextPart("a"), TextPart("b")), ok=False),
    ]
    responses = result_message(results)["toolResponse"]["functionResponses"]
    assert responses == [
        {"id": "id-0", "name": "f", "response": {"output": "done"}},
        {"id": "id-1", "name": "f", "response": {"output": {"a": 1}}},
        {"id": "id-2", "name": "f", "response": {"error": "a\nb"}},
    ]
    json.dumps(responses)
