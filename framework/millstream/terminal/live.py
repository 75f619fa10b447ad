"""The region of a terminal in which a run is drawn while it goes on, and what is printed above and below it.

Draws when told to, with the time it is told: the clock and the ticker are in `show`. What does not change any more is
printed once and stays in the scrollback: finished calls that the region has no room for, and what the model said before
it called tools. The only home of `rich.live`.
"""

from __future__ import annotations

from types import TracebackType
from typing import Self, TextIO

from rich.console import Console
from rich.live import Live
from rich.text import Text

from millstream.events import Record, TurnEnded
from millstream.terminal.frame import MAX_TEXT_LINES, released, released_row, render
from millstream.terminal.summary import answer, end_line, overlap_line
from millstream.ui.reducer import RunView
from millstream.ui.safe_text import printable


class _Terminal(Console):
    """A console that leaves it to its caller what to do when nobody reads any more; rich itself ends the process."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Screen:
    """A live picture of one run. Enter it, `feed` it the records, `draw` it a few times a second, leave it.

    Args:
        file: the terminal. What else the program prints while the picture is up appears above it.
        own_streams: whether `file` is the program's own output, so that its prints have to be kept out of the picture.
    """

    def __init__(self, file: TextIO, *, own_streams: bool) -> None:
        self.view = RunView()
        self._console = _Terminal(file=file, force_terminal=True, highlight=False, markup=False, emoji=False)
        self._live = Live(
            console=self._console, auto_refresh=False, redirect_stdout=own_streams, redirect_stderr=own_streams
        )
        self._above: set[tuple[str, ...]] = set()

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The last picture stays; below it the answer, what went wrong and what overlap was worth."""
        try:
            self.draw(self.view.last_s, text_lines=0)
        finally:
            self._live.stop()
        said = answer(self.view)
        if said:
            self._print(Text("\n" + said))
        if self.view.state != "finished":  # else the header has said it
            self._print(Text("\n" + end_line(self.view), "bold"))
        self._print(Text("\n" + overlap_line(self.view), "bold"))

    def feed(self, record: Record) -> None:
        """Take up the next record; it is seen with the next `draw`."""
        self.view.feed(record)
        event = record.event
        if isinstance(event, TurnEnded) and not record.scope:
            turn = next(turn for turn in self.view.turns if turn.turn == event.turn)
            if turn.blocked:
                self._print(Text(f"{printable(turn.blocked)}: what that response said is void\n"))
            if turn.text and any(call.call.turn == turn.turn and not call.scope for call in self.view.calls):
                self._print(Text(printable(str(turn.text)).strip("\n") + "\n"))

    def draw(self, now_s: float, *, text_lines: int = MAX_TEXT_LINES) -> None:
        """Draw the picture of `now_s`, in the view's seconds, with the last `text_lines` lines of the model's text."""
        width, height = self._console.size
        height -= 1  # the cursor stands below the picture
        for call in released(self.view, width, height, self._above):
            self._above.add(call.key)
            self._print(released_row(call, self.view, width))
        picture = render(self.view, now_s, width, height, above=self._above, text_lines=text_lines)
        self._live.update(picture, refresh=True)

    def _print(self, text: Text) -> None:
        if text.plain.strip():
            self._console.print(text)
