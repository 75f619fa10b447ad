"""Counts what a response writes, for the token counts it reports; the same on every wire. Pure."""

from __future__ import annotations

import json
from functools import cached_property

from millstream.events import Usage
from millstream.testing.provider.frames import Asked
from millstream.testing.provider.play import Wrote

CHARS_PER_TOKEN = 4
"""How many characters count as a token where a scenario gives no numbers."""


class Tally:
    """The characters of one response.

    Args:
        asked: the request, which counts as well.
        given: the token counts to report instead; None counts characters.
    """

    def __init__(self, asked: Asked, given: Usage | None) -> None:
        self.thought_chars = 0
        self._asked = asked
        self._given = given
        self._answer_chars = 0

    def wrote(self, act: Wrote) -> str:
        """Count a text; the mark of its frame: that of the first of the answer, else ""."""
        if act.kind == "think":
            self.thought_chars += len(act.text)
            return ""
        mark = "first-text" if act.kind == "say" and not self._answer_chars else ""
        self._answer_chars += len(act.text)
        return mark

    def argued(self, text: str) -> None:
        """Count argument text."""
        self._answer_chars += len(text)

    @property
    def usage(self) -> Usage:
        """The token counts so far: those given, else four characters a token."""
        if self._given is not None:
            return self._given
        thought = _tokens(self.thought_chars)
        return Usage(self._asked_tokens, _tokens(self._answer_chars) + thought, 0, thought)

    @cached_property
    def _asked_tokens(self) -> int:
        return _tokens(len(json.dumps(self._asked.body, default=str)))


def _tokens(chars: int) -> int:
    return -(-chars // CHARS_PER_TOKEN)
