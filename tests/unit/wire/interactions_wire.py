"""Events of Gemini's Interactions, written short, and what is made of them."""

from __future__ import annotations

import json
from typing import Any, Final

from millstream.wire.gemini_interactions.reader import InteractionsReader
from millstream.wire_events import WireEvent
from tests.response import Response, check_end

Event = dict[str, Any]
API = "gemini-interactions"


def start(index: int, type_: str, **fields: Any) -> Event:
    """A step begins."""
    return {"event_type": "step.start", "index": index, "step": {"type": type_} | fields}


def delta(index: int, type_: str, **fields: Any) -> Event:
    """More of a step."""
    return {"event_type": "step.delta", "index": index, "delta": {"type": type_} | fields}


def stop(index: int) -> Event:
    """A step is over."""
    return {"event_type": "step.stop", "index": index}


def completed(status: str = "completed", **fields: Any) -> Event:
    """The end of the interaction."""
    return {"event_type": "interaction.completed", "interaction": {"id": "i-1", "status": status} | fields}


def older(event: Event) -> Event:
    """An event as the revision before May 2026 has it."""
    kinds = {"interaction.completed": "interaction.complete"}
    made: Event = event | {
        "event_type": kinds.get(event["event_type"], event["event_type"].replace("step.", "content."))
    }
    if "step" in made:
        step = made.pop("step")
        made["content"] = {"type": "text"} if step["type"] == "model_output" else step
    return made


def read(*events: Event) -> list[WireEvent]:
    """What one reader makes of these events."""
    reader = InteractionsReader()
    return [event for one in events for event in reader.accept(one)]


def response(*events: Event, tail: str = "") -> Response:
    """The response that these events are, over the wire."""
    found = Response(API)
    body = "".join(f"event: {one['event_type']}\ndata: {json.dumps(one)}\n\n" for one in events)
    found.feed((body + tail).encode())
    found.end()
    return found


def args(of: Response) -> list[Any]:
    """The arguments of each call, None where it was not sealed."""
    check_end(of)
    return [one.sealed.value if one.sealed is not None else None for one in of.router.calls.values()]


CALL: Final = [
    start(0, "thought"),
    delta(0, "thought_summary", content={"type": "text", "text": "Hm"}),
    delta(0, "thought_signature", signature=""),
    delta(0, "thought_signature", signature="s"),
    stop(0),
    start(1, "function_call", id="a", name="f", arguments={}, signature=""),
    delta(1, "arguments_delta", arguments='{"n"'),
    delta(1, "arguments_delta", arguments=": 1}"),
    stop(1),
    completed("requires_action"),
]
TEXT: Final = [
    start(0, "model_output"),
    delta(0, "text", text="Hel"),
    delta(0, "text", text="lo"),
    stop(0),
    completed(),
]
