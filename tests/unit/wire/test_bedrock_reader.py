"""Bedrock Converse: what the events of a response say."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from millstream.errors import WireError
from millstream.wire.bedrock.reader import GOOD_ENDS, ConverseReader
from millstream.wire_events import (
    AnnotationPiece,
    ArgsPiece,
    Broke,
    CallBegan,
    CallClosed,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    ServerToolMoved,
    TextPiece,
    WireEvent,
)
from tests.response import Response
from tests.response import read as read_whole
from tests.unit.wire.bedrock_wire import (
    Event,
    args,
    body,
    delta,
    exception_frame,
    message_stop,
    metadata,
    read,
    start,
    stop,
)

_API = "bedrock-converse"


def whole(*events: tuple[str, Event]) -> Response:
    return read_whole([body(*events)], _API)


def reasoning(**fields: Any) -> tuple[str, Event]:
    return delta({"reasoningContent": fields})


def test_text_has_no_start_event_and_opens_with_its_first_piece() -> None:
    assert read(("messageStart", {"role": "assistant"}), delta({"text": "Hel"}), delta({"text": "lo"}), stop()) == [
        ItemOpened(0),
        TextPiece(0, "Hel"),
        TextPiece(0, "lo"),
    ]


def test_a_block_that_stays_empty_is_no_item() -> None:
    """Amazon Nova and gpt-oss send a text block with one empty piece before their reasoning."""
    assert read(delta({"text": ""}), stop(), delta({"text": "a"}, 1)) == [ItemOpened(0), TextPiece(0, "a")]


def test_a_call_is_closed_by_the_end_of_its_block() -> None:
    assert read(start(1), args("", 1), args('{"a"', 1), args(":1}", 1), stop(1)) == [
        CallBegan(0, "f", "tooluse_0"),
        ArgsPiece(0, '{"a"'),
        ArgsPiece(0, ":1}"),
        CallClosed(0),
    ]


def test_blocks_are_told_by_their_index() -> None:
    events = read(start(0, id_="a"), start(1, id_="b"), args("1", 1), args("2", 0), stop(0), stop(1))
    assert events[2:] == [ArgsPiece(1, "1"), ArgsPiece(0, "2"), CallClosed(0), CallClosed(1)]


def test_an_index_that_stands_for_a_new_block_closes_the_old_one() -> None:
    """Not recorded of any model; what it would mean is certain."""
    assert read(start(), delta({"text": "a"})) == [
        CallBegan(0, "f", "tooluse_0"),
        CallClosed(0),
        ItemOpened(1),
        TextPiece(1, "a"),
    ]


def test_input_of_a_call_that_nothing_opened_is_a_call_without_a_name() -> None:
    assert read(args("{}")) == [CallBegan(0, "", ""), ArgsPiece(0, "{}")]


def test_a_call_without_input_is_one_without_arguments() -> None:
    response = whole(start(), args(""), stop(), message_stop("tool_use"), metadata())
    assert response.sealed == {0: {}}


@pytest.mark.parametrize("reason", sorted(GOOD_ENDS))
def test_a_call_that_nothing_closed_is_closed_by_a_good_end(reason: str) -> None:
    assert whole(start(), args('{"a":1}'), message_stop(reason), metadata()).sealed == {0: {"a": 1}}


@pytest.mark.parametrize(
    "reason",
    [
        "max_tokens",
        "guardrail_intervened",
        "content_filtered",
        "malformed_model_output",
        "malformed_tool_use",
        "model_context_window_exceeded",
        "something_new",
    ],
)
def test_and_by_no_other_end(reason: str) -> None:
    response = whole(start(), args('{"a":1}'), message_stop(reason), metadata())
    assert response.sealed == {}
    assert response.router.finished == Finished(reason, good=False)


def test_a_call_that_max_tokens_cut_is_closed_by_the_provider_and_not_sealed() -> None:
    """Claude's last block is closed also where its JSON text is cut."""
    assert whole(start(), args('{"a":'), stop(), message_stop("max_tokens"), metadata()).sealed == {}


def test_the_usage_comes_after_the_reason_and_is_the_end() -> None:
    usage = {"inputTokens": 10, "outputTokens": 2, "cacheReadInputTokens": 5, "cacheWriteInputTokens": 1}
    reader = ConverseReader()
    finished, ended = read(message_stop(), metadata(usage=usage), reader=reader)
    assert finished == Finished("end_turn", good=True)
    assert isinstance(ended, Ended)
    assert ended.usage is not None
    assert (ended.usage.input_tokens, ended.usage.cached_input_tokens, ended.usage.output_tokens) == (16, 5, 2)
    assert ended.usage.raw == usage


def test_usage_that_comes_first_does_not_end_a_response() -> None:
    finished, ended = [*read(metadata(), message_stop(), reader=(reader := ConverseReader())), *reader.end()]
    assert isinstance(finished, Finished)
    assert isinstance(ended, Ended)
    assert ended.usage is not None


