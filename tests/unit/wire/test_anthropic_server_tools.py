"""Anthropic Messages: tools that the provider runs are shown, never called, and go back only where they may."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.wire_events import Broke, CallBegan, Echo, Finished, ItemOpened, Passed, ServerToolMoved, WireEvent
from tests.unit.wire.anthropic_wire import (
    OVER,
    Event,
    args,
    because,
    call,
    delta,
    names,
    opened,
    read,
    started,
    stopped,
)

_QUERY = {"query": "rain"}


def search(index: int = 0, *, type_: str = "server_tool_use", **fields: Any) -> Event:
    """A search began."""
    return opened(type_, index, **{"id": f"srvtoolu_{index}", "name": "web_search", "input": {}} | fields)


def found(index: int, of: int = 0, type_: str = "web_search_tool_result", **fields: Any) -> Event:
    """The result of a search."""
    return opened(
        type_, index, **{"tool_use_id": f"srvtoolu_{of}", "content": [{"type": "web_search_result"}]} | fields
    )


def echoes(events: list[WireEvent]) -> list[Echo]:
    return [event for event in events if isinstance(event, Echo)]


@pytest.mark.parametrize("type_", ["server_tool_use", "mcp_tool_use"])
def test_a_call_and_its_result_are_told_of_one_item_and_go_back_as_two(type_: str) -> None:
    begun = search(type_=type_)["content_block"]
    result = found(1)["content_block"]
    piece = {"type": "input_json_delta", "partial_json": '{"query":"rain"}'}
    events = read(search(type_=type_), args('{"query":"rain"}'), stopped(), found(1), stopped(1))
    assert events == [
        ItemOpened(0),
        ServerToolMoved(0, "web_search", "in_progress", begun),
        ServerToolMoved(0, "web_search", "input.delta", piece),
        ServerToolMoved(0, "web_search", "running", begun | {"input": _QUERY}),
        ItemOpened(1),
        ServerToolMoved(0, "web_search", "completed", result),
        Echo(0, begun | {"input": _QUERY}),
        Echo(1, result),
    ]


def test_it_is_never_a_call_of_ours() -> None:
    events = read(search(), args("{}"), stopped(), search(1, type_="mcp_tool_use"), stopped(1), found(2), stopped(2))
    assert not [event for event in events if isinstance(event, CallBegan)]


def test_an_input_that_is_there_from_the_beginning() -> None:
    events = read(search(input=_QUERY, caller={"type": "code_execution_20260120"}), stopped())
    assert isinstance(moved := events[-1], ServerToolMoved)
    assert moved.data["input"] == _QUERY


@pytest.mark.parametrize("pieces", [[], [""], ['{"query'], ["[1]"], [" "]])
def test_an_input_that_is_none_goes_back_as_none(pieces: list[str]) -> None:
    events = read(search(), *map(args, pieces), stopped(), found(1))
    assert echoes(events)[0].data["input"] == {}


@pytest.mark.parametrize(
    "fields",
    [{"content": {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"}}, {"is_error": True}],
)
def test_a_result_that_failed(fields: Event) -> None:
    moved = [event for event in read(search(), stopped(), found(1, **fields)) if isinstance(event, ServerToolMoved)]
    assert moved[-1].status == "failed"


def test_the_result_of_a_call_of_the_message_before_is_told_of_its_own_item() -> None:
    # the deferred tool search: the API runs it once our own results are there
    result = found(0, of=7)["content_block"]
    assert read(found(0, of=7), stopped()) == [
        ItemOpened(0),
        ServerToolMoved(0, "web_search_tool_result", "completed", result),
        Echo(0, result),
    ]


@pytest.mark.parametrize("reason", ["tool_use", "pause_turn"])
def test_a_call_whose_result_is_still_to_come_goes_back_where_the_api_waits_for_us(reason: str) -> None:
    events = read(started(), search(), stopped(), *call(["{}"], 1), because(reason), OVER)
    assert events[-3] == Echo(0, search()["content_block"])
    assert events[-2] == Finished(reason, good=True, goes_on=reason == "pause_turn")


@pytest.mark.parametrize("reason", ["max_tokens", "refusal", "model_context_window_exceeded", "stop_sequence"])
def test_a_call_without_its_result_does_not_go_back_where_the_message_was_cut(reason: str) -> None:
    events = read(started(), search(), stopped(), found(1), stopped(1), search(2), stopped(2), because(reason), OVER)
    assert [echo.item for echo in echoes(events)] == [0, 1]


def test_a_call_that_was_cut_in_its_midst_does_not_go_back() -> None:
    events = read(started(), search(), args('{"que'), {"type": "error", "error": {"type": "overloaded_error"}})
    assert isinstance(events[-1], Broke)
    assert echoes(events) == []


def test_a_block_without_a_name_is_told_by_its_type() -> None:
    assert isinstance(moved := read(search(name=""))[-1], ServerToolMoved)
    assert moved.tool == "server_tool_use"


def test_what_belongs_to_no_tool_is_passed_through() -> None:
    assert names(read(opened("container_upload", file_id="file_1"), stopped())) == ["ItemOpened", "Passed", "Echo"]
    unknown = delta("input_json_delta", 0, partial_json="{")
    assert read(found(0), unknown)[-1] == Passed("content_block_delta", unknown)
