import pytest

from millstream.events import Call, CallReturned, CallStarted
from millstream.ui.call_view import CallView
from millstream.ui.figures import at_once, saved_s


def ran(start: float, end: float | None = None, *, reused: bool = False) -> CallView:
    call = Call(f"c{start}", 1, 0, "tool", "p")
    view = CallView(call, 0.0)
    view.feed(CallStarted(call, 1, "eager", "d", "c0" if reused else None), start)
    if end is not None:
        view.feed(CallReturned(call, None), end)
    return view


@pytest.mark.parametrize(
    ("calls", "saved"),
    [
        ([], 0.0),
        ([(1.0, 2.0)], 2.0),  # would have run from 3 to 4
        ([(1.0, 5.0)], 2.0),  # would have run from 3 to 7
        ([(1.0, 2.0), (2.0, 5.0)], 1.0),  # the longer one decides: 3 to 6 instead of 2 to 5
        ([(1.0, 5.0), (3.5, 5.5)], 1.5),  # 7 instead of 5.5; the second started after the response in either case
        ([(1.0, 2.0), (3.5, 9.0)], 0.0),  # what ends last did not overlap
        ([(3.0, 4.0)], 0.0),
        ([(4.0, 6.0)], 0.0),
    ],
)
def test_saved_time_of_a_response_that_ends_at_3(calls: list[tuple[float, float]], saved: float) -> None:
    assert saved_s(3.0, [ran(*times) for times in calls]) == pytest.approx(saved)


def test_calls_that_never_started_still_run_or_reuse_a_result_do_not_count() -> None:
    idle = CallView(Call("idle", 1, 0, "tool", "p"), 0.0)
    assert saved_s(3.0, [idle, ran(1.0), ran(0.5, 0.6, reused=True)]) == 0.0


def test_at_work_are_calls_that_run_themselves() -> None:
    assert at_once([ran(1.0), ran(2.0), ran(1.0, 2.0), ran(1.0, reused=True)]) == 2
