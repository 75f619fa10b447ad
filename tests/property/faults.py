"""What providers and networks do to a response: events dropped, doubled, swapped, changed or torn."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from millstream.events.values import is_array, is_object
from tests.property.bodies import Message, frame

HOSTILE: list[Any] = [
    *(None, True, 0, -1, 10**30, 1e308, float("nan"), "", "null", "x", "call_0", "\ud800", "completed", "}"),
    *([], {}, [[]], [{"text": "x"}], {"type": "function_call", "arguments": "{}"}, {"a": {"b": [None]}}, '{"a":'),
]


@st.composite
def mutated(draw: st.DrawFn, messages: list[Message]) -> bytes:
    """The body of a provider or a network that is at fault: events dropped, doubled, swapped, changed or torn."""
    frames = [json.dumps(message).encode() for message in messages]
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(frames) - 1))
        kind = draw(st.sampled_from(("drop", "double", "swap", "change", "change", "break")))
        if kind == "drop" and len(frames) > 1:
            del frames[at]
        elif kind == "double":
            frames.insert(draw(st.integers(at, len(frames))), frames[at])
        elif kind == "swap":
            other = draw(st.integers(0, len(frames) - 1))
            frames[at], frames[other] = frames[other], frames[at]
        elif kind == "change":
            frames[at] = _changed(frames[at], draw)
        elif kind == "break":
            place = draw(st.integers(0, len(frames[at])))
            frames[at] = (
                frames[at][:place] + draw(st.binary(max_size=4)) + frames[at][place + draw(st.integers(0, 2)) :]
            )
    body = b"".join(map(frame, frames))
    return body[: draw(st.integers(0, len(body)))] if draw(st.booleans()) else body


def _changed(data: bytes, draw: st.DrawFn) -> bytes:
    """The message with one of its values made another."""
    try:
        root: list[Any] = [json.loads(data)]
    except ValueError:
        return data
    draw(st.sampled_from(places(root)))(draw(st.sampled_from(HOSTILE)))
    return json.dumps(root[0]).encode()


def places(root: list[Any]) -> list[Callable[[Any], None]]:
    """For each value within `root[0]`, and for it, what puts another in its place."""
    found: list[Callable[[Any], None]] = []

    def note(holder: Any, key: Any) -> None:
        def put(value: Any) -> None:
            holder[key] = value

        found.append(put)
        inner: object = holder[key]
        if is_object(inner):
            for name in list(inner):
                note(inner, name)
        elif is_array(inner):
            for i in range(len(inner)):
                note(inner, i)

    note(root, 0)
    return found
