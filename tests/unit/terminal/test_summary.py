import pytest

from millstream.events import Call, Record, RunFinished, RunStarted, RunSuspended, TextDelta, TurnStarted, Usage
from millstream.terminal.summary import answer, call_word, counts_line, end_line, overlap_line, short, tokens_line
from millstream.ui.reducer import RunView
from tests.unit.ui.logs import ANSWER, Log, trip


def view_of(records: list[Record]) -> RunView:
    view = RunView()
    for record in records:
        view.feed(record)
    return view


def test_what_overlap_was_worth() -> None:
    assert overlap_line(view_of(trip())) == (
        "saved 2.30 s by overlap (against tools that wait for the response to end)"
        " · 3 at once · first call after 0.81 s"
    )
    assert overlap_line(RunView()) == ""
    log = Log()
    log.start()
    log.whole("late", opened=1, started=2, ended=3)
    assert overlap_line(view_of(log.records)) == ""
    log.add(4, RunFinished("", Usage()))
    assert overlap_line(view_of(log.records)) == "no time saved by overlap · 1 at once · first call after 2.00 s"


def test_counts_and_tokens() -> None:
    view = view_of([record for record in trip() if record.at_s <= 2.9])
    assert counts_line(view) == "6 calls · 2 running · 1 needs approval · 1 failed"
    assert counts_line(RunView()) == "0 calls"
    assert tokens_line(Usage(1204, 311)) == "1,204 in · 311 out tokens"
    assert tokens_line(Usage()) == ""


def test_words_for_states_and_short_times() -> None:
    assert [call_word(state) for state in ("done", "timeout", "truncated")] == ["done", "timed out", "cut off"]
    assert [short(0.41), short(125)] == ["0.41s", "2min05s"]


@pytest.mark.parametrize(
    ("output", "shown"),
    [("21 °C\n\x1b[31m", "21 °C"), ({"a": [1]}, '{"a": [1]}'), (0, "0"), ("", "so far"), (None, "so far")],
)
def test_the_answer_is_the_output_or_what_was_said(output: object, shown: str) -> None:
    records = [
        Record(1, 0, RunStarted("r", "m", None, 0)),
        Record(2, 0, TurnStarted(1)),
        Record(3, 0, TextDelta("so far\n", 1, 0)),
        Record(4, 0, TurnStarted(2)),
        Record(5, 1, RunFinished(output, Usage())),
    ]
    assert answer(view_of(records)) == shown


def test_the_answer_of_a_run_is_its_output() -> None:
    assert answer(view_of(trip())) == ANSWER
    assert answer(RunView()) == ""


def test_a_suspended_run_names_what_it_waits_for() -> None:
    calls = tuple(Call(f"c{number}", 1, number, f"tool\x1b[3{number}m{number}", "p") for number in range(2))
    assert end_line(view_of([Record(1, 0, RunSuspended(calls))])) == "waits for tool0, tool1 · 0 calls"
