import pytest

from millstream.ui.axis import horizon_s, marks, step_s


@pytest.mark.parametrize(
    ("span_s", "most", "labels"),
    [
        (5.72, 8, ["0", "1", "2", "3", "4", "5 s"]),
        (0.35, 4, ["0", "0.1", "0.2", "0.3 s"]),
        (4, 4, ["0", "1", "2", "3", "4 s"]),
        (150, 3, ["0", "1", "2 min"]),
        (0.0004, 5, ["0 s"]),
    ],
)
def test_marks_are_round_and_the_last_one_names_the_unit(span_s: float, most: int, labels: list[str]) -> None:
    assert [label for _, label in marks(span_s, most)] == labels


def test_marks_are_where_their_labels_say() -> None:
    assert [at for at, _ in marks(5.72, 8)] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("span_s", [0.001, 0.3, 1, 7, 61, 3601, 90_000, 3e6])
@pytest.mark.parametrize("most", [1, 4, 8])
def test_there_are_never_more_steps_than_asked_for(span_s: float, most: int) -> None:
    assert span_s / step_s(span_s, most) <= most


def test_a_growing_axis_moves_in_steps() -> None:
    horizons = [horizon_s(tenth / 10) for tenth in range(101)]
    assert horizons[0] == 1.0
    assert all(horizon >= tenth / 10 for tenth, horizon in enumerate(horizons))
    assert horizons == sorted(horizons)
    assert len(set(horizons)) <= 14
