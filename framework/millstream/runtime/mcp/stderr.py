"""What a server writes to its standard error -> the logger "millstream.mcp", and its last words for an error.

It never reaches the terminal of who runs the agent by itself: there is a live picture. Knows no protocol.
"""

from __future__ import annotations

import logging
import os
import sys
from codecs import getincrementaldecoder
from io import TextIOWrapper
from types import TracebackType
from typing import Final, Self, TextIO

import anyio
from anyio.abc import TaskGroup

_LOGGER: Final = logging.getLogger("millstream.mcp")
_MAX_LAST_CHARS: Final = 1_000
"""Of the last words: enough for the end of a traceback."""
_MAX_LINE_CHARS: Final = 16 * 1024
_PIECE_BYTES: Final = 16 * 1024


class Stderr:
    """A file for a child's standard error, and the task that reads it: enter it, `start` it, pass `file` on.

    Args:
        name: what the server is called in the log.
    """

    def __init__(self, name: str) -> None:
        self.last_words = ""
        """The end of what was written."""
        self._name = name
        self._line = ""
        self._decoder = getincrementaldecoder("utf-8")("replace")
        self._reader = -1

    def __enter__(self) -> Self:
        if sys.platform == "win32":  # where a pipe can not be waited for beside the event loop
            self.file: TextIO = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123  closed by __exit__
            return self
        self._reader, writer = os.pipe()
        os.set_blocking(self._reader, False)
        self.file = TextIOWrapper(os.fdopen(writer, "wb"), encoding="utf-8")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.file.close()
        if self._reader >= 0:
            self._take_rest()
            os.close(self._reader)
            self._reader = -1

    def start(self, tasks: TaskGroup) -> None:
        """Read in the background from now on, until the tasks are cancelled."""
        if self._reader >= 0:
            tasks.start_soon(self._read, name=f"stderr of {self._name}")

    async def _read(self) -> None:
        while self._take():
            await anyio.wait_readable(self._reader)

    def _take(self) -> bool:
        """Take what is there; False at the end."""
        try:
            piece = os.read(self._reader, _PIECE_BYTES)
        except BlockingIOError:
            return True
        self._feed(self._decoder.decode(piece, final=not piece))
        return bool(piece)

    def _take_rest(self) -> None:
        """Take what is left, without waiting; as much as fits into a pipe at most."""
        for _ in range(8):
            try:
                piece = os.read(self._reader, _PIECE_BYTES)
            except OSError:
                break
            self._feed(self._decoder.decode(piece))
            if not piece:
                break
        self._feed("\n" if self._line else "")

    def _feed(self, text: str) -> None:
        self.last_words = (self.last_words + text)[-_MAX_LAST_CHARS:]
        *lines, self._line = (self._line + text).split("\n")
        if len(self._line) > _MAX_LINE_CHARS:
            lines, self._line = [*lines, self._line], ""
        for line in lines:
            if line.strip():
                _LOGGER.info("%s: %s", self._name, line.rstrip())
