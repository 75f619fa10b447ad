"""The Responses wire: order and fields of its events, checked against the official types and recorded streams."""

import json
from pathlib import Path
from typing import Any

import pytest
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from millstream.events import Usage
from millstream.testing import (
    CallTool,
    Cut,
    ErrorEvent,
    Finish,
    MoreArgs,
    Pause,
    Ping,
    Raw,
    Refuse,
    Response,
    Say,
    Think,
    Together,
)
from millstream.testing.provider.frames import Asked, Frame, compose
from millstream.testing.provider.responses import ResponsesWire
from millstream.testing.provider.steps import Step

OFFICIAL: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
TOOL: dict[str, Any] = {"type": "function", "name": "a", "parameters": {"type": "object", "properties": {}}}
EVERYTHING: list[Step] = [
    Think("Let me think."),
    Say("Looking it up.", "commentary"),
    Together((CallTool("a", {"x": "y"}), CallTool("b", raw="print(1)", kind="custom"))),
    Refuse("No more."),
    Say("Done."),
]


def frames(*steps: Step, body: dict[str, Any] | None = None, usage: Usage | None = None) -> list[Frame]:
    asked = Asked({"model": "m", "stream": True} | (body or {}), "7", 1_790_000_000)
    return list(compose(Response(steps), ResponsesWire(asked, usage)))


def sent(*steps: Step, body: dict[str, Any] | None = None, usage: Usage | None = None) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    for frame in frames(*steps, body=body, usage=usage):
        if frame.data.startswith(b"event: "):
            name, data = frame.data.decode().removesuffix("\n\n").split("\n")
            events.append(json.loads(data.removeprefix("data: ")))
            assert name == f"event: {events[-1]['type']}"
    return events


def types(events: list[dict[str, Any]]) -> list[str]:
    return [event["type"].removeprefix("response.") for event in events]


def test_a_text_response_has_the_order_of_real_ones() -> None:
    assert types(sent(Say("Hello you"))) == [
        "created",
        "in_progress",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]


def test_calls_have_the_order_of_real_ones() -> None:
    assert types(sent(CallTool("a"), CallTool("b", raw="x", kind="custom")))[2:] == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "output_item.added",
        "custom_tool_call_input.delta",
        "custom_tool_call_input.done",
        "output_item.done",
        "completed",
    ]


@pytest.mark.parametrize(
    "steps",
    [
        EVERYTHING,
        [CallTool("a", raw='{"cut'), Finish("length")],
        [Say("x"), Finish("content_filter")],
        [ErrorEvent("boom"), Finish("failed")],
        [ErrorEvent("boom", shape="flat")],
        [CallTool("a"), Finish(), MoreArgs("}")],
        [CallTool("a", raw="")],
        [Think("")],
        [],
    ],
)
def test_every_event_is_one_of_the_official_types(steps: list[Step]) -> None:
    events = sent(*steps, body={"tools": [TOOL], "instructions": "Be brief.", "tool_choice": "auto"})
    for event in events:
        if "error" not in event:  # the recorded nested error is not among the official types
            parsed = OFFICIAL.validate_python(event)
            assert parsed.type == event["type"]
    assert [event["sequence_number"] for event in events] == list(range(len(events)))


def test_deltas_done_events_items_and_the_terminal_output_agree() -> None:
    events = sent(*EVERYTHING)
    output = events[-1]["response"]["output"]
    done = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert sorted(done, key=lambda item: item["id"]) == sorted(output, key=lambda item: item["id"])
    deltas: dict[str, str] = {}
    for event in events:
        if event["type"].endswith(".delta"):
            deltas[event["item_id"]] = deltas.get(event["item_id"], "") + event["delta"]
    texts = {
        item["id"]: item["arguments"]
        if item["type"] == "function_call"
        else item["input"]
        if item["type"] == "custom_tool_call"
        else "".join(part.get("text", part.get("refusal")) for part in item.get("summary", item.get("content")))
        for item in output
    }
    assert deltas == texts
    assert [item["type"] for item in output] == [
        "reasoning",
        "message",
        "function_call",
        "custom_tool_call",
        "message",
        "message",
    ]


