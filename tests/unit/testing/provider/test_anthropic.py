"""The Anthropic Messages wire: its events, checked against the official types and recorded streams."""

import json
from pathlib import Path
from typing import Any

import pytest
from anthropic.types import RawMessageStreamEvent
from pydantic import TypeAdapter

from millstream.events import Usage
from millstream.testing import CallTool, Cut, ErrorEvent, Finish, MoreArgs, Ping, Refuse, Say, Think, Together
from millstream.testing.provider.rules.signature import is_forged, signature_of
from millstream.testing.provider.steps import Step
from tests.unit.testing.provider.wires import EVERYTHING, data_of, frames, marks_of

OFFICIAL: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)


def events(*steps: Step, body: dict[str, Any] | None = None, usage: Usage | None = None) -> list[dict[str, Any]]:
    return data_of(frames("anthropic-messages", *steps, body=body, usage=usage))


def short(*steps: Step) -> list[str]:
    """The events in short: type and index."""
    names = {"content_block_start": "start", "content_block_delta": "delta", "content_block_stop": "stop"}
    return [f"{names.get(event['type'], event['type'])} {event.get('index', '')}".strip() for event in events(*steps)]


def pieces(name: str, *steps: Step, body: dict[str, Any] | None = None) -> list[str]:
    deltas = [event["delta"] for event in events(*steps, body=body) if event["type"] == "content_block_delta"]
    return [delta[name] for delta in deltas if name in delta]


def stop_reason(*steps: Step) -> str | None:
    (end,) = (event for event in events(*steps) if event["type"] == "message_delta")
    reason: str | None = end["delta"]["stop_reason"]
    return reason


@pytest.mark.parametrize(
    "steps",
    [
        EVERYTHING,
        [Say("x"), Finish("length")],
        [CallTool("a", raw='{"x": "cut'), Finish("length")],
        [Say("x"), Finish("content_filter")],
        [Think("")],
        [Ping(1, 2, kind="keepalive"), Say("x")],
        [],
    ],
)
def test_every_event_is_one_of_the_official_client(steps: list[Step]) -> None:
    for event in events(*steps):
        if event["type"] == "ping":  # in no list of types, and the client skips it
            continue
        parsed = OFFICIAL.validate_python(event)
        assert parsed.model_extra in (None, {}), event
        assert json.loads(parsed.model_dump_json(exclude_unset=True)) == event


def test_a_text_is_one_block() -> None:
    assert short(Say("Hello"), Say("!")) == [
        "message_start",
        "start 0",
        "ping",
        "delta 0",
        "delta 0",
        "delta 0",
        "stop 0",
        "message_delta",
        "message_stop",
    ]
    assert pieces("text", Say("Hello")) == ["Hell", "o"]
    assert stop_reason(Say("x")) == "end_turn"


def test_calls_written_together_are_blocks_one_after_the_other() -> None:
    together = Together((CallTool("a", {"x": "yyyy"}), CallTool("b", {"z": "wwww"}), CallTool("c", {})))
    made = short(together)
    assert [event for event in made if not event.startswith("delta")] == [
        *("message_start", "start 0", "ping", "stop 0", "start 1", "stop 1", "start 2", "stop 2"),
        *("message_delta", "message_stop"),
    ]
    assert made == [*made[:3], *sorted(made[3:-2], key=lambda event: event.split()[1]), *made[-2:]]
    assert "".join(pieces("partial_json", together)) == '{"x":"yyyy"}{"z":"wwww"}{}'
    marks = marks_of(frames("anthropic-messages", together))
    assert marks.index("call-sealed:a") < marks.index("call-opened:b")


def test_values_come_in_bursts_unless_the_tool_streams_eagerly() -> None:
    call = CallTool("a", {"path": "/a.txt", "n": [1, 2], "s": 'q", \\'}, chunk_chars=1)
    buffered = frames("anthropic-messages", call)
    times = [frame.data for frame in buffered if b"partial_json" in frame.data]
    assert len(times) == len(call.text) + 1
    tools = [{"name": "a", "input_schema": {"type": "object"}, "eager_input_streaming": True}]
    paced = [CallTool("a", {"path": "/a.txt", "n": 1}, chunk_chars=1, until_s=10.0)]

    def gaps(body: dict[str, Any] | None) -> int:
        sent = [f.at_s for f in frames("anthropic-messages", *paced, body=body) if b'"partial_json":"' in f.data]
        return len(set(sent))

    assert gaps(None) == 3  # the opening, the end of the first value, the end of the object
    assert gaps({"tools": tools}) == len(paced[0].text) + 1


