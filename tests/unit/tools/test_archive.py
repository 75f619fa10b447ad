"""`pack_folder`: a whole archive or none, the same bytes for the same files, and nothing from outside of the root."""

import hashlib
import os
import stat
import tarfile
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from typing import Any

import anyio
import pytest

from millstream import Limits, ToolError, UsageError
from millstream.events import CallFailed, CallProgress, CallReturned, Cancelled
from millstream_tools.archive import Archiver
from millstream_tools.packing import Packing
from tests.scripted import calling, saying, scripted
from tests.unit.tools.surroundings import Context, open_files

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("_nothing_left_open")]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / "logs" / "deep").mkdir(parents=True)
    (folder / "logs" / "b.txt").write_text("bee" * 100)
    (folder / "logs" / "a.txt").write_text("")
    (folder / "logs" / "deep" / "run.sh").write_text("#!/bin/sh\n")
    (folder / "logs" / "deep" / "run.sh").chmod(0o750)
    (folder / "logs" / ".hidden").write_text("also packed")
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


def members(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive, "r:xz") as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]


class TestPacking:
    async def test_all_files_are_in_it_and_the_result_tells_of_it(self, root: Path, out: Path, ctx: Context) -> None:
        result = await Archiver(root, out).pack_folder("logs", ctx)
        archive = out / "logs.tar.xz"
        assert members(archive) == {
            "logs/.hidden": b"also packed",
            "logs/a.txt": b"",
            "logs/b.txt": b"bee" * 100,
            "logs/deep/run.sh": b"#!/bin/sh\n",
        }
        assert result == {
            "archive": "logs.tar.xz",
            "archive_bytes": archive.stat().st_size,
            "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(),
            "files": 4,
            "bytes": 321,
            "left_out": 0,
        }
        assert names(out) == ["logs.tar.xz"]

    async def test_the_same_files_are_the_same_archive(
        self, root: Path, out: Path, ctx: Context, tmp_path: Path
    ) -> None:
        first = await Archiver(root, out).pack_folder("logs", ctx)
        other = tmp_path / "elsewhere" / "logs"
        (other / "deep").mkdir(parents=True)
        for name in ("deep/run.sh", "b.txt", ".hidden", "a.txt"):  # made in another order, at another time
            (other / name).write_bytes((root / "logs" / name).read_bytes())
            os.utime(other / name, (1, 1))
        (other / "deep" / "run.sh").chmod(0o700)
        second = await Archiver(other.parent, out).pack_folder("logs", ctx)
        assert second == first

    async def test_entries_tell_nothing_of_the_machine(self, root: Path, out: Path, ctx: Context) -> None:
        await Archiver(root, out).pack_folder("logs", ctx)
        with tarfile.open(out / "logs.tar.xz") as tar:
            assert {(m.uid, m.gid, m.uname, m.gname, m.mtime) for m in tar} == {(0, 0, "", "", 0)}
            assert {m.name: m.mode for m in tar}["logs/deep/run.sh"] == 0o755

    async def test_progress_is_told_by_bytes_with_the_current_file(self, root: Path, out: Path, ctx: Context) -> None:
        (root / "logs" / "large").write_bytes(bytes(4_000_000))
        await Archiver(root, out).pack_folder("logs", ctx)
        steps = [event for event in ctx.said if isinstance(event, CallProgress)]
        done = [step.done for step in steps if step.done is not None]
        assert 50 < len(steps) < 110
        assert done == sorted(done)
        assert done[-1] == 4_000_321
        assert {step.total for step in steps} == {4_000_321}
        assert "large" in {step.message for step in steps}

    async def test_two_folders_never_share_an_archive(self, root: Path, out: Path, ctx: Context) -> None:
        for folder in ("a/b", "a-b", "a%2Fb", "a b", "a.b"):
            (root / folder).mkdir(parents=True)
            await Archiver(root, out).pack_folder(folder, ctx)
        assert names(out) == [
            "a b.tar.xz",
            "a%252Fb.tar.xz",
            "a%2Fb.tar.xz",
            "a-b.tar.xz",
            "a.b.tar.xz",
        ]

    async def test_archives_below_the_root_are_left_out(self, root: Path, ctx: Context) -> None:
        (root / "logs" / "archives").mkdir()
        packer = Archiver(root, root / "logs" / "archives")
        assert await packer.pack_folder("logs", ctx) == await packer.pack_folder("logs/", ctx)

    async def test_a_file_name_that_is_no_utf8_is_packed(self, root: Path, out: Path, ctx: Context) -> None:
        name = b"caf\xe9".decode("utf-8", "surrogateescape")
        (root / "logs" / name).write_text("x")
        await Archiver(root, out).pack_folder("logs", ctx)
        assert f"logs/{name}" in members(out / "logs.tar.xz")


