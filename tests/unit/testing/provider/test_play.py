"""When what is written: paces, absolute times, calls written together, and what goes without saying."""

from itertools import islice, pairwise

import pytest

from millstream.testing import (
    CallTool,
    Cut,
    Done,
    ErrorEvent,
    Finish,
    Flood,
    LongLine,
    MoreArgs,
    Pause,
    Ping,
    Raw,
    Response,
    Say,
    Think,
    Together,
)
from millstream.testing.provider.play import (
    Act,
    Argued,
    Closed,
    Ended,
    Finished,
    Opened,
    Pinged,
    Sealed,
    Sent,
    Torn,
    Wrote,
    play,
)
from millstream.testing.provider.steps import Step


def acts(*steps: Step, tokens_per_s: float | None = None, chunk_chars: int = 4) -> list[Act]:
    return list(play(Response(steps, tokens_per_s, chunk_chars)))


def kinds(*steps: Step) -> list[str]:
    return [type(act).__name__ for act in acts(*steps)]


def test_without_a_pace_all_is_due_at_once() -> None:
    assert acts(Say("abcdef"), CallTool("a")) == [
        Wrote(0.0, "say", "abcd"),
        Wrote(0.0, "say", "ef"),
        Closed(0.0),
        Opened(0.0, 0, CallTool("a")),
        Argued(0.0, 0, "{}", last=True),
        Sealed(0.0, 0),
        Finished(0.0, None),
        Ended(0.0),
    ]


def test_a_pace_takes_its_time_before_each_delta() -> None:
    got = acts(Say("abcd"), CallTool("a", {"b": 1}), tokens_per_s=2, chunk_chars=2)
    assert [(act.at_s, type(act).__name__) for act in got] == [
        (0.5, "Wrote"),
        (1.0, "Wrote"),
        (1.0, "Closed"),
        (1.0, "Opened"),
        (1.5, "Argued"),
        (2.0, "Argued"),
        (2.5, "Argued"),
        (3.0, "Argued"),
        (3.0, "Sealed"),
        (3.0, "Finished"),
        (3.0, "Ended"),
    ]


def test_absolute_times_are_exact() -> None:
    got = acts(
        CallTool("a", {"x": 1}, until_s=0.05),
        CallTool("b", {"text": "long enough"}, until_s=1.06),
        Finish(at_s=1.36),
    )
    first, second = ([act for act in got if isinstance(act, Argued) and act.n == n] for n in (0, 1))
    assert first[-1].at_s == 0.05
    assert second[-1].at_s == 1.06
    gaps = [later.at_s - earlier.at_s for earlier, later in pairwise(second)]
    assert gaps == pytest.approx([1.01 / len(second)] * len(gaps))
    assert [act.at_s for act in got if isinstance(act, Sealed)] == [0.05, 1.06]
    assert [act.at_s for act in got if isinstance(act, Finished | Ended)] == [1.36, 1.36]


def test_time_never_runs_back() -> None:
    got = acts(Pause(2), Say("x", at_s=1), CallTool("a", at_s=0.5, until_s=1), Finish(at_s=3))
    assert [act.at_s for act in got] == sorted(act.at_s for act in got)
    assert [act.at_s for act in got if isinstance(act, Wrote | Opened | Finished)] == [2, 2, 3]


def test_calls_written_together_open_first_and_take_turns() -> None:
    a, b = CallTool("a", raw="123456"), CallTool("b", raw="xyz")
    got = acts(Together((a, b)), chunk_chars=2)
    assert got[:-2] == [
        Opened(0.0, 0, a),
        Opened(0.0, 1, b),
        Argued(0.0, 0, "12"),
        Argued(0.0, 1, "xy"),
        Argued(0.0, 0, "34"),
        Argued(0.0, 1, "z", last=True),
        Sealed(0.0, 1),
        Argued(0.0, 0, "56", last=True),
        Sealed(0.0, 0),
    ]


def test_calls_written_together_share_the_pace_or_keep_their_own_time() -> None:
    got = acts(
        Together((CallTool("a", raw="1234", until_s=0.3), CallTool("b", raw="56"))), tokens_per_s=10, chunk_chars=2
    )
    assert [(act.n, act.at_s) for act in got if isinstance(act, Argued)] == [(0, 0.15), (1, 0.2), (0, 0.3)]


