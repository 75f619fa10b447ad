"""Scenarios as values, in short form and as JSON; whatever is wrong is told with its place."""

import json
from pathlib import Path
from typing import Any

import pytest

from millstream.errors import UsageError
from millstream.events import Usage
from millstream.testing import (
    Body,
    CallTool,
    Cut,
    Delivery,
    Done,
    ErrorEvent,
    Finish,
    Flood,
    Hangup,
    LongLine,
    MoreArgs,
    Pause,
    Ping,
    Raw,
    Refuse,
    Response,
    Say,
    Scenario,
    Think,
    Together,
    load_scenario,
    scenario_from_json,
)


def test_short_form_makes_text_steps_and_lists_into_responses() -> None:
    scenario = Scenario.of("Hello", CallTool("a"), ["First", CallTool("b")], Hangup(), pick="history")
    assert scenario == Scenario(
        (
            Response((Say("Hello"),)),
            Response((CallTool("a"),)),
            Response((Say("First"), CallTool("b"))),
            Hangup(),
        ),
        "history",
    )


EVERY_STEP: dict[str, Any] = {
    "pick": "history",
    "responses": [
        {
            "steps": [
                "Text. ",
                {"say": "More.", "phase": "final_answer", "chunk_chars": 2, "at_s": 0.1, "until_s": 0.2},
                {"think": "Hm."},
                {"refuse": "No."},
                {"call": "a", "args": {"x": [1]}, "id": "call_1", "index": 3, "seal": True},
                {"call": "b", "raw": "{", "seal": False},
                {"call": "c", "input": "print(1)"},
                {"together": [{"call": "d"}, {"call": "e", "until_s": 1}], "at_s": 0.5},
                {"more_args": "}", "of": 1, "seal": True},
                {"pause_s": 2},
                {"ping_every_s": 1, "for_s": 3, "kind": "keepalive"},
                {"error": "boom", "code": 500, "type": "oops", "shape": "flat"},
                {"flood": "x", "chars": 10},
                {"line_bytes": 100},
                {"raw": ": hi\n"},
                {"raw_base64": "/w=="},
                {"finish": None, "at_s": 9},
                {"done": True},
                {"cut": "reset"},
            ],
            "tokens_per_s": 50,
            "chunk_chars": 3,
            "usage": {"input_tokens": 7, "output_tokens": 5, "reasoning_tokens": 1},
            "first_byte_s": 0.5,
            "delivery": {"newline": "\r\n", "gzip": True, "piece_bytes": 1, "headers": {"x": "y"}},
        },
        ["Only steps"],
        "Only text",
        {"body": {"error": {}}, "status": 429, "headers": {"retry-after": "1"}},
        {"hangup": "close", "first_byte_s": 1},
    ],
}


def test_every_step_can_be_written_as_json() -> None:
    assert scenario_from_json(EVERY_STEP) == Scenario(
        (
            Response(
                (
                    Say("Text. "),
                    Say("More.", "final_answer", 2, 0.1, 0.2),
                    Think("Hm."),
                    Refuse("No."),
                    CallTool("a", {"x": [1]}, id="call_1", index=3, seal=True),
                    CallTool("b", raw="{", seal=False),
                    CallTool("c", raw="print(1)", kind="custom"),
                    Together((CallTool("d"), CallTool("e", until_s=1)), 0.5),
                    MoreArgs("}", 1, seal=True),
                    Pause(2),
                    Ping(1, 3, "keepalive"),
                    ErrorEvent("boom", 500, "oops", "flat"),
                    Flood("x", 10),
                    LongLine(100),
                    Raw(": hi\n"),
                    Raw(b"\xff"),
                    Finish(None, 9),
                    Done(),
                    Cut("reset"),
                ),
                50,
                3,
                Usage(7, 5, 0, 1),
                0.5,
                Delivery("\r\n", gzip=True, piece_bytes=1, headers={"x": "y"}),
            ),
            Response((Say("Only steps"),)),
            Response((Say("Only text"),)),
            Body({"error": {}}, 429, headers={"retry-after": "1"}),
            Hangup("close", 1),
        ),
        "history",
    )


