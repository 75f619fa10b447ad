from millstream.ui.segments import Segment
from millstream.ui.turn_view import MAX_TEXT_CHARS, GrowingText, TurnView


def test_text_grows_and_two_items_are_two_paragraphs() -> None:
    text = GrowingText()
    assert not text
    assert [text.add("Hel", 0), text.add("lo", 0), text.add("World", 2)] == ["Hel", "lo", "\n\nWorld"]
    assert str(text) == "Hello\n\nWorld"
    text.add("!", 2)
    assert str(text) == "Hello\n\nWorld!"


def test_text_is_bounded() -> None:
    text = GrowingText()
    for _ in range(5):
        text.add("x" * (MAX_TEXT_CHARS // 4), 0)
    assert len(str(text)) == MAX_TEXT_CHARS


def test_the_wait_for_the_first_piece_is_a_segment_of_its_own() -> None:
    turn = TurnView(1, 0.5)
    assert turn.segments == [Segment("asking", 0.5)]
    turn.arrived(0.9)
    turn.arrived(1.0)
    assert turn.segments == [Segment("asking", 0.5, 0.9), Segment("writing", 0.9)]
    turn.end(2.0, "stop")
    assert turn.segments == [Segment("asking", 0.5, 0.9), Segment("writing", 0.9, 2.0)]


def test_a_torn_response_is_seen() -> None:
    silent, begun = TurnView(1, 0.0), TurnView(2, 0.0, first_s=1.0)
    for turn in (silent, begun):
        turn.end(2.0, None)
        turn.torn = True
    assert silent.segments == [Segment("failed", 0.0, 2.0)]
    assert begun.segments == [Segment("asking", 0.0, 1.0), Segment("failed", 1.0, 2.0)]
