"""A response as the entry of the transcript, whole or torn."""

from __future__ import annotations

import pytest

from millstream.events import Call
from millstream.routing.reply import ReplyBuilder
from millstream.transcript import CallItem, ReasoningItem, Reply, ServerItem, TextItem
from millstream.wire_events import (
    CallClosed,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    ReasoningPiece,
    RefusalPiece,
    ServerToolMoved,
    TextPiece,
    TextWhole,
    WireEvent,
)
from tests.unit.routing.calls import call, router


def reply(*events: WireEvent, kept: set[str] | None = None) -> Reply:
    to, builder = router(), ReplyBuilder(1, "a-wire", "a-model")
    for event in events:
        to.feed(event)
        builder.feed(event)
    return builder.reply(to, kept)


def one(index: int = 0, id_: str = "a") -> Call:
    return Call(f"call-1-{index}", 1, index, "f", id_)


_CALL = call("{}")
_THOUGHT: list[WireEvent] = [ItemOpened(0), ReasoningPiece(0, "Hm"), Echo(0, {"type": "reasoning", "id": "rs"})]


def test_an_empty_response() -> None:
    assert reply() == Reply(1, (), "a-wire", "a-model")


def test_items_stand_in_the_order_in_which_they_opened_with_what_goes_back_of_them() -> None:
    said = reply(
        *_THOUGHT,
        *call('{"a"', ":1}", item=2),
        ItemOpened(1),
        TextPiece(1, "Hel"),
        TextPiece(1, "lo"),
        Echo(1, {"type": "message"}),
        ServerToolMoved(3, "web_search_call", "done", {}),
        Echo(3, {"type": "web_search_call"}),
        Echo(2, {"id": "early"}),
        Echo(2, {"id": "fc"}),
        Finished("stop", good=True),
        Ended(response_id="resp\ud83d"),
    )
    assert said == Reply(
        1,
        (
            ReasoningItem("Hm", {"type": "reasoning", "id": "rs"}),
            TextItem("Hello", echo={"type": "message"}),
            CallItem(one(), '{"a":1}', {"id": "fc"}),
            ServerItem({"type": "web_search_call"}),
        ),
        "a-wire",
        "a-model",
        "resp\ufffd",
    )
    assert said.text == "Hello"
    assert said.calls == (one(),)


def test_refusals_are_told_apart() -> None:
    said = reply(TextPiece(0, "Well. "), RefusalPiece(1, "No"), RefusalPiece(1, "."))
    assert said.items == (TextItem("Well. "), TextItem("No.", refusal=True))
    assert said.text == "Well. "


def test_a_refusal_is_the_text_where_nothing_else_is_said() -> None:
    builder = ReplyBuilder(1, "a-wire", "a-model")
    builder.feed(RefusalPiece(0, "No."))
    assert builder.text == "No."
    builder.feed(TextPiece(1, "Well."))
    assert builder.text == "Well."


def test_the_whole_text_takes_the_place_of_its_pieces() -> None:
    assert reply(TextPiece(0, "longer"), TextWhole(0, "long"), TextPiece(0, "!")).items == (TextItem("long!"),)
    assert reply(TextWhole(0, "long")).items == (TextItem("long"),)


def test_the_text_is_the_one_that_was_shown() -> None:
    said = reply(TextPiece(0, "a\ud83d"), TextPiece(1, "x"), TextPiece(0, "\ude00\ud83d"))
    assert said.items == (TextItem("a😀\ufffd"), TextItem("x"))


def test_what_goes_back_can_be_written_down() -> None:
    said = reply(Echo(0, {"type": "message", "content": "\ud83d", "n": float("nan")}))
    assert said.items == (TextItem("", echo={"type": "message", "content": "\ufffd", "n": None}),)


@pytest.mark.parametrize(
    ("data", "item"),
    [
        ({"type": "reasoning"}, ReasoningItem("", {"type": "reasoning"})),
        ({"type": "message"}, TextItem("", echo={"type": "message"})),
        ({"type": "mcp_call"}, ServerItem({"type": "mcp_call"})),
        ({}, ServerItem({})),
    ],
)
def test_an_item_without_a_word_is_what_its_data_says(data: dict[str, str], item: object) -> None:
    assert reply(Echo(0, data)).items == (item,)