def test_a_response_may_end_without_its_usage_but_not_without_its_reason() -> None:
    reader = ConverseReader()
    read(message_stop(), reader=reader)
    assert reader.end() == [Ended(None)]
    for events in ([], [delta({"text": "a"})], [message_stop("")], [message_stop(""), metadata()]):
        reader = ConverseReader()
        read(*events, reader=reader)
        (broke,) = reader.end()
        assert isinstance(broke, Broke)
        assert broke.error.kind == "torn"
        assert broke.error.retryable


def test_what_a_guardrail_found_is_the_moderation() -> None:
    """With Bedrock's guardrails in the request: `trace` of the last event."""
    *_, ended = read(message_stop("guardrail_intervened"), metadata(trace={"guardrail": {"inputAssessment": {}}}))
    assert isinstance(ended, Ended)
    assert ended.moderation == {"inputAssessment": {}}


def test_fields_that_were_asked_for_pass_through() -> None:
    first, *_ = read(message_stop(additionalModelResponseFields={"stop_sequence": "x"}))
    assert first == Passed("additionalModelResponseFields", {"stop_sequence": "x"})


def test_nothing_is_said_after_the_end_of_the_message() -> None:
    late = read(message_stop(), start(), delta({"text": "a"}), message_stop("tool_use"))[1:]
    assert [type(event) for event in late] == [Passed, Passed, Passed]


# --- reasoning ---


def test_reasoning_goes_back_with_its_signature() -> None:
    events = read(
        reasoning(text="H"), reasoning(text="m"), reasoning(signature="c2ln"), reasoning(signature="=="), stop()
    )
    assert events == [
        ItemOpened(0),
        ReasoningPiece(0, "H"),
        ReasoningPiece(0, "m"),
        ReasoningPiece(0, ""),
        ReasoningPiece(0, ""),
        Echo(0, {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "c2ln=="}}}),
    ]


@pytest.mark.parametrize(
    "pieces", [["aGlkZGVu"], [b"hidden"], ["aGlk", "ZGVu"], [b"hid", "ZGVu"], ["aA==", "aWRkZW4="]]
)
def test_reasoning_that_is_hidden_goes_back_as_it_is(pieces: list[str | bytes]) -> None:
    """On the wire it is base64, botocore's client gives bytes."""
    events = read(*(reasoning(redactedContent=piece) for piece in pieces), stop())
    assert events[-1] == Echo(0, {"reasoningContent": {"redactedContent": "aGlkZGVu"}})
    assert base64.b64decode("aGlkZGVu") == b"hidden"


def test_hidden_content_that_is_no_base64_is_not_understood_and_goes_back() -> None:
    *_, echo = read(reasoning(redactedContent="?"), reasoning(redactedContent="!"), stop())
    assert echo == Echo(0, {"reasoningContent": {"redactedContent": "?!"}})


def test_reasoning_without_a_signature_does_not_go_back() -> None:
    """gpt-oss and Nova send text alone."""
    assert read(reasoning(text="Hm"), stop()) == [ItemOpened(0), ReasoningPiece(0, "Hm")]


def test_reasoning_that_nothing_closed_goes_back_all_the_same() -> None:
    events = read(reasoning(text="Hm"), reasoning(signature="s"), message_stop())
    assert isinstance(events[-2], Echo)


# --- citations, and tools that Bedrock runs ---


def test_a_citation_is_a_mark_on_the_text_it_comes_before() -> None:
    citation = {"title": "policy", "location": {"documentChar": {"documentIndex": 0, "start": 0, "end": 5}}}
    assert read(delta({"citation": citation}), delta({"text": "20 days"}), stop()) == [
        ItemOpened(0),
        AnnotationPiece(0, citation),
        TextPiece(0, "20 days"),
    ]


def server_tool() -> list[tuple[str, Event]]:
    """Nova's code interpreter at work: its call, and its result."""
    result = {"toolUseId": "s", "type": "nova_code_interpreter_result", "status": "success"}
    return [
        start(0, "nova_code_interpreter", "s", type="server_tool_use"),
        args('{"snippet":"1"}'),
        stop(),
        ("contentBlockStart", {"contentBlockIndex": 1, "start": {"toolResult": result}}),
        delta({"toolResult": [{"json": {"stdOut": "1"}}]}, 1),
        stop(1),
    ]


