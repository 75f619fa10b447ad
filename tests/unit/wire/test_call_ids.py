"""Ids of calls made fit for Mistral, which answers any other with status 400."""

from __future__ import annotations

import re

from millstream.events import Call
from millstream.transcript import CallItem, Reply, TextItem, ToolResult, Transcript, user
from millstream.wire.call_ids import with_short_ids


def history(*ids: str) -> Transcript:
    calls = [Call(f"c{i}", 1, i, "weather", id_) for i, id_ in enumerate(ids)]
    reply = Reply(1, (TextItem("Well,"), *(CallItem(call, "{}") for call in calls)), "openai-responses", "m")
    return Transcript((user("Hi"), reply, *(ToolResult(call, ()) for call in calls)))


def ids_of(transcript: Transcript) -> tuple[list[str], list[str]]:
    """The ids of the calls, and those of their results."""
    calls = [call.provider_id for entry in transcript if isinstance(entry, Reply) for call in entry.calls]
    return calls, [entry.call.provider_id for entry in transcript if isinstance(entry, ToolResult)]


def test_ids_of_other_providers_give_way_calls_and_results_alike() -> None:
    foreign = ("call_abcdefgh", "toolu_01", "", "123456789_", "ämöbeäöüß", "12345678-", "12345678")
    calls, results = ids_of(with_short_ids(history(*foreign), 9))
    assert calls == results
    assert all(re.fullmatch("[a-zA-Z0-9]{9}", id_) for id_ in calls)
    assert len(set(calls)) == len(foreign)


def test_its_own_ids_stay() -> None:
    assert ids_of(with_short_ids(history("aB3dE6gH9"), 9)) == (["aB3dE6gH9"], ["aB3dE6gH9"])


def test_they_are_the_same_in_every_request_and_nothing_else_changes() -> None:
    given = history("call_1", "call_2")
    once = with_short_ids(given, 9)
    assert with_short_ids(given, 9) == once
    assert with_short_ids(once, 9) == once
    longer = with_short_ids(Transcript((*given, user("And?"))), 9)
    assert longer.entries[: len(once)] == once.entries
    assert once.text == given.text
    assert once.unanswered == ()
