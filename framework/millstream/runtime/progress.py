"""What a tool says while it runs, made bearable: progress at a steady rate, log lines up to a number.

A tool may say how far it is 100,000 times a second. The newest is what counts: of what is said within one interval only
that is passed on, at its end; the first word is passed on at once, and the last before the attempt ends. Also while
the consumer lags behind nothing but the newest is kept. Log lines are not replaced by later ones: the first go through,
of the others the last few follow at the end, with a mark that counts those between.

The words may come from any thread, and nothing here locks: what several threads touch are steps that are whole by
themselves (a deque of one, a counter, a flag). All that has to do with time happens on the event loop's thread.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Final

from millstream.events import Call, CallEvent, CallLogged, CallProgress
from millstream.limits import Limits
from millstream.runtime.outcomes import cut
from millstream.runtime.outlet import Outlet

LAST_LINES: Final = 20
"""Log lines from the end that follow the mark: what a tool says last tells most about how it ended."""
_LOOK_AGAIN_S: Final = 0.05


class Words:
    """What one attempt of a call says. `close` it when the attempt is over, on the thread of the event loop."""

    def __init__(self, call: Call, outlet: Outlet, limits: Limits) -> None:
        self._call = call
        self._outlet = outlet
        self._limits = limits
        self._closed = False
        self._newest: deque[CallProgress] = deque(maxlen=1)
        self._begun = False
        self._looked_after = False  # somebody will come for the newest
        self._due = 0.0
        self._lines = count()
        self._last_lines: deque[CallEvent] = deque(maxlen=LAST_LINES)

    def say(self, event: CallProgress | CallLogged) -> None:
        """Take a word of the tool, from any thread, without waiting. After `close` it is dropped."""
        if self._closed:
            return
        if isinstance(event, CallLogged):
            self._log(event)
            return
        if len(event.message) > self._limits.max_log_line_chars:
            event = replace(event, message=cut(event.message, self._limits.max_log_line_chars))
        if not self._begun:
            self._begun = True
            self._outlet.do(partial(self._deliver_first, event))
            return
        self._newest.append(event)
        if not self._looked_after:
            self._looked_after = True
            self._outlet.do(self._look)

    def close(self) -> None:
        """The attempt is over: what was held back is said now, and nothing more after it."""
        if self._closed:
            return
        self._closed = True
        self._deliver_newest()
        left_out = next(self._lines) - self._limits.max_log_lines - len(self._last_lines)
        if left_out > 0:
            self._outlet.say(CallLogged(self._call, f"… {left_out} lines left out here …"))
        for line in self._last_lines:
            self._outlet.say(line)

    def _log(self, event: CallLogged) -> None:
        if len(event.text) > self._limits.max_log_line_chars:
            event = replace(event, text=cut(event.text, self._limits.max_log_line_chars))
        if next(self._lines) < self._limits.max_log_lines:
            if self._newest:
                self._outlet.do(self._deliver_newest)  # what was said before is heard before
            self._outlet.say(event)
        else:
            self._last_lines.append(event)

    def _deliver_first(self, event: CallProgress) -> None:
        if not self._closed:
            self._deliver(event)

    def _look(self) -> None:
        """Pass the newest on, or come again when the interval is over, or the consumer may have come closer."""
        if self._closed:
            return
        now = self._outlet.now()
        if now < self._due or self._outlet.crowded:
            self._outlet.later(self._due if now < self._due else now + _LOOK_AGAIN_S, self._look)
            return
        self._looked_after = False  # before it is taken: what is said from now on has somebody come again
        self._deliver_newest()

    def _deliver_newest(self) -> None:
        if self._newest:
            self._deliver(self._newest.pop())

    def _deliver(self, event: CallProgress) -> None:
        self._due = self._outlet.now() + self._limits.progress_interval_s
        self._outlet.say(event)
