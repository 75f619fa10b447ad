"""The Ollama wire: its lines, checked against recorded ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from millstream.events import Usage
from millstream.testing import CallTool, Cut, ErrorEvent, Finish, Ping, Say, Think, Together
from millstream.testing.provider.steps import Step
from tests.unit.testing.provider.wires import frames, marks_of


def lines(*steps: Step, usage: Usage | None = None) -> list[dict[str, Any]]:
    data = b"".join(frame.data for frame in frames("ollama-native", *steps, usage=usage)).decode()
    return [json.loads(line) for line in data.split("\n") if line]


def messages(*steps: Step) -> list[dict[str, Any]]:
    return [line["message"] for line in lines(*steps) if not line["done"]]


def test_text_thoughts_and_the_end() -> None:
    assert messages(Think("hm"), Say("Hello")) == [
        {"role": "assistant", "content": "", "thinking": "hm"},
        {"role": "assistant", "content": "Hell"},
        {"role": "assistant", "content": "o"},
    ]
    last = lines(Say("x"), usage=Usage(7, 3, 0, 0))[-1]
    assert (last["done"], last["done_reason"]) == (True, "stop")
    assert (last["prompt_eval_count"], last["eval_count"]) == (7, 3)
    assert last["created_at"] == "2026-09-21T14:13:20Z"


def test_calls_come_whole_and_the_reason_stays_stop() -> None:
    together = Together((CallTool("a", {"x": "y"}, id="1"), CallTool("b", {}, id="")))
    assert messages(together) == [
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "1", "function": {"index": 0, "name": "a", "arguments": {"x": "y"}}}],
        },
        {"role": "assistant", "content": "", "tool_calls": [{"function": {"index": 1, "name": "b", "arguments": {}}}]},
    ]
    assert lines(together)[-1]["done_reason"] == "stop"
    assert marks_of(frames("ollama-native", together))[-3:] == ["args-complete:b", "call-sealed:b", "finish"]


@pytest.mark.parametrize(("reason", "told"), [("length", "length"), ("tool_calls", "stop"), ("load", "load")])
def test_reasons(reason: str, told: str) -> None:
    assert lines(Say("x"), Finish(reason))[-1]["done_reason"] == told


def test_arguments_the_server_can_not_read_end_the_response() -> None:
    assert lines(CallTool("a", raw="{nope"), Say("never")) == [{"error": "error parsing tool call: raw='{nope'"}]


def test_a_call_that_was_never_closed_never_comes() -> None:
    assert messages(CallTool("a", raw='{"x'), Finish("length")) == []
    assert lines(CallTool("a", raw='{"x'), Cut()) == []
    assert messages(CallTool("a", {}, seal=False))[0]["tool_calls"][0]["function"]["arguments"] == {}


def test_errors_and_silence() -> None:
    assert lines(ErrorEvent("boom")) == [{"error": "boom"}]
    assert len(lines(Ping(1, 3))) == 1


def test_the_fields_are_those_of_recorded_lines(corpus: Path) -> None:
    """Of lines without calls and thoughts, of which there are no recordings."""
    recorded: set[tuple[str, ...]] = set()
    for file in (corpus / "streams/open/ollama-native").glob("*.ndjson"):
        for line in file.read_text(encoding="utf-8").split("\n"):
            data: dict[str, Any] = json.loads(line or "{}")
            recorded |= {tuple(sorted(data)), tuple(sorted(data.get("message", {})))}
    for data in lines(Say("x")):
        assert tuple(sorted(data)) in recorded
        assert tuple(sorted(data["message"])) in recorded
