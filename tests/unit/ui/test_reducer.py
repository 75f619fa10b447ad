import pytest

from millstream.events import (
    AnnotationAdded,
    ApprovalRequested,
    CallFailed,
    CallOpened,
    CallReturned,
    CallStarted,
    Cancelled,
    Event,
    OutputDelta,
    OutputSettled,
    ProviderEvent,
    Raised,
    ReasoningDelta,
    Record,
    RefusalDelta,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunResumed,
    RunStarted,
    RunSuspended,
    ServerToolUpdated,
    TextDelta,
    TurnEnded,
    TurnRestarted,
    TurnStarted,
    TurnTorn,
    Usage,
)
from millstream.ui.reducer import RunView
from tests.unit.ui.logs import ANSWER, Log, trip


def view_of(records: list[Record]) -> RunView:
    view = RunView()
    for record in records:
        view.feed(record)
    return view


def started() -> Log:
    log = Log()
    log.start()
    log.add(0.1, TurnStarted(1))
    return log


def test_a_whole_run() -> None:
    view = view_of(trip())
    assert (view.state, view.run_id, view.model, view.prompt) == ("finished", "run_1", "openai:gpt-5", "plan a trip")
    assert [(call.call.name, call.state) for call in view.calls] == [
        ("weather", "done"),
        ("search_flights", "done"),
        ("exchange_rate", "done"),
        ("convert", "rejected"),
        ("book_hotel", "done"),
        ("save_itinerary", "timeout"),
    ]
    assert [(turn.started_s, turn.first_s, turn.ended_s, turn.reason) for turn in view.turns] == [
        (0.02, 0.35, 3.50, "tool_calls"),
        (4.45, 4.90, 5.70, "stop"),
    ]
    assert view.output == ANSWER
    assert (view.usage.input_tokens, view.usage.output_tokens) == (3008, 311)
    assert view.text == f"I look up the weather and flights, and what a hotel costs.\n\n\n{ANSWER}"
    assert view.reasoning == "Weather and flights are independent, so both can start now."
    assert view.turns[1].answers[0] == "weather"


def test_the_figures_of_that_run_worked_out_by_hand() -> None:
    view = view_of(trip())
    # search_flights runs 1.20 to 4.40; begun when the response ended at 3.50 it would have run until 6.70.
    assert view.saved_s == pytest.approx(2.30)
    # weather, search_flights and exchange_rate from 1.45 to 1.62; two later on, three again from 3.55 to 3.82.
    assert view.most_at_once == 3
    assert view.first_call_s == pytest.approx(0.81)


def test_no_prefix_of_a_log_is_too_short_to_be_shown() -> None:
    view = RunView()
    for record in trip():
        view.feed(record)
        assert view.saved_s >= 0
        assert view.last_s == record.at_s
    assert view.until_s(99.0) == 5.72


def test_calls_are_in_call_order_however_they_open_and_end() -> None:
    log = started()
    second = log.open(0.2, "second", index=1)
    first = log.open(0.3, "first", index=0)
    for call, at_s in ((first, 0.4), (second, 0.5)):
        log.seal(call, at_s)
        log.run(call, at_s)
    log.give(second, 1.0, "2")
    view = view_of(log.records)
    assert [(call.call.name, call.state) for call in view.calls] == [("first", "running"), ("second", "done")]
    log.give(first, 2.0, "1")
    assert [call.ended_s for call in view_of(log.records).calls] == [2.0, 1.0]


def test_a_restarted_response_drops_its_text_and_keeps_its_place_in_time() -> None:
    log = started()
    log.add(0.2, TextDelta("It is 30", 1, 0), ReasoningDelta("hm", 1, 1))
    log.add(0.5, TurnTorn(1, "connection reset", usage=Usage(10, 2)))
    torn = view_of(log.records)
    assert (torn.text, torn.turns[0].torn) == ("It is 30", True)
    log.add(0.5, TurnRestarted(1), TurnStarted(2))
    log.add(0.8, TextDelta("It is 21 °C.", 2, 0))
    view = view_of(log.records)
    assert (view.text, view.reasoning) == ("It is 21 °C.", "")
    assert [(turn.turn, turn.dropped, turn.ended_s) for turn in view.turns] == [(1, True, 0.5), (2, False, None)]
    assert view.usage == Usage(10, 2)


def test_a_response_that_did_not_pass_moderation_drops_its_text_and_says_why() -> None:
    log = started()
    log.add(0.2, TextDelta("A dreadful thing.", 1, 0), ReasoningDelta("hm", 1, 1))
    assert view_of(log.records).text == "A dreadful thing."
    log.add(0.5, TurnEnded(1, "stop", Usage(10, 2), {}, "the output was flagged"), TurnStarted(2))
    log.add(0.8, TextDelta("Sorry.", 2, 0))
    view = view_of(log.records)
    assert (view.text, view.reasoning, view.usage) == ("Sorry.", "", Usage(10, 2))
    assert [(turn.blocked, turn.reason, turn.ended_s) for turn in view.turns] == [
        ("the output was flagged", "stop", 0.5),
        ("", None, None),
    ]