class TestOwnersMistakes:
    def test_a_preset_or_folder_that_is_none_is_told_at_once(self, root: Path, out: Path) -> None:
        with pytest.raises(UsageError, match="preset=10"):
            Archiver(root, out, preset=10)
        for folders in ((root / "none", out), (root, out / "none")):
            with pytest.raises(UsageError, match="is no folder"):
                Archiver(*folders)


class TestRefusals:
    @pytest.mark.parametrize(
        "folder", ["..", "../out", "/etc", "logs/../../out", "logs\0", "logs/b.txt", "none", "", "."]
    )
    async def test_only_a_folder_below_the_root_is_packed(
        self, root: Path, out: Path, ctx: Context, folder: str
    ) -> None:
        with pytest.raises(ToolError):
            await Archiver(root, out).pack_folder(folder, ctx)
        assert names(out) == []

    async def test_links_are_neither_followed_nor_packed(
        self, root: Path, out: Path, ctx: Context, tmp_path: Path
    ) -> None:
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "secret").write_text("secret")
        (root / "link").symlink_to(tmp_path / "outside")
        (root / "logs" / "link").symlink_to(tmp_path / "outside")
        (root / "logs" / "secret").symlink_to(tmp_path / "outside" / "secret")
        os.mkfifo(root / "logs" / "fifo")
        with pytest.raises(ToolError, match='"link" can not be packed'):
            await Archiver(root, out).pack_folder("link", ctx)
        result = await Archiver(root, out).pack_folder("logs", ctx)
        assert (result["files"], result["left_out"]) == (4, 3)

    @pytest.mark.parametrize("caps", [{"max_files": 3}, {"max_bytes": 320}])
    async def test_a_folder_that_is_too_large_is_refused(
        self, root: Path, out: Path, ctx: Context, caps: dict[str, int]
    ) -> None:
        with pytest.raises(ToolError, match="pack a folder within it"):
            await Archiver(root, out, **caps).pack_folder("logs", ctx)
        assert names(out) == []

    async def test_a_folder_with_too_long_a_name_is_an_error_and_leaves_nothing(
        self, root: Path, out: Path, ctx: Context
    ) -> None:
        (root / ("é" * 100)).mkdir()
        with pytest.raises(ToolError, match="packing stopped"):
            await Archiver(root, out).pack_folder("é" * 100, ctx)
        assert names(out) == []

    async def test_a_folder_within_that_can_not_be_read_is_an_error(
        self, root: Path, out: Path, ctx: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def unreadable(_root: int, _wanted: object, on_error: Callable[[OSError], object]) -> list[Any]:
            on_error(PermissionError(13, "Permission denied"))
            return []

        monkeypatch.setattr("millstream_tools.archive.walk", unreadable)
        with pytest.raises(ToolError, match="a folder within can not be read: Permission denied"):
            await Archiver(root, out).pack_folder("logs", ctx)


class TestChanges:
    """What happens to a file between the moment it is listed and the moment it is read."""

    @pytest.fixture
    def change(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[Path], object]], None]:
        def before_writing(action: Callable[[Path], object]) -> None:
            write = Packing.write

            def changed(*args: Any) -> None:
                action(root / "logs" / "b.txt")
                write(*args)

            monkeypatch.setattr(Packing, "write", changed)

        return before_writing

    async def test_a_file_that_vanished_stops_it(
        self, root: Path, out: Path, ctx: Context, change: Callable[[Callable[[Path], object]], None]
    ) -> None:
        change(Path.unlink)
        with pytest.raises(ToolError, match=r"packing stopped at b\.txt: No such file"):
            await Archiver(root, out).pack_folder("logs", ctx)
        assert names(out) == []

    async def test_a_file_exchanged_for_a_link_stops_it(
        self, root: Path, out: Path, ctx: Context, change: Callable[[Callable[[Path], object]], None]
    ) -> None:
        def exchange(path: Path) -> None:
            path.unlink(missing_ok=True)
            path.symlink_to("/etc/passwd")

        change(exchange)
        with pytest.raises(ToolError, match=r"packing stopped at b\.txt"):
            await Archiver(root, out).pack_folder("logs", ctx)
        assert names(out) == []

    async def test_an_archive_that_was_there_is_kept_when_it_fails(
        self, root: Path, out: Path, ctx: Context, change: Callable[[Callable[[Path], object]], None]
    ) -> None:
        (out / "logs.tar.xz").write_text("the old one")
        change(Path.unlink)
        with pytest.raises(ToolError):
            await Archiver(root, out).pack_folder("logs", ctx)
        assert (out / "logs.tar.xz").read_text() == "the old one"


