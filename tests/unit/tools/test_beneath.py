"""Nothing outside of the folder is opened, whatever the path says and whatever lies in the folder."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from millstream import ToolError, UsageError
from millstream_tools.beneath import existing_folder, open_file, open_folder, parts_below, walk


@pytest.fixture
def root(tmp_path: Path) -> Iterator[int]:
    """A folder "root", beside it "root_evil" and "secret.txt"; links lead there."""
    (tmp_path / "root" / "a" / "b").mkdir(parents=True)
    (tmp_path / "root_evil").mkdir()
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "root_evil" / "secret.txt").write_text("secret")
    (tmp_path / "root" / "a" / "b" / "file.txt").write_text("inside")
    (tmp_path / "root" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "root" / "inner.txt").symlink_to("a/b/file.txt")
    (tmp_path / "root" / "out").symlink_to(tmp_path / "root_evil")
    descriptor = os.open(tmp_path / "root", os.O_RDONLY | os.O_DIRECTORY)
    yield descriptor
    os.close(descriptor)


def everything(_name: str, _what: os.stat_result) -> bool:
    return True


def fail(error: OSError) -> None:
    raise error


class TestPaths:
    @pytest.mark.parametrize(
        "path", ["..", "../root_evil/secret.txt", "a/../../secret.txt", "/etc/passwd", "a/\0", "//x"]
    )
    def test_a_path_that_may_lead_outside_is_refused_in_words_for_the_model(self, path: str) -> None:
        with pytest.raises(ToolError, match="may lead outside"):
            parts_below(path)

    @pytest.mark.parametrize(("path", "parts"), [("a/b", ("a", "b")), ("./a//b/", ("a", "b")), (".", ()), ("", ())])
    def test_a_relative_path_is_its_parts(self, path: str, parts: tuple[str, ...]) -> None:
        assert parts_below(path) == parts

    def test_an_owner_must_name_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        for path in (tmp_path / "file", tmp_path / "nowhere"):
            with pytest.raises(UsageError, match="is no folder"):
                existing_folder(path)


class TestOpening:
    def test_a_file_below_is_opened(self, root: int) -> None:
        with open_file(root, "a/b/file.txt") as file:
            assert file.read() == b"inside"

    @pytest.mark.parametrize(
        "path", ["link.txt", "inner.txt", "out/secret.txt", "a/b", "nowhere", "a/b/file.txt/x", "."]
    )
    def test_links_folders_and_what_is_not_there_are_no_files(self, root: int, path: str) -> None:
        with pytest.raises(OSError):  # noqa: PT011  which one is the system's affair
            open_file(root, path)

    @pytest.mark.parametrize("path", ["out", "link.txt", "a/b/file.txt", "nowhere"])
    def test_links_files_and_what_is_not_there_are_no_folders(self, root: int, path: str) -> None:
        with pytest.raises(OSError):  # noqa: PT011  as above
            open_folder(root, path)

    def test_a_fifo_and_a_socket_are_no_files_and_do_not_hang(self, root: int, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "root" / "fifo")
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(str(tmp_path / "root" / "socket"))
            for name in ("fifo", "socket"):
                with pytest.raises(OSError):  # noqa: PT011  as above
                    open_file(root, name)

    @pytest.mark.usefixtures("_nothing_left_open")
    def test_failures_leave_nothing_open(self, root: int) -> None:
        for path in ("a/nowhere", "out/secret.txt", "a/b", "link.txt"):
            with pytest.raises(OSError):  # noqa: PT011  as above
                open_file(root, path)
        os.close(open_folder(root, "a/b"))


class TestWalking:
    def test_files_and_links_are_given_in_order_but_links_are_not_followed(self, root: int) -> None:
        assert [path for path, _ in walk(root, everything, fail)] == ["inner.txt", "link.txt", "out", "a/b/file.txt"]

    def test_what_is_not_wanted_is_neither_given_nor_entered(self, root: int) -> None:
        assert [path for path, _ in walk(root, lambda name, _: name not in ("a", "out"), fail)] == [
            "inner.txt",
            "link.txt",
        ]

    def test_an_entry_that_vanishes_is_told(self, root: int, tmp_path: Path) -> None:
        def wanted(name: str, _what: os.stat_result) -> bool:
            (tmp_path / "root" / "link.txt").unlink(missing_ok=True)
            return name != "a"

        told: list[OSError] = []
        assert [path for path, _ in walk(root, wanted, told.append)] == ["inner.txt", "out"]
        assert [type(error) for error in told] == [FileNotFoundError]
