"""Cuts text that is still arriving into prose and calls.

Prose flows at once; what may begin a call is held back only as long as it may, and is prose, unchanged, if it is none:
the name must be that of a tool. The marks of a call belong to it; so does white space between two calls, or behind the
last one. Every character is looked at once by each form that it may begin. It knows no form itself.
"""

from __future__ import annotations

import re
from typing import Final

from millstream.wire.text_calls.cursor import Args, Cursor, Found, NotACall, Parser, Prose, Steps
from millstream.wire.text_calls.styles import Style

_MAX_GAP: Final = 64
_gap: Final = re.compile(r"[\s;,]*").match


class Splitter:
    """Cuts one text. `feed` it piece by piece, then `end` it.

    Args:
        style: the forms of call that are looked for.
        names: the names of the tools; anything else is no call.
    """

    def __init__(self, style: Style, names: frozenset[str]) -> None:
        self._possible = {  # looked up for every such character
            (char, line_start): style.parsers(char, line_start=line_start)
            for char in style.first
            for line_start in (False, True)
        }
        self._c = Cursor(names)
        self._first = re.compile(f"[{re.escape(style.first)}]").search
        self._steps: Steps[object] | None = None  # the parser at work
        self._others: list[Parser] = []  # what else the text may be
        self._furthest = 0  # how far the parsers came that gave up
        self._line_start = True
        self._gap: str | None = None  # what came behind a call, until it is known whether another follows

    def feed(self, text: str) -> list[Found]:
        """What `text` adds."""
        self._c.add(text)
        return self._work()

    def end(self) -> list[Found]:
        """The text is over: what was held back. A call that is open stays so."""
        self._c.ended = True
        return self._work()

    def _work(self) -> list[Found]:
        while (self._steps is not None or self._find()) and self._run():
            pass
        found, self._c.found = self._c.found, []
        return _merged(found)

    def _find(self) -> bool:
        """Tell of prose up to what may be a call. Returns whether there is such a thing."""
        c = self._c
        while c.at < len(c.text):
            if self._gap is not None:
                if self._pass_gap(self._gap):
                    return True
                continue
            match = self._first(c.text, c.at)
            at = c.at if match is None else match.start()
            if match is None or at > c.at:
                self._prose(len(c.text) if match is None else at)
                continue
            parsers = self._possible[match[0], self._line_start]
            if not parsers:
                self._prose(at + 1)
                continue
            self._start(parsers)
            return True
        c.commit()
        if c.ended and self._gap is not None:
            self._say(self._gap if self._gap.strip() else "")
        return False

    def _pass_gap(self, gap: str) -> bool:
        """White space or a comma behind a call. Returns whether something follows that may be a call, too."""
        c = self._c
        match = _gap(c.text, c.at, c.at + _MAX_GAP - len(gap))
        assert match is not None, "it matches the empty text too"
        self._gap = gap = gap + match[0]
        c.at = match.end()
        if len(gap) >= _MAX_GAP:
            self._say(gap)
            return False
        if c.at >= len(c.text):
            return False
        parsers = self._possible.get((c.text[c.at], True))
        if not parsers:
            self._say(gap)
            return False
        self._start(parsers)
        return True

    def _start(self, parsers: tuple[Parser, ...]) -> None:
        first, *others = parsers
        self._c.start()
        self._steps, self._others, self._furthest = first(self._c), others, 1

    def _run(self) -> bool:
        """Go on with the parser at work. Returns False where it waits for more text."""
        assert self._steps is not None, "asked for while there is one"
        c = self._c
        try:
            next(self._steps)
        except StopIteration:
            c.commit()
            self._steps, self._gap, self._line_start = None, "", True
        except NotACall:
            self._give_up()
        else:
            return False
        return True

    def _give_up(self) -> None:
        """The parser at work has found that the text since the last commit is no call."""
        c = self._c
        self._steps = None
        if c.begun:  # and what follows its last commit may begin another
            self._gap = None if c.is_open else ""
            self._line_start = not c.is_open
            if c.is_open and not c.ended:
                c.close(complete=False)
            c.rewind()
            return
        self._furthest = max(self._furthest, c.rewind())
        if self._others:
            self._steps = self._others.pop(0)(c)
            return
        self._prose(self._furthest)

    def _prose(self, end: int) -> None:
        """The text up to `end` is prose."""
        c = self._c
        said = c.text[c.at : end]
        c.at = max(end, c.at)
        c.commit()
        if said or self._gap:
            self._say((self._gap or "") + said)

    def _say(self, text: str) -> None:
        self._gap = None
        if not text:
            return
        self._c.found.append(Prose(text))
        _, newline, last = text.rpartition("\n")
        self._line_start = not last.strip() and (bool(newline) or self._line_start)


def _merged(found: list[Found]) -> list[Found]:
    """With pieces of one text made one."""
    made: list[Found] = []
    for one in found:
        last = made[-1] if made else None
        if isinstance(one, Prose) and isinstance(last, Prose):
            made[-1] = Prose(last.text + one.text)
        elif isinstance(one, Args) and isinstance(last, Args):
            made[-1] = Args(last.text + one.text)
        else:
            made.append(one)
    return made