def test_a_salvaged_response_keeps_its_text() -> None:
    log = started()
    log.add(0.2, TextDelta("Looking.", 1, 0))
    log.add(0.5, TurnTorn(1, "cut", kept=("a",)), TurnStarted(2))
    log.add(0.8, TextDelta("Found.", 2, 0))
    assert view_of(log.records).text == "Looking.\n\nFound."


@pytest.mark.parametrize(
    ("event", "state", "error"),
    [
        (RunFinished("x", Usage()), "finished", ""),
        (RunFailed("WireError", "no answer"), "failed", "WireError: no answer"),
        (RunFailed("WireError", ""), "failed", "WireError"),
        (RunCancelled("left"), "cancelled", "left"),
        (RunSuspended(()), "suspended", ""),
    ],
)
def test_every_end_stops_the_time(event: Event, state: str, error: str) -> None:
    log = started()
    log.add(2.0, event)
    view = view_of(log.records)
    assert (view.state, view.error, view.ended_s, view.until_s(50.0)) == (state, error, 2.0, 2.0)


def test_before_the_end_time_goes_on_and_never_back() -> None:
    view = view_of(started().records)
    assert (view.state, view.until_s(3.0), view.until_s(0.05)) == ("running", 3.0, 0.1)
    assert RunView().state == "starting"


@pytest.mark.parametrize("resumed_at_s", [172_802.0, 0.0])
def test_the_time_a_run_was_suspended_is_not_shown(resumed_at_s: float) -> None:
    # Whether the clock of the log went on for two days or began anew.
    log = started()
    hotel = log.open(0.5, "hotel")
    log.seal(hotel, 1.0)
    log.add(1.0, ApprovalRequested(hotel, {}, "d"))
    log.add(2.0, TurnEnded(1, "tool_calls"), RunSuspended((hotel,)))
    assert view_of(log.records).pending == (hotel,)
    log.add(resumed_at_s, RunResumed("run_1", 1_790_172_802.0))
    log.run(hotel, resumed_at_s + 0.5)
    log.give(hotel, resumed_at_s + 1.0, "ok")
    view = view_of(log.records)
    assert (view.state, view.pending) == ("running", ())
    assert [(s.kind, s.start_s, s.end_s) for s in view.calls[0].segments] == [
        ("args", 0.5, 1.0),
        ("waiting", 1.0, 2.5),
        ("done", 2.5, 3.0),
    ]
    assert view.until_s(9.0) == 9.0


def test_a_response_that_a_dead_process_was_reading_ends_with_it() -> None:
    log = started()
    log.add(0.5, TextDelta("half a", 1, 0))
    log.add(60.0, RunResumed("run_1", 1_790_000_060.0), TurnStarted(2))
    view = view_of(log.records)
    assert [(turn.torn, turn.ended_s) for turn in view.turns] == [(True, 0.5), (False, None)]


def test_calls_of_a_sub_agent_stand_behind_their_parent_and_are_not_counted_twice() -> None:
    log = started()
    research = log.open(0.2, "research")
    after = log.open(0.3, "after")
    log.seal(research, 0.4)
    log.run(research, 0.4)
    nested = Log()
    nested.start()
    search = nested.open(0.6, "search", call_id="research")  # ids of a sub-agent are its own
    nested.run(search, 0.7)
    for record in nested.records:
        log.add(max(record.at_s, 0.5), record.event, scope=("research",))
    log.add(0.8, TextDelta("inner words", 1, 0), TurnEnded(1, "stop", Usage(5, 5)), scope=("research",))
    log.add(0.9, RunFinished("inner", Usage()), scope=("research",))
    view = view_of(log.records)
    assert [(call.call.name, call.scope) for call in view.calls] == [
        ("research", ()),
        ("search", ("research",)),
        ("after", ()),
    ]
    inner = view.call("research", ("research",))
    assert inner is not None
    assert inner.call.name == "search"
    assert (view.state, view.text, view.usage, view.most_at_once, view.first_call_s) == (
        *("running", "", Usage(5, 5)),
        *(1, 0.4),
    )
    assert view.call(after.id) is view.calls[2]
    # What overlapped within a sub-agent is part of its parent's time: nothing is saved twice.
    log.add(5.0, CallReturned(search, "found"), scope=("research",))
    log.add(9.0, TurnEnded(1, "tool_calls"))
    assert view_of(log.records).saved_s == 0.0
    assert view.call("nobody") is None


