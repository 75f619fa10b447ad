import pytest
from rich.cells import cell_len

from millstream.events import (
    ApprovalRequested,
    CallLogged,
    CallProgress,
    CallQueued,
    CallRetrying,
    Raised,
    ReasoningDelta,
    ServerToolUpdated,
    TextDelta,
    TurnEnded,
    TurnStarted,
)
from millstream.terminal.frame import released, released_row
from tests.unit.terminal.drawing import row_of, screen, view_of
from tests.unit.ui.logs import Log, trip


def started() -> Log:
    log = Log()
    log.start()
    log.add(0.1, TurnStarted(1))
    return log


def many(count: int, *, ended: int = 0) -> Log:
    log = started()
    for number in range(count):
        call = log.open(0.2, f"tool_{number}", turn=number // 64 + 1)
        log.run(call, 0.3)
        if number < ended:
            log.give(call, 1.0, number)
    return log


@pytest.mark.parametrize("width", [120, 80, 79, 50, 49, 40, 30, 12])
@pytest.mark.parametrize("height", [40, 10, 7, 3, 1])
@pytest.mark.parametrize("now_s", [0.0, 0.3, 1.5, 2.9, 4.7, 5.3, 9.0])
def test_the_picture_fits_the_terminal(width: int, height: int, now_s: float) -> None:
    lines = screen(view_of(trip(), now_s), now_s, width, height)
    assert len(lines) <= height
    assert max(map(cell_len, lines)) <= width


def test_the_header_says_state_time_calls_and_tokens() -> None:
    assert (
        screen(view_of(trip(), 2.9), 2.9)[0][2:] == "running 2.9s   6 calls · 2 running · 1 needs approval · 1 failed"
    )
    assert screen(view_of(trip()), 9.0)[0] == "✓ finished 5.72s   6 calls · 2 failed   3,008 in · 311 out tokens"


def test_rows_say_name_state_time_and_message() -> None:
    lines = screen(view_of(trip(), 2.9), 2.9)
    assert row_of(lines, "weather").split()[:4] == ["✓", "weather", "done", "0.81s"]
    assert row_of(lines, "weather").endswith("→ summary: 21 °C, clear, humidity:…")
    assert row_of(lines, "search_flights")[2:].startswith("search_flights running 57 %    1.7s")
    assert row_of(lines, "search_flights").endswith("checking carrier 8 of 14")
    assert row_of(lines, "convert").startswith("✗ convert        rejected")
    assert row_of(lines, "book_hotel").startswith("? book_hotel     needs approval  —")
    assert row_of(lines, "save_itinerary")[2:].startswith("save_itinerary args 76 B       0.6s")
    assert row_of(lines, "save_itinerary").endswith('"plan": "Marais, Pompidou"},▌')


def test_overlap_can_be_seen() -> None:
    lines = screen(view_of(trip(), 2.9), 2.9)
    model, weather, flights = (row_of(lines, name) for name in ("model", "weather", "search_flights"))
    writing = [at for at, sign in enumerate(model) if sign == "━"]
    work = [at for at, sign in enumerate(weather) if sign == "█"]
    assert writing[0] < work[0] < work[-1] < writing[-1]  # it ran within the response
    assert weather.index("▒") < work[0] < flights.index("█") < work[-1]  # and the next one began before it ended
    axis = next(line for line in lines if line.endswith(" s"))
    second = axis.index("1")
    assert abs(second - axis.index("0") - (axis.index("2") - second)) <= 1
    assert weather.index("▒") < second < work[-1]  # 0.62 to 0.81, 0.81 to 1.62


def test_a_retry_has_a_gap_and_counts_down() -> None:
    view = view_of(trip(), 2.3)
    row = row_of(screen(view, 2.35), "exchange_rate")
    assert "retry 2 in 0.3s" in row
    assert row.endswith("ConnectionError: api.rates answere…")
    assert "█╌" in row
    assert "retry 2 in 0.0s" in row_of(screen(view, 5.0), "exchange_rate")


def test_running_times_move_with_the_clock_and_a_person_s_time_does_not() -> None:
    view = view_of(trip(), 2.9)
    early, late = screen(view, 3.0), screen(view, 13.0)
    assert "1.8s" in row_of(early, "search_flights")
    assert "11.8s" in row_of(late, "search_flights")
    for lines in (early, late):
        assert " —  " in row_of(lines, "book_hotel")
    assert screen(view_of(trip()), 50.0) == screen(view_of(trip()), 5.72)  # nothing moves once it is over


@pytest.mark.parametrize("width", [79, 50])
def test_below_80_there_is_no_timeline_but_a_message(width: int) -> None:
    lines = screen(view_of(trip(), 2.9), 2.9, width)
    assert not any(sign in line for line in lines for sign in "█▒━╌")
    assert "checki" in row_of(lines, "search_flights")


@pytest.mark.parametrize("width", [49, 40])
def test_below_50_there_is_no_message_either(width: int) -> None:
    lines = screen(view_of(trip(), 2.9), 2.9, width)
    assert "checking" not in "".join(lines)
    assert "running 57 %" in row_of(lines, "search_flig")
    assert "1.7s" in row_of(lines, "search_flig")


def test_at_30_the_name_and_the_state_are_left() -> None:
    assert row_of(screen(view_of(trip(), 2.9), 2.9, 30), "search_")[2:].rstrip() == "search_fli… running 57 %"


def test_what_the_model_says_stands_below_and_only_its_end() -> None:
    log = started()
    log.add(0.5, TextDelta("\n".join(f"line {number}" for number in range(30)), 1, 0))
    lines = screen(view_of(log.records), 1.0)
    assert lines[-5:] == ["", "line 26", "line 27", "line 28", "line 29"]
    assert screen(view_of(log.records), 1.0, height=10)[-2:] == ["", "line 29"]
    log.add(0.6, TurnEnded(1, "stop"))
    assert not any("line" in line for line in screen(view_of(log.records), 1.0))  # it is printed for good by now


def test_the_model_s_lane_says_what_it_is_doing() -> None:
    log = started()
    doing: list[str] = []

    def look() -> str:
        return row_of(screen(view_of(log.records), 1.0), "model")

    doing.append(look())
    log.add(0.2, ReasoningDelta("Both can start now.", 1, 0))
    doing.append(look())
    log.add(0.3, TextDelta("So", 1, 1))
    doing.append(look())
    log.add(0.3, ServerToolUpdated("web_search", "searching", {}, 1, 2))
    doing.append(look())
    call = log.open(0.4, "weather")
    log.add(0.5, TurnEnded(1, "tool_calls"))
    doing.append(look())
    log.give(call, 0.6, 1)
    doing.append(look())
    for line, words in zip(
        doing, ("asked", "thinking", "writing", "writing", "waits for tools", "1 turn"), strict=True
    ):
        assert words in line
    assert doing[1].rstrip().endswith("Both can start now.")
    assert doing[3].rstrip().endswith("web_search: searching")


def test_colours_say_the_state_and_a_result_after_a_retry_is_not_coloured_as_a_failure() -> None:
    view = view_of(trip())
    done, rejected = (
        {line.plain[span.start : span.end].strip(): str(span.style) for span in line.spans}
        for line in (released_row(view.calls[number], view, 120) for number in (2, 3))
    )
    assert (done["done"], done["✓"], rejected["rejected"], rejected["✗"]) == ("green", "green", "red", "red")
    assert "→ 1.0842" not in done
    assert rejected["/amount: a number was expected, not a string"] == "red"


def test_every_state_is_said_in_words() -> None:
    log = started()
    queued, asked, retrying, plain, counted = (log.open(0.2, name) for name in ("q", "a", "r", "p", "n"))
    log.seal(queued, 0.3)
    log.add(0.3, CallQueued(queued, "a place among 4 tools"))
    log.add(0.3, ApprovalRequested(asked, {"price": 312}, "d"))
    for call in (retrying, plain, counted):
        log.run(call, 0.3)
    log.add(0.4, CallRetrying(retrying, 1, 0.5, Raised("OSError")), CallLogged(plain, "a line of its log"))
    log.add(0.4, CallProgress(counted, 17))
    lines = screen(view_of(log.records), 0.5)
    said = {line.split()[1]: line for line in lines[3:]}
    assert "waiting" in said["q"]
    assert "a place among 4 tools" in said["q"]
    assert "needs approval" in said["a"]
    assert "price: 312" in said["a"]
    assert "retry 2" in said["r"]
    assert "a line of its log" in said["p"]
    assert "running 17" in said["n"]


def test_failures_say_how_many_attempts_there_were() -> None:
    log = started()
    call = log.open(0.2, "rates")
    log.run(call, 0.3)
    log.add(0.4, CallRetrying(call, 1, 0.1, Raised("OSError")))
    log.run(call, 0.5, 2)
    log.fail(call, 0.9, Raised("OSError", "no route"))
    assert "failed, 2 tries" in row_of(screen(view_of(log.records), 1.0), "rates")


def test_calls_of_a_sub_agent_are_indented() -> None:
    log = started()
    parent = log.open(0.2, "research")
    log.run(parent, 0.3)
    child = Log().open(0.4, "search")
    log.add(0.4, CallLogged(child, "x"), scope=("research",))
    assert "└ search" in row_of(screen(view_of(log.records), 1.0), " search ")


def test_what_a_sub_agent_says_stands_beside_its_call_until_the_call_says_something_itself() -> None:
    log = started()
    log.run(log.open(0.2, "research"), 0.3)
    log.add(0.4, TextDelta("Three\x07 books", 1, 0), scope=("research",))
    assert row_of(screen(view_of(log.records), 1.0), "research").endswith("Three books")
    log.add(0.5, CallLogged(view_of(log.records).calls[0].call, "reading"))
    assert row_of(screen(view_of(log.records), 1.0), "research").endswith("reading")


def test_two_hundred_calls_fit_and_those_left_out_are_counted() -> None:
    lines = screen(view_of(many(200).records), 2.0, height=24)
    assert len(lines) <= 24
    shown = [line for line in lines if "tool_" in line]
    assert "tool_199" in shown[-1]  # the newest are kept
    assert f"+{200 - len(shown)} more" in lines[-1]


def test_where_not_all_fit_those_that_someone_waits_for_come_first_in_call_order() -> None:
    log = many(30, ended=20)
    asked = log.open(0.2, "ask_me", turn=1, index=0, call_id="ask")
    log.add(1.0, ApprovalRequested(asked, {}, "d"))
    lines = screen(view_of(log.records), 2.0, height=10)
    names = [line.split()[1] for line in lines[3:-1]]
    assert names == ["ask_me", "tool_25", "tool_26", "tool_27", "tool_28", "tool_29"]
    assert lines[-1].strip() == "+25 more"


def test_finished_calls_without_room_are_released_the_oldest_first() -> None:
    view = view_of(many(30, ended=25).records)
    calls = released(view, 120, 24)
    assert [call.call.name for call in calls][:3] == ["tool_0", "tool_1", "tool_2"]
    above = frozenset(call.key for call in calls)
    lines = screen(view, 2.0, height=24, above=above)
    assert len(lines) <= 24
    assert not any("more" in line for line in lines)
    assert [line.split()[1] for line in lines[3:]] == [f"tool_{number}" for number in range(len(calls), 30)]
    assert released(view, 120, 24, above) == []


def test_nothing_is_released_while_there_is_room_and_no_call_that_runs() -> None:
    assert released(view_of(trip()), 120, 40) == []
    assert released(view_of(many(30).records), 120, 10) == []


def test_a_released_row_has_no_timeline_and_a_longer_message() -> None:
    view = view_of(trip())
    line = released_row(view.calls[0], view, 120).plain
    assert "█" not in line
    assert line.rstrip().endswith("→ summary: 21 °C, clear, humidity: 0.41")