def test_lifecycle_events_echo_the_request_and_count_tokens() -> None:
    body: dict[str, Any] = {"tools": [TOOL], "instructions": "Be brief.", "store": False, "temperature": 0.5}
    first, *_, last = sent(Say("12345678"), Think("abcd"), body=body)
    assert (first["response"]["output"], first["response"]["usage"]) == ([], None)
    assert first["response"]["tools"] == [{**TOOL, "description": None, "strict": True}]
    assert [first["response"][key] for key in ("instructions", "store", "temperature")] == ["Be brief.", False, 0.5]
    usage = last["response"]["usage"]
    assert usage["output_tokens"] == 3
    assert usage["output_tokens_details"] == {"reasoning_tokens": 1}
    assert usage["total_tokens"] == usage["input_tokens"] + 3
    assert sent(usage=Usage(10, 20, 3, 4))[-1]["response"]["usage"]["total_tokens"] == 30


def test_reasoning_without_text_has_an_empty_summary_and_no_parts() -> None:
    events = sent(Think(""), Say("x"))
    assert types(events)[2:5] == ["output_item.added", "output_item.done", "output_item.added"]
    assert [item["type"] for item in events[-1]["response"]["output"]] == ["reasoning", "message"]
    assert events[-1]["response"]["output"][0]["summary"] == []


def test_encrypted_reasoning_is_final_only_in_the_done_item() -> None:
    items = [event["item"]["encrypted_content"] for event in sent(Think("x")) if "item" in event]
    assert len(items) == 2
    assert items[0] != items[1]


def test_length_leaves_the_last_call_incomplete_with_its_cut_arguments() -> None:
    events = sent(CallTool("a"), CallTool("b", raw='{"x": "y'), Finish("length"))
    assert events[-1]["type"] == "response.incomplete"
    assert events[-1]["response"]["incomplete_details"] == {"reason": "max_output_tokens"}
    assert [(item["status"], item["arguments"]) for item in events[-1]["response"]["output"]] == [
        ("completed", "{}"),
        ("incomplete", '{"x": "y'),
    ]


def test_a_cut_call_gets_neither_a_done_event_nor_an_end() -> None:
    got = frames(CallTool("a", raw='{"x'), Cut("reset"))
    assert types(sent(CallTool("a", raw='{"x'), Cut("reset")))[2:] == [
        "output_item.added",
        "function_call_arguments.delta",
    ]
    assert got[-1] == Frame(0.0, cut="reset")


def test_stray_arguments_change_nothing_that_was_said() -> None:
    events = sent(CallTool("a"), Finish(), MoreArgs("}"))
    assert types(events)[-2:] == ["completed", "function_call_arguments.delta"]
    assert events[-2]["response"]["output"][0]["arguments"] == "{}"


def test_continued_arguments_are_whole_when_done() -> None:
    events = sent(CallTool("a", raw='{"x"', seal=False), MoreArgs(":1}", seal=True))
    assert events[-1]["response"]["output"][0]["arguments"] == '{"x":1}'


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        (None, {"error": {"message": "boom", "type": "server_error", "param": None, "code": "server_error"}}),
        ("flat", {"code": "server_error", "message": "boom", "param": None}),
    ],
)
def test_errors_in_the_stream_have_two_shapes(shape: Any, expected: dict[str, Any]) -> None:
    assert sent(ErrorEvent("boom", shape=shape))[-1] == {"type": "error", "sequence_number": 2} | expected


def test_a_failed_response_repeats_the_error() -> None:
    last = sent(ErrorEvent("boom", code="rate_limit_exceeded"), Finish("failed"))[-1]
    assert last["type"] == "response.failed"
    assert last["response"]["error"] == {"code": "rate_limit_exceeded", "message": "boom"}


