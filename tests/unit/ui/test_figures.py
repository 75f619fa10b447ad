import pytest

from millstream.events import Call, CallReturned, CallSealed, CallStarted
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
        ([(1.0, 2.0)], 1.0),  # would have run from 3 to 4; nothing could follow before 3
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


def test_calls_that_never_started_or_reuse_a_result_do_not_count() -> None:
    idle = CallView(Call("idle", 1, 0, "tool", "p"), 0.0)
    assert saved_s(3.0, [idle, ran(0.5, 0.6, reused=True)]) == 0.0
    assert saved_s(3.0, [idle, ran(0.5, 0.6, reused=True), ran(1.0, 2.0)]) == pytest.approx(1.0)


def test_nothing_is_claimed_while_a_call_still_runs() -> None:
    assert saved_s(3.0, [ran(1.0, 2.0), ran(1.0)]) == 0.0


def test_the_time_a_tool_waits_for_its_own_arguments_is_not_saved() -> None:
    call = Call("c", 1, 0, "write_file", "p")
    view = CallView(call, 0.5)
    view.feed(CallStarted(call, 1, "streaming", "d"), 1.0)
    view.feed(CallSealed(call, {}), 2.8)
    view.feed(CallReturned(call, None), 2.9)
    # It ran for 1.9 s, and needs 0.1 s once its arguments are there: 3.1 instead of 3.0.
    assert saved_s(3.0, [view]) == pytest.approx(0.1)


def test_at_work_are_calls_that_run_themselves() -> None:
    assert at_once([ran(1.0), ran(2.0), ran(1.0, 2.0), ran(1.0, reused=True)]) == 2
