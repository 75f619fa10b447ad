from __future__ import annotations

from collections.abc import Callable

import pytest

from millstream.errors import UsageError
from millstream.events import Call
from millstream.sessions import Trim, last_chars, last_prompts
from millstream.transcript import (
    CallItem,
    Entry,
    MediaPart,
    Reply,
    ServerItem,
    SystemMessage,
    TextItem,
    TextPart,
    ToolResult,
    Transcript,
    UserMessage,
    user,
)

CALL = Call("call-1-0", 1, 0, "look", "c1")
CALLS = Reply(1, (CallItem(CALL, "{}"),), "w", "m")
RESULT = ToolResult(CALL, (TextPart("seen"),))


def said(turn: int, text: str) -> Reply:
    return Reply(turn, (TextItem(text),), "w", "m")


WHOLE = Transcript(
    (SystemMessage("Be kind."), user("One"), CALLS, RESULT, said(2, "1"), user("Two"), said(3, "2"), user("Three"))
)


def test_the_last_prompts_stay_with_all_that_came_of_them() -> None:
    assert last_prompts(2)(WHOLE).entries == (WHOLE.entries[0], *WHOLE.entries[5:])
    assert last_prompts(1)(WHOLE).entries == (WHOLE.entries[0], WHOLE.entries[7])


@pytest.mark.parametrize("trim", [last_prompts(3), last_prompts(9), last_chars(1000)])
def test_what_is_short_enough_stays_as_it_is(trim: Trim) -> None:
    assert trim(WHOLE) is WHOLE
    assert trim(Transcript()) == Transcript()


def test_messages_in_a_row_belong_together() -> None:
    transcript = Transcript((user("One"), said(1, "1"), user("Two"), user("and three")))
    assert last_prompts(1)(transcript).entries == transcript.entries[2:]


def test_as_much_as_fits() -> None:
    assert last_chars(len("Two" + "2" + "Three"))(WHOLE).entries == (WHOLE.entries[0], *WHOLE.entries[5:])
    assert last_chars(len("Two" + "2" + "Three") - 1)(WHOLE).entries == (WHOLE.entries[0], WHOLE.entries[7])


def test_one_message_stays_however_long_it_is() -> None:
    assert last_chars(1)(WHOLE).entries == (WHOLE.entries[0], WHOLE.entries[7])


@pytest.mark.parametrize(
    "entry",
    [
        UserMessage((MediaPart("image/png", base64="A" * 50),)),
        Reply(1, (ServerItem({"did": "x" * 50}),), "w", "m"),
        Reply(1, (CallItem(CALL, "x" * 50),), "w", "m"),
        SystemMessage("x" * 50),
    ],
)
def test_everything_that_is_told_counts(entry: Entry) -> None:
    transcript = Transcript((user("One"), user("!"), entry, said(1, "1"), user("Two")))
    assert last_chars(40)(transcript).entries[-1:] == transcript.entries[-1:]
    assert len(last_chars(40)(transcript)) < len(transcript)


def test_no_cut_leaves_a_call_without_its_result_or_the_reverse() -> None:
    for size in range(1, 60):
        cut = last_chars(size)(WHOLE)
        assert cut.unanswered == ()
        assert (RESULT in cut.entries) == (CALLS in cut.entries)


@pytest.mark.parametrize("make", [last_prompts, last_chars])
def test_nothing_at_all_is_no_history(make: Callable[[int], Trim]) -> None:
    with pytest.raises(UsageError, match="leaves nothing"):
        make(0)
