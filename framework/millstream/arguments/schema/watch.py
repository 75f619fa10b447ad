"""What looks at a string or key while it grows, and finds the first character after which it can not be right.

A watch belongs to one evaluation of one string. It is called with each text that is added, and fails its evaluation
with the index in that text of the deciding character. It knows no schema.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Final, Protocol, TypeAlias

from millstream.arguments.schema.prefixes import MAX_FOLLOWED, Automaton
from millstream.arguments.seam import Veto

_NON_SPACE: Final = re.compile(r"\S")
_MAX_HEARD: Final = 40
"""How much of a string is kept for the sentence."""
_LONG_WORD: Final = 64
_MANY_LETTERS: Final = 10_000
"""Up to which words are looked up by their beginnings, all of which are kept."""

Why: TypeAlias = Callable[[str], tuple[str, str]]
"""The beginning of a string, up to the deciding character -> a sentence for the model, and the keyword."""


class Owner(Protocol):
    """What a watch watches for."""

    def fail(self, problem: Veto) -> None:
        """The string can not be right any more."""
        ...


class Watch(Protocol):
    """One rule followed along one string. Called with each text that is added, it fails its owner in time."""

    def __call__(self, text: str) -> None:
        """More of the string."""
        ...

    def scan(self, text: str) -> int:
        """The index in `text`, which was added, of the character after which the rule can not hold; -1: it can."""
        ...

    def refuse(self, text: str, index: int) -> None:
        """Fail the owner at `index` in the text that is added."""
        ...


class Vocabulary:
    """The words a string may become, or the patterns it may match instead; shared by all that watch for them."""

    __slots__ = ("automata", "beginnings", "words")

    def __init__(self, words: Iterable[str], automata: tuple[Automaton, ...] = ()) -> None:
        self.words = tuple(words)
        self.automata = automata
        self.beginnings: frozenset[str] = frozenset()
        few = sum(map(len, self.words)) <= _MANY_LETTERS and all(len(word) <= _LONG_WORD for word in self.words)
        if few and not automata:
            self.beginnings = frozenset(word[:end] for word in self.words for end in range(len(word) + 1))


class _Hearing:
    """What keeps the beginning of the string, for the sentence that says why it can not be right."""

    __slots__ = ("_heard", "_owner", "_why")

    def __init__(self, owner: Owner, why: Why) -> None:
        self._owner = owner
        self._why = why
        self._heard = ""

    def refuse(self, text: str, index: int) -> None:
        """As `Watch` says."""
        message, keyword = self._why(self._heard + text[: index + 1])
        self._owner.fail(Veto(message, keyword, index))


class WordWatch(_Hearing):
    """The string must become a word of the vocabulary, or match a pattern of it."""

    __slots__ = ("_automata", "_seen", "_vocabulary", "_words")

    def __init__(self, owner: Owner, vocabulary: Vocabulary, why: Why) -> None:
        super().__init__(owner, why)
        self._vocabulary = vocabulary
        if not vocabulary.beginnings:
            self._seen = 0
            self._words = vocabulary.words
            self._automata: list[Situated] = [Situated(one) for one in vocabulary.automata]

    def __call__(self, text: str) -> None:
        """More of the string."""
        heard = self._heard + text
        if heard in self._vocabulary.beginnings:
            self._heard = heard
            return
        index = self.scan(text)
        if index >= 0:
            self.refuse(text, index)

    def scan(self, text: str) -> int:
        """As `Watch` says."""
        vocabulary = self._vocabulary
        heard = self._heard
        if vocabulary.beginnings:
            whole = heard + text
            if whole in vocabulary.beginnings:
                self._heard = whole
                return -1
            return max(_common(word, whole) for word in vocabulary.words) - len(heard)
        index = self._scan_many(text)
        if index < 0 and len(heard) <= _MAX_HEARD:
            self._heard = heard + text
        return index

    def _scan_many(self, text: str) -> int:
        seen = self._seen
        left = tuple(word for word in self._words if word.startswith(text, seen))
        ends = [(one, one.scan(text)) for one in self._automata]
        if not left and all(end >= 0 for _, end in ends):
            word_end = max((_common(word[seen:], text) for word in self._words), default=0)
            return max([word_end, *(end for _, end in ends)])
        self._automata = [one for one, end in ends if end < 0]
        self._words = left
        self._seen = seen + len(text)
        return -1


def _common(left: str, right: str) -> int:
    """How many characters two strings begin with alike."""
    for n, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return n
    return min(len(left), len(right))


class Situated:
    """Where one string is in an automaton."""

    __slots__ = ("_automaton", "_left", "_situation")

    def __init__(self, automaton: Automaton) -> None:
        self._automaton = automaton
        self._situation = automaton.start
        self._left = MAX_FOLLOWED

    def scan(self, text: str) -> int:
        """As that of a `Watch`."""
        situation = self._situation
        left = self._left
        if situation.anything or left <= 0:
            return -1
        self._left = left - len(text)
        for i, char in enumerate(text if len(text) <= left else text[:left]):
            after = situation.get(char) or self._automaton.step(situation, char)
            if after is None:
                return i
            situation = after
            if situation.anything:
                break
        self._situation = situation
        return -1


class PatternWatch(_Hearing):
    """The string must come to match a pattern."""

    __slots__ = ("_situated",)

    def __init__(self, owner: Owner, automaton: Automaton, why: Why) -> None:
        super().__init__(owner, why)
        self._situated = Situated(automaton)

    def __call__(self, text: str) -> None:
        """More of the string."""
        index = self.scan(text)
        if index >= 0:
            self.refuse(text, index)

    def scan(self, text: str) -> int:
        """As `Watch` says."""
        index = self._situated.scan(text)
        if index < 0 and len(self._heard) <= _MAX_HEARD:
            self._heard += text
        return index


class LengthWatch:
    """The string may have at most so many characters."""

    __slots__ = ("_begun", "_left", "_most", "_owner")

    def __init__(self, owner: Owner, most: int) -> None:
        self._owner = owner
        self._most = most
        self._left = most
        self._begun = True

    def __call__(self, text: str) -> None:
        """More of the string."""
        if len(text) <= self._left and self._begun:
            self._left -= len(text)
            return
        index = self.scan(text)
        if index >= 0:
            self.refuse(text, index)

    def scan(self, text: str) -> int:
        """As `Watch` says."""
        left = self._left
        self._left = left - len(text)
        return -1 if len(text) <= left else left

    def refuse(self, text: str, index: int) -> None:
        """As `Watch` says."""
        del text
        self._owner.fail(Veto(f"expected at most {self._most} characters, found more", "maxLength", index))


class StrippedLengthWatch(LengthWatch):
    """As `LengthWatch`, but the space around the text does not count, as it may still be stripped."""

    __slots__ = ()

    def __init__(self, owner: Owner, most: int) -> None:
        super().__init__(owner, most)
        self._begun = False

    def scan(self, text: str) -> int:
        """As `Watch` says."""
        start = 0
        if not self._begun:
            first = _NON_SPACE.search(text)
            if first is None:
                return -1
            self._begun = True
            start = first.start()
        over = _NON_SPACE.search(text, start + max(self._left, 0))
        self._left -= len(text) - start
        return -1 if over is None else over.start()


class Watches:
    """Several of one string: those that fail in one text fail in the order of their characters."""

    __slots__ = ("several",)

    def __init__(self, several: list[Watch]) -> None:
        self.several = several

    def __call__(self, text: str) -> None:
        """More of the string."""
        found = [(watch.scan(text), watch) for watch in self.several]
        failed = sorted((one for one in found if one[0] >= 0), key=lambda one: one[0])
        if failed:
            self.several = [watch for index, watch in found if index < 0]
            for index, watch in failed:
                watch.refuse(text, index)


def one_watch(watches: list[Watch]) -> Watch | Watches | None:
    """All that watch one string as one; None where nothing does."""
    if len(watches) <= 1:
        return watches[0] if watches else None
    return Watches(watches)
