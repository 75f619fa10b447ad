"""The Chat Completions wire: its chunks, checked against the official types and recorded streams."""

import json
from pathlib import Path
from typing import Any

import pytest
from openai.types.chat import ChatCompletionChunk
from pydantic import TypeAdapter

from millstream.events import Usage
from millstream.testing import (
    CallTool,
    Cut,
    Done,
    ErrorEvent,
    Finish,
    MoreArgs,
    Ping,
    Refuse,
    Response,
    Say,
    Think,
    Together,
)
from millstream.testing.provider.chat import ChatWire
from millstream.testing.provider.frames import Asked, Frame, compose
from millstream.testing.provider.steps import Step

OFFICIAL: TypeAdapter[Any] = TypeAdapter(ChatCompletionChunk)
COUNTED = {"stream_options": {"include_usage": True}}
EVERYTHING: list[Step] = [
    Think("Let me think."),
    Say("Looking it up."),
    Together((CallTool("a", {"x": "y"}), CallTool("b", {"z": 1}))),
    Refuse("No more."),
]


def frames(*steps: Step, body: dict[str, Any] | None = None, usage: Usage | None = None) -> list[Frame]:
    response = Response(steps)
    asked = Asked({"model": "m", "stream": True} | (body or {}), "7", 1_790_000_000)
    return list(compose(response, ChatWire(asked, usage, lone_call=response.call_count == 1)))


def data_of(*steps: Step, body: dict[str, Any] | None = None, usage: Usage | None = None) -> list[str]:
    got = [frame.data.decode() for frame in frames(*steps, body=body, usage=usage) if frame.data.startswith(b"data: ")]
    return [data.removeprefix("data: ").removesuffix("\n\n") for data in got]


def chunks(*steps: Step, body: dict[str, Any] | None = None, usage: Usage | None = None) -> list[dict[str, Any]]:
    return [json.loads(data) for data in data_of(*steps, body=body, usage=usage) if data != "[DONE]"]


def deltas(*steps: Step) -> list[dict[str, Any]]:
    return [chunk["choices"][0]["delta"] for chunk in chunks(*steps)]


def finish(*steps: Step) -> str | None:
    reason: str | None = chunks(*steps)[-1]["choices"][0]["finish_reason"]
    return reason


def test_a_text_response_is_role_deltas_finish_done() -> None:
    assert deltas(Say("Hello")) == [
        {"role": "assistant", "content": "", "refusal": None},
        {"content": "Hell"},
        {"content": "o"},
        {},
    ]
    assert finish(Say("Hello")) == "stop"
    assert data_of(Say("Hello"))[-1] == "[DONE]"


def test_a_lone_call_shares_the_role_chunk() -> None:
    assert deltas(CallTool("a", {"x": 1}, id="call_1")) == [
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"index": 0, "id": "call_1", "type": "function", "function": {"name": "a", "arguments": ""}}
            ],
            "refusal": None,
        },
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"x"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
        {},
    ]
    assert finish(CallTool("a")) == "tool_calls"


def test_several_calls_come_behind_a_role_chunk() -> None:
    got = deltas(CallTool("a", id="1"), CallTool("b", id="2"))
    assert got[0] == {"role": "assistant", "content": None}
    assert [(call["index"], call.get("id")) for delta in got[1:-1] for call in delta["tool_calls"]] == [
        (0, "1"),
        (0, None),
        (1, "2"),
        (1, None),
    ]


def test_calls_written_together_alternate() -> None:
    got = deltas(Together((CallTool("a", raw="12345678"), CallTool("b", raw="12345678"))))
    assert [delta["tool_calls"][0]["index"] for delta in got[1:-1]] == [0, 1, 0, 1, 0, 1]


def test_reasoning_and_refusals_have_their_own_fields() -> None:
    assert deltas(Think(""), Say("x"))[1:] == [{"content": "x"}, {}]
    assert deltas(Think("abcd"), Refuse("nope"))[1:3] == [{"reasoning_content": "abcd"}, {"refusal": "nope"}]


def test_custom_calls_carry_free_text() -> None:
    got = deltas(CallTool("b", raw="hi", kind="custom", id="c"))
    assert got[0]["tool_calls"] == [{"index": 0, "id": "c", "type": "custom", "custom": {"name": "b", "input": ""}}]
    assert got[1]["tool_calls"] == [{"index": 0, "custom": {"input": "hi"}}]


@pytest.mark.parametrize("steps", [EVERYTHING, [CallTool("a", raw='{"cut'), Finish("length")], [], [Say("x")]])
def test_every_chunk_is_of_the_official_type(steps: list[Step]) -> None:
    for chunk in chunks(*steps, body=COUNTED):
        OFFICIAL.validate_python(chunk)
    assert len({chunk["id"] for chunk in chunks(*steps)}) == 1


