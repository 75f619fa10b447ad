from __future__ import annotations

from millstream.transport.websocket.lanes import MAX_ACTIVE, MAX_NAMES, UNNAMED, Lanes


def test_one_after_the_other_needs_no_name() -> None:
    lanes = Lanes()
    for _ in range(3):
        assert lanes.take() == UNNAMED
        lanes.release(UNNAMED)


def test_those_at_the_same_time_have_names_which_are_used_again() -> None:
    lanes = Lanes()
    assert [lanes.take() for _ in range(3)] == [UNNAMED, "lane-1", "lane-2"]
    lanes.release("lane-1")
    assert lanes.take() == "lane-1"
    assert lanes.active == 3


def test_a_lane_that_waits_for_results_is_left_to_its_run() -> None:
    lanes = Lanes()
    assert lanes.take() == UNNAMED
    lanes.release(UNNAMED, awaited=True)
    assert lanes.take() == "lane-1"
    assert lanes.take(UNNAMED) == UNNAMED
    lanes.release(UNNAMED)
    assert lanes.take() == UNNAMED


def test_a_lane_that_is_wanted_and_busy_is_another() -> None:
    lanes = Lanes()
    assert lanes.take() == UNNAMED
    assert lanes.take(UNNAMED) == "lane-1"


def test_no_more_than_the_provider_works_on() -> None:
    lanes = Lanes()
    assert len({lanes.take() for _ in range(MAX_ACTIVE)}) == MAX_ACTIVE
    assert lanes.take() is None
    lanes.release("lane-3")
    assert lanes.take() == "lane-3"


def test_when_all_names_are_used_up_the_lane_that_rested_longest_is_taken() -> None:
    lanes = Lanes()
    names = [lanes.take() for _ in range(MAX_ACTIVE)]
    for name in names:
        assert name is not None
        lanes.release(name, awaited=True)
    more = [lanes.take() for _ in range(MAX_ACTIVE)]
    for name in more:
        assert name is not None
        lanes.release(name, awaited=True)
    assert not set(names) & set(more)
    assert lanes.take() == f"lane-{MAX_NAMES}"
    assert lanes.take() == UNNAMED
    assert lanes.take() == "lane-1"


def test_a_server_without_lanes_takes_one_at_a_time() -> None:
    lanes = Lanes()
    lanes.named = False
    assert lanes.take() == UNNAMED
    assert lanes.take() is None
    lanes.release(UNNAMED, awaited=True)
    assert lanes.take() == UNNAMED
