"""What a checker sees of strings and keys while they grow, and what is told of them."""

from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from millstream.arguments.outcomes import Settled, StringDelta
from millstream.arguments.scanner import Scanner
from millstream.arguments.seam import Kind, Notice, Veto
from millstream.events.values import JsonValue, Path
from millstream.failures import Problem
from millstream.limits import Limits
from tests.pieces import cuttings


class Watching:
    """A checker that has every string and key watched, and vetoes the character "!" in one."""

    def __init__(self) -> None:
        self.seen = ""
        self.told: list[str] = []

    def _watch(self, more: str) -> None:
        if "!" in more:
            raise Veto("no !", "watch", more.index("!"))
        self.seen += more

    def begin(self, kind: int) -> Notice | None:
        self.seen = ""
        return self._watch if kind == Kind.STRING else None

    def begin_key(self) -> Notice:
        self.seen = ""
        return self._watch

    def more(self, size: int) -> None:
        self.told.append(f"{size} and more")

    def key(self, key: str) -> None:
        assert key == self.seen
        self.told.append(key)

    def item(self, index: int) -> None:
        self.told.append(f"item {index}")

    def scalar(self, value: JsonValue) -> None:
        if isinstance(value, str):
            assert value == self.seen
        self.told.append(json.dumps(value))

    def close(self, container: JsonValue) -> None:
        self.told.append(json.dumps(container))


PLAIN = "word " * 30
"""So long that escapes are decoded together."""


@pytest.mark.parametrize("padding", ["", PLAIN])
@pytest.mark.parametrize(
    "char", ["a", "\u00e9", r"\n", r"\"", r"\u0041", r"\u00E9", r"\ud83d\uDE00", r"\uDBFF\udfff", r"\uD7FF", r"\uE000"]
)
def test_what_watches_a_string_or_key_sees_it_grow_however_it_is_cut(char: str, padding: str) -> None:
    text = f'{{"{char}{padding}x{char}":["{padding}{char}{char}",{{}},"",1,true]}}'
    for pieces in cuttings(text, every_cut_up_to=400):
        checker = Watching()
        made = Scanner(Limits(), checker)
        for piece in pieces:
            made.feed(piece)
        key, items = next(iter(json.loads(text).items()))
        assert made.problem is None
        assert made.partial == {key: items}
        told = ["item 0", json.dumps(items[0]), "item 1", "{}", "item 2", '""', "item 3", "1", "item 4", "true"]
        assert checker.told == [key, *told, json.dumps(items), json.dumps({key: items})]


@pytest.mark.parametrize("padding", ["", PLAIN])
@pytest.mark.parametrize("char", ["!", r"\u0021", "a!", r"\n!", r"\"\u0021", r"\u00e9\u0021", r"\ud83d\uDE00!"])
def test_a_watched_string_is_refused_at_the_deciding_character(char: str, padding: str) -> None:
    begun = f"{padding}{char[: -6 if char.endswith('21') else -1]}"
    shown = json.loads(f'"{begun}"')
    for opening, partial, path in (('{"a":"', {"a": shown}, "/a"), ('{"a":1,"', {"a": 1}, "")):
        text = f"{opening}{padding}{char}"
        for pieces in cuttings(text + 'x\\u0041"}', every_cut_up_to=400):
            made = Scanner(Limits(), Watching(), strings=True)
            for piece in pieces:
                made.feed(piece)
            assert made.problem == Problem(path, "no !", "watch", len(text) - 1)
            assert made.partial == partial
            told = "".join(event.text for event in made.events if isinstance(event, StringDelta))
            assert told == (shown if path else "")


def test_a_comma_asks_whether_more_may_follow() -> None:
    checker = Watching()
    Scanner(Limits(), checker).feed('[1,{"a":[],"b":2,')
    assert checker.told == ["item 0", "1", "item 1", "a", "[]", "1 and more", "b", "2", "2 and more"]


# --- growing strings ---


def grown(pieces: Iterable[str]) -> tuple[list[tuple[Path, str]], list[Settled | StringDelta]]:
    """The texts of the strings, put together from their deltas, and the events."""
    made = Scanner(Limits(), every_path=True, strings=True)
    events: list[Settled | StringDelta] = []
    for piece in pieces:
        assert made.feed(piece) == bool(made.events)
        per_piece = [event.path for event in made.events if isinstance(event, StringDelta)]
        assert len(per_piece) == len(set(per_piece)), "a string is told of once for each piece"
        events += made.events
        made.events.clear()
    texts: list[tuple[Path, str]] = []
    for event in events:
        if isinstance(event, StringDelta):
            assert event.text
            if texts and texts[-1][0] == event.path:
                texts[-1] = (event.path, texts[-1][1] + event.text)
            else:
                texts.append((event.path, event.text))
    return texts, events


@pytest.mark.parametrize(
    ("text", "strings"),
    [
        ('"plain"', [((), "plain")]),
        ('["","a",""]', [((1,), "a")]),
        ('{"key":1,"a":{"b":["x","y"],"c":"z"},"d":"w"}',
         [(("a", "b", 0), "x"), (("a", "b", 1), "y"), (("a", "c"), "z"), (("d",), "w")]),
        (r'{"a":"x\u0041\ny\uD83D\uDE00z\"\\"}', [(("a",), 'xA\ny\U0001f600z"\\')]),
        (f'["{PLAIN}\\n{PLAIN}"]', [((0,), f"{PLAIN}\n{PLAIN}")]),
    ],
)  # fmt: skip
def test_strings_tell_how_they_grow_however_they_are_cut(text: str, strings: list[tuple[Path, str]]) -> None:
    for pieces in cuttings(text, every_cut_up_to=400):
        texts, events = grown(pieces)
        assert texts == strings
        told: dict[Path, str] = {}
        for event in events:  # the growth comes before the whole
            if isinstance(event, StringDelta):
                told[event.path] = told.get(event.path, "") + event.text
            elif isinstance(event.value, str):
                assert told.get(event.path, "") == event.value


def test_a_growing_string_is_told_of_as_it_comes() -> None:
    made = Scanner(Limits(), strings=True)
    seen: list[list[Settled | StringDelta]] = []
    for piece in ('{"a":["b', "c\\", 'n","d"', "]", ',"e":"', 'f"}'):
        made.feed(piece)
        seen.append([*made.events])
        made.events.clear()
    assert seen == [
        [StringDelta(("a", 0), "b")],
        [StringDelta(("a", 0), "c")],
        [StringDelta(("a", 0), "\n"), StringDelta(("a", 1), "d")],
        [Settled(("a",), ["bc\n", "d"])],
        [],
        [StringDelta(("e",), "f"), Settled(("e",), "f")],
    ]
