"""For tests of your own agents, and for looking at what a provider really sent.

Importing this loads no server; `FakeProvider` loads one when it is made.
"""

from millstream.testing.checker import Violation, assert_records, check_records
from millstream.testing.provider import (
    Body,
    CallTool,
    Cut,
    Delivery,
    Done,
    ErrorEvent,
    FakeProvider,
    Finish,
    Flood,
    Hangup,
    LongLine,
    Mark,
    MoreArgs,
    Pause,
    Ping,
    Raw,
    RecordedRequest,
    Refuse,
    Response,
    Say,
    Scenario,
    Think,
    Together,
    load_scenario,
    scenario_from_json,
)
from millstream.testing.scripted import ScriptedModel, call
from millstream.testing.summary import summarise

__all__ = (
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
    "ScriptedModel",
    "Think",
    "Together",
    "Violation",
    "assert_records",
    "call",
    "check_records",
    "load_scenario",
    "scenario_from_json",
    "summarise",
)