class TestInAnAgent:
    @pytest.fixture
    def large(self, root: Path) -> Path:
        for i in range(20):
            (root / "logs" / f"{i:02}.bin").write_bytes(os.urandom(200_000))
        return root

    async def test_progress_comes_before_the_result(self, root: Path, out: Path) -> None:
        (root / "logs" / "large").write_bytes(os.urandom(500_000))
        agent, transport = scripted(
            [Archiver(root, out)], calling(("pack_folder", {"folder": "logs"})), saying("Packed.")
        )
        agent.limits = Limits(progress_interval_s=0)
        result = await agent.run("pack the logs")
        events = [record.event for record in result.records]
        [returned] = [event for event in events if isinstance(event, CallReturned)]
        steps = [event for event in events if isinstance(event, CallProgress)]
        assert len(steps) > 20
        assert (steps[-1].done, steps[-1].total) == (500_321, 500_321)
        assert events.index(steps[-1]) < events.index(returned)
        assert returned.result["sha256"] in transport.tool_results[0]

    async def test_a_cancelled_call_leaves_nothing_behind(self, large: Path, out: Path) -> None:
        agent, _ = scripted([Archiver(large, out)], calling(("pack_folder", {"folder": "logs"})), saying("Stopped."))
        before = open_files()
        begun: list[str] = []
        async with agent.stream("pack the logs") as run:
            async for event in run:
                if isinstance(event, CallProgress) and not begun:
                    begun = names(out)
                    run.cancel(event.call.id)
                if isinstance(event, CallFailed):
                    assert isinstance(event.failure, Cancelled)
                    assert names(out) == []
                    assert open_files() <= before  # the thread holds files open as long as it works
        assert [name[-5:] for name in begun] == [".part"]
        assert run.text == "Stopped."

    async def test_a_run_that_is_left_leaves_nothing_behind_either(self, large: Path, out: Path) -> None:
        agent, _ = scripted([Archiver(large, out)], calling(("pack_folder", {"folder": "logs"})))
        before = open_files()
        async with agent.stream("pack the logs") as run:
            async for event in run:
                if isinstance(event, CallProgress):
                    break
        assert names(out) == []
        assert open_files() <= before

    async def test_a_listing_can_be_cancelled_too(
        self, root: Path, out: Path, ctx: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def endless(*_args: object) -> Iterator[tuple[str, os.stat_result]]:
            return repeat(("socket", os.stat_result([stat.S_IFSOCK, *[0] * 9])))

        monkeypatch.setattr("millstream_tools.archive.walk", endless)
        with anyio.move_on_after(0.05) as scope:
            await Archiver(root, out).pack_folder("logs", ctx)
        assert scope.cancelled_caught

    async def test_nor_does_a_deadline(self, large: Path, out: Path, ctx: Context) -> None:
        before = open_files()
        with anyio.move_on_after(0.05) as scope:
            await Archiver(large, out, preset=9).pack_folder("logs", ctx)
        assert scope.cancelled_caught
        assert names(out) == []
        assert open_files() <= before
