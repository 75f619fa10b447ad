"""What holds the text of an answer back: what is due when, and what goes out once it has passed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millstream.events import (
    AnnotationAdded,
    Event,
    OutputDelta,
    OutputSettled,
    ReasoningDelta,
    RefusalDelta,
    TextDelta,
    TextReplaced,
    TurnEnded,
)
from millstream.guards import Piece
from millstream.routing.text_gate import TextGate


def text(words: str, item: int = 0) -> TextDelta:
    return TextDelta(words, 1, item)


def shown(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta | RefusalDelta | OutputDelta))


@pytest.mark.parametrize(
    ("pieces", "due"),
    [
        (["It is 3.14 or so"], []),
        (["It is warm."], []),
        (["It is warm.", " And"], ["It is warm. "]),
        (["One. Two! Thr"], ["One. Two! "]),
        (['She said "no!', '"', " Then"], ['She said "no!" ']),
        (["first line", "\n", "second"], ["first line\n"]),
        (["很暖。还"], ["很暖。"]),
    ],
)
def test_sentences(pieces: list[str], due: list[str]) -> None:
    gate = TextGate("sentence")
    for piece in pieces:
        assert gate.take([text(piece)]) == []
    assert gate.due(closing=False) == due
    assert shown(gate.release()) == "".join(due)
    assert gate.text == "".join(due)
    assert gate.due(closing=False) == []
    whole = "".join(pieces)
    assert gate.due(closing=True) == ([whole] if whole != "".join(due) else [])
    gate.release()
    assert gate.text == whole


def test_characters_and_whole_messages() -> None:
    gate = TextGate(5)
    gate.take([text("four")])
    assert gate.due(closing=False) == []
    gate.take([text("teen")])
    assert gate.due(closing=False) == ["fourteen"]
    gate = TextGate("message")
    gate.take([text("One. Two.\nThree. ")])
    assert gate.due(closing=False) == []
    assert gate.due(closing=True) == ["One. Two.\nThree. "]


def test_what_is_no_text_does_not_wait_and_what_belongs_to_text_does() -> None:
    gate = TextGate("message")
    note, settled = AnnotationAdded({}, 1, 0), OutputSettled(("a",), 1, 1)
    end, thought = TurnEnded(1, "stop"), ReasoningDelta("hm", 1, 1)
    assert gate.take([note, settled]) == [note, settled]
    assert gate.take([text("Hi"), note, settled, thought, end]) == [thought, end]
    gate.due(closing=True)
    assert gate.release() == [text("Hi"), note, settled]


def test_nothing_goes_out_that_was_not_looked_at() -> None:
    gate = TextGate("sentence")
    gate.take([text("One. ")])
    assert gate.release() == []
    assert gate.due(closing=False) == ["One. "]
    gate.take([text("Two. ")])  # while somebody looks at the first one
    assert gate.release() == [text("One. ")]
    assert gate.due(closing=False) == ["One. Two. "]
    assert gate.release() == [text("Two. ")]


def test_each_item_is_a_message_and_they_go_out_in_order() -> None:
    gate = TextGate("sentence")
    gate.take([text("Un", 0), text("One. ", 1), RefusalDelta("No. ", 1, 2)])
    assert gate.due(closing=False) == ["One. ", "No. "]
    assert gate.release() == [], "behind the first one, which is not complete"
    gate.take([text("even. ", 0)])
    assert gate.due(closing=False) == ["Uneven. "]
    assert gate.release() == [text("Un", 0), text("One. ", 1), RefusalDelta("No. ", 1, 2), text("even. ", 0)]
    assert gate.text == "Uneven. One. ", "a refusal counts only where there is nothing else"


def test_a_refusal_is_the_text_where_there_is_no_other() -> None:
    gate = TextGate("message")
    gate.take([RefusalDelta("No.", 1, 0)])
    gate.due(closing=True)
    gate.release()
    assert gate.text == "No."


def test_a_text_that_replaces_another_is_looked_at_whole() -> None:
    gate = TextGate("sentence")
    gate.take([text("One. T")])
    gate.due(closing=False)
    assert shown(gate.release()) == "One. "
    whole = TextReplaced("Two. Three", 1, 0)
    assert gate.take([whole]) == []
    assert gate.due(closing=False) == ["Two. Three"]
    assert gate.release() == [whole]
    assert gate.text == "Two. Three"


def test_what_is_dropped_is_never_shown() -> None:
    gate = TextGate("message")
    gate.take([text("secret")])
    gate.drop()
    gate.due(closing=True)
    assert gate.release() == []
    assert gate.text == ""


_WORDS = st.text(st.sampled_from('ab. !\n"。'), max_size=30)


@given(
    pieces=st.lists(st.tuples(st.integers(0, 2), _WORDS), max_size=20),
    size=st.sampled_from(["sentence", "message", 1, 7]),
    looks=st.lists(st.booleans(), max_size=20),
)
def test_what_went_out_had_been_due_and_all_of_it_goes_out(
    pieces: list[tuple[int, str]], size: Piece, looks: list[bool]
) -> None:
    gate, due, out = TextGate(size), dict[int, str](), dict[int, str]()
    whole: dict[int, str] = {}

    def look(*, closing: bool) -> None:
        for seen in gate.due(closing=closing):
            item = next(item for item, words in whole.items() if words.startswith(seen) and seen)
            due[item] = max(due.get(item, ""), seen, key=len)
        for event in gate.release():
            assert isinstance(event, TextDelta)
            out[event.item] = out.get(event.item, "") + event.text

    for number, (item, words) in enumerate(pieces):
        marked = words.replace("a", chr(0xE000 + item))  # so that no two items begin alike
        marked = chr(0xE000 + item) + marked
        whole[item] = whole.get(item, "") + marked
        assert gate.take([text(marked, item)]) == []
        if number < len(looks) and looks[number]:
            look(closing=False)
        for one, words_out in out.items():
            assert due[one].startswith(words_out)
    look(closing=True)
    assert out == whole
    assert gate.text == "".join(whole.values())