def test_usage_comes_in_a_chunk_of_its_own_where_it_is_asked_for() -> None:
    counted = chunks(Say("12345678"), Think("abcd"), body=COUNTED)
    assert [chunk["usage"] for chunk in counted[:-1]] == [None] * (len(counted) - 1)
    assert counted[-1]["choices"] == []
    assert counted[-1]["usage"]["completion_tokens"] == 3
    assert counted[-1]["usage"]["completion_tokens_details"]["reasoning_tokens"] == 1
    assert chunks(body=COUNTED, usage=Usage(10, 20, 3, 4))[-1]["usage"]["total_tokens"] == 30
    assert not any("usage" in chunk for chunk in chunks(Say("x")))


def test_faults_are_sent_as_written() -> None:
    assert data_of(CallTool("a", raw='{"x'), Cut())[-1].count('{\\"x') == 1
    assert frames(CallTool("a"), Cut("close"))[-1] == Frame(0.0, cut="close")
    assert finish(CallTool("a"), Finish("stop")) == "stop"
    assert finish(CallTool("a"), Finish("end_turn")) == "end_turn"
    assert deltas(CallTool("a"), Finish(), MoreArgs("}"))[-1] == {
        "tool_calls": [{"index": 0, "function": {"arguments": "}"}}]
    }
    assert data_of(Say("x"), Done())[-2:][1] == "[DONE]"
    assert not any('"finish_reason":"stop"' in data for data in data_of(Say("x"), Done()))
    assert b": ping\n\n" in [frame.data for frame in frames(Ping(1, 1))]


def test_index_and_id_can_be_as_odd_as_those_of_real_servers() -> None:
    got = deltas(CallTool("a", id="", index=0), CallTool("b", id="x", index=0))
    assert [call["index"] for delta in got[1:-1] for call in delta["tool_calls"]] == [0, 0, 0, 0]
    assert got[1]["tool_calls"][0]["id"] == ""


@pytest.mark.parametrize(
    ("shape", "start"),
    [
        (None, 'data: {"error":{"message":"boom"'),
        ("data", 'data: {"error":{"message":"boom"'),
        ("event", 'event: error\ndata: {"error":{"message":"boom"'),
        ("bare", 'event: error\ndata: {"message":"boom"'),
        ("flat", 'event: error\ndata: {"message":"boom","type":"error"'),
        ("nested", 'event: error\ndata: {"type":"error","error":{"message":"boom"'),
    ],
)
def test_errors_in_the_stream_have_the_shapes_of_real_servers(shape: Any, start: str) -> None:
    got = frames(Say("x"), ErrorEvent("boom", shape=shape))
    assert got[-1].data.decode().startswith(start)
    assert got[-1].mark == "error"


def test_marks_name_what_is_complete() -> None:
    marks = [frame.mark for frame in frames(Say("hello"), CallTool("a"), CallTool("b", raw="")) if frame.mark]
    assert marks == [
        "first-text",
        "call-opened:a",
        "args-complete:a",
        "call-opened:b",
        "args-complete:b",
        "finish",
    ]


def _shape(chunk: dict[str, Any]) -> tuple[Any, ...]:
    """The fields of a chunk, and those of the objects in it in their order; OpenAI writes `usage` here and there."""
    nothing: dict[str, Any] = {}
    choice: dict[str, Any] = (chunk["choices"] or [nothing])[0]
    delta: dict[str, Any] = choice.get("delta", nothing)
    call: dict[str, Any] = (delta.get("tool_calls") or [nothing])[0]
    usage: dict[str, Any] = chunk.get("usage") or nothing
    return (
        tuple(sorted(chunk)),
        tuple(choice),
        tuple(delta),
        tuple(call),
        tuple(call.get("function", nothing)),
        tuple(usage),
    )


def test_fields_and_their_order_are_those_of_recorded_chunks(corpus: Path) -> None:
    recorded: set[tuple[Any, ...]] = set()
    for file in sorted((corpus / "streams/open/openai-chat").glob("openai__*.sse")):
        for line in file.read_text(encoding="utf-8").split("\n"):
            if line.startswith("data: {"):
                recorded.add(_shape(json.loads(line.removeprefix("data: "))))
    padded = {"stream_options": {"include_usage": True, "include_obfuscation": True}}
    plain = {"stream_options": {"include_usage": True, "include_obfuscation": False}}
    ours = [
        *chunks(Say("Hello"), body=padded),
        *chunks(CallTool("a", {"x": 1}), body=plain),
        *chunks(CallTool("a", {"x": 1}), CallTool("b"), body=plain),
    ]
    assert len(ours) > 10
    assert [_shape(chunk) for chunk in ours if _shape(chunk) not in recorded] == []
