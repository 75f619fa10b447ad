"""The Bedrock wire: its frames, read by Amazon's own library and checked against recorded ones."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from millstream.events import Usage
from millstream.testing import CallTool, Cut, Delivery, ErrorEvent, Finish, Ping, Say, Think, Together
from millstream.testing.provider.delivery import deliver
from millstream.testing.provider.eventstream import encode_frame
from millstream.testing.provider.rules.signature import signature_of
from millstream.testing.provider.steps import Step
from tests.unit.testing.provider.wires import EVERYTHING, fields_of, frames, marks_of, unseen

library: Any = import_module("botocore.eventstream")  # it has no types


def read(data: bytes) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Headers and payload of each frame; the library checks lengths and checksums."""
    buffer = library.EventStreamBuffer()
    buffer.add_data(data)
    return [(message.headers, json.loads(message.payload)) for message in buffer]


def events(*steps: Step, usage: Usage | None = None) -> list[tuple[str, dict[str, Any]]]:
    made = read(b"".join(frame.data for frame in frames("bedrock-converse", *steps, usage=usage)))
    return [(headers[":event-type"], payload) for headers, payload in made]


def short(*steps: Step) -> list[str]:
    return [f"{name} {payload.get('contentBlockIndex', '')}".strip() for name, payload in events(*steps)]


def deltas(*steps: Step) -> list[dict[str, Any]]:
    return [payload["delta"] for name, payload in events(*steps) if name == "contentBlockDelta"]


def stop_reason(*steps: Step) -> str:
    (reason,) = (payload["stopReason"] for name, payload in events(*steps) if name == "messageStop")
    return str(reason)


def test_a_text_has_no_start() -> None:
    assert short(Say("Hello"), Say("!")) == [
        *("messageStart", "contentBlockDelta 0", "contentBlockDelta 0", "contentBlockDelta 0", "contentBlockStop 0"),
        *("messageStop", "metadata"),
    ]
    assert deltas(Say("Hello")) == [{"text": "Hell"}, {"text": "o"}]


def test_calls_written_together_are_blocks_one_after_the_other() -> None:
    together = Together((CallTool("a", {"x": "yyyy"}, id="1"), CallTool("b", {"z": 1})))
    starts = [payload["start"]["toolUse"]["name"] for name, payload in events(together) if name == "contentBlockStart"]
    assert starts == ["a", "b"]
    made = short(together)
    assert made.index("contentBlockStop 0") < made.index("contentBlockStart 1")
    assert "".join(delta["toolUse"]["input"] for delta in deltas(together)) == '{"x":"yyyy"}{"z":1}'
    assert stop_reason(together) == "tool_use"
    marks = marks_of(frames("bedrock-converse", together))
    assert marks.index("call-sealed:a") < marks.index("call-opened:b")


def test_thoughts_are_signed() -> None:
    assert deltas(Think("hmmm"), Say("x")) == [
        {"reasoningContent": {"text": "hmmm"}},
        {"reasoningContent": {"signature": signature_of("hmmm")}},
        {"text": "x"},
    ]


def test_the_tokens_come_last() -> None:
    name, payload = events(Say("x"), usage=Usage(100, 7, 40, 0))[-1]
    assert name == "metadata"
    counts = {"inputTokens": 60, "outputTokens": 7, "totalTokens": 107, "cacheReadInputTokens": 40}
    assert payload["usage"] == counts
    assert payload["metrics"] == {"latencyMs": 0}


@pytest.mark.parametrize(
    ("reason", "told"), [("length", "max_tokens"), ("stop", "end_turn"), ("guardrail_intervened",) * 2]
)
def test_reasons(reason: str, told: str) -> None:
    assert stop_reason(Say("x"), Finish(reason)) == told


def test_a_cut_call_is_closed_all_the_same() -> None:
    assert short(CallTool("a", raw='{"x'), Finish("length"))[-3:] == ["contentBlockStop 0", "messageStop", "metadata"]
    assert short(CallTool("a", raw='{"x'), Cut())[-1] == "contentBlockDelta 0"


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("server_error", "internalServerException"),
        ("overloaded_error", "serviceUnavailableException"),
        ("modelStreamErrorException", "modelStreamErrorException"),
    ],
)
def test_errors_are_exceptions(kind: str, told: str) -> None:
    made = frames("bedrock-converse", Say("x"), ErrorEvent("boom", type=kind))
    headers, payload = read(b"".join(frame.data for frame in made))[-1]
    assert headers == {":exception-type": told, ":content-type": "application/json", ":message-type": "exception"}
    assert payload == {"message": "boom"}


def test_there_is_no_sign_of_life() -> None:
    assert short(Ping(1, 3)) == ["messageStart", "messageStop", "metadata"]


def test_a_delivery_leaves_the_bytes_of_frames_alone() -> None:
    made = frames("bedrock-converse", *EVERYTHING)
    dressed = deliver(iter(made), Delivery(newline="\r\n", bom=True, final_blank_line=False, piece_bytes=3), None)
    assert b"".join(frame.data for frame in dressed) == b"".join(frame.data for frame in made)


def test_a_frame_is_what_the_library_writes() -> None:
    assert read(encode_frame({"a": "é"}, b"{}")) == [({"a": "é"}, {})]


def test_the_fields_are_those_of_recorded_frames(corpus: Path) -> None:
    recorded: dict[str, set[str]] = {}
    orders: set[tuple[str, ...]] = set()
    for file in (corpus / "streams/open/bedrock-converse").glob("*.bin"):
        for headers, payload in read(file.read_bytes()):
            fields_of(payload, recorded, headers[":event-type"])
            orders.add((*headers, headers[":event-type"], *payload))
    made: dict[str, set[str]] = {}
    for headers, payload in read(b"".join(frame.data for frame in frames("bedrock-converse", *EVERYTHING))):
        fields_of(payload, made, headers[":event-type"])
        assert (*headers, headers[":event-type"], *payload) in orders
    assert unseen(made, recorded) == {}