def test_pauses_and_reused_results_are_not_at_work() -> None:
    log = started()
    calls = [log.open(0.2, name) for name in ("a", "b", "c")]
    for call in calls:
        log.seal(call, 0.3)
    log.run(calls[0], 0.4)
    log.fail(calls[0], 0.5, Raised("OSError"))
    log.run(calls[1], 0.6)
    log.add(0.7, CallStarted(calls[2], 1, "eager", "d", reused_of="a"))
    assert view_of(log.records).most_at_once == 1


def test_each_response_is_reckoned_by_itself() -> None:
    log = started()
    log.whole("a", opened=0.5, started=1.0, ended=3.0)  # would have ended at 4.0
    log.add(2.0, TurnEnded(1, "tool_calls"))
    log.add(3.0, TurnStarted(2))
    log.whole("b", opened=3.5, started=4.0, ended=6.0, turn=2)  # would have ended at 7.0
    log.add(5.0, TurnEnded(2, "tool_calls"))
    log.add(6.0, TurnStarted(3))
    log.whole("c", opened=6.5, started=7.0, ended=7.5, turn=3)  # its response still goes on: not known yet
    assert view_of(log.sorted()).saved_s == pytest.approx(2.0)


def test_a_viewer_may_join_late() -> None:
    log = started()
    call = log.open(0.2, "weather")
    log.run(call, 0.5)
    late = [*log.records[3:], Record(9, 0.7, TextDelta("and so", 2, 0)), Record(10, 0.8, CallReturned(call, 1))]
    view = view_of(late)
    assert [(c.call.name, c.state) for c in view.calls] == [("weather", "done")]
    assert view.text == "and so"


def test_refusals_and_structured_output_are_text_and_server_tools_a_note() -> None:
    log = started()
    log.add(0.2, ServerToolUpdated("web_search", "searching", {}, 1, 0))
    view = view_of(log.records)
    assert (view.turns[0].note, view.turns[0].first_s) == ("web_search: searching", 0.2)
    log.add(0.3, RefusalDelta("I can not.", 1, 1), OutputDelta('{"a": 1}', 1, 2))
    log.add(0.4, OutputSettled(("a",), 1, 1), AnnotationAdded({}, 1, 1), ProviderEvent("x", {}, 1))
    log.add(0.5, TurnEnded(1, "stop"))
    view = view_of(log.records)
    assert (view.text, view.turns[0].note) == ('I can not.\n\n{"a": 1}', "")


def test_the_model_that_stands_in_is_the_one_that_is_shown() -> None:
    log = started()
    log.add(0.2, ProviderEvent("request.fallback", {"from": "openai:a", "to": "anthropic:b", "error": "No."}, 1))
    view = view_of(log.records)
    assert (view.model, view.turns[0].first_s) == ("anthropic:b", None)


def test_a_cancelled_run_leaves_nothing_running() -> None:
    log = started()
    call = log.open(0.2, "slow")
    log.run(call, 0.3)
    log.add(1.0, CallFailed(call, Cancelled("run left")), RunCancelled("left"))
    view = view_of(log.records)
    assert (view.state, view.calls[0].state, view.calls[0].segments[-1].kind) == ("cancelled", "cancelled", "stopped")


def test_two_hundred_calls_and_long_texts_are_linear() -> None:
    view = RunView()
    view.feed(Record(1, 0.0, RunStarted("r", "m", None, 0.0)))
    log = Log()
    for number in range(200):
        log.add(number, CallOpened(log.open(number, f"tool{number}", turn=number // 64 + 1)))
    for record in log.records:
        view.feed(record)
    for seq in range(100_000):
        view.feed(Record(seq + 1000, 300.0, TextDelta("x", 9, 0)))
    assert len(view.calls) == 200
    assert len(view.turns[-1].text.__str__()) == 100_000


def test_what_a_sub_agent_says_is_what_its_call_is_doing() -> None:
    log = started()
    research = log.open(0.2, "research")
    log.run(research, 0.4)
    log.add(0.5, TurnStarted(1), TextDelta("x" * 500, 1, 0), TextDelta("so", 1, 0), scope=("research",))
    view = view_of(log.records)
    assert view.calls[0].said_tail == "x" * 398 + "so"
    log.add(0.6, TurnStarted(2), TextDelta("And ", 2, 0), TextDelta("then", 2, 0), scope=("research",))
    log.add(0.7, TextDelta("of nobody's call", 1, 0), scope=("research", "unknown"))
    view = view_of(log.records)
    assert (view.calls[0].said_tail, view.text) == ("And then", "")


def test_the_agent_that_answers_is_known() -> None:
    log = started()
    assert view_of(log.records).agent == "agent"
    log.add(0.5, TurnEnded(1, "stop"), TurnStarted(2, (), "billing"))
    log.add(0.6, TurnStarted(1, (), "inner"), scope=("a",))
    assert view_of(log.records).agent == "billing"
