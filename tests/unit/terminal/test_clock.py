import anyio

from millstream.terminal.clock import Clock


def test_the_clock_shows_the_time_of_the_log_and_never_goes_back() -> None:
    now_s = [1000.0]
    clock = Clock(lambda: now_s[0], anyio.sleep)
    assert clock.now_s == 0.0
    clock.saw(2.0)
    now_s[0] += 1.0
    assert clock.now_s == 3.0
    clock.saw(2.5)  # it took half a second to arrive
    assert clock.now_s == 3.0
    clock.saw(10.0)  # a log that is played faster than it happened
    assert clock.now_s == 10.0
