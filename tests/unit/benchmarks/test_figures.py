import pytest

from tests.benchmarks.figures import Asked, Spread, Timed, ratio

TOOLS = {"a": 0.5, "b": 0.5}


def timed(entered_b: float, second_at: float) -> Timed:
    """A conversation that began at 10.0: a complete at 0.05 s, b at 1.06 s, the response over at 1.36 s."""
    first = Asked.of(
        {"at_s": 10.0, "marks": [[10.05, "args-complete:a"], [11.06, "args-complete:b"], [11.36, "response-end"]]}
    )
    second = Asked.of({"at_s": second_at, "marks": [[second_at + 0.1, "response-end"]]})
    entered = {"a": 10.052, "b": entered_b}
    left = {name: at_s + TOOLS[name] for name, at_s in entered.items()}
    return Timed(first, second, 9.99, second_at + 0.12, entered, left, TOOLS)


def test_waits_count_from_the_last_argument_byte() -> None:
    run = timed(entered_b=11.36, second_at=11.87)
    assert run.wait_ms("a") == pytest.approx(2)
    assert run.wait_ms("b") == pytest.approx(300)
    assert run.starts_s("b") == pytest.approx(1.36)
    assert run.second_s == pytest.approx(1.87)


def test_the_ideal_enters_every_tool_with_its_last_argument_byte_and_asks_again_at_once() -> None:
    run = timed(entered_b=11.06, second_at=11.57)
    assert run.ideal_s == pytest.approx(1.56 + 0.1)
    assert run.over_ideal_ms == pytest.approx((0.01 + 0.01 + 0.02) * 1000)


def test_a_turn_is_over_with_the_last_result_or_with_the_response() -> None:
    assert timed(entered_b=11.06, second_at=11.57).turn_over_ms == pytest.approx(10)
    assert timed(entered_b=10.7, second_at=11.37).turn_over_ms == pytest.approx(10)


def test_of_marks_with_one_label_the_first_counts() -> None:
    assert Asked.of({"at_s": 1.0, "marks": [[2.0, "response-end"], [3.0, "response-end"]]}).end_s == 2.0


def test_a_spread_shows_its_range_unless_it_is_one_number() -> None:
    assert Spread.of([3.0, 1.0, 2.0]).text() == "2.0 (1.0-3.0)"
    assert Spread.of([2.01, 2.02]).text() == "2.0"


@pytest.mark.parametrize(("value", "base", "words"), [(3.0, 2.0, "1.50x"), (1200.0, 1.0, "1,200x"), (1.0, 0.0, "-")])
def test_ratios_have_three_digits(value: float, base: float, words: str) -> None:
    assert ratio(value, base) == words
