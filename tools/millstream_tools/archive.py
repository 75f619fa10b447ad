"""`Archiver`: packs a folder into a .tar.xz, with progress. The same files give the same archive, byte for byte.

One thread does the work and asks between two pieces whether its call was cancelled; the call ends when the thread has,
so neither the thread nor a half-written file outlives it.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from anyio.from_thread import check_cancelled
from anyio.to_thread import run_sync

from millstream import Toolbox, ToolContext, ToolError, UsageError, tool
from millstream_tools.beneath import existing_folder, open_folder, open_root, parts_below, walk
from millstream_tools.packing import Packing

_BEST: Final = 9


class Archiver(Toolbox):
    """The tool `pack_folder`, which packs a folder below `root` into an archive in `out`.

    Args:
        root: nothing outside of it is read.
        out: the folder of the archives; it may lie below `root`, and is left out of them.
        preset: of LZMA, from 0 (some 10 MB/s) to 9 (smaller, but slow, and with 674 MB of memory).
        max_files: a folder with more files is refused.
        max_bytes: a folder with more bytes is refused.

    Raises:
        UsageError: `root` or `out` is no folder, or there is no such preset.
    """

    def __init__(
        self,
        root: str | Path,
        out: str | Path,
        *,
        preset: int = 0,
        max_files: int = 20_000,
        max_bytes: int = 1024 * 1024 * 1024,
    ) -> None:
        if not 0 <= preset <= _BEST:
            raise UsageError(f"preset={preset}: LZMA knows 0 (quick) to {_BEST} (small)")
        self._root = existing_folder(root)
        self._out = existing_folder(out)
        self._preset = preset
        self._max_files = max_files
        self._max_bytes = max_bytes
        super().__init__([tool(idempotent=True, timeout_s=600, limit=2)(self.pack_folder)])

    async def pack_folder(self, folder: str, ctx: ToolContext[Any]) -> dict[str, Any]:
        """Pack a folder with all its files into a .tar.xz archive.

        Gives the name, size and SHA-256 of the archive, and how much went in. Symbolic links and special files are left
        out, and counted. An archive of that folder which exists is replaced.

        Args:
            folder: a relative path, for example "logs" or "2024/march".
            ctx: filled by the run.
        """
        return await run_sync(self._pack, folder, ctx.progress)

    def _pack(self, folder: str, progress: Callable[[float, float, str], None]) -> dict[str, Any]:
        parts = parts_below(folder)
        if not parts:
            raise ToolError("name a folder below the root: the root itself is not packed")
        source = self._open(folder)
        try:
            files, left_out = self._list(source)
            total = sum(what.st_size for _, what in files)
            packing = Packing(source, total, progress)
            # Quoted, so that "a/b" and "a-b" are two archives.
            archive = self._write(f"{quote('/'.join(parts), safe=' ')}.tar.xz", parts[-1], files, packing)
        finally:
            os.close(source)
        progress(total, total, "")
        with archive.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        return {
            "archive": archive.name,
            "archive_bytes": archive.stat().st_size,
            "sha256": digest,
            "files": len(files),
            "bytes": packing.done,
            "left_out": left_out,
        }

    def _open(self, folder: str) -> int:
        root = open_root(self._root)
        try:
            return open_folder(root, folder)
        except OSError as error:
            raise ToolError(f'"{folder[:200]}" can not be packed: {error.strerror}') from error
        finally:
            os.close(root)

    def _list(self, source: int) -> tuple[list[tuple[str, os.stat_result]], int]:
        """The regular files of a folder, and how many other things are in it."""
        out = self._out.stat()
        files: list[tuple[str, os.stat_result]] = []
        left_out = 0
        for path, what in walk(source, lambda _, what: not os.path.samestat(what, out), _unreadable):
            check_cancelled()
            if not stat.S_ISREG(what.st_mode):
                left_out += 1
                continue
            files.append((path, what))
            if len(files) > self._max_files:
                raise ToolError(f"it holds more than {self._max_files} files: pack a folder within it")
        if sum(what.st_size for _, what in files) > self._max_bytes:
            raise ToolError(f"it holds more than {self._max_bytes} bytes: pack a folder within it")
        return files, left_out

    def _write(self, name: str, prefix: str, files: list[tuple[str, os.stat_result]], packing: Packing) -> Path:
        """Write a temporary file beside the archive and rename it: there is a whole archive, or none."""
        descriptor, temporary = tempfile.mkstemp(dir=self._out, prefix=".", suffix=".part")
        try:
            with os.fdopen(descriptor, "wb") as raw, lzma.open(raw, "wb", preset=self._preset) as packed:
                packing.write(packed, prefix, [path for path, _ in files])
            return Path(temporary).replace(self._out / name)
        except BaseException as error:
            Path(temporary).unlink()
            if isinstance(error, OSError):
                raise ToolError(f"packing stopped at {packing.current}: {error.strerror or error}") from error
            raise


def _unreadable(error: OSError) -> None:
    raise ToolError(f"a folder within can not be read: {error.strerror}") from error