def test_thoughts_are_signed() -> None:
    (signature,) = pieces("signature", Think("Let me see."), Say("x"))
    assert signature == signature_of("Let me see.")
    assert is_forged(signature, "Let me see!")
    assert not is_forged("cmVhbA==", "Let me see.")
    assert not is_forged("no base64 at all", "Let me see.")
    assert short(Think(""))[1:5] == ["start 0", "ping", "delta 0", "stop 0"]


def test_a_call_has_a_first_empty_piece() -> None:
    assert pieces("partial_json", CallTool("a", raw="")) == [""]
    assert pieces("partial_json", CallTool("a", {})) == ["", "{}"]
    (start,) = (event for event in events(CallTool("a", {"x": 1}, id="toolu_1")) if "content_block" in event)
    assert start["content_block"] == {
        "type": "tool_use",
        "id": "toolu_1",
        "name": "a",
        "input": {},
        "caller": {"type": "direct"},
    }
    assert stop_reason(CallTool("a")) == "tool_use"


@pytest.mark.parametrize(
    ("reason", "told"),
    [("length", "max_tokens"), ("content_filter", "refusal"), ("pause_turn", "pause_turn"), ("stop", "end_turn")],
)
def test_reasons(reason: str, told: str) -> None:
    assert stop_reason(Say("x"), Finish(reason)) == told


def test_a_cut_call_is_closed_all_the_same() -> None:
    steps = CallTool("a", raw='{"x": "y'), Finish("length")
    assert short(*steps)[-3:] == ["stop 0", "message_delta", "message_stop"]
    assert "call-sealed:a" not in marks_of(frames("anthropic-messages", *steps))


def test_a_call_goes_on_before_the_next_begins() -> None:
    steps = CallTool("a", raw='{"x":', seal=False), CallTool("b", {}), MoreArgs("1}", seal=True)
    made = short(*steps)
    assert made.index("stop 0") < made.index("start 1")
    assert "".join(pieces("partial_json", *steps)) == '{"x":1}{}'


def test_stray_deltas_go_to_the_block_that_was() -> None:
    assert short(CallTool("a", {}), MoreArgs("{}"))[-3:] == ["delta 0", "message_delta", "message_stop"]


def test_what_was_held_back_at_a_cut_was_never_written() -> None:
    together = Together((CallTool("a", {"x": "yyyy"}), CallTool("b", {"z": "wwww"}, until_s=9)))
    assert "start 1" not in short(CallTool("a", raw="{", seal=False), CallTool("b", {}), Cut())
    assert "start 1" in short(together, Cut())


def test_errors() -> None:
    (error,) = (
        event for event in events(Say("x"), ErrorEvent("Overloaded", type="overloaded_error")) if "error" in event
    )
    assert error == {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    assert events(ErrorEvent("x"))[-1]["error"]["type"] == "api_error"
    assert events(ErrorEvent("x", shape="data"))[-1]["error"]["type"] == "server_error"


def test_a_response_that_fails_ends_with_one_error() -> None:
    assert short(Say("x"), Finish("failed"))[-1] == "error"
    assert short(Say("x"), ErrorEvent("boom"), Finish("failed")).count("error") == 1


def test_signs_of_life() -> None:
    assert short(Ping(1, 2, kind="keepalive"))[1:3] == ["ping", "ping"]
    assert [frame.data for frame in frames("anthropic-messages", Ping(1, 1))][1] == b": ping\n\n"


def test_tokens_leave_out_what_was_cached() -> None:
    made = events(Say("x"), usage=Usage(100, 7, 40, 0))
    assert made[0]["message"]["usage"]["input_tokens"] == 60
    assert made[0]["message"]["usage"]["cache_read_input_tokens"] == 40
    assert made[-2]["usage"]["output_tokens"] == 7


def test_a_refusal_in_words_is_text() -> None:
    assert pieces("text", Refuse("No.")) == ["No."]


def test_the_fields_are_those_of_recorded_streams(corpus: Path) -> None:
    """Each event has only fields that some recorded event of its kind has, in the same order."""
    recorded: set[str] = set()
    for file in (corpus / "streams/open/anthropic-messages").glob("*.sse"):
        for line in file.read_text(encoding="utf-8").split("\n"):
            if line.startswith("data:"):
                recorded |= _shapes(json.loads(line[5:]))
    made = [event for steps in (EVERYTHING, [Think("")]) for event in events(*steps)]
    unseen = {shape for event in made for shape in _shapes(event)} - recorded
    assert unseen == set()


def _shapes(event: dict[str, Any]) -> set[str]:
    """The event's fields in order, those of the objects within too; `data` of users is left out."""
    kinds = [event["type"]]
    parts = {"": event}
    for name in ("content_block", "delta", "message", "usage", "error"):
        if isinstance(event.get(name), dict):
            parts[name] = event[name]
    kinds += [str(part.get("type")) for part in list(parts.values())[1:]]
    return {f"{kinds} {name}: {list(part)}" for name, part in parts.items()}