def test_what_goes_back_may_be_known_before_the_first_word() -> None:
    data = {"reasoning_content": "Hm"}
    assert reply(Echo(0, data), ReasoningPiece(0, "Hm")).items == (ReasoningItem("Hm", data),)
    assert reply(Echo(0, data), TextPiece(0, "Hi")).items == (TextItem("Hi", echo=data),)


def test_the_text_of_a_rejected_call_is_what_the_model_wrote() -> None:
    (item,) = reply(*call('{"n": "x"', "}", name="strict")).items
    assert isinstance(item, CallItem)
    assert item.args_text == '{"n": "x"}'


# --- torn ---


def test_of_a_torn_response_only_the_kept_calls_stand() -> None:
    events = [
        ItemOpened(0),
        TextPiece(0, "Let me see."),
        *call("{}", item=1),
        *call("[", item=2, id_="b", closed=False),
        ServerToolMoved(3, "t", "done", {}),
        Echo(3, {"type": "t"}),
    ]
    assert reply(*events, kept={"call-1-0"}).items == (CallItem(one(), "{}"),)
    assert reply(*events, kept=set()).items == ()


def test_reasoning_stays_with_the_call_it_leads_to() -> None:
    thought = ReasoningItem("Hm", {"type": "reasoning", "id": "rs"})
    more: list[WireEvent] = [ReasoningPiece(1, "So"), Echo(1, {"type": "reasoning", "id": "rs2"})]
    also = ReasoningItem("So", {"type": "reasoning", "id": "rs2"})
    first, second = call("{}", item=2), call("{}", item=3, id_="b")
    calls = CallItem(one(), "{}"), CallItem(one(1, "b"), "{}")
    both = {"call-1-0", "call-1-1"}
    assert reply(*_THOUGHT, *first, *second, kept=both).items == (thought, *calls)
    assert reply(*_THOUGHT, *more, *first, kept=both).items == (thought, also, calls[0])
    assert reply(*_THOUGHT, *first, *second, kept={"call-1-1"}).items == (thought, calls[1])
    assert reply(*_THOUGHT, *first, *second, kept={"call-1-0"}).items == (thought, calls[0])


def test_reasoning_that_leads_to_what_is_left_out_stays_out() -> None:
    text: list[WireEvent] = [TextPiece(1, "Let me see."), Echo(1, {"type": "message"})]
    assert reply(*_THOUGHT, *text, *call("{}", item=2), kept={"call-1-0"}).items == (CallItem(one(), "{}"),)
    server: list[WireEvent] = [Echo(1, {"type": "web_search_call"})]
    assert reply(*_THOUGHT, *server, *call("{}", item=2), kept={"call-1-0"}).items == (CallItem(one(), "{}"),)
    assert reply(*_THOUGHT, *call("{}", item=2), kept=set()).items == ()
    late: list[WireEvent] = [ReasoningPiece(3, "And"), Echo(3, {"type": "reasoning"})]
    assert reply(*call("{}", item=2), *late, kept={"call-1-0"}).items == (CallItem(one(), "{}"),)


def test_reasoning_that_belongs_to_the_whole_message_stays_wherever_it_stands() -> None:
    thought: list[WireEvent] = [ReasoningPiece(0, "Hm"), Echo(0, {"reasoning_content": "Hm"}), TextPiece(1, "So")]
    item = ReasoningItem("Hm", {"reasoning_content": "Hm"})
    assert reply(*thought, *call("{}", item=2), kept={"call-1-0"}).items == (item, CallItem(one(), "{}"))
    late: list[WireEvent] = [ReasoningPiece(3, ""), Echo(3, {"reasoning_details": []})]
    assert reply(*call("{}", item=2), *late, kept={"call-1-0"}).items == (
        CallItem(one(), "{}"),
        ReasoningItem("", {"reasoning_details": []}),
    )


def test_a_call_that_closed_after_a_later_one_keeps_its_place() -> None:
    events = [*call("{}", item=0, closed=False), *call("[]", item=1, id_="b"), CallClosed(0)]
    assert [item.args_text for item in reply(*events).items if isinstance(item, CallItem)] == ["{}", "[]"]
