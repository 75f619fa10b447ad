"""Files below one folder, and nothing else: what the tools that read files open and list them with.

Every part of a path is opened on its own, from the descriptor of the part before, and no part may be a symbolic link:
a path that is checked first and opened afterwards can be exchanged in between. It knows no tool.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, Final

from millstream import ToolError, UsageError

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a FIFO must not be waited for


def existing_folder(path: str | Path) -> Path:
    """The folder an owner named, without symbolic links.

    Raises:
        UsageError: it is none.
    """
    folder = Path(path).resolve()
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder: create it first, or name another")
    return folder


def open_root(folder: Path) -> int:
    """A descriptor of a folder that `existing_folder` gave; close it."""
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def parts_below(path: str) -> tuple[str, ...]:
    """The parts of a relative path; none for the folder itself.

    Raises:
        ToolError: it is absolute, or leads upwards.
    """
    pure = PurePosixPath(path)
    if pure.is_absolute() or ".." in pure.parts or "\0" in path:
        raise ToolError(f'"{path[:200]}" may lead outside: write a path below the folder, without ".." or a leading /')
    return pure.parts


def open_folder(root: int, path: str) -> int:
    """A new descriptor of the folder at `path` below the folder `root` is open as.

    Raises:
        ToolError: see `parts_below`.
        OSError: there is none, or a part is a symbolic link.
    """
    folder = os.open(".", _FOLDER, dir_fd=root)
    for part in parts_below(path):
        try:
            inner = os.open(part, _FOLDER, dir_fd=folder)
        finally:
            os.close(folder)
        folder = inner
    return folder


def open_file(root: int, path: str) -> BinaryIO:
    """The regular file at `path` below the folder `root` is open as, to be read.

    Raises:
        ToolError: see `parts_below`.
        OSError: there is none, it is no regular file, or a part is a symbolic link.
    """
    folder = open_folder(root, str(PurePosixPath(path).parent))
    try:
        file = os.open(PurePosixPath(path).name, _FILE, dir_fd=folder)
    finally:
        os.close(folder)
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise OSError(errno.EINVAL, "no regular file")
    return os.fdopen(file, "rb")


def walk(
    root: int, wanted: Callable[[str, os.stat_result], bool], on_error: Callable[[OSError], object]
) -> Iterator[tuple[str, os.stat_result]]:
    """Everything below an open folder but folders, as paths and what they are, in an order that is always the same.

    Args:
        root: the descriptor of the folder; it stays open.
        wanted: whether an entry, by its name, is to be entered or given.
        on_error: told of a folder that can not be read, and of an entry that vanished; it may raise.
    """
    for at, folders, files, here in os.fwalk(".", dir_fd=root, onerror=on_error):
        entries = sorted([*folders, *files])
        folders.clear()
        for name in entries:
            try:
                what = os.stat(name, dir_fd=here, follow_symlinks=False)
            except OSError as error:
                on_error(error)
                continue
            if not wanted(name, what):
                continue
            if stat.S_ISDIR(what.st_mode):
                folders.append(name)
            else:
                yield os.path.normpath(os.path.join(at, name)), what  # noqa: PTH118  a Path would copy each name
