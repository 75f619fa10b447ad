"""The wire of Interactions: its events, checked against the official types and recorded streams."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import TypeAdapter

from millstream.events import Usage
from millstream.testing import CallTool, Cut, ErrorEvent, Finish, MoreArgs, Ping, Say, Think, Together
from millstream.testing.provider.rules.signature import signature_of
from millstream.testing.provider.steps import Step
from tests.unit.testing.provider.wires import EVERYTHING, data_of, fields_of, frames, marks_of, unseen

library: Any = import_module("google.genai._gaos.types.interactions.interactionsseevent")
OFFICIAL: TypeAdapter[Any] = TypeAdapter(library.InteractionSSEEvent)
API: Final = "gemini-interactions"


def events(*steps: Step, usage: Usage | None = None) -> list[dict[str, Any]]:
    return data_of(frames(API, *steps, usage=usage))


def short(*steps: Step) -> list[str]:
    return [f"{event['event_type']} {event.get('index', '')}".strip() for event in events(*steps)]


def deltas(*steps: Step) -> list[dict[str, Any]]:
    return [event["delta"] for event in events(*steps) if event["event_type"] == "step.delta"]


def end(*steps: Step) -> dict[str, Any]:
    interaction: dict[str, Any] = events(*steps)[-1]["interaction"]
    return interaction


@pytest.mark.parametrize("steps", [EVERYTHING, [Say("x"), Finish("length")], [ErrorEvent("boom")], []])
def test_every_event_is_one_of_the_official_client(steps: list[Step]) -> None:
    for event in events(*steps):
        parsed = OFFICIAL.validate_python(event)
        assert type(parsed).__name__ != "UnknownInteractionSSEEvent"
        inner: Any = getattr(parsed, "delta", None) or getattr(parsed, "step", None)
        assert not type(inner).__name__.startswith("Unknown")


def test_a_thought_comes_first_also_where_nothing_of_it_is_shown() -> None:
    assert short(Say("Hello")) == [
        *("interaction.created", "interaction.status_update", "step.start 0", "step.delta 0", "step.stop 0"),
        *("step.start 1", "step.delta 1", "step.delta 1", "step.stop 1", "interaction.completed"),
    ]
    assert deltas(Say("x")) == [
        {"signature": signature_of(""), "type": "thought_signature"},
        {"text": "x", "type": "text"},
    ]
    assert deltas(Think("hmmm")) == [
        {"content": {"text": "hmmm", "type": "text"}, "type": "thought_summary"},
        {"signature": signature_of("hmmm"), "type": "thought_signature"},
    ]
    assert frames(API, Say("x"))[-1].data == b"event: done\ndata: [DONE]\n\n"


def test_calls_are_steps_one_after_the_other() -> None:
    together = Together((CallTool("a", {"x": "yyyy"}, id="1"), CallTool("b", {"z": 1})))
    made = short(together)
    assert made.index("step.stop 1") < made.index("step.start 2")
    starts = [event["step"] for event in events(together) if event["event_type"] == "step.start"]
    assert starts[1] == {"id": "1", "signature": "", "type": "function_call", "name": "a", "arguments": {}}
    texts = [delta["arguments"] for delta in deltas(together) if delta["type"] == "arguments_delta"]
    assert "".join(texts) == '{"x":"yyyy"}{"z":1}'
    assert end(together)["status"] == "requires_action"
    marks = marks_of(frames(API, together))
    assert marks.index("call-sealed:a") < marks.index("call-opened:b")


@pytest.mark.parametrize(
    ("reason", "told"), [("length", "incomplete"), ("stop", "completed"), ("failed", "failed"), ("cancelled",) * 2]
)
def test_reasons(reason: str, told: str) -> None:
    assert end(Say("x"), Finish(reason))["status"] == told


def test_cuts_strays_errors_and_signs_of_life() -> None:
    assert short(CallTool("a", raw='{"x'), Cut())[-1] == "step.delta 1"
    assert short(CallTool("a"), MoreArgs("{}"))[-2:] == ["step.delta 1", "interaction.completed"]
    assert events(ErrorEvent("boom"))[-1] == {
        "error": {"message": "boom", "code": "server_error"},
        "event_type": "error",
    }
    assert b": ping\n\n" in [frame.data for frame in frames(API, Ping(1, 1))]


def test_tokens() -> None:
    counted: dict[str, Any] = events(Say("x"), usage=Usage(100, 30, 40, 10))[-1]["interaction"]["usage"]
    assert (counted["total_output_tokens"], counted["total_thought_tokens"], counted["total_tokens"]) == (20, 10, 130)


def test_the_fields_are_those_of_recorded_streams(corpus: Path) -> None:
    recorded: dict[str, set[str]] = {}
    for file in (corpus / "streams/open/gemini-interactions").glob("*.sse"):
        for line in file.read_text(encoding="utf-8").split("\n"):
            if line.startswith("data: {"):
                data = json.loads(line[5:])
                fields_of(data, recorded, data["event_type"])
    made: dict[str, set[str]] = {}
    for event in events(*EVERYTHING):
        fields_of(event, made, event["event_type"])
    assert unseen(made, recorded) == {}
