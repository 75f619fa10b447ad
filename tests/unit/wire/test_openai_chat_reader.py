"""OpenAI Chat Completions: text, reasoning, ends and errors, by the habits of the servers that send them."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.events import Usage
from millstream.wire.openai_chat.reader import ChatReader
from millstream.wire.openai_chat.reasoning import ReasoningEcho
from millstream.wire_events import (
    AnnotationPiece,
    ArgsPiece,
    Broke,
    CallBegan,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    RefusalPiece,
    ServerToolMoved,
    TextPiece,
    WireEvent,
)
from tests.unit.wire.chat_wire import Chunk, chunk, names, read, said, tool, tools

# --- text ---


def test_text_grows_in_one_item() -> None:
    assert read(chunk(role="assistant", content=""), chunk(content="Hel"), chunk(content="lo"), chunk("stop")) == [
        ItemOpened(0),
        TextPiece(0, "Hel"),
        TextPiece(0, "lo"),
        Finished("stop", good=True),
    ]


@pytest.mark.parametrize("content", [None, "", 3, {"text": "x"}, [], [None, 3, "x"], [{"text": None}, {"thinking": 3}]])
def test_content_without_text_says_nothing(content: Any) -> None:
    assert read(chunk(role=None, content=content)) == []


def test_content_as_a_list_is_text_and_thinking() -> None:
    thinking = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}, {"type": "text", "text": "."}]}
    parts = [thinking, {"type": "text", "text": "Hi"}, {"type": "text", "text": "!"}]
    expected = [ItemOpened(0), ReasoningPiece(0, "Hm."), ItemOpened(1), TextPiece(1, "Hi"), TextPiece(1, "!")]
    assert read(chunk(content=parts)) == expected
    assert read(chunk(content=[{"type": "thinking", "thinking": "Hm."}]))[1] == ReasoningPiece(0, "Hm.")


def test_a_refusal_is_an_item_of_its_own() -> None:
    assert read(chunk(content="Well"), chunk(refusal="No"), chunk(refusal=".")) == [
        ItemOpened(0),
        TextPiece(0, "Well"),
        ItemOpened(1),
        RefusalPiece(1, "No"),
        RefusalPiece(1, "."),
    ]


def test_text_may_follow_the_reason() -> None:
    events = read(chunk(content="Hel"), chunk("stop"), chunk(content="lo"), chunk("stop"))
    assert said(events) == "Hello"
    assert names(events).count("Finished") == 1


def test_marks_go_to_the_text_they_are_on() -> None:
    mark, text = {"type": "url_citation"}, chunk(content="Hi")
    assert read(text, chunk(annotations=[mark, None, 3]))[-1] == AnnotationPiece(0, mark)
    assert read(text, tools(tool(0, "a", "f", "{}")), chunk(annotations=[mark]))[-1] == AnnotationPiece(0, mark)
    assert read(chunk(reasoning="Hm"), text, chunk(reasoning="Hm"), chunk(annotations=[mark]))[-1] == AnnotationPiece(
        1, mark
    )
    assert read(chunk(annotations=[mark])) == [ItemOpened(0), TextPiece(0, ""), AnnotationPiece(0, mark)]
    assert read(chunk(annotations="odd")) == []


def test_tools_that_groq_ran_are_shown() -> None:
    ran = {"type": "search", "arguments": "{}", "output": "…"}
    assert read(chunk(executed_tools=[ran, {"name": "visit"}, 3])) == [
        ItemOpened(0),
        ServerToolMoved(0, "search", "done", ran),
        ItemOpened(1),
        ServerToolMoved(1, "visit", "done", {"name": "visit"}),
    ]


def test_the_first_choice_counts() -> None:
    both = {"choices": [{"index": 1, "delta": {"content": "b"}}, {"index": 0, "delta": {"content": "a"}}]}
    assert said(read(both, {"choices": [{"index": 1, "delta": {"content": "b"}, "finish_reason": "stop"}]})) == "a"
    assert said(read({"choices": [{"delta": {"content": "a"}}]})) == "a"
    assert said(read({"choices": [None, 3, {"index": None, "delta": {"content": "a"}}]})) == "a"


# --- reasoning ---


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_reasoning_by_either_name_is_an_item_before_the_text(name: str) -> None:
    events = read(chunk(**{name: "Hm", "content": None}), chunk(**{name: ".", "content": ""}), chunk(content="Hi"))
    assert events == [ItemOpened(0), ReasoningPiece(0, "Hm"), ReasoningPiece(0, "."), ItemOpened(1), TextPiece(1, "Hi")]


def test_reasoning_by_both_names_at_once_is_told_once() -> None:
    assert said(read(chunk(reasoning_content="Hm", reasoning="Hm")), ReasoningPiece) == "Hm"


def echoes(events: list[WireEvent]) -> list[tuple[int, object]]:
    return [(event.item, event.data) for event in events if isinstance(event, Echo)]


_CALL = tools(tool(0, "a", "f", "{}"))
_DETAIL: Chunk = {"type": "reasoning.text", "index": 0, "text": "Hm", "format": "x"}
_SIGNED: Chunk = {"type": "reasoning.text", "index": 0, "signature": "s"}


def test_reasoning_content_goes_back_whole() -> None:
    events = read(chunk(reasoning_content="H"), chunk(reasoning_content="m"), _CALL, chunk("tool_calls"))
    assert echoes(events)[-1] == (0, {"reasoning_content": "Hm"})
    assert names(events)[-1] == "Finished"
    assert echoes(read(chunk(reasoning="Hm"), _CALL, chunk("tool_calls"))) == []


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param([], id="nothing more"),
        pytest.param([{"error": {"message": "m"}}], id="an error"),
        pytest.param([chunk("error")], id="the reason error"),
    ],
)
def test_what_goes_back_is_told_with_the_calls_that_may_stand_although_the_response_broke_off(
    broken: list[Chunk],
) -> None:
    reader = ChatReader()
    chunks = [chunk(reasoning_content="Hm"), chunk(content="So"), _CALL, tools(tool(1, "b", "g")), *broken]
    events = [event for one in chunks for event in reader.accept(one)]
    before_the_call = events[: events.index(CallBegan(2, "f", "a"))]
    assert echoes(before_the_call) == [(0, {"reasoning_content": "Hm"})]
    events += [] if broken else reader.end()
    assert isinstance(events[-1], Broke)
    assert CallBegan(3, "g", "b") in events
    assert echoes(events)[-1] == (0, {"reasoning_content": "Hm"})


def test_details_are_merged_by_index_and_keep_their_order() -> None:
    fragments = [
        chunk(reasoning="Hm", reasoning_details=[_DETAIL]),
        chunk(reasoning=".", reasoning_details=[_DETAIL | {"text": "."}]),
        chunk(reasoning_details=[{"type": "reasoning.encrypted", "index": 0, "data": "e", "id": None}]),
        chunk(reasoning_details=[{"type": "reasoning.text", "index": 1, "text": "So"}, _SIGNED]),
        chunk(reasoning_details=[{"type": "reasoning.encrypted", "index": 0, "data": "f", "id": "i"}]),
        chunk(
            reasoning_details=[
                {"type": "reasoning.summary", "summary": "x"},
                {"type": "reasoning.summary", "summary": "y"},
            ]
        ),
    ]
    assert echoes(read(*fragments, _CALL, chunk("stop")))[-1] == (
        0,
        {
            "reasoning_details": [
                {"type": "reasoning.text", "index": 0, "text": "Hm.", "format": "x", "signature": "s"},
                {"type": "reasoning.encrypted", "index": 0, "data": "ef", "id": "i"},
                {"type": "reasoning.text", "index": 1, "text": "So"},
                {"type": "reasoning.summary", "summary": "x"},
                {"type": "reasoning.summary", "summary": "y"},
            ]
        },
    )


def test_details_without_text_have_a_place_before_the_calls_they_lead_to() -> None:
    encrypted = {"type": "reasoning.encrypted", "index": 0, "data": "e"}
    events = read(chunk(reasoning_details=[encrypted]), _CALL, chunk("tool_calls"))
    assert events[:4] == [
        ItemOpened(0),
        ReasoningPiece(0, ""),
        Echo(0, {"reasoning_details": [encrypted]}),
        CallBegan(1, "f", "a"),
    ]


def test_details_amid_text_do_not_cut_it_in_two() -> None:
    events = read(chunk(content="Hel"), chunk(reasoning_details=[_SIGNED]), chunk(content="lo"), chunk("stop"))
    assert [event for event in events if isinstance(event, TextPiece)] == [TextPiece(0, "Hel"), TextPiece(0, "lo")]
    assert echoes(events) == [(1, {"reasoning_details": [_SIGNED]})]


def test_details_after_a_call_do_not_make_it_seem_that_the_model_moved_on() -> None:
    events = read(_CALL, chunk(reasoning_details=[_SIGNED]), tools(tool(0, arguments="")), chunk("tool_calls"))
    assert names(events) == ["CallBegan", "ArgsPiece", "ItemOpened", "ReasoningPiece", "Echo", "Finished"]


@pytest.mark.parametrize("details", [None, "odd", 3, [None, 3], [[]]])
def test_details_of_the_wrong_form_are_left_out(details: Any) -> None:
    assert echoes(read(chunk(reasoning_content=3, reasoning_details=details), chunk("stop"))) == []


def test_what_goes_back_is_not_changed_by_what_comes_later() -> None:
    echo = ReasoningEcho()
    echo.take("a", [_DETAIL])
    first = echo.data
    echo.take("b", [_DETAIL])
    assert first == {"reasoning_content": "a", "reasoning_details": [_DETAIL]}
    assert echo.data == {"reasoning_content": "ab", "reasoning_details": [_DETAIL | {"text": "HmHm"}]}
    odd: Chunk = {"type": ["odd"], "index": [0], "text": 3}
    echo.take(None, [odd])
    assert (echo.data or {})["reasoning_details"][-1] == odd


# --- ends ---


@pytest.mark.parametrize(
    ("reason", "good"),
    [
        ("stop", True),
        ("tool_calls", True),
        ("function_call", True),
        ("length", False),
        ("content_filter", False),
        ("end_turn", False),
        ("eos", False),
        ("STOP", False),
        ("completed", False),
    ],
)
def test_only_reasons_in_the_table_are_good_ends(reason: str, *, good: bool) -> None:
    reader = ChatReader()
    assert reader.accept(chunk(reason)) == [Finished(reason, good)]
    assert reader.reason == reason


@pytest.mark.parametrize("reason", [None, "", "null", 3, ["stop"], {}])
def test_a_reason_that_is_none_ends_nothing(reason: Any) -> None:
    reader = ChatReader()
    assert reader.accept(chunk(reason)) == []
    (broke,) = reader.done()
    assert isinstance(broke, Broke)
    assert (broke.error.kind, broke.error.retryable, broke.reason) == ("torn", True, None)


def test_the_first_reason_holds() -> None:
    reader = ChatReader()
    assert [*reader.accept(chunk("tool_calls")), *reader.accept(chunk("stop"))] == [Finished("tool_calls", good=True)]
    assert reader.reason == "tool_calls"


def test_calls_count_and_not_the_reason() -> None:
    assert read(_CALL, chunk("stop"))[-1] == Finished("stop", good=True)


@pytest.mark.parametrize("ending", ["done", "end"])
def test_done_is_neither_needed_nor_enough(ending: str) -> None:
    reader = ChatReader()
    reader.accept(chunk("stop"))
    assert getattr(reader, ending)() == [Ended(response_id="chatcmpl-1")]
    (broke,) = getattr(ChatReader(), ending)()
    assert isinstance(broke, Broke)
    assert broke.error.kind == "torn"


def ended(*chunks: Chunk) -> Ended:
    reader = ChatReader()
    for one in (*chunks, chunk("stop")):
        reader.accept(one)
    (end,) = reader.done()
    assert isinstance(end, Ended)
    return end


_USAGE: Chunk = {
    "prompt_tokens": 5,
    "prompt_tokens_details": {"cached_tokens": 2},
    "completion_tokens": 7,
    "completion_tokens_details": {"reasoning_tokens": 3},
}


@pytest.mark.parametrize(
    "holder",
    [
        pytest.param({"choices": [], "usage": _USAGE}, id="a chunk of its own"),
        pytest.param(chunk(content="Hi") | {"usage": _USAGE}, id="beside a choice"),
        pytest.param(chunk(content="Hi") | {"x_groq": {"usage": _USAGE}}, id="Groq"),
        pytest.param({"usage": _USAGE}, id="without choices"),
    ],
)
def test_usage_is_found_wherever_it_stands(holder: Chunk) -> None:
    assert ended(chunk() | {"usage": None}, holder).usage == Usage(5, 7, 2, 3, _USAGE)


def test_the_last_usage_holds() -> None:
    assert ended(chunk() | {"usage": {"prompt_tokens": 1}}, chunk() | {"usage": _USAGE}).usage == Usage(
        5, 7, 2, 3, _USAGE
    )


def test_usage_may_follow_the_reason() -> None:
    reader = ChatReader()
    assert names(reader.accept(chunk("stop"))) == ["Finished"]
    assert reader.accept({"choices": [], "usage": _USAGE}) == []
    assert reader.done() == [Ended(Usage(5, 7, 2, 3, _USAGE), None, "chatcmpl-1")]


@pytest.mark.parametrize(
    "usage", [None, {}, 3, "odd", {"prompt_tokens": None, "completion_tokens": "7", "prompt_tokens_details": [1]}]
)
def test_usage_of_the_wrong_form_counts_nothing(usage: Any) -> None:
    found = ended(chunk() | {"usage": usage, "x_groq": usage}).usage
    assert found is None or (found.input_tokens, found.output_tokens, found.cached_input_tokens) == (0, 0, 0)


def test_moderation_comes_as_a_chunk_of_its_own() -> None:
    moderation: Chunk = {"input": {"type": "moderation_results", "results": []}}
    assert (
        ended({"choices": [], "moderation": moderation}, {"choices": [], "moderation": None}).moderation == moderation
    )
    assert read({"moderation": moderation}) == []


def test_azure_s_first_chunk_says_nothing() -> None:
    first = {"id": "", "model": "", "object": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]}
    assert read(first) == []
    assert ended(first).response_id == "chatcmpl-1"
    assert ended(chunk() | {"id": 3}).response_id == "chatcmpl-1"


def test_what_is_unknown_passes_through() -> None:
    odd = {"object": "chat.completion.progress", "done": 3}
    assert read({"moderation": {}}, odd) == [Passed("chat.completion.progress", odd)]
    assert ChatReader().accept({"a": 1}, "ping") == [Passed("ping", {"a": 1})]
    assert read({"object": ["odd"]}) == [Passed("", {"object": ["odd"]})]


@pytest.mark.parametrize("choices", [None, 3, "odd", {}, [], [None], [{"delta": None}], [{"delta": "odd"}], [{}]])
def test_choices_of_the_wrong_form_say_nothing(choices: Any) -> None:
    assert read({"choices": choices}) == []


# --- errors ---


@pytest.mark.parametrize(
    "error",
    [
        pytest.param({"error": {"message": "m", "code": 502}}, id="an object"),
        pytest.param({"error": "m", "code": 502}, id="text"),
        pytest.param({"error": {"message": "m", "code": 502}, "choices": []}, id="empty choices"),
        pytest.param(chunk("error") | {"error": {"message": "m", "code": 502}}, id="beside a choice"),
        pytest.param({"type": "error", "message": "m", "code": 502}, id="flat"),
    ],
)
def test_an_error_counts_wherever_it_stands(error: Chunk) -> None:
    (broke,) = read(error)
    assert isinstance(broke, Broke)
    assert (broke.error.message, broke.error.code, broke.error.retryable) == ("the provider says: m", 502, True)


def test_an_error_named_only_by_the_transport_is_one() -> None:
    for message in ({"error": {"message": "m", "failed_generation": "x"}}, {"message": "m"}):
        (broke,) = ChatReader().accept(message, "error")
        assert isinstance(broke, Broke)
        assert broke.error.message == "the provider says: m"


def test_what_was_known_goes_with_an_error() -> None:
    broke = read(chunk("length"), {"choices": [], "usage": _USAGE}, {"error": {"message": "m"}})[-1]
    assert isinstance(broke, Broke)
    assert (broke.reason, broke.usage) == ("length", Usage(5, 7, 2, 3, _USAGE))
    broke = read(chunk("stop") | {"error": {"message": "m"}})[-1]
    assert isinstance(broke, Broke)
    assert broke.reason == "stop"


def test_the_reason_error_is_one_even_without_words() -> None:
    events = read(chunk(content="Hi"), _CALL, chunk("error"))
    broke = events[-1]
    assert isinstance(broke, Broke)
    assert (broke.error.retryable, broke.reason) == (True, "error")
    assert ArgsPiece(1, "{}") in events


def test_no_error_is_no_error() -> None:
    nothings: list[Any] = [None, {}, "", [], False]
    for nothing in nothings:
        assert read(chunk("stop") | {"error": nothing}) == [Finished("stop", good=True)]
