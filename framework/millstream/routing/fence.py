"""A JSON text out of the Markdown fence in which small models put it: ```json … ```. Any other text as it is.

It knows no JSON: what stands in the fence is judged by others.
"""

from __future__ import annotations

import re
from typing import Final, Literal

_FENCE: Final = "```"
_TAIL: Final = re.compile(r"[`\s]*\Z")
_MAX_HEAD: Final = 32
"""Characters of the line that opens a fence; more is no name of a language."""


class Unfenced:
    """Takes the fence off one text: `feed` each piece, then `rest`."""

    __slots__ = ("_held", "_state")

    def __init__(self) -> None:
        self._state: Literal["before", "within", "bare"] = "before"
        self._held: str = ""

    def feed(self, piece: str) -> str:
        """What of the text so far, and not given before, is certain to be no fence."""
        if self._state == "bare":
            return piece
        text, self._held = self._held + piece, ""
        if self._state == "before":
            head = text.lstrip()
            if len(head) < len(_FENCE) and _FENCE.startswith(head):
                self._held = text
                return ""
            if not head.startswith(_FENCE):
                self._state = "bare"
                return text
            line, newline, text = head.partition("\n")
            if len(line) > _MAX_HEAD:
                self._state = "bare"
                return head
            if not newline:
                self._held = head
                return ""
            self._state = "within"
        tail = _TAIL.search(text)
        assert tail is not None, "it matches nothing at all, too"
        self._held = text[tail.start() :]
        return text[: tail.start()]

    def rest(self) -> str:
        """The text is over: what was held back and is not the end of the fence."""
        held, self._held = self._held, ""
        if self._state == "within" and held.strip() == _FENCE:
            return ""
        return held
