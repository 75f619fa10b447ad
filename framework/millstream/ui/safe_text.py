"""Text that a model, a tool or a provider wrote, made safe to show: no escape sequences, no invisible characters.

What stays is what a person can see, in the order in which it was written; what would move the cursor, change colours,
reverse the line or hide text is gone. Knows nothing about terminals, SVG or markup: whoever draws the text escapes it
for its own medium.
"""

from __future__ import annotations

import re

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]?"  # CSI: colours, cursor
    # OSC, DCS and their like: titles, links, the clipboard. No sequence holds the start of another: the work is linear.
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]?"  # every other escape, and an OSC without an end: its text is shown
)
_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"
    "\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_NO_CHARACTER = re.compile("[\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile(r"\s+")


def printable(text: str) -> str:
    """The text with line feeds as the only line breaks, tabs as four spaces, and nothing that is not to be seen.

    Lone surrogates become U+FFFD, so that the result can always be encoded as UTF-8. Linear in the text.
    """
    text = _BREAKS.sub("\n", _ESCAPES.sub("", text)).replace("\t", "    ")
    return _NO_CHARACTER.sub("\ufffd", _UNSEEN.sub("", text))


def one_line(text: str, limit: int) -> str:
    """The text on one line of at most `limit` characters, cut with "…"; every run of white space is one space."""
    # Four times the limit is enough text to fill the line unless most of it is invisible, and keeps the work bounded.
    line = _SPACE.sub(" ", printable(text[: 4 * limit])).strip()
    cut = len(line) > limit or len(text) > 4 * limit
    return line[: limit - 1].rstrip() + "…" if cut else line
