import io
import re
import sys

import pytest

from millstream.events import Record, RunFailed, RunSuspended, TextDelta, TurnEnded, TurnStarted
from millstream.terminal.live import Screen
from tests.unit.ui.logs import ANSWER, Log, trip


@pytest.fixture(autouse=True)
def size(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"COLUMNS": "120", "LINES": "24", "TERM": "xterm-256color"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("NO_COLOR", raising=False)


def drawn(records: list[Record], *, every: int = 5) -> str:
    file = io.StringIO()
    with Screen(file, own_streams=False) as screen:
        for number, record in enumerate(records):
            screen.feed(record)
            if number % every == 0:
                screen.draw(record.at_s)
    return file.getvalue()


def on_screen(written: str) -> list[str]:
    """What a terminal shows in the end: rich goes up and clears lines, everything else is appended."""
    lines = [""]
    row = 0
    for part in re.split(r"(\x1b\[[0-9;?]*[A-Za-z]|\n|\r)", written):
        if part == "\n":
            row += 1
            if row == len(lines):
                lines.append("")
        elif part == "\x1b[1A":
            row -= 1
        elif part == "\x1b[2K":
            lines[row] = ""
        elif part and not part.startswith(("\x1b", "\r")):
            lines[row] += part
    return lines


def test_at_the_end_the_picture_the_answer_and_the_summary_stay() -> None:
    lines = on_screen(drawn(trip()))
    assert lines[0].startswith("I look up the weather")
    assert sum("finished 5.72s" in line for line in lines) == 1
    assert sum("search_flights" in line for line in lines) == 1  # one row, drawn over and over in its place
    text = "\n".join(line.rstrip() for line in lines)
    assert text.index("save_itinerary") < text.index(ANSWER) < text.index("saved 2.30 s by overlap")
    assert text.count("It is 21 °C") == 1


def test_what_was_said_before_the_calls_is_printed_once_above() -> None:
    lines = on_screen(drawn(trip(), every=1))
    assert sum("I look up the weather" in line for line in lines) == 1
    assert "running" not in lines[0]


def test_finished_calls_without_room_are_printed_once_and_stay() -> None:
    log = Log()
    log.start()
    log.add(0.1, TurnStarted(1))
    for number in range(60):
        log.whole(f"tool_{number}", opened=number, started=number + 0.1, ended=number + 0.5)
    lines = on_screen(drawn(log.records, every=1))
    names = [match[1] for line in lines if (match := re.search(r"(tool_\d+) ", line))]
    assert names == [f"tool_{number}" for number in range(60)]


@pytest.mark.parametrize(
    ("event", "said"),
    [
        (RunFailed("WireError", "HTTP 500 [/]"), "failed after 1.00 s: WireError: HTTP 500 [/]"),
        (RunSuspended(()), "waits for"),
        (TurnEnded(1, "stop"), "left before the run had ended"),
    ],
)
def test_what_went_wrong_is_said_below_with_the_text_so_far(event: RunFailed | TurnEnded, said: str) -> None:
    log = Log()
    log.start()
    log.add(0.5, TextDelta("half an ans", 1, 0))
    log.add(1.0, event)
    text = "\n".join(on_screen(drawn(log.records, every=1)))
    assert said in text
    assert text.count("half an ans") == 1


def test_of_a_response_that_did_not_pass_moderation_nothing_stays_but_why() -> None:
    log = Log()
    log.start()
    log.add(0.1, TurnStarted(1))
    log.add(0.5, TextDelta("A dreadful thing.", 1, 0))
    log.add(0.9, TurnEnded(1, "stop", blocked="the output was flagged"), RunFailed("ModerationBlocked", "no"))
    text = "\n".join(on_screen(drawn(log.records)))
    assert "dreadful" not in text
    assert text.count("the output was flagged: what that response said is void") == 1


def test_the_cursor_comes_back_and_colours_end() -> None:
    written = drawn(trip())
    assert written.count("\x1b[?25l") == written.count("\x1b[?25h") == 1
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")
    assert written.rindex("\x1b[0m") > written.rindex("\x1b[1m")


def test_escape_sequences_of_a_model_do_not_reach_the_terminal() -> None:
    log = Log()
    log.start()
    log.add(0.2, TextDelta("\x1b]0;owned\x07[red]x\x1b[5m", 1, 0))
    log.whole("\x1b[5mtool", opened=0.3, started=0.4, ended=0.5)
    log.add(0.6, TurnEnded(1, "tool_calls"))
    written = drawn(log.records, every=1)
    assert "owned" not in written
    assert "\x1b[5m" not in written
    assert "[red]x" in written


def test_a_terminal_that_is_gone_is_reported_and_the_program_s_streams_are_its_own_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Gone(io.StringIO):
        broken = False

        def write(self, text: str) -> int:
            if self.broken:
                raise BrokenPipeError
            return super().write(text)

    file = Gone()
    monkeypatch.setattr(sys, "stdout", file)
    screen = Screen(file, own_streams=True)
    screen.__enter__()
    assert sys.stdout is not file  # redirected
    file.broken = True
    with pytest.raises(BrokenPipeError):
        screen.draw(0.1)
    with pytest.raises(BrokenPipeError):
        screen.__exit__(None, None, None)
    assert sys.stdout is file
