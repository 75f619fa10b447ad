"""Gemini's chunks -> wire events: text, thoughts, signatures, what the provider ran, and every end."""

from __future__ import annotations

from typing import Any, Final

import pytest

from millstream.events import Usage
from millstream.transcript import ReasoningItem, ServerItem, TextItem
from millstream.wire.gemini.reader import GOOD_ENDS, GeminiReader
from millstream.wire_events import (
    AnnotationPiece,
    Broke,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ServerToolMoved,
    TextPiece,
)
from tests.response import Response
from tests.unit.wire.gemini_wire import STOP, Part, call, chunk, read, response


def items(*chunks: dict[str, Any]) -> tuple[object, ...]:
    """What the reply holds."""
    return response(*chunks).reply().items


def broke(of: Response) -> Broke:
    """How a response broke off."""
    assert isinstance(of.last, Broke)
    return of.last


# --- text and thoughts ---


def test_text_grows_in_one_item() -> None:
    assert read(chunk({"text": "Hel"}), chunk({"text": "lo"}), STOP) == [
        ItemOpened(0),
        TextPiece(0, "Hel"),
        TextPiece(0, "lo"),
        Finished("STOP", good=True),
    ]


def test_thoughts_are_reasoning_and_lead_to_text() -> None:
    thought = {"text": "Hm", "thought": True}
    said = items(chunk(thought), chunk({"text": "m", "thought": True}, {"text": "Yes"}), STOP)
    assert said == (ReasoningItem("Hmm"), TextItem("Yes"))


def test_a_signed_part_is_an_item_of_its_own_even_without_text() -> None:
    # trap 39: Gemini 3 signs an empty text part at the end; it is to go back exactly so
    said = items(
        chunk({"text": "a"}, {"text": "b"}, {"text": "c", "thoughtSignature": "s"}, {"text": "d"}),
        chunk({"text": "", "thoughtSignature": "t"}, finish="STOP"),
    )
    assert said == (
        TextItem("ab"),
        TextItem("c", echo={"thoughtSignature": "s"}),
        TextItem("d"),
        TextItem("", echo={"thoughtSignature": "t"}),
    )


def test_a_signed_thought_keeps_its_signature() -> None:
    part = {"text": "Hm", "thought": True, "thoughtSignature": "s"}
    assert items(chunk(part), STOP) == (ReasoningItem("Hm", echo={"thoughtSignature": "s"}),)


def test_a_call_between_texts_parts_them() -> None:
    said = read(chunk({"text": "a"}, call("f", {}), {"text": "b"}))
    assert [event.item for event in said if isinstance(event, TextPiece)] == [0, 2]


_NOTHING: Final[list[dict[str, Any]]] = [
    chunk({"text": ""}),
    chunk({}),
    chunk(),
    {"candidates": [{"content": {"role": "model"}}]},
    {"candidates": [{"content": {}}]},
    {"candidates": [{}]},
    {"candidates": [{"content": None}]},
    {"candidates": []},
    {"usageMetadata": {"promptTokenCount": 1}},
    {"promptFeedback": {"safetyRatings": []}},
]


@pytest.mark.parametrize("one", _NOTHING)
def test_a_chunk_that_says_nothing(one: dict[str, Any]) -> None:
    # trap 37: `content` or its `parts` may be missing
    assert read(one) == []


def test_only_the_first_candidate_counts() -> None:
    both = chunk({"text": "a"})
    both["candidates"].insert(0, {"index": 1, "content": {"parts": [{"text": "b"}]}, "finishReason": "SAFETY"})
    assert read(both) == [ItemOpened(0), TextPiece(0, "a")]


def test_sources_are_told_once_of_the_text_they_stand_by() -> None:
    sources = {"webSearchQueries": ["x"]}
    more = {"webSearchQueries": ["x", "y"]}
    events = read(
        chunk({"text": "a"}, groundingMetadata=sources),
        chunk({"text": "b"}, groundingMetadata=sources, citationMetadata={}),
        chunk(call("f", {}), groundingMetadata=more),
    )
    found = [event for event in events if isinstance(event, AnnotationPiece)]
    assert found == [AnnotationPiece(0, {"groundingMetadata": one}) for one in (sources, more)]


def test_sources_without_a_text_are_passed_on() -> None:
    assert read(chunk(groundingMetadata={"x": 1})) == [Passed("groundingMetadata", {"x": 1})]


# --- what the provider ran, and what is unknown ---


def test_a_result_moves_the_item_of_its_call_and_both_go_back_as_they_came() -> None:
    asked: Part = {
        "toolCall": {"toolType": "GOOGLE_SEARCH_WEB", "args": {"q": "x"}, "id": "a"},
        "thoughtSignature": "s",
    }
    told: Part = {"toolResponse": {"toolType": "GOOGLE_SEARCH_WEB", "response": {}, "id": "a"}, "thoughtSignature": "t"}
    assert read(chunk(asked), chunk({"text": ""}), chunk(told)) == [
        ItemOpened(0),
        ServerToolMoved(0, "GOOGLE_SEARCH_WEB", "called", asked["toolCall"]),
        Echo(0, asked),
        ItemOpened(1),
        ServerToolMoved(0, "GOOGLE_SEARCH_WEB", "done", told["toolResponse"]),
        Echo(1, told),
    ]
    assert items(chunk(asked), chunk(told), STOP) == (ServerItem(asked), ServerItem(told))
    assert response(chunk(asked), STOP).router.calls == {}


