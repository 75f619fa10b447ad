"""A fake provider over real HTTP: what a scripted model does, sent exactly as the real providers send it.

`FakeProvider` serves a `Scenario` on the wires of OpenAI (Responses, Chat Completions, Completions), Anthropic, Gemini
(also Interactions), Bedrock, Cohere and Ollama, faults included; `rules` are the providers' own for what they are sent.
As a process of its own: `python -m millstream.testing.provider FILE.json`.
"""

from millstream.testing.provider.log import Mark, RecordedRequest
from millstream.testing.provider.reading import load_scenario, scenario_from_json
from millstream.testing.provider.scenario import Body, Delivery, Hangup, Response, Scenario
from millstream.testing.provider.server import FakeProvider
from millstream.testing.provider.steps import (
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
from millstream.testing.provider.websocket.terms import WebSocketTerms

__all__ = [
    "Body",
    "CallTool",
    "Cut",
    "Delivery",
    "Done",
    "ErrorEvent",
    "FakeProvider",
    "Finish",
    "Flood",
    "Hangup",
    "LongLine",
    "Mark",
    "MoreArgs",
    "Pause",
    "Ping",
    "Raw",
    "RecordedRequest",
    "Refuse",
    "Response",
    "Say",
    "Scenario",
    "Think",
    "Together",
    "WebSocketTerms",
    "load_scenario",
    "scenario_from_json",
]
