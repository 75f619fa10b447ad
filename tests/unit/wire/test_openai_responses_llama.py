"""OpenAI Responses as llama.cpp sends it."""

from __future__ import annotations

from millstream.wire.openai_responses.reader import ResponsesReader
from millstream.wire_events import (
    ArgsPiece,
    ArgsWhole,
    CallBegan,
    CallClosed,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    ReasoningPiece,
    TextPiece,
    WireEvent,
)
from tests.unit.wire.responses_wire import Event, completed, joined


def test_llama_cpp_numbers_neither_events_nor_items() -> None:
    """Its items of calls have no id either: a delta's `item_id` is the `call_id`. All items close at the end."""

    def added(item: Event) -> Event:
        return {"type": "response.output_item.added", "item": item}

    def done(item: Event) -> Event:
        return {"type": "response.output_item.done", "item": item}

    def f(id_: str, arguments: str = "", status: str = "in_progress") -> Event:
        return {"type": "function_call", "call_id": f"fc_{id_}", "name": "f", "arguments": arguments, "status": status}

    def delta(id_: str, piece: str) -> Event:
        return {"type": "response.function_call_arguments.delta", "delta": piece, "item_id": f"fc_{id_}"}

    thought: Event = {"type": "reasoning", "id": "rs_1", "summary": [], "content": [], "encrypted_content": ""}
    said: Event = {"type": "message", "id": "msg_1", "role": "assistant", "content": [], "status": "in_progress"}
    output = [
        thought | {"content": [{"type": "reasoning_text", "text": "Hm"}]},
        said | {"content": [{"type": "output_text", "text": "Hi!"}], "status": "completed"},
        f("a", '{"x":1}', "completed"),
        f("b", '{"x":2}', "completed"),
    ]
    reader = ResponsesReader(frozenset({"missing_output_index"}))
    sent: list[Event] = [
        {"type": "response.created", "response": {"id": "resp_1", "status": "in_progress"}},
        added(thought),
        {"type": "response.reasoning_text.delta", "delta": "Hm", "item_id": "rs_1"},
        added(said),
        {"type": "response.content_part.added", "item_id": "msg_1", "part": {"type": "output_text", "text": ""}},
        {"type": "response.output_text.delta", "item_id": "msg_1", "delta": "Hi!"},
        *(added(f("a")), delta("a", '{"x"'), delta("a", ":1}")),
        *(added(f("b")), delta("b", '{"x":2}')),
        {"type": "response.output_text.done", "item_id": "msg_1", "text": "Hi!"},
        *map(done, output),
        completed(*output),
    ]
    events: list[WireEvent] = [event for one in sent for event in reader.accept(one)]
    assert [event for event in joined(events) if not isinstance(event, Echo)] == [
        *(ItemOpened(0), ReasoningPiece(0, "Hm"), ItemOpened(1), TextPiece(1, "Hi!")),
        *(CallBegan(2, "f", "fc_a"), ArgsPiece(2, '{"x":1}'), CallBegan(3, "f", "fc_b"), ArgsPiece(3, '{"x":2}')),
        *(ArgsWhole(2, '{"x":1}'), CallClosed(2), ArgsWhole(3, '{"x":2}'), CallClosed(3)),
        *(Finished("completed", good=True), Ended(None, None, "resp_1")),
    ]
