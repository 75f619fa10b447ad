"""One pass over files into a tar, in a thread: reproducible, cancellable between two pieces, with progress by bytes."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Callable, Iterable
from typing import IO, BinaryIO, Final

from anyio.from_thread import check_cancelled

from millstream_tools.beneath import open_file

_PROGRESS_STEPS: Final = 100


class Packing:
    """What goes into the tar, and what is told of it.

    Args:
        source: the descriptor of the folder the files are below; it stays open.
        total: bytes of all files, for the progress.
        progress: told about a hundred times: bytes done, bytes in all, the current file.
    """

    def __init__(self, source: int, total: int, progress: Callable[[float, float, str], None]) -> None:
        self._source = source
        self._total = total
        self._progress = progress
        self._told = -1
        self.done = 0
        self.current = ""

    def write(self, raw: IO[bytes], prefix: str, paths: Iterable[str]) -> None:
        """Write the files, in the order given, as `prefix/path`.

        Raises:
            OSError: a file changed meanwhile or can not be read; `current` says which.
            BaseException: what cancels the call this thread works for.
        """
        with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for path in paths:
                self.current = path
                with open_file(self._source, path) as file:
                    what = os.fstat(file.fileno())
                    # Nothing of when, by whom and on which machine: the same files are the same archive.
                    entry = tarfile.TarInfo(f"{prefix}/{path}")
                    entry.size = what.st_size
                    entry.mode = 0o755 if what.st_mode & stat.S_IXUSR else 0o644
                    tar.addfile(entry, _Told(file, self._read))

    def _read(self, count: int) -> None:
        """So many bytes of the current file were read."""
        check_cancelled()
        self.done += count
        step = self.done * _PROGRESS_STEPS // max(1, self._total)
        if step != self._told:
            self._told = step
            self._progress(self.done, self._total, self.current)


class _Told:
    """A file that tells of each piece that is read."""

    def __init__(self, file: BinaryIO, tell: Callable[[int], None]) -> None:
        self._file = file
        self._tell = tell

    def read(self, count: int = -1, /) -> bytes:
        piece = self._file.read(count)
        self._tell(len(piece))
        return piece
