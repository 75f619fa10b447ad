from millstream.terminal.waterfall import STYLES, Scale, axis, lane
from millstream.ui.segments import Segment

TEN = Scale(10.0, 20)  # two cells a second


def row(*segments: Segment, until_s: float = 10.0) -> str:
    return lane(segments, TEN, until_s).plain


def test_segments_are_cells_at_their_times() -> None:
    segments = Segment("args", 1, 2), Segment("waiting", 2, 4), Segment("running", 4)
    assert row(*segments, until_s=6) == "  ▒▒╌╌╌╌████        "


def test_a_retry_reads_as_attempt_gap_attempt() -> None:
    line = lane([Segment("failed", 0, 2), Segment("backoff", 2, 3), Segment("done", 3, 5)], TEN, 10)
    assert line.plain == "████╌╌████          "
    assert [span.style for span in line.spans] == ["red", "yellow", "green"]


def test_work_of_a_moment_has_a_cell_and_its_arguments_the_one_before() -> None:
    assert row(Segment("args", 4.99, 5.0), Segment("done", 5.0, 5.01)) == " " * 9 + "▒█" + " " * 9
    assert row(Segment("done", 10.0, 10.0)) == " " * 19 + "█"
    assert row(Segment("args", 0.0, 0.01), Segment("done", 0.01, 0.02)) == "█" + " " * 19


def test_nothing_is_painted_over_work() -> None:
    moment, pause = Segment("failed", 5.0, 5.01), Segment("backoff", 5.01, 6.0)
    assert row(moment, pause) == " " * 10 + "█╌" + " " * 8


def test_a_wait_of_a_moment_is_not_worth_a_cell() -> None:
    assert row(Segment("waiting", 5.0, 5.01)) == " " * 20


def test_work_covers_arguments_that_go_on_arriving() -> None:
    assert row(Segment("args", 0, 6), Segment("running", 2), until_s=8) == "▒▒▒▒████████████    "


def test_times_beyond_the_axis_stay_inside() -> None:
    assert row(Segment("done", -5, 50)) == "█" * 20


def test_signs_tell_apart_what_colours_do() -> None:
    signs = {kind: sign for kind, (sign, _) in STYLES.items()}
    assert len({signs[kind] for kind in ("asking", "writing", "args", "waiting", "running")}) == 5


def test_labels_of_the_axis_are_at_their_times() -> None:
    line = axis(Scale(5.72, 40)).plain
    assert len(line) == 40
    assert line.index("1") == Scale(5.72, 40).cell(1)
    assert line.split() == ["0", "1", "2", "3", "4", "5", "s"]


def test_an_axis_too_short_for_its_labels_leaves_some_out() -> None:
    assert axis(Scale(1000, 8)).plain.split() == ["0", "min"]
    assert axis(Scale(1.0, 2)).plain.strip() in {"0", ""}
