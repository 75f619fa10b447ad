from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from typing import Any

import pytest

from millstream.transcript import (
    CallItem,
    ReasoningItem,
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
from tests.samples import CALL, ENTRIES, FREE

HELLO = user("hello")
ASKS = Reply(1, (TextItem("Let "), CallItem(CALL, "{}"), TextItem("me"), CallItem(FREE, "x")), "wire", "model")
ANSWERS = Reply(
    2,
    (ReasoningItem("Hm"), TextItem("21 "), TextItem("I can not", refusal=True), ServerItem({}), TextItem("\u00b0C")),
    "wire",
    "model",
)


def test_a_transcript_is_a_value_and_adding_gives_a_new_one() -> None:
    empty = Transcript()
    first = (HELLO,)
    one = empty + first
    both = one + Transcript((ASKS, ANSWERS))
    assert (len(empty), len(one), len(both)) == (0, 1, 3)
    assert list(both) == [HELLO, ASKS, ANSWERS]
    assert both == Transcript((HELLO, ASKS, ANSWERS))
    with pytest.raises(FrozenInstanceError):
        both.entries = ()  # type: ignore[misc]


def test_the_text_is_that_of_the_last_reply_without_refusals_and_reasoning() -> None:
    assert Transcript().text == ""
    assert Transcript((HELLO,)).text == ""
    assert Transcript((HELLO, ASKS)).text == "Let me"
    assert Transcript((HELLO, ASKS, ToolResult(CALL, ()), ANSWERS, HELLO)).text == "21 \u00b0C"


def test_the_calls_of_a_reply_are_in_call_order() -> None:
    assert ASKS.calls == (CALL, FREE)
    assert ANSWERS.calls == ()


def test_a_call_without_a_result_is_unanswered() -> None:
    asked = Transcript((HELLO, ASKS))
    later = replace(CALL, id="call_9", turn=2)
    assert Transcript((HELLO,)).unanswered == ()
    assert asked.unanswered == (CALL, FREE)
    asked += Transcript((ToolResult(FREE, (), ok=False),))
    assert asked.unanswered == (CALL,)
    asked += Transcript((ToolResult(CALL, ()),))
    assert asked.unanswered == ()
    asked += Transcript((Reply(2, (CallItem(later, ""),), "wire", "model"),))
    assert asked.unanswered == (later,)


def test_an_entry_is_a_value_that_names_its_own_type() -> None:
    for entry in ENTRIES:
        inner: list[Any] = [entry, *getattr(entry, "parts", ()), *getattr(entry, "items", ())]
        for one in inner:
            assert not hasattr(one, "__dict__")
            named = next(field for field in fields(one) if field.name == "type")
            assert (named.init, named.repr) == (False, False)
            with pytest.raises(FrozenInstanceError):
                one.type = "other"


def test_the_users_words_are_an_entry() -> None:
    assert UserMessage((TextPart("hello"),)) == HELLO
    assert [entry.type for entry in (HELLO, ASKS, ToolResult(CALL, ()), SystemMessage(""))] == [
        "user",
        "reply",
        "result",
        "system",
    ]
