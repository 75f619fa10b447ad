import io
import subprocess
import sys
from collections.abc import AsyncIterator, Callable

import anyio
import pytest

from millstream.errors import UsageError
from millstream.events import Record, RunStarted, TextDelta
from millstream.terminal import show
from millstream.terminal.clock import Clock
from millstream.terminal.show import FRAME_S, draw_live, wants_plain
from millstream.ui.reducer import RunView
from tests.unit.ui.logs import trip

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"COLUMNS": "120", "LINES": "24", "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)
    for name in ("CI", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


async def replay(records: list[Record]) -> AsyncIterator[Record]:
    for record in records:
        await anyio.lowlevel.checkpoint()
        yield record


class FakeScreen:
    """Notes the times it was drawn at, and tells when."""

    def __init__(self) -> None:
        self.view = RunView()
        self.times: list[float] = []
        self.on_draw: Callable[[], None] = lambda: None

    def feed(self, record: Record) -> None:
        self.view.feed(record)

    def draw(self, now_s: float) -> None:
        self.times.append(now_s)
        self.on_draw()


class FakeTime:
    """A clock that moves when someone sleeps, and not otherwise."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def now(self) -> float:
        return self.now_s

    async def sleep(self, time_s: float) -> None:
        await anyio.lowlevel.checkpoint()
        self.now_s += time_s


# --- the choice ---


@pytest.mark.parametrize(
    ("environ", "plain"),
    [
        ({}, False),
        ({"TERM": "xterm"}, False),
        ({"TERM": "dumb"}, True),
        ({"NO_COLOR": "1"}, True),
        ({"NO_COLOR": ""}, False),
        ({"CI": "true"}, True),
        ({"CI": "false"}, False),
        ({"CI": "0"}, False),
    ],
)
def test_the_environment_may_ask_for_lines(environ: dict[str, str], plain: bool) -> None:
    assert wants_plain(Terminal(), environ) is plain


def test_what_is_no_terminal_gets_lines() -> None:
    assert wants_plain(io.StringIO(), {}) is True


def test_a_terminal_that_can_not_carry_the_signs_gets_lines() -> None:
    class Ascii(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    assert wants_plain(Ascii(io.BytesIO(), encoding="ascii"), {}) is True
    assert wants_plain(Ascii(io.BytesIO(), encoding="utf-8"), {}) is False


# --- plain ---


async def test_a_pipe_gets_lines_without_a_single_escape() -> None:
    file = io.StringIO()
    view = await show(replay(trip()), file=file)
    assert view.state == "finished"
    assert "\x1b" not in file.getvalue()
    assert file.getvalue().splitlines()[2] == "00:00.810 ▶ weather started while the model writes on · city: Paris"
    assert file.getvalue().endswith("first call after 0.81 s\n")


async def test_lines_are_written_as_they_happen() -> None:
    file = io.StringIO()
    seen: list[int] = []

    async def records() -> AsyncIterator[Record]:
        for record in trip():
            yield record
            seen.append(file.getvalue().count("\n"))

    await show(records(), plain=True, file=file)
    assert seen[0] == 1
    assert len(set(seen)) > 10


async def test_a_stream_of_bytes_gets_what_its_encoding_carries() -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    await show(replay(trip()), file=file)
    text = raw.getvalue().decode("ascii")
    assert "00:00.810 > weather started while the model writes on - city: Paris\n" in text
    assert "+ weather 0.81s -> summary: 21  degC" in text


async def test_stdout_is_the_default(capsys: pytest.CaptureFixture[str]) -> None:
    await show(replay(trip()), plain=True)
    assert "weather started" in capsys.readouterr().out


async def test_an_error_of_the_run_passes_through_after_the_last_line() -> None:
    async def broken() -> AsyncIterator[Record]:
        yield trip()[0]
        raise ConnectionError("gone")

    file = io.StringIO()
    with pytest.raises(ConnectionError, match="gone"):
        await show(broken(), plain=True, file=file)
    assert file.getvalue().endswith("✗ left before the run had ended · 0 calls\n")


# --- live ---


async def test_a_terminal_gets_the_live_picture() -> None:
    file = Terminal()
    view = await show(replay(trip()), file=file)
    assert view.state == "finished"
    assert "\x1b[?25l" in file.getvalue()
    assert "saved 2.30 s by overlap" in file.getvalue()


async def test_the_live_picture_can_be_asked_for() -> None:
    file = io.StringIO()
    await show(replay(trip()), plain=False, file=file)
    assert "\x1b[2K" in file.getvalue()


async def test_an_error_of_the_run_passes_through_the_picture_as_it_is() -> None:
    cause = ValueError("cause")

    async def broken() -> AsyncIterator[Record]:
        yield trip()[0]
        raise ConnectionError("gone") from cause

    file = Terminal()
    with pytest.raises(ConnectionError, match="gone") as caught:
        await show(broken(), file=file)
    assert caught.value.__cause__ is cause
    assert "left before the run had ended" in file.getvalue()
    assert file.getvalue().count("\x1b[?25h") == 1


async def test_cancelling_leaves_the_picture_as_far_as_it_came_and_no_task() -> None:
    file = Terminal()
    reached = anyio.Event()

    async def endless() -> AsyncIterator[Record]:
        yield trip()[0]
        reached.set()
        await anyio.sleep_forever()

    async with anyio.create_task_group() as group:
        group.start_soon(lambda: show(endless(), file=file))
        await reached.wait()
        group.cancel_scope.cancel()
    assert file.getvalue().count("\x1b[?25h") == 1


async def test_without_rich_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "millstream.terminal.live", None)
    with pytest.raises(UsageError, match=r'pip install "millstream\[cli\]"'):
        await show(replay([]), plain=False, file=io.StringIO())


# --- the ticker ---


async def test_the_picture_moves_while_nothing_happens() -> None:
    screen, time = FakeScreen(), FakeTime()
    drawn = anyio.Event()
    screen.on_draw = lambda: drawn.set() if len(screen.times) == 6 else None

    async def silent() -> AsyncIterator[Record]:
        yield Record(1, 2.0, RunStarted("r", "m", None, 0.0))
        await drawn.wait()

    await draw_live(silent(), screen, Clock(time.now, time.sleep))
    steps = [round(late - early, 6) for early, late in zip(screen.times[-5:], screen.times[-4:], strict=False)]
    assert steps == [FRAME_S] * 4
    assert screen.times[-1] >= 2.0


async def test_a_screen_that_fails_ends_the_show() -> None:
    screen = FakeScreen()

    def fail() -> None:
        raise BrokenPipeError

    screen.on_draw = fail

    async def endless() -> AsyncIterator[Record]:
        yield trip()[0]
        await anyio.sleep_forever()

    with pytest.raises(BrokenPipeError):
        await draw_live(endless(), screen, Clock(FakeTime().now, FakeTime().sleep))


async def test_two_failures_at_once_are_told_as_a_group() -> None:
    screen = FakeScreen()
    failed = anyio.Event()

    def fail() -> None:
        failed.set()
        raise BrokenPipeError

    screen.on_draw = fail

    async def broken() -> AsyncIterator[Record]:
        yield trip()[0]
        try:
            await anyio.sleep_forever()
        finally:
            raise ConnectionError

    with pytest.raises(BaseExceptionGroup) as caught:
        await draw_live(broken(), screen, Clock(FakeTime().now, FakeTime().sleep))
    assert {type(error) for error in caught.value.exceptions} == {BrokenPipeError, ConnectionError}


async def test_the_picture_of_a_late_record_is_not_older_than_the_one_before() -> None:
    screen, time = FakeScreen(), FakeTime()

    async def jittery() -> AsyncIterator[Record]:
        yield Record(1, 0.0, RunStarted("r", "m", None, 0.0))
        for seq in range(2, 60):
            await time.sleep(0.05)
            yield Record(seq, 0.03 * seq, TextDelta("x", 1, 0))

    await draw_live(jittery(), screen, Clock(time.now, time.sleep))
    assert len(screen.times) > 5
    assert screen.times == sorted(screen.times)


def test_plain_lines_need_no_rich_and_a_start_is_quick() -> None:
    loaded = "import sys, millstream.terminal; print(*sys.modules)"
    command = [sys.executable, "-c", loaded]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    assert not {"rich", "pydantic"} & set(done.stdout.split())
