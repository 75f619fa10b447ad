import pytest

from millstream.events import (
    AnswerRequested,
    ApprovalRequested,
    ApprovalResolved,
    CallFailed,
    CallLogged,
    CallProgress,
    CallQueued,
    CallRetrying,
    CallReturned,
    CallStarted,
    CallYielded,
    Cancelled,
    OutputDelta,
    ProviderEvent,
    Raised,
    Record,
    RunCancelled,
    RunFailed,
    RunFinished,
    RunResumed,
    RunStarted,
    RunSuspended,
    TextDelta,
    TurnEnded,
    TurnRestarted,
    TurnStarted,
    TurnTorn,
    Usage,
)
from millstream.terminal.glyphs import ASCII, UNICODE
from millstream.terminal.lines import MAX_HELD_CHARS, Lines, stamp
from tests.unit.ui.logs import Log, trip


def told(records: list[Record]) -> list[str]:
    lines = Lines(UNICODE)
    return [line for record in records for line in lines.feed(record)]


def started() -> Log:
    log = Log()
    log.start()
    log.add(0.1, TurnStarted(1))
    return log


def test_a_model_that_stands_in_is_named() -> None:
    log = started()
    log.add(0.2, ProviderEvent("request.fallback", {"from": "openai:a", "to": "anthropic:b", "error": "No."}, 1))
    assert told(log.records)[1:] == ["00:00.200 · anthropic:b is asked instead"]


def test_a_whole_run_line_by_line() -> None:
    lines = Lines(UNICODE)
    assert [line for record in trip() for line in lines.feed(record)] + lines.close() == [
        "00:00.000 · run started with openai:gpt-5",
        "00:00.600 │ I look up the weather and flights, and what a hotel costs.",
        "00:00.810 ▶ weather started while the model writes on · city: Paris",
        "00:01.200 ▶ search_flights started while the model writes on · from: BER, to: CDG",
        "00:01.400 · search_flights 7 % checking carrier 1 of 14",
        "00:01.450 ▶ exchange_rate started while the model writes on · pair: EURUSD",
        "00:01.620 ✓ weather 0.81s → summary: 21 °C, clear, humidity: 0.41",
        "00:01.760 ✗ convert rejected: /amount: a number was expected, not a string",
        "00:02.250 ↻ exchange_rate attempt 1 failed, again in 0.40s: ConnectionError: api.rates answered nothing",
        "00:02.260 ? book_hotel needs approval: hotel: Jeanne d'Arc, price_eur: 312",
        "00:02.400 · search_flights 43 % checking carrier 6 of 14",
        "00:02.500 · search_flights · 6 offers so far · best €74 (Transavia, 12 Jul)",
        "00:02.650 ▶ exchange_rate started, attempt 2",
        "00:03.000 · book_hotel approved",
        "00:03.000 ◦ book_hotel waits: the end of the response",
        "00:03.100 ✓ exchange_rate 1.65s → 1.0842",
        (
            "00:03.320 ▶ save_itinerary started while the model writes on · "
            'title: Paris in July, days: [{"day": 1, "plan": "Marais, Pompidou"}]'
        ),
        "00:03.400 · search_flights 79 % checking carrier 11 of 14",
        "00:03.550 ▶ book_hotel started · hotel: Jeanne d'Arc, price_eur: 312",
        "00:03.820 ✗ save_itinerary timed out after 0.50s: no end within 0.50 s",
        "00:04.050 ✓ book_hotel 0.50s → booked, reference 7F2K",
        '00:04.400 ✓ search_flights 3.20s → 2 items: {"carrier": "Transavia", "price_eur": 74}',
        "00:05.100 │ It is 21 °C and clear in Paris. Transavia flies for €74,",
        "00:05.700 │ and the hotel is booked. The plan is not saved: that took too long.",
        "00:05.720 ✓ finished in 5.72 s · 6 calls · 2 failed · 3,008 in · 311 out tokens",
        (
            "00:05.720 · saved 2.30 s by overlap (against tools that wait for the response to end) · 3 at once · "
            "first call after 0.81 s"
        ),
    ]


@pytest.mark.parametrize(
    ("at_s", "shown"),
    [(0, "00:00.000"), (1.12, "00:01.120"), (59.9996, "01:00.000"), (3661.5, "1:01:01.500"), (-1, "00:00.000")],
)
def test_the_time_in_front_of_a_line(at_s: float, shown: str) -> None:
    assert stamp(at_s) == shown


