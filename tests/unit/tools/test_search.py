"""`search_text`: what it finds and leaves out, how it streams, and that a cancelled search is over."""

import io
import os
from pathlib import Path
from typing import Any

import pytest

from millstream import Final, Limits, ModelRetry, UsageError
from millstream.events import CallFailed, CallProgress, CallReturned, CallYielded, Cancelled
from millstream_tools.search import TextSearch
from tests.scripted import calling, saying, scripted
from tests.unit.tools.surroundings import Context

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("_nothing_left_open")]


async def search(tool: TextSearch, ctx: Context, pattern: str, **options: Any) -> tuple[list[Any], dict[str, Any]]:
    """The partial results, and the result."""
    *partial, final = [value async for value in tool.search_text(pattern, ctx, **options)]
    assert isinstance(final, Final)
    return partial, final.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "one.txt").write_text("a Needle here\nnothing\nneedle\r\n")
    (root / "sub" / "two.txt").write_text("no\nNEEDLE")
    return root


class TestFinding:
    async def test_lines_are_found_with_file_and_number(self, folder: Path, ctx: Context) -> None:
        partial, result = await search(TextSearch(folder), ctx, "needle")
        matches = [
            {"file": "one.txt", "line": 1, "text": "a Needle here"},
            {"file": "one.txt", "line": 3, "text": "needle"},
            {"file": "sub/two.txt", "line": 2, "text": "NEEDLE"},
        ]
        counts = {"count": 3, "files_searched": 2, "files_skipped": 0, "truncated": False}
        assert result == {"matches": matches, **counts}
        assert [match for batch in partial for match in batch] == matches

    async def test_case_counts_where_it_should(self, folder: Path, ctx: Context) -> None:
        _, result = await search(TextSearch(folder), ctx, "needle", ignore_case=False)
        assert [match["line"] for match in result["matches"]] == [3]

    async def test_a_pattern_is_no_regular_expression(self, folder: Path, ctx: Context) -> None:
        (folder / "dots.txt").write_text("a.*b\naxxb\n(a+)+$\n")
        _, result = await search(TextSearch(folder), ctx, "a.*b")
        assert [match["text"] for match in result["matches"]] == ["a.*b"]
        _, result = await search(TextSearch(folder), ctx, "(a+)+$")
        assert result["count"] == 1

    async def test_all_lines_are_counted_but_only_the_first_are_given(self, folder: Path, ctx: Context) -> None:
        (folder / "many.txt").write_text("x\n" * 1000)
        _, result = await search(TextSearch(folder), ctx, "x", max_matches=7)
        assert (len(result["matches"]), result["count"], result["truncated"]) == (7, 1000, True)
        _, result = await search(TextSearch(folder, max_matches=3), ctx, "x", max_matches=10**9)
        assert (len(result["matches"]), result["count"]) == (3, 1000)

    @pytest.mark.parametrize("arguments", [{"pattern": ""}, {"pattern": "a\nb"}, {"pattern": "x" * 501}])
    async def test_a_pattern_that_can_not_be_is_told(
        self, folder: Path, ctx: Context, arguments: dict[str, str]
    ) -> None:
        with pytest.raises(ModelRetry, match="pattern must be"):
            await search(TextSearch(folder), ctx, **arguments)

    async def test_no_matches_at_all_can_not_be_asked_for(self, folder: Path, ctx: Context) -> None:
        with pytest.raises(ModelRetry, match="max_matches"):
            await search(TextSearch(folder), ctx, "x", max_matches=0)

    def test_the_root_must_be_a_folder(self, folder: Path) -> None:
        with pytest.raises(UsageError, match="is no folder"):
            TextSearch(folder / "one.txt")


class TestLeftOut:
    async def test_binary_huge_and_special_files_are_skipped_and_counted(self, folder: Path, ctx: Context) -> None:
        (folder / "binary").write_bytes(b"needle\0needle")
        (folder / "huge.txt").write_text("needle" * 1000)
        os.mkfifo(folder / "fifo")
        _, result = await search(TextSearch(folder, max_file_bytes=1000), ctx, "needle")
        assert (result["files_searched"], result["files_skipped"], result["count"]) == (2, 3, 3)

    async def test_links_are_not_followed(self, folder: Path, tmp_path: Path, ctx: Context) -> None:
        (tmp_path / "outside").mkdir()
        (tmp_path / "outside" / "secret.txt").write_text("needle: the secret")
        (folder / "link.txt").symlink_to(tmp_path / "outside" / "secret.txt")
        (folder / "link").symlink_to(tmp_path / "outside")
        (folder / "loop").symlink_to(folder)
        _, result = await search(TextSearch(folder), ctx, "needle")
        assert (result["count"], result["files_skipped"]) == (3, 3)

    async def test_a_file_exchanged_for_a_link_is_not_followed(
        self, folder: Path, tmp_path: Path, ctx: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "secret.txt").write_text("needle: the secret")
        look = os.stat

        def exchange(path: Any, **options: Any) -> os.stat_result:
            what = look(path, **options)
            if path == "one.txt":  # it is looked at, and then is another
                (folder / "one.txt").unlink()
                (folder / "one.txt").symlink_to(tmp_path / "secret.txt")
            return what

        monkeypatch.setattr("millstream_tools.beneath.os.stat", exchange)
        _, result = await search(TextSearch(folder), ctx, "needle")
        assert [match["file"] for match in result["matches"]] == ["sub/two.txt"]
        assert result["files_skipped"] == 1

    async def test_hidden_files_and_folders_are_not_read(self, folder: Path, ctx: Context) -> None:
        (folder / ".git").mkdir()
        (folder / ".git" / "config").write_text("needle")
        (folder / ".env").write_text("needle")
        _, result = await search(TextSearch(folder), ctx, "needle")
        assert (result["count"], result["files_skipped"]) == (3, 0)

    async def test_a_search_of_too_many_files_says_that_it_is_cut(self, folder: Path, ctx: Context) -> None:
        _, result = await search(TextSearch(folder, max_files=1), ctx, "needle")
        assert (result["files_searched"], result["truncated"]) == (1, True)


