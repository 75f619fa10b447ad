"""The fault matrix: what can go wrong between a model, its provider and the tools, and what must happen then.

The table is the promise; each row is kept by a test in this folder that bears its name, on both wires and both event
loops.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROWS = {
    # responses that break off: test_torn
    "drop_mid": "a reset within the arguments: a retryable error, nothing was started",
    "clean_trunc": "a tidy end within the arguments: the same",
    "clean_trunc_valid": "whole arguments, but no end of the response: the same",
    "text_trunc": "a tidy end within the text: the same; a text that was cut is no answer",
    "length": "cut for its length within the arguments: never run, the model is told",
    "length_valid": "cut for its length behind whole arguments: never run",
    "error_event": "an error within the stream: typed, nothing was started",
    "error_event_named": "an error that only its event field names: the same",
    "bad_event": "half a JSON event: typed, retryable",
    "bad_utf8": "bytes that are no UTF-8: typed, retryable",
    # arguments, see test_arguments
    "nan": "rejected at the N",
    "inf": "rejected, 1e999 is not finite",
    "dup_keys": "rejected, whoever reads the first sees something else than who reads the last",
    "huge_int": "rejected at the limit of digits",
    "surrogate": "rejected, the run lives",
    "trailing": "a second document behind the first: rejected at its first character",
    "extra_key": "rejected where the schema forbids it",
    "coerce": "accepted, or rejected where the policy is strict",
    "array_args": "rejected at once",
    "null_args": "rejected",
    "empty_args": "rejected, or {} where no argument is required",
    "deep": "rejected at the depth limit",
    "big": "megabytes in thousands of deltas: linear, and a failed call beyond the limit",
    "schema_bad": "rejected within an event of the deciding character; the response is closed at once if told to",
    "split_utf8": "a byte at a time: exact",
    # calls, see test_calls
    "unknown_tool": "the model is told which tools there are",
    "empty_name": "the same",
    "dup_id": "two calls with one id: both run once and are told apart",
    "one_bad": "the good call runs, the bad one is answered",
    "no_index_id": "the name again with each delta: one call",
    "dup_event": "each event twice: told by its number, else rejected; never run with doubled text",
    "after_finish": "text behind the end: ignored, the sealed call runs once",
    # providers: test_streams, test_memory
    "429_ok": "tried again, the tool runs once",
    "500_ok": "the same",
    "429_long": "an error at once that says how long",
    "stall": "an error when the time is up",
    "stall_ping": "pings are no progress: an error when that time is up",
    "linger": "the body stays open behind the end: finished at once",
    "nolf": "a line without end: an error at the bound, and no more memory than that",
    "flood": "a frozen consumer stops the producer",
    # tools, see test_tools
    "tool_exc": "a fixed sentence to the model, the secret in its text to nobody",
    "tool_cancelled": "an error result",
    "tool_sysexit": "an error result",
    "tool_never": "an error result when the time is up",
    "tool_huge": "cut with a mark",
    "tool_unserial": "an error result without addresses of objects",
    "tool_set": "a set is a list",
    "sync_blocking": "at work at once, the event loop goes on",
    # leaving, see test_leaving
    "tool_kbd": "propagates, after every call has its end in the journal",
    "tool_base": "the same",
    "cancel_during_4_tools": "all are gone when the run is",
    "consumer_breaks_out": "nothing goes on behind the consumer's back",
    "continue_after_cancel": "the history is valid, finished work is kept, nothing is done again",
}
NAMES = re.findall(
    r"def test_(\w+)\(", "".join(file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_*.py"))
)


@pytest.mark.parametrize("row", ROWS)
def test_row_has_its_test(row: str) -> None:
    assert any(re.search(rf"(^|_){row}(_|$)", name) for name in NAMES)