def test_code_that_the_provider_ran() -> None:
    code: Part = {"executableCode": {"language": "PYTHON", "code": "print(1)"}}
    result: Part = {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}
    moved = [event for event in read(chunk(code), chunk(result)) if isinstance(event, ServerToolMoved)]
    assert [(one.item, one.tool, one.status) for one in moved] == [
        (0, "code_execution", "called"),
        (0, "code_execution", "OUTCOME_OK"),
    ]
    (alone,) = [event for event in read(chunk(result)) if isinstance(event, ServerToolMoved)]
    assert alone.item == 0


@pytest.mark.parametrize("kind", ["inlineData", "fileData", "somethingNew", "functionResponse"])
def test_a_part_of_another_kind_is_passed_on_and_goes_back(kind: str) -> None:
    part = {"thought": True, kind: {"mimeType": "image/png", "data": "aGk="}, "thoughtSignature": "s"}
    assert read(chunk(part)) == [ItemOpened(0), Passed(kind, part), Echo(0, part)]
    assert items(chunk({"text": "a"}, part, {"text": "b"}), STOP) == (TextItem("a"), ServerItem(part), TextItem("b"))


def test_a_signature_alone_goes_back() -> None:
    assert read(chunk({"thoughtSignature": "s"})) == [ItemOpened(0), Echo(0, {"thoughtSignature": "s"})]


def test_a_message_that_is_not_known_is_passed_on() -> None:
    assert read({"somethingNew": 1}) == [Passed("message", {"somethingNew": 1})]
    assert GeminiReader().accept({"x": 1}, "ping") == [Passed("ping", {"x": 1})]


# --- ends ---


def test_stop_is_the_only_good_end() -> None:
    assert {"STOP"} == GOOD_ENDS


@pytest.mark.parametrize("reason", ["MAX_TOKENS", "SAFETY", "MALFORMED_FUNCTION_CALL", "OTHER", "SOMETHING_NEW"])
def test_every_other_reason_is_no_good_end(reason: str) -> None:
    # trap 37: `content` is absent on MALFORMED_FUNCTION_CALL
    last = {"candidates": [{"finishReason": reason, "finishMessage": "print(f())"}]}
    told = Passed("finishMessage", {"finishReason": reason, "finishMessage": "print(f())"})
    assert read(last) == [told, Finished(reason, good=False)]
    del last["candidates"][0]["finishMessage"]
    assert read(last) == [Finished(reason, good=False)]


def test_the_first_reason_holds_and_its_chunk_is_read_before_it() -> None:
    events = read(chunk({"text": "a"}, finish="STOP"), chunk({"text": "b"}, finish="SAFETY"))
    assert events[-3:] == [TextPiece(0, "a"), Finished("STOP", good=True), TextPiece(0, "b")]


@pytest.mark.parametrize("reason", ["", "FINISH_REASON_UNSPECIFIED", None])
def test_without_a_reason_a_response_is_torn(reason: str | None) -> None:
    failure = broke(response(chunk({"text": "a"}), chunk({"text": "b"}, finish=reason)))
    assert (failure.error.kind, failure.error.retryable, failure.reason) == ("torn", True, None)


def test_the_end_has_usage_and_the_id_of_the_response() -> None:
    raw = {
        "promptTokenCount": 10,
        "toolUsePromptTokenCount": 3,
        "candidatesTokenCount": 5,
        "thoughtsTokenCount": 7,
        "cachedContentTokenCount": 4,
        "serviceTier": "standard",
    }
    last = response(
        chunk({"text": "a"}) | {"usageMetadata": {"promptTokenCount": 10}}, STOP, {"usageMetadata": raw}
    ).last
    usage = Usage(input_tokens=13, output_tokens=12, cached_input_tokens=4, reasoning_tokens=7, raw=raw)
    assert last == Ended(usage, None, "r-1")


def test_done_is_the_end_as_gateways_have_it() -> None:
    reader = GeminiReader()
    assert [type(event) for event in reader.done()] == [Broke]
    reader.accept(STOP)
    assert [type(event) for event in reader.done()] == [Ended]


def test_a_prompt_that_was_blocked() -> None:
    failure = broke(
        response({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": {"promptTokenCount": 2}})
    )
    assert failure.error.message == "the provider refused the prompt: PROHIBITED_CONTENT"
    assert (failure.error.code, failure.error.retryable, failure.reason) == (
        "PROHIBITED_CONTENT",
        False,
        "PROHIBITED_CONTENT",
    )
    assert failure.usage is not None
    assert failure.usage.input_tokens == 2


@pytest.mark.parametrize(
    ("code", "status", "retryable"),
    [(429, "RESOURCE_EXHAUSTED", True), (503, "UNAVAILABLE", True), (400, "INVALID_ARGUMENT", False)],
)
def test_an_error_within_the_stream(code: int, status: str, retryable: bool) -> None:
    error = {"error": {"code": code, "message": "No.", "status": status}}
    for messages in ([error], [chunk({"text": "a"}), error], [chunk({"text": "a"}) | error]):
        failure = broke(response(*messages)).error
        assert (failure.message, failure.code, failure.kind) == ("the provider says: No.", code, status)
        assert failure.retryable == retryable
