from tests.benchmarks.summary import COLUMNS, summary
from tests.benchmarks.tables import Table


def test_names_stand_left_and_figures_right() -> None:
    table = Table("Title", ("name", "ms"), notes=("how to read it",))
    table.add("millstream", "1.5")
    table.add("x", "1,400.0")
    assert table.text().splitlines() == [
        "Title",
        "name             ms",
        "----------  -------",
        "millstream      1.5",
        "x           1,400.0",
        "  how to read it",
    ]


def test_a_row_that_could_not_be_measured_is_a_line_under_the_table() -> None:
    table = Table("Title", ("name", "ms"))
    table.miss("peer, chat", "it could not be installed")
    assert table.rows == []
    assert table.text().splitlines()[-1] == "  peer, chat: not measured, it could not be installed"


def test_a_short_row_is_filled_up() -> None:
    table = Table("Title", ("name", "2 KB", "20 KB"))
    table.add("slow", "1.5")
    assert table.rows == [("slow", "1.5", "")]


def test_markdown() -> None:
    table = Table("", ("name", "ms"))
    table.add("millstream", "1.5")
    assert table.markdown() == "| name | ms |\n| --- | ---: |\n| millstream | 1.5 |"


def test_the_summary_takes_what_was_measured_and_shows_a_dash_for_the_rest() -> None:
    kept = {"timing": {"figures": {"millstream / responses": {"a_starts_s": 0.0512}}}}
    rows = {words: cells for words, *cells in summary(kept).rows}
    assert rows["Tool A starts after the request"] == ["0.05 s"] + ["-"] * (len(COLUMNS) - 1)
    assert set(rows["Import"]) == {"-"}