def test_a_tool_that_bedrock_runs_is_shown_and_goes_back_with_its_result() -> None:
    events = read(*server_tool())
    assert not [event for event in events if isinstance(event, CallBegan)]
    moved = [event for event in events if isinstance(event, ServerToolMoved)]
    assert [(one.item, one.tool, one.status) for one in moved] == [
        (0, "nova_code_interpreter", "in_progress"),
        (0, "nova_code_interpreter", "called"),
        (0, "nova_code_interpreter", "success"),
    ]
    assert moved[1].data["arguments"] == '{"snippet":"1"}'
    use, result = [event for event in events if isinstance(event, Echo)]
    name = "nova_code_interpreter"
    given = {"toolUseId": "s", "name": name, "input": {"snippet": "1"}, "type": "server_tool_use"}
    assert use == Echo(0, {"toolUse": given})
    assert result.item == 1
    assert result.data["toolResult"]["content"] == [{"json": {"stdOut": "1"}}]


def test_a_result_of_a_call_that_never_was_stands_for_itself() -> None:
    events = read(*server_tool()[3:])
    assert ServerToolMoved(0, "nova_code_interpreter_result", "success", moved_data(events)) in events


def moved_data(events: list[WireEvent]) -> Any:
    return next(event.data for event in events if isinstance(event, ServerToolMoved))


def test_a_server_s_call_with_broken_input_can_not_go_back() -> None:
    events = read(start(0, "web", "s", type="server_tool_use"), args("{"), stop())
    assert not [event for event in events if isinstance(event, Echo)]


def test_what_has_no_meaning_here_passes_through() -> None:
    image: Event = {"contentBlockIndex": 0, "delta": {"image": {"source": {}}}}
    opened: Event = {"contentBlockIndex": 0, "start": {"image": {"format": "png"}}}
    assert read(("contentBlockStart", opened), ("contentBlockDelta", image), ("news", {"a": 1}), ("", {})) == [
        Passed("contentBlockStart", opened),
        Passed("contentBlockDelta", image),
        Passed("news", {"a": 1}),
        Passed("", {}),
    ]


@pytest.mark.parametrize(
    "event",
    [
        ("contentBlockStart", {}),
        ("contentBlockStart", {"start": None}),
        ("contentBlockDelta", {}),
        ("contentBlockDelta", {"delta": "x"}),
        ("contentBlockDelta", {"delta": {"text": None}}),
        ("contentBlockStop", {}),
        ("contentBlockStop", {"contentBlockIndex": "0"}),
        ("metadata", {"usage": 1, "trace": []}),
        ("messageStop", {}),
    ],
)
def test_events_that_lack_what_they_should_have_say_nothing(event: tuple[str, Event]) -> None:
    assert read(event) == []


def test_the_messages_of_botocore_s_client_are_read_as_well() -> None:
    """`response["stream"]` gives `{name: event}`, and so do Nova's own events."""
    reader = ConverseReader()
    events = [{name: payload} for name, payload in (start(), args("{}"), stop(), message_stop("tool_use"), metadata())]
    said = [type(one) for event in events for one in reader.accept(event)]
    assert said == [CallBegan, ArgsPiece, CallClosed, Finished, Ended]


# --- failures ---


def broke(*events: tuple[str, Event], exception: str, **said: Any) -> tuple[Response, WireError]:
    response = read_whole([body(*events) + exception_frame(exception, said)], _API)
    assert isinstance(response.last, Broke)
    return response, response.last.error


@pytest.mark.parametrize(
    ("exception", "retryable"),
    [
        ("internalServerException", True),
        ("modelStreamErrorException", True),
        ("throttlingException", True),
        ("serviceUnavailableException", True),
        ("modelTimeoutException", True),
        ("validationException", False),
        ("somethingNewException", False),
    ],
)
def test_an_exception_breaks_the_response_off(exception: str, retryable: bool) -> None:
    response, error = broke(start(), args('{"a":1}'), exception=exception, message="Too many tokens")
    assert response.sealed == {}
    assert error.message == "the provider says: Too many tokens"
    assert (error.kind, error.code, error.retryable) == (exception, exception, retryable)
    assert error.bytes_seen > 0


def test_a_call_that_was_closed_before_stays() -> None:
    response, _ = broke(start(), args('{"a":1}'), stop(), exception="throttlingException", message="x")
    assert response.sealed == {0: {"a": 1}}


def test_a_model_s_own_words_are_told() -> None:
    _, error = broke(exception="modelStreamErrorException", message="Failed", originalMessage="out of memory")
    assert error.message == "the provider says: Failed (out of memory)"
    _, error = broke(exception="modelStreamErrorException", originalMessage="out of memory", originalStatusCode=500)
    assert error.message == "the provider says: out of memory"


def test_an_unknown_exception_is_retried_where_the_model_s_status_says_so() -> None:
    assert broke(exception="newException", message="x", originalStatusCode=503)[1].retryable


def test_an_exception_as_botocore_s_client_would_give_it() -> None:
    (broke,) = ConverseReader().accept({"throttlingException": {"message": "Slow down"}})
    assert isinstance(broke, Broke)
    assert broke.error.kind == "throttlingException"


def test_done_is_not_a_word_of_this_wire() -> None:
    assert ConverseReader().done() == []
