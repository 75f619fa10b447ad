"""`TextSearch`: a plain-text search in the text files of one folder. It only reads, and knows no regular expressions.

A model's regular expression can keep a CPU for ever; a plain text is found in one pass. Files are read in a thread,
about a megabyte at a time, so that a search can be cancelled between two steps and leaves nothing behind.
"""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any, Final

from anyio.to_thread import run_sync

from millstream import Final as FinalValue
from millstream import ModelRetry, Toolbox, ToolContext, tool
from millstream_tools.beneath import existing_folder, open_file, open_root, walk
from millstream_tools.text_lines import find_lines

_STEP_BYTES: Final = 1024 * 1024
_STEP_ENTRIES: Final = 200
_BINARY_PROBE: Final = 8192
_MAX_PATTERN: Final = 500


class TextSearch(Toolbox):
    """The tool `search_text`, for one folder. Hidden files and folders, symbolic links and binary files are left out.

    Args:
        root: the folder; nothing outside of it is ever read.
        max_file_bytes: larger files are skipped, and counted.
        max_files: a search ends after so many files and says that it is cut.
        max_matches: the most lines one call may ask for.

    Raises:
        UsageError: `root` is no folder.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        max_file_bytes: int = 4 * 1024 * 1024,
        max_files: int = 20_000,
        max_matches: int = 500,
    ) -> None:
        self._root = existing_folder(root)
        self._max_file_bytes = max_file_bytes
        self._max_files = max_files
        self._max_matches = max_matches
        super().__init__([tool(read_only=True, timeout_s=60)(self.search_text)])

    async def search_text(
        self, pattern: str, ctx: ToolContext[Any], *, ignore_case: bool = True, max_matches: int = 50
    ) -> AsyncGenerator[Any]:
        """Find the lines that contain a text, in all text files of one folder.

        Gives file, line number and text of the first lines found, and the count of all lines that contain the text.

        Args:
            pattern: the text to find, as it is: no wildcards, no regular expression, within one line.
            ctx: filled by the run.
            ignore_case: whether upper and lower case are the same.
            max_matches: how many lines to give; all are counted.
        """
        if not 0 < len(pattern) <= _MAX_PATTERN or "\n" in pattern:
            raise ModelRetry(f"pattern must be a text of 1 to {_MAX_PATTERN} characters, within one line")
        if max_matches < 1:
            raise ModelRetry("max_matches must be at least 1")
        search = _Search(pattern, ignore_case=ignore_case, max_file_bytes=self._max_file_bytes)
        most = min(max_matches, self._max_matches)
        matches: list[dict[str, Any]] = []
        root = open_root(self._root)
        try:
            listing = search.list_files(root, self._max_files)
            while await run_sync(next, listing, None) is not None:
                ctx.progress(None, None, f"{len(search.files)} files found")
            steps = search.steps(root, most)
            while (found := await run_sync(next, steps, None)) is not None:
                ctx.progress(search.done, len(search.files), search.current)
                matches += found
                if found:
                    yield found
        finally:
            os.close(root)
        yield FinalValue(
            {
                "matches": matches,
                "count": search.count,
                "files_searched": search.searched,
                "files_skipped": search.skipped,
                "truncated": search.cut or search.count > len(matches),
            }
        )


class _Search:
    """One search, done in steps: what is looked for, and how far it has come."""

    def __init__(self, pattern: str, *, ignore_case: bool, max_file_bytes: int) -> None:
        self._pattern = pattern
        self._ignore_case = ignore_case
        self._max_file_bytes = max_file_bytes
        self.files: list[str] = []
        self.current = ""
        self.done = self.searched = self.skipped = self.count = 0
        self.cut = False

    def list_files(self, root: int, max_files: int) -> Iterator[bool]:
        """Find the files to search, with a pause after each step."""
        entries = walk(root, lambda name, _: not name.startswith("."), self._skip)
        for number, (path, what) in enumerate(entries, start=1):
            if len(self.files) >= max_files:
                self.cut = True
                return
            if stat.S_ISREG(what.st_mode) and what.st_size <= self._max_file_bytes:
                self.files.append(path)
            else:
                self._skip()
            if number % _STEP_ENTRIES == 0:
                yield True

    def steps(self, root: int, most: int) -> Iterator[list[dict[str, Any]]]:
        """Search them, with a pause after each step: the lines it found, `most` in all."""
        found: list[dict[str, Any]] = []
        bytes_read = 0
        for path in self.files:
            self.current = path
            text = self._read(root, path)
            for line, shown in find_lines(text, self._pattern, ignore_case=self._ignore_case):
                self.count += 1
                if self.count <= most:
                    found.append({"file": path, "line": line, "text": shown})
            self.done += 1
            bytes_read += len(text)
            if bytes_read >= _STEP_BYTES or self.done % _STEP_ENTRIES == 0:
                yield found
                found, bytes_read = [], 0
        yield found

    def _read(self, root: int, path: str) -> str:
        """The text of a file; empty where it is skipped."""
        try:
            with open_file(root, path) as file:
                data = file.read(self._max_file_bytes + 1)
        except OSError as error:  # it vanished, was exchanged for a link, or may not be read
            self._skip(error)
            return ""
        if len(data) > self._max_file_bytes or b"\0" in data[:_BINARY_PROBE]:
            self._skip()
            return ""
        self.searched += 1
        return data.decode(errors="replace")

    def _skip(self, _error: OSError | None = None) -> None:
        self.skipped += 1
