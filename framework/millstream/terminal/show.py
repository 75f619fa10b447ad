"""Show a run while it happens: the choice between the live picture and plain lines, and the ticker behind the picture.

The only file of the terminal view that waits. It consumes records and does nothing to the run.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import AsyncIterable, Mapping
from typing import Protocol, TextIO

import anyio

from millstream.errors import UsageError
from millstream.events import Record
from millstream.terminal.clock import Clock
from millstream.terminal.glyphs import UNICODE, carried, glyphs_for
from millstream.terminal.lines import Lines
from millstream.ui.reducer import RunView

FRAME_S = 0.1
"""Ten pictures a second: running times move, and a slow terminal keeps up."""


async def show(records: AsyncIterable[Record], *, plain: bool | None = None, file: TextIO | None = None) -> RunView:
    """Draw a run until its records end.

    Args:
        records: the records of one run in order, as they happen or from a log.
        plain: True for appended lines, False for the live picture; None chooses lines where `file` is no terminal,
            or where CI, NO_COLOR or TERM=dumb ask for them.
        file: where to draw, sys.stdout if None.

    Returns:
        What is known of the run at the end.

    Raises:
        UsageError: the live picture was asked for and rich is not installed.
        Exception: whatever `records` raises, after the picture was completed; and OSError where `file` can not be
            written to.
    """
    out = sys.stdout if file is None else file
    if wants_plain(out, os.environ) if plain is None else plain:
        return await _show_lines(records, out)
    try:
        from millstream.terminal.live import Screen
    except ImportError as error:
        message = 'the live view needs rich: pip install "millstream[cli]", or ask for show(…, plain=True)'
        raise UsageError(message) from error
    with Screen(out, own_streams=out is sys.stdout) as screen:
        await draw_live(records, screen, Clock(time.monotonic, anyio.sleep))
    return screen.view


def wants_plain(file: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether lines are the better view: no terminal, a build, colours unwanted, or a terminal that can not do it."""
    asked = environ.get("CI", "").lower() not in {"", "0", "false"} or bool(environ.get("NO_COLOR"))
    dumb = environ.get("TERM", "").lower() in {"dumb", "unknown"}
    return asked or dumb or not file.isatty() or glyphs_for(_encoding(file)) is not UNICODE


class Picture(Protocol):
    """What `draw_live` needs of a screen."""

    @property
    def view(self) -> RunView:
        """What is known of the run."""
        ...

    def feed(self, record: Record) -> None:
        """Take up the next record."""
        ...

    def draw(self, now_s: float) -> None:
        """Draw the picture of a time."""
        ...


async def draw_live(records: AsyncIterable[Record], screen: Picture, clock: Clock) -> None:
    """Feed the records to the screen and draw it every FRAME_S seconds, until the records end.

    Raises:
        BaseException: whatever `records` or the screen raises, as it is and not in a group.
    """

    async def tick() -> None:
        while True:
            screen.draw(clock.now_s)
            await clock.sleep(FRAME_S)

    lone: BaseException | None = None
    try:
        async with anyio.create_task_group() as group:
            group.start_soon(tick)
            async for record in records:
                screen.feed(record)
                clock.saw(screen.view.last_s)
            group.cancel_scope.cancel()
    except BaseExceptionGroup as failures:
        if len(failures.exceptions) != 1:
            raise
        lone = failures.exceptions[0]
    if lone is not None:
        raise lone


async def _show_lines(records: AsyncIterable[Record], out: TextIO) -> RunView:
    encoding = _encoding(out)
    lines = Lines(glyphs_for(encoding))

    def write(new: list[str]) -> None:
        if new:
            out.write("".join(f"{carried(line, encoding)}\n" for line in new))
            out.flush()

    try:
        async for record in records:
            write(lines.feed(record))
    finally:
        write(lines.close())
    return lines.view


def _encoding(file: TextIO) -> str:
    # A stream of text that is not written as bytes (io.StringIO) has none and carries everything.
    return getattr(file, "encoding", None) or "utf-8"
