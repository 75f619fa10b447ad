from __future__ import annotations

import pytest

from millstream.arguments.schema.prefixes import Automaton, prefix_automaton
from millstream.arguments.schema.watch import (
    LengthWatch,
    PatternWatch,
    StrippedLengthWatch,
    Vocabulary,
    Watch,
    Watches,
    WordWatch,
)
from millstream.arguments.seam import Veto
from tests.pieces import cuttings


class Owner:
    """Notes why it fails."""

    def __init__(self) -> None:
        self.problems: list[Veto] = []

    def fail(self, problem: Veto) -> None:
        self.problems.append(problem)


def automaton(pattern: str) -> Automaton:
    found = prefix_automaton(pattern)
    assert found is not None
    return found


def why(beginning: str) -> tuple[str, str]:
    return beginning, "enum"


def watch_of(kind: str, owner: Owner) -> Watch:
    match kind:
        case "words":
            return WordWatch(owner, Vocabulary(["alpha", "alps", "beta", ""]), why)
        case "long words":
            return WordWatch(owner, Vocabulary(["alpha", "alps", "beta", "x" * 100]), why)
        case "words or pattern":
            return WordWatch(owner, Vocabulary(["alpha", "alps"], (automaton("^b[0-9]$"), automaton("^al[0-9]"))), why)
        case "nothing":
            return WordWatch(owner, Vocabulary([]), why)
        case "length":
            return LengthWatch(owner, 3)
        case "stripped":
            return StrippedLengthWatch(owner, 3)
        case _:
            return PatternWatch(owner, automaton("^[a-z]{2}[0-9]*$"), why)


@pytest.mark.parametrize(
    ("kind", "text", "index"),
    [
        ("words", "alpha", None),
        ("words", "alpine", 3),
        ("words", "alphabet", 5),
        ("words", "x", 0),
        ("long words", "alps", None),
        ("long words", "alpine", 3),
        ("long words", "x" * 101, 100),
        ("words or pattern", "b7", None),
        ("words or pattern", "b77", 2),
        ("words or pattern", "al5 and more", None),
        ("words or pattern", "alq", 2),
        ("words or pattern", "alpq", 3),
        ("nothing", "x", 0),
        ("length", "abc", None),
        ("length", "abcd", 3),
        ("stripped", "  abc  ", None),
        ("stripped", "  abc  d", 7),
        ("stripped", "    ", None),
        ("stripped", "abcd", 3),
        ("pattern", "ab123", None),
        ("pattern", "ab1c", 3),
        ("pattern", "a1", 1),
    ],
)
def test_a_watch_fails_at_the_first_impossible_character_however_the_text_is_cut(
    kind: str, text: str, index: int | None
) -> None:
    for pieces in cuttings(text):
        owner = Owner()
        watch = watch_of(kind, owner)
        passed = 0
        for piece in pieces:
            watch(piece)
            if owner.problems:
                break
            passed += len(piece)
        found = passed + owner.problems[0].index if owner.problems else None
        assert found == index, pieces


def test_the_sentence_is_made_of_what_was_heard() -> None:
    owner = Owner()
    watch = watch_of("words", owner)
    watch("al")
    watch("phone")
    assert owner.problems[0].message == "alpho"


def test_several_fail_in_the_order_of_their_characters() -> None:
    order: list[str] = []

    class Named(Owner):
        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

        def fail(self, problem: Veto) -> None:
            order.append(f"{self.name} {problem.index}")

    watches = Watches([watch_of(kind, Named(kind)) for kind in ("length", "pattern", "words")])
    watches("alphabet")
    assert order == ["pattern 2", "length 3", "words 5"]
    watches("and more")
    assert len(order) == 3