def test_keepalives_use_up_a_sequence_number_and_comments_do_not() -> None:
    events = sent(Ping(1, 1, "keepalive"), Ping(1, 1, "comment"))
    assert [(event["type"], event["sequence_number"]) for event in events[2:]] == [
        ("keepalive", 2),
        ("response.completed", 3),
    ]
    assert b": ping\n\n" in [frame.data for frame in frames(Ping(1, 1))]


def test_deltas_are_padded_unless_the_request_says_no() -> None:
    assert len(sent(Say("abcd"))[4]["obfuscation"]) == 12
    assert "obfuscation" not in sent(Say("abcd"), body={"stream_options": {"include_obfuscation": False}})[4]


def test_ids_are_made_up_unique_and_kept_where_they_are_given() -> None:
    calls = [
        event["item"]["call_id"]
        for event in sent(CallTool("a"), CallTool("a"), CallTool("a", id="mine"), CallTool("a", id=""))
        if event["type"] == "response.output_item.added"
    ]
    assert len(set(calls)) == 4
    assert calls[2:] == ["mine", ""]
    one, other = (ResponsesWire(Asked({}, seed)).response_id for seed in "12")
    assert one != other


def test_verbatim_bytes_and_waits_pass_through() -> None:
    got = frames(Raw(b"\xff"), Pause(3))
    assert Frame(0.0, b"\xff") in got
    assert Frame(3.0) in got


def test_lone_surrogates_travel_as_escapes() -> None:
    assert b'"delta":"\\ud800"' in b"".join(frame.data for frame in frames(Say("\ud800")))


def test_marks_name_what_is_complete() -> None:
    marks = [frame.mark for frame in frames(Say("hello"), CallTool("a", {"x": 1}), CallTool("b", raw="")) if frame.mark]
    assert marks == [
        "first-text",
        "call-opened:a",
        "args-complete:a",
        "call-sealed:a",
        "call-opened:b",
        "args-complete:b",
        "call-sealed:b",
        "finish",
    ]


def _shape(event: dict[str, Any]) -> tuple[Any, ...]:
    """The fields of an event, and those of the objects in it in their order.

    The order of the fields of an event itself has changed once: `sequence_number` was the second in 2025.
    """
    nothing: dict[str, Any] = {}
    item, part, response = (event.get(key) or nothing for key in ("item", "part", "response"))
    usage: dict[str, Any] = response.get("usage") or nothing
    inner = (tuple(item), item.get("type"), tuple(part), part.get("type"), tuple(usage))
    return event["type"], tuple(sorted(event)), *inner


def test_fields_and_their_order_are_those_of_recorded_events(corpus: Path) -> None:
    recorded: set[tuple[Any, ...]] = set()
    orders: set[tuple[str, ...]] = set()
    response_keys: list[list[str]] = []
    for file in sorted((corpus / "streams/open/openai-responses").glob("openai__*.sse")):
        for line in file.read_text(encoding="utf-8").split("\n"):
            if line.startswith("data: {"):
                event = json.loads(line.removeprefix("data: "))
                recorded.add(_shape(event))
                orders.add((event["type"], *event))
                if "response" in event:
                    response_keys.append(list(event["response"]))
    events = [event for event in sent(*EVERYTHING) if "refusal" not in json.dumps(event)]  # none was recorded
    assert len(events) > 20
    assert [_shape(event) for event in events if _shape(event) not in recorded] == []
    of_2026 = [event for event in events if "custom" not in json.dumps(event) and "reasoning" not in json.dumps(event)]
    assert [(event["type"], *event) for event in of_2026 if (event["type"], *event) not in orders] == []
    ours = list(events[0]["response"])
    assert any([key for key in keys if key in ours] == ours for keys in response_keys)