class TestSteps:
    async def test_many_files_are_listed_and_searched_in_steps(self, tmp_path: Path, ctx: Context) -> None:
        for i in range(450):
            (tmp_path / f"{i:03}.txt").write_text("x")
        await search(TextSearch(tmp_path), ctx, "x")
        steps = [event for event in ctx.said if isinstance(event, CallProgress)]
        assert [step.message for step in steps if step.total is None] == ["200 files found", "400 files found"]
        assert [step.done for step in steps if step.total == 450] == [200, 400, 450]

    async def test_a_file_that_can_not_be_read_is_skipped(
        self, folder: Path, ctx: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def denied(_root: int, path: str) -> None:
            raise PermissionError(13, "Permission denied", path)

        monkeypatch.setattr("millstream_tools.search.open_file", denied)
        _, result = await search(TextSearch(folder), ctx, "needle")
        assert (result["files_searched"], result["files_skipped"]) == (0, 2)

    async def test_a_file_that_grows_beyond_the_cap_is_skipped(
        self, folder: Path, ctx: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def grown(_root: int, _path: str) -> io.BytesIO:
            return io.BytesIO(b"needle\n" * 1000)

        monkeypatch.setattr("millstream_tools.search.open_file", grown)
        _, result = await search(TextSearch(folder, max_file_bytes=1000), ctx, "needle")
        assert (result["files_searched"], result["files_skipped"], result["count"]) == (0, 2, 0)

    async def test_a_huge_file_is_not_even_opened(
        self, folder: Path, ctx: Context, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (folder / "huge.txt").write_text("needle" * 1000)
        opened: list[str] = []

        def note(_root: int, path: str) -> io.BytesIO:
            opened.append(path)
            return io.BytesIO(b"")

        monkeypatch.setattr("millstream_tools.search.open_file", note)
        await search(TextSearch(folder, max_file_bytes=1000), ctx, "needle")
        assert opened == ["one.txt", "sub/two.txt"]


class TestInAnAgent:
    @pytest.fixture
    def large(self, tmp_path: Path) -> Path:
        for i in range(8):
            (tmp_path / f"{i}.log").write_text("nothing to see here\n" * 60_000 + "the needle\n")
        return tmp_path

    async def test_matches_and_progress_stream_before_the_result(self, large: Path) -> None:
        agent, transport = scripted(
            [TextSearch(large)], calling(("search_text", {"pattern": "needle"})), saying("There are 8.")
        )
        agent.limits = Limits(progress_interval_s=0)
        result = await agent.run("how many?")
        events = [record.event for record in result.records]
        yields = [event for event in events if isinstance(event, CallYielded)]
        assert len(yields) == 8
        steps = [event for event in events if isinstance(event, CallProgress) and event.total]
        assert [(step.done, step.total, step.message) for step in steps[:8]] == [
            (i + 1, 8, f"{i}.log") for i in range(8)
        ]
        [returned] = [event for event in events if isinstance(event, CallReturned)]
        assert returned.result["count"] == 8
        assert events.index(yields[0]) < events.index(returned)
        assert '"count":8' in transport.tool_results[0]

    async def test_a_cancelled_search_reads_no_further(self, large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        opened: list[str] = []
        real = TextSearch.search_text.__globals__["open_file"]

        def counted(root: int, path: str) -> Any:
            opened.append(path)
            return real(root, path)

        monkeypatch.setattr("millstream_tools.search.open_file", counted)
        agent, _ = scripted(
            [TextSearch(large)], calling(("search_text", {"pattern": "needle"})), saying("You stopped it.")
        )
        async with agent.stream("how many?") as run:
            async for event in run:
                if isinstance(event, CallYielded):
                    run.cancel(event.call.id)
        [failed] = [record.event for record in run.records if isinstance(record.event, CallFailed)]
        assert isinstance(failed.failure, Cancelled)
        assert 1 <= len(opened) < 8
