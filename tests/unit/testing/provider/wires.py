"""What the tests of every wire need: the frames of some steps as they would be sent, through the table of endpoints."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from millstream.events import Usage
from millstream.testing import CallTool, Refuse, Response, Say, Think, Together
from millstream.testing.provider.endpoints import ENDPOINTS, Api
from millstream.testing.provider.frames import Asked, Frame, compose
from millstream.testing.provider.picking import Memory
from millstream.testing.provider.rules.shapes import is_array, is_object
from millstream.testing.provider.steps import Step

EVERYTHING: list[Step] = [
    Think("Let me think."),
    Say("Looking it up."),
    Together((CallTool("a", {"x": "y"}), CallTool("b", {"z": 1, "n": [1, {"m": None}]}))),
    Refuse("No more."),
]
"""One of each thing that a model does."""


def frames(
    api: Api,
    *steps: Step,
    body: Mapping[str, Any] | None = None,
    usage: Usage | None = None,
    query: Mapping[str, str] | None = None,
) -> list[Frame]:
    """The frames of a response."""
    asked = Asked({"model": "m", "stream": True, **(body or {})}, "7", 1_790_000_000, "m", query or {})
    response = Response(steps, usage=usage)
    return list(compose(response, ENDPOINTS[api].answer(asked, response, Memory(), 0).wire))


def data_of(made: list[Frame]) -> list[dict[str, Any]]:
    """The JSON objects of the server-sent events among them."""
    lines = b"".join(frame.data for frame in made).decode().split("\n")
    return [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: {")]


def marks_of(made: list[Frame]) -> list[str]:
    """What they say is complete, in order."""
    return [frame.mark for frame in made if frame.mark]


def fields_of(value: Any, into: dict[str, set[str]], place: str = "", within: str = "args") -> dict[str, set[str]]:
    """The fields that objects have, by the place they stand at; what a tool is given is left out."""
    if is_array(value):
        for entry in value:
            fields_of(entry, into, place, within)
    elif is_object(value) and not place.endswith(within):
        into.setdefault(place, set()).update(value)
        for key, part in value.items():
            fields_of(part, into, f"{place}.{key}", within)
    return into


def unseen(made: Mapping[str, set[str]], recorded: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The fields that no recorded object has in the same place."""
    lacking = {place: fields - recorded.get(place, set()) for place, fields in made.items()}
    return {place: fields for place, fields in lacking.items() if fields}
