"""Gemini's Interactions: how they end, well or not, and what is told beside the steps."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.events import Usage
from millstream.transcript import ReasoningItem
from millstream.wire.gemini_interactions.reader import GOOD_ENDS, InteractionsReader
from millstream.wire_events import Broke, Ended, Finished, Passed
from tests.response import Response
from tests.unit.wire.interactions_wire import TEXT, Event, args, completed, delta, older, read, response, stop


def broke(of: Response) -> Broke:
    """How a response broke off."""
    assert isinstance(of.last, Broke)
    return of.last


def test_the_good_ends() -> None:
    assert {"completed", "requires_action"} == GOOD_ENDS


@pytest.mark.parametrize("status", ["incomplete", "cancelled", "budget_exceeded", "requires_continuation", "new"])
def test_every_other_status_is_no_good_end(status: str) -> None:
    assert read(completed(status))[0] == Finished(status, good=False)


def test_an_interaction_that_failed() -> None:
    failure = broke(response(*TEXT[:-1], completed("failed", error={"message": "No.", "code": "x"})))
    assert (failure.error.message, failure.error.code, failure.reason) == ("the provider says: No.", "x", "failed")
    assert "no reason was given" in broke(response(completed("failed"))).error.message


def test_the_steps_of_an_interaction_are_read_only_where_none_was_streamed() -> None:
    thought: dict[str, Any] = {"type": "thought", "signature": "s", "summary": [{"type": "text", "text": "Hm"}]}
    whole: list[dict[str, Any]] = [
        {"type": "user_input", "content": [{"type": "text", "text": "Hi"}]},
        thought,
        {"type": "function_call", "id": "a", "name": "f", "arguments": {"n": 1}},
    ]
    of = response(completed("requires_action", steps=whole))
    assert args(of) == [{"n": 1}]
    assert of.reply().items[0] == ReasoningItem("Hm", thought)
    assert response(older(completed(outputs=[{"type": "text", "text": "Hi"}]))).reply().text == "Hi"
    assert response(*TEXT[:-1], completed(steps=whole)).reply().text == "Hello"


@pytest.mark.parametrize("tail", ["", "event: done\ndata: [DONE]\n\n"])
def test_without_its_completion_an_interaction_is_torn(tail: str) -> None:
    failure = broke(response(*TEXT[:-1], tail=tail)).error
    assert (failure.kind, failure.retryable) == ("torn", True)
    assert isinstance(response(*TEXT, tail=tail).last, Ended)
    assert isinstance(InteractionsReader().done()[0], Broke)


def test_errors() -> None:
    said = {"message": "blocked", "code": "prohibited_content"}
    event = {"event_type": "error", "error": said, "event_id": "e"}
    for of in (
        response(event),
        response(*TEXT[:-1], event),
        # googleapis/js-genai#1973: a bare line of JSON between the events, then the end
        response(*TEXT[:-1], tail='{"error": {"message": "blocked", "code": "prohibited_content"}}\n'),
    ):
        assert (broke(of).error.message, broke(of).error.code) == ("the provider says: blocked", "prohibited_content")


def test_usage_is_the_last_wherever_it_stands() -> None:
    first = {"total_input_tokens": 11, "total_tool_use_tokens": 2, "total_output_tokens": 3, "total_thought_tokens": 4}
    reader = InteractionsReader()
    reader.accept(delta(0, "text", text="a") | {"metadata": {"usage": first | {"total_cached_tokens": 5}}})
    assert reader.usage == Usage(13, 7, 5, 4, first | {"total_cached_tokens": 5})
    last = response(*TEXT[:-1], completed(usage=first)).last
    assert isinstance(last, Ended)
    assert last.usage == Usage(13, 7, 0, 4, first)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        ({"event_type": "interaction.created", "interaction": {"id": "x"}}, []),
        ({"event_type": "interaction.status_update", "status": "in_progress"}, []),
        ({"event_type": "something.new", "x": 1}, [Passed("something.new", {"event_type": "something.new", "x": 1})]),
        ({"x": 1}, [Passed("message", {"x": 1})]),
        (stop(7), []),
        ({"event_type": "step.start"}, []),
        ({"event_type": "step.delta", "index": 0}, []),
    ],
)
def test_events_that_say_nothing_and_those_that_are_not_known(event: Event, told: list[object]) -> None:
    assert read(event) == told