def test_text_is_printed_in_whole_lines_however_it_is_cut() -> None:
    text = "First line.\nSecond line.\n\nLast words"
    whole, pieces = started(), started()
    whole.add(0.5, TextDelta(text, 1, 0), TurnEnded(1, "stop"))
    pieces.add(0.5, *(TextDelta(sign, 1, 0) for sign in text), TurnEnded(1, "stop"))
    expected = [f"00:00.500 │ {line}".rstrip() for line in ("First line.", "Second line.", "", "Last words")]
    assert told(whole.records)[1:] == expected
    assert told(pieces.records)[1:] == expected


def test_two_items_are_never_on_one_line() -> None:
    log = started()
    log.add(0.5, TextDelta("a", 1, 0), TextDelta("b", 1, 1), TextDelta("c", 2, 1), TurnEnded(2, "stop"))
    assert told(log.records)[1:] == ["00:00.500 │ a", "00:00.500 │ b", "00:00.500 │ c"]


def test_text_without_a_line_break_is_not_held_back_for_ever() -> None:
    log = started()
    log.add(0.5, *(TextDelta("x" * 100, 1, 0) for _ in range(100)))
    printed = told(log.records)[1:]
    assert len(printed) == 2
    assert max(map(len, printed)) <= MAX_HELD_CHARS + 200


def test_a_torn_response_and_its_second_try() -> None:
    log = started()
    log.add(0.5, TextDelta("It is 30", 1, 0))
    log.add(0.9, TurnTorn(1, "connection reset"), TurnRestarted(1))
    assert told(log.records)[1:] == [
        "00:00.900 │ It is 30",
        "00:00.900 ✗ the response broke off: connection reset",
        "00:00.900 ↻ the model is asked again; what that response said is void",
    ]


def test_a_response_that_did_not_pass_moderation() -> None:
    log = started()
    log.add(0.5, TextDelta("It is shown.\nIt is held", 1, 0))
    log.add(0.9, TurnEnded(1, "stop", blocked="the output was flagged for \x1b[1mviolence"))
    lines = told(log.records)
    assert lines[1] == "00:00.500 │ It is shown."
    assert lines[2].startswith("00:00.900 ✗ the output was flagged for")
    assert lines[2].endswith("violence: what that response said is void")
    assert "\x1b" not in lines[2]
    assert len(lines) == 3


def test_what_a_call_goes_through() -> None:
    log = started()
    call = log.open(0.2, "book")
    log.seal(call, 0.3, {"a": 1})
    log.add(0.3, CallQueued(call, "a place among 4 tools"))
    log.add(0.4, ApprovalRequested(call, {"a": 1}, "d"), CallQueued(call, "approval"))
    log.add(0.4, ApprovalResolved(call, "approved", "d", "fine\nby me"))
    log.add(0.9, TurnEnded(1, "tool_calls"))
    log.run(call, 1.0)
    log.add(1.5, CallRetrying(call, 1, 2.0, Raised("OSError")))
    log.run(call, 3.5, 2)
    log.add(4.0, CallYielded(call, [1, 2]))
    log.fail(call, 4.5, Raised("ValueError", "no such hotel"))
    assert told(log.records)[1:] == [
        "00:00.300 ◦ book waits: a place among 4 tools",
        "00:00.400 ? book needs approval: a: 1",
        "00:00.400 · book approved: fine by me",
        "00:01.000 ▶ book started · a: 1",
        "00:01.500 ↻ book attempt 1 failed, again in 2.00s: OSError",
        "00:03.500 ▶ book started, attempt 2",
        "00:04.000 · book so far: [1, 2]",
        "00:04.500 ✗ book failed after 3.50s (2 attempts): ValueError: no such hotel",
    ]


def test_a_reused_result_is_said() -> None:
    log = started()
    call = log.open(0.2, "weather")
    log.add(0.3, CallStarted(call, 1, "eager", "d", reused_of="c0"))
    assert told(log.records)[1:] == ["00:00.300 ▶ weather takes the result that an earlier call had"]


def test_progress_is_told_once_a_second_and_for_each_call() -> None:
    log = started()
    calls = [log.open(0.2, name) for name in ("a", "b")]
    for tick in range(250):
        for call in calls:
            log.add(1 + tick / 100, CallProgress(call, tick))
    assert told(log.records)[1:] == [
        "00:01.000 · a 0",
        "00:01.000 · b 0",
        "00:02.000 · a 100",
        "00:02.000 · b 100",
        "00:03.000 · a 200",
        "00:03.000 · b 200",
    ]


def test_progress_without_words_or_numbers_is_not_a_line() -> None:
    log = started()
    log.add(0.5, CallProgress(log.open(0.2, "a"), data={"x": 1}))
    assert told(log.records)[1:] == []


def test_calls_of_a_sub_agent_are_named_behind_their_parent() -> None:
    log = started()
    parent = log.open(0.2, "research")
    log.run(parent, 0.3)
    child = Log().open(0.4, "search")
    log.add(0.5, CallStarted(child, 1, "eager", "d"), TextDelta("inner words\n", 1, 0), scope=("research",))
    assert told(log.records)[2:] == ["00:00.500 ▶ research/search started"]


