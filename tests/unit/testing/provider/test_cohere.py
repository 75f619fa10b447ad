"""The Cohere wire: its events, checked against recorded ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from millstream.events import Usage
from millstream.testing import CallTool, Cut, ErrorEvent, Finish, MoreArgs, Ping, Say, Think, Together
from millstream.testing.provider.steps import Step
from tests.unit.testing.provider.wires import EVERYTHING, data_of, fields_of, frames, marks_of, unseen


def events(*steps: Step, usage: Usage | None = None) -> list[dict[str, Any]]:
    return data_of(frames("cohere-v2", *steps, usage=usage))


def short(*steps: Step) -> list[str]:
    return [f"{event['type']} {event.get('index', '')}".strip() for event in events(*steps)]


def finish_reason(*steps: Step) -> str:
    return str(events(*steps)[-1]["delta"]["finish_reason"])


def test_a_text_is_a_content() -> None:
    assert short(Say("Hello"), Say("!")) == [
        *("message-start", "content-start 0", "content-delta 0", "content-delta 0", "content-delta 0"),
        *("content-end 0", "message-end"),
    ]
    assert frames("cohere-v2", Say("x"))[-1].data == b"data: [DONE]\n\n"
    assert frames("cohere-v2", Say("x"))[0].data.startswith(b"event: message-start\n")


def test_thoughts_are_a_plan_where_tools_are_called_and_else_a_content() -> None:
    assert short(Think("hmmm"), Say("x")) == [
        *("message-start", "content-start 0", "content-delta 0", "content-end 0"),
        *("content-start 1", "content-delta 1", "content-end 1", "message-end"),
    ]
    planned = events(Think("hmmm"), CallTool("a"))
    assert planned[1] == {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": "hmmm"}}}


def test_calls_come_one_after_the_other() -> None:
    together = Together((CallTool("a", {"x": "yyyy"}, id="1"), CallTool("b", {"z": 1})))
    made = short(Say("Well."), together)
    assert made.index("tool-call-end 0") < made.index("tool-call-start 1")
    calls = [
        event["delta"]["message"]["tool_calls"]
        for event in events(together)
        if "call-" in event["type"] and "delta" in event
    ]
    assert calls[0] == {"id": "1", "type": "function", "function": {"name": "a", "arguments": ""}}
    assert "".join(call["function"]["arguments"] for call in calls) == '{"x":"yyyy"}{"z":1}'
    assert finish_reason(together) == "TOOL_CALL"
    marks = marks_of(frames("cohere-v2", together))
    assert marks.index("call-sealed:a") < marks.index("call-opened:b")


def test_a_call_without_arguments_has_no_delta() -> None:
    assert short(CallTool("a", raw=""))[1:3] == ["tool-call-start 0", "tool-call-end 0"]


@pytest.mark.parametrize(
    ("reason", "told"), [("length", "MAX_TOKENS"), ("stop", "COMPLETE"), ("failed", "ERROR"), ("TIMEOUT", "TIMEOUT")]
)
def test_reasons(reason: str, told: str) -> None:
    assert finish_reason(Say("x"), Finish(reason)) == told


def test_cuts_strays_and_errors() -> None:
    assert short(CallTool("a", raw='{"x'), Cut())[-1] == "tool-call-delta 0"
    assert short(CallTool("a", raw='{"x'), Finish("length"))[-2:] == ["tool-call-end 0", "message-end"]
    assert short(CallTool("a"), MoreArgs("{}"))[-2:] == ["tool-call-delta 0", "message-end"]
    assert events(Say("x"), ErrorEvent("boom"))[-1]["delta"] == {"error": "boom", "finish_reason": "ERROR"}
    assert b": ping\n\n" in [frame.data for frame in frames("cohere-v2", Ping(1, 1))]


def test_the_fields_are_those_of_recorded_streams(corpus: Path) -> None:
    recorded: dict[str, set[str]] = {}
    for file in (corpus / "streams/open/cohere-v2").glob("*.sse"):
        for line in file.read_text(encoding="utf-8").split("\n"):
            if line.startswith("data: {"):
                data = json.loads(line[5:])
                fields_of(data, recorded, data["type"])
    made: dict[str, set[str]] = {}
    for event in [*events(*EVERYTHING), *events(Think("x"))]:
        fields_of(event, made, event["type"])
    assert unseen(made, recorded) == {}


def test_tokens() -> None:
    usage = events(Say("x"), usage=Usage(100, 7, 40, 0))[-1]["delta"]["usage"]
    assert usage == {
        "billed_units": {"input_tokens": 100, "output_tokens": 7},
        "tokens": {"input_tokens": 100, "output_tokens": 7},
        "cached_tokens": 40,
    }