def test_numbers_of_calls_go_on_over_the_steps() -> None:
    got = acts(CallTool("a"), Together((CallTool("b"), CallTool("c"))), CallTool("d"))
    assert [(act.n, act.call.name) for act in got if isinstance(act, Opened)] == [
        (0, "a"),
        (1, "b"),
        (2, "c"),
        (3, "d"),
    ]


def test_text_goes_on_over_pauses_and_is_closed_before_something_else() -> None:
    assert kinds(Say("a"), Pause(1), Say("b"), Think("c"), Say("d", "final"), Say("e")) == [
        "Wrote",
        "Sent",
        "Wrote",
        "Closed",
        "Wrote",
        "Closed",
        "Wrote",
        "Closed",
        "Wrote",
        "Closed",
        "Finished",
        "Ended",
    ]


@pytest.mark.parametrize(
    ("behind", "sealed"),
    [
        ([], True),
        ([Say("x")], True),
        ([Finish("tool_calls")], True),
        ([Pause(1)], True),
        ([Raw("x")], True),
        ([Pause(1), Cut()], True),
        ([Flood(chars=1)], True),
        ([Cut()], False),
        ([ErrorEvent("x")], False),
        ([LongLine(9), Cut()], False),
        ([Finish("length")], False),
        ([Pause(1), Finish("content_filter")], False),
        ([Finish("failed")], False),
    ],
)
def test_a_call_is_sealed_unless_the_response_breaks_off_right_behind_it(behind: list[Step], sealed: bool) -> None:
    assert ("Sealed" in kinds(CallTool("a"), *behind)) is sealed
    assert "Sealed" in kinds(CallTool("a", seal=True), *behind)
    assert "Sealed" not in kinds(CallTool("a", seal=False), *behind)


def test_an_open_call_is_continued() -> None:
    got = acts(CallTool("a", raw='{"x"', seal=False), Pause(1), MoreArgs(":1}", seal=True))
    assert [act for act in got if isinstance(act, Argued | Sealed)] == [
        Argued(0.0, 0, '{"x"', last=True),
        Argued(1.0, 0, ":1}", last=True),
        Sealed(1.0, 0),
    ]


@pytest.mark.parametrize(
    ("steps", "ends"),
    [
        ([], ["Finished", "Ended"]),
        ([Finish()], ["Finished", "Ended"]),
        ([Finish(), MoreArgs("}", 0)], ["Finished", "Argued", "Ended"]),
        ([Finish(), Done(), Pause(5)], ["Finished", "Ended", "Sent"]),
        ([Done()], ["Ended"]),
        ([ErrorEvent("x")], ["Failed"]),
        ([ErrorEvent("x"), Finish("failed")], ["Failed", "Finished"]),
        ([ErrorEvent("x"), Done()], ["Failed", "Ended"]),
        ([Cut("close"), Say("never")], ["Torn"]),
        ([Finish(), Cut()], ["Finished", "Torn"]),
    ],
)
def test_the_end_goes_without_saying_unless_it_is_said(steps: list[Step], ends: list[str]) -> None:
    assert kinds(CallTool("a", seal=False), *steps)[2:] == ends


def test_pings_come_in_their_time_and_the_wait_is_kept() -> None:
    assert acts(Ping(0.5, 1.2, "keepalive"))[:3] == [Pinged(0.5, "keepalive"), Pinged(1.0, "keepalive"), Sent(1.2)]


def test_a_flood_without_end_is_lazy() -> None:
    endless = play(Response((Flood("ab"),), tokens_per_s=10))
    assert list(islice(endless, 2)) == [Wrote(0.1, "say", "ab"), Wrote(0.2, "say", "ab")]
    assert [act.text for act in acts(Flood("abc", chars=7)) if isinstance(act, Wrote)] == ["abc", "abc", "a"]


@pytest.mark.parametrize("size", [0, 5, 100, 200_000])
def test_a_long_line_has_its_size_and_no_line_feed(size: int) -> None:
    sent = b"".join(act.data for act in acts(LongLine(size), Cut()) if isinstance(act, Sent))
    assert len(sent) == size
    assert b"\n" not in sent


def test_nothing_comes_behind_a_cut() -> None:
    assert acts(Say("a"), Cut("reset", at_s=2), Say("b")) == [Wrote(0.0, "say", "a"), Torn(2, "reset")]