@pytest.mark.parametrize(
    ("event", "last"),
    [
        (RunFinished("", Usage()), "✓ finished in 1.00 s · 0 calls"),
        (RunFailed("WireError", "HTTP 500"), "✗ failed after 1.00 s: WireError: HTTP 500 · 0 calls"),
        (RunCancelled("left"), "■ cancelled after 1.00 s: left · 0 calls"),
        (TurnEnded(1, "stop"), "✗ left before the run had ended · 0 calls"),
    ],
)
def test_how_a_run_ended_is_the_last_line(event: TurnEnded | RunFinished, last: str) -> None:
    lines = Lines(UNICODE)
    log = started()
    log.add(1.0, event)
    for record in log.records:
        lines.feed(record)
    assert lines.close() == [f"00:01.000 {last}"]


def test_a_suspended_run_says_what_it_waits_for_and_goes_on() -> None:
    lines = Lines(UNICODE)
    log = started()
    call = log.open(0.2, "book")
    log.add(1.0, RunSuspended((call,)))
    for record in log.records:
        lines.feed(record)
    assert lines.close() == ["00:01.000 ? waits for book · 1 call"]
    assert lines.feed(Record(9, 5.0, RunResumed("run_1", 0.0))) == ["00:01.000 · the run goes on"]


def test_an_output_that_was_not_streamed_is_printed() -> None:
    lines = Lines(UNICODE)
    log = started()
    call = log.open(0.2, "final")
    log.add(0.3, TextDelta("Let me see.\n", 1, 0))
    log.run(call, 0.4)
    log.give(call, 0.5, "two\nlines")
    log.add(0.6, TurnEnded(1, "tool_calls"), RunFinished("two\nlines", Usage()))
    for record in log.records:
        lines.feed(record)
    assert lines.close()[:2] == ["00:00.600 │ two", "00:00.600 │ lines"]


def test_a_structured_output_is_printed_once() -> None:
    lines = Lines(UNICODE)
    log = started()
    log.add(0.5, OutputDelta('{"a": 1}', 1, 0), TurnEnded(1, "stop"), RunFinished({"a": 1}, Usage()))
    printed = [line for record in log.records for line in lines.feed(record)] + lines.close()
    assert [line for line in printed if '"a"' in line] == ['00:00.500 │ {"a": 1}']


def test_hostile_text_is_plain_text_on_its_own_line() -> None:
    evil = "\x1b[2J\x1b]0;x\x07[red]\r\n00:00.000 ✓ finished\u202e"
    log = started()
    call = log.open(0.2, evil, call_id="c")
    log.run(call, 0.3)
    log.add(0.4, CallProgress(call, 1, 2, evil), CallLogged(call, evil), TextDelta(evil + "\n", 1, 0))
    log.give(call, 0.5, evil)
    log.add(0.6, TextDelta("", 1, 0), CallFailed(call, Cancelled(evil)), RunFailed(evil, evil))
    lines = Lines(ASCII)
    printed = [line for record in log.records for line in lines.feed(record)] + lines.close()
    assert len(printed) == 10
    for line in printed:
        assert line[:6] in {"00:00.", "00:01."}
        assert line.isprintable()
        assert "\u202e" not in line
    # What pretends to be a line of ours stands behind the sign of the model's text.
    assert "00:00.400 | 00:00.000 ✓ finished" in printed


def test_a_deferred_call_says_what_it_is_asked() -> None:
    log = started()
    call = log.open(0.2, "ask_user")
    log.seal(call, 0.3, {"question": "Why?"})
    log.add(0.4, AnswerRequested(call, {"question": "Why?"}, "d"))
    log.add(0.5, ApprovalResolved(call, "answered", "d"), CallReturned(call, "so"))
    assert told(log.records)[1:] == [
        "00:00.400 ◦ ask_user waits for its result: question: Why?",
        "00:00.500 · ask_user answered",
        "00:00.500 ✓ ask_user → so",
    ]


def test_another_agent_that_goes_on_is_a_line_of_its_own() -> None:
    log = started()
    before = len(told(log.records))
    log.add(0.5, TurnEnded(1, "stop"), TurnStarted(2, (), "billing\x1b"), TurnEnded(2, "stop"))
    log.add(0.6, TurnStarted(3, (), "billing\x1b"))
    assert told(log.records)[before:] == ["00:00.500 · billing goes on with the conversation"]
    first = Log()
    first.add(0.0, RunStarted("run", "m", None, 0.0), TurnStarted(4, (), "billing"))  # it was asked itself
    assert len(told(first.records)) == 1