WRONG: list[tuple[Any, str]] = [
    (7, "scenario: an object was expected, not 7"),
    ({}, '"responses" is missing'),
    ({"responses": [], "picks": 1}, "scenario: unknown key 'picks'; it can have responses, pick"),
    ({"responses": [], "pick": "any"}, "scenario.pick: one of 'order', 'history' was expected, not 'any'"),
    ([{}], "responses[0]: no known key names an answer; use one of steps, body, hangup"),
    ([{"steps": [], "speed": 1}], "responses[0]: unknown key 'speed'; a \"steps\" answer can have steps, tokens"),
    ([{"steps": "x"}], "responses[0].steps: a list was expected, not 'x'"),
    ([["x", 5]], "responses[0].steps[1]: an object or text was expected for a step, not 5"),
    ([["x", {"sya": "x"}]], "responses[0].steps[1]: no known key names a step; use one of call, say"),
    (
        [[{"call": "a", "argz": {}}]],
        "responses[0].steps[0]: unknown key 'argz'; a \"call\" step can have call, args",
    ),
    ([[{"say": 1}]], "responses[0].steps[0].say: text was expected, not 1"),
    ([[{"pause_s": -1}]], "responses[0].steps[0].pause_s: a number of seconds, 0 or more was expected, not -1"),
    ([[{"pause_s": True}]], "responses[0].steps[0].pause_s: a number of seconds"),
    ([[{"together": ["x"]}]], "responses[0].steps[0].together: only calls can be written together"),
    ([[{"together": [{"call": 1}]}]], "responses[0].steps[0].together[0].call: text was expected"),
    ([[{"more_args": "}", "of": 1}]], "responses[0]: steps[0]: MoreArgs(of=1), but 0 calls came before it"),
    ([[{"say": "x", "at_s": 2, "until_s": 1}]], "responses[0].steps[0]: Say: until_s=1 lies before at_s=2"),
    ([[{"raw_base64": "x"}]], "responses[0].steps[0]: raw_base64: not base64"),
    ([[{"ping_every_s": 1}]], "responses[0].steps[0]: "),
    ([{"steps": [], "usage": {"tokens": 1}}], "responses[0].usage: unknown key 'tokens'"),
    ([{"steps": [], "delivery": {"newline": "x"}}], "responses[0].delivery.newline: one of"),
    ([{"steps": [], "tokens_per_s": 0}], "responses[0]: Response: tokens_per_s must be above 0"),
    ([{"body": "x", "headers": {"a": 1}}], "responses[0].headers: an object of texts was expected"),
]


@pytest.mark.parametrize(("data", "message"), WRONG)
def test_what_is_wrong_is_told_with_its_place(data: Any, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        scenario_from_json(data)
    assert message in str(raised.value)


def test_a_file_is_loaded_and_what_can_not_be_read_is_named(tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps(["Hi"]), encoding="utf-8")
    assert load_scenario(file) == Scenario.of("Hi")
    file.write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match=r"scenario\.json: not a JSON file"):
        load_scenario(file)
    with pytest.raises(UsageError, match=r"absent\.json: no scenario could be read: No such file"):
        load_scenario(tmp_path / "absent.json")


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CallTool("a", {1, 2}), "args is no JSON value"),
        (lambda: CallTool("a", kind="custom"), "a custom tool takes free text"),
        (lambda: CallTool("a", chunk_chars=0), "chunk_chars must be at least 1"),
        (lambda: Ping(0, 1), "every_s must be above 0"),
        (lambda: Flood(""), "text must not be empty"),
        (lambda: Response(chunk_chars=0), "chunk_chars must be at least 1"),
        (lambda: Delivery(piece_bytes=0), "piece_bytes must be at least 1"),
        (lambda: Scenario((), "any"), 'write "order" or "history"'),  # type: ignore[arg-type]
    ],
)
def test_a_value_that_can_not_be_is_refused_where_it_is_made(make: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make()


def test_argument_text_is_compact_json_or_verbatim() -> None:
    assert CallTool("a", {"city": "Zürich", "n": [1, 2]}).text == '{"city":"Zürich","n":[1,2]}'
    assert CallTool("a", raw='{"x": 1').text == '{"x": 1'


@pytest.mark.parametrize(
    ("body", "data", "media_type"),
    [
        (Body("<html>"), b"<html>", "text/html"),
        (Body(b"\xff", content_type="text/event-stream"), b"\xff", "text/event-stream"),
        (Body({"a": [1]}), b'{"a": [1]}', "application/json"),
        (Body(None), b"null", "application/json"),
    ],
)
def test_a_whole_body_is_sent_as_it_is_or_as_json(body: Body, data: bytes, media_type: str) -> None:
    assert (body.data, body.media_type) == (data, media_type)
