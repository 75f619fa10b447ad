"""Whatever a scenario does, what is sent for it is of the official types of each provider that has published some."""

from importlib import import_module
from typing import Any, get_args

import pytest
from anthropic.types import ErrorResponse, RawMessageStreamEvent
from google.genai.types import GenerateContentResponse
from openai.types import Completion
from openai.types.chat import ChatCompletionChunk
from openai.types.responses import ResponseStreamEvent
from pydantic import TypeAdapter

from millstream.testing import (
    CallTool,
    Cut,
    Done,
    ErrorEvent,
    Finish,
    Flood,
    LongLine,
    MoreArgs,
    Pause,
    Ping,
    Raw,
    Refuse,
    Say,
    Think,
    Together,
)
from millstream.testing.provider.endpoints import ENDPOINTS, Api
from millstream.testing.provider.steps import Step
from tests.unit.testing.provider.wires import EVERYTHING, data_of, frames

interactions: Any = import_module("google.genai._gaos.types.interactions.interactionsseevent")
library: Any = import_module("botocore.eventstream")

OFFICIAL: dict[Api, TypeAdapter[Any]] = {
    "openai-responses": TypeAdapter(ResponseStreamEvent),
    "openai-chat": TypeAdapter(ChatCompletionChunk),
    "openai-completions": TypeAdapter(Completion),
    "anthropic-messages": TypeAdapter(RawMessageStreamEvent | ErrorResponse),
    "gemini-generate": TypeAdapter(GenerateContentResponse),
    "gemini-interactions": TypeAdapter(interactions.InteractionSSEEvent),
}
OPEN = CallTool("a", raw='{"x": ', seal=False)
EACH: dict[type[Step], list[Step]] = {
    Say: [Say("x", phase="commentary"), Say("y", phase="final_answer", until_s=1)],
    Think: [Think(""), Say("x"), Think("more")],
    Refuse: [Say("Well, "), Refuse("no.")],
    CallTool: [
        CallTool("a", {}, id=""),
        CallTool("b", raw="{nope"),
        CallTool("c", raw="\ud800"),
        CallTool("a", raw=""),
    ],
    Together: [Together((CallTool("a", {"x": 1}), CallTool("b", {"y": 2}, until_s=2), CallTool("c")))],
    MoreArgs: [OPEN, CallTool("b"), MoreArgs("1}", seal=True), MoreArgs("stray", of=1), Finish(), MoreArgs("late")],
    Pause: [Say("x"), Pause(1), Say("y"), Finish(), Done(), Pause(1)],
    Ping: [Ping(1, 2), Say("x"), Ping(1, 2, kind="keepalive"), CallTool("a"), Ping(1, 1, kind="keepalive")],
    Finish: [OPEN, Finish("length")],
    Done: [Say("x"), Done()],
    ErrorEvent: [CallTool("a", raw='{"x', seal=False), ErrorEvent("boom")],
    Cut: [Say("x"), OPEN, Cut("reset")],
    Flood: [Flood("x", chars=9), Finish("content_filter")],
    LongLine: [Say("x")],
    Raw: [Say("x"), Raw(": raw\n\n"), CallTool("a")],
}
"""For each kind of step, what shows it; a line without end is never a whole event."""


def test_every_kind_of_step_is_shown() -> None:
    assert set(get_args(Step)) == set(EACH)


@pytest.mark.parametrize(
    "steps", [*EACH.values(), EVERYTHING, []], ids=[*(kind.__name__ for kind in EACH), "all", "no"]
)
@pytest.mark.parametrize("api", OFFICIAL)
def test_every_event_is_of_the_official_type(api: Api, steps: list[Step]) -> None:
    made = data_of(frames(api, *steps, query={"alt": "sse"}))
    for event in made:
        if _has_no_type(api, event):
            continue
        parsed = OFFICIAL[api].validate_python(event)
        assert not type(parsed).__name__.startswith("Unknown")
    assert made or Cut in map(type, steps) or api == "openai-completions"


@pytest.mark.parametrize(
    "steps", [*EACH.values(), EVERYTHING, []], ids=[*(kind.__name__ for kind in EACH), "all", "no"]
)
def test_every_frame_of_bedrock_is_read_by_its_library(steps: list[Step]) -> None:
    made = [frame for frame in frames("bedrock-converse", *steps) if frame.event]
    buffer = library.EventStreamBuffer()
    buffer.add_data(b"".join(frame.data for frame in made))
    assert len(list(buffer)) == len(made) > 0


@pytest.mark.parametrize("steps", EACH.values(), ids=[kind.__name__ for kind in EACH])
@pytest.mark.parametrize("api", ENDPOINTS)
def test_no_step_is_sent_before_the_one_before_it(api: Api, steps: list[Step]) -> None:
    times = [frame.at_s for frame in frames(api, *steps)]
    assert times == sorted(times)


def _has_no_type(api: Api, event: dict[str, Any]) -> bool:
    """What the real providers send and their types leave out."""
    if event.get("type") == "ping":
        return True  # the client of Anthropic skips it
    if event.get("type") == "keepalive":
        return True  # recorded of Responses, in no list of its events
    if "error" in event:
        return api not in ("anthropic-messages", "gemini-interactions")
    if api == "openai-completions":  # a reason is null until the end
        for choice in event["choices"]:
            choice["finish_reason"] = choice["finish_reason"] or "stop"
    return False
