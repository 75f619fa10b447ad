import pytest
from rich.cells import cell_len

from millstream.events import CallProgress, CallQueued, Raised, ReasoningDelta, TextDelta, TurnStarted
from tests.unit.terminal.drawing import screen, view_of
from tests.unit.ui.logs import Log


def started() -> Log:
    log = Log()
    log.start()
    log.add(0.1, TurnStarted(1))
    return log


@pytest.mark.parametrize(
    "evil",
    [
        "\x1b[31m\x1b[2Jred",
        "[bold red]markup[/] :smile: [link=http://x]y[/link]",
        "\u202egnp.exe\u2066",
        "אבג \u200f דהו",
        "日本" * 3000,
        "x" * 100_000,
        "a\r\nb\tc\x07",
        "👩‍👩‍👧" * 500,
        "e" + "\u0301" * 5000,
        "\ud800",
        "",
    ],
)
@pytest.mark.parametrize("width", [120, 79, 49])
def test_hostile_text_stays_in_its_column(evil: str, width: int) -> None:
    log = started()
    log.add(0.2, ReasoningDelta(evil, 1, 0), TextDelta(evil, 1, 1))
    states = [log.open(0.3, evil, call_id=str(number)) for number in range(5)]
    log.args(states[0], 0.4, evil)
    log.seal(states[1], 0.4, {evil: evil})
    log.add(0.4, CallQueued(states[1], evil))
    log.run(states[2], 0.4)
    log.add(0.5, CallProgress(states[2], 1, 3, evil))
    log.run(states[3], 0.4)
    log.give(states[3], 0.5, evil)
    log.run(states[4], 0.4)
    log.fail(states[4], 0.5, Raised(evil, evil))
    lines = screen(view_of(log.records), 1.0, width)
    assert max(map(cell_len, lines)) <= width
    assert len([line for line in lines if "running 33 %" in line]) == 1
    joined = "".join(lines)
    assert not any(ord(sign) < 32 or 127 <= ord(sign) < 160 or sign in "\u202e\u2066\u200f" for sign in joined)
    joined.encode()
    if evil.startswith("[bold") and width == 120:
        assert "[bold red]markup[/] :smile:" in joined  # shown as it is
