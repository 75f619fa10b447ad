from typing import Any

import pytest

from millstream.events import (
    AnswerRequested,
    ApprovalRequested,
    ApprovalResolved,
    ArgsDelta,
    ArgSettled,
    ArgsReplaced,
    Call,
    CallEvent,
    CallFailed,
    CallLogged,
    CallOpened,
    CallProgress,
    CallQueued,
    CallRetrying,
    CallReturned,
    CallSealed,
    CallStarted,
    CallYielded,
    Cancelled,
    Denied,
    Failure,
    Raised,
    Rejected,
    TimedOut,
    Truncated,
    Unknown,
)
from millstream.ui.call_view import ARGS_TAIL_CHARS, LOG_LINES, CallView
from millstream.ui.segments import Segment

CALL = Call("c1", 1, 0, "weather", "call_1")
SEALED = CallSealed(CALL, {"city": "Paris"})
STARTED = CallStarted(CALL, 1, "eager", "d")


def view_of(*events: tuple[float, CallEvent]) -> CallView:
    view = CallView(CALL, 1.0)
    for at_s, event in events:
        view.feed(event, at_s)
    return view


def test_a_call_receives_arguments_from_its_name_on() -> None:
    view = view_of((1.0, CallOpened(CALL)), (1.1, ArgsDelta(CALL, '{"city": "Pa')), (1.2, ArgsDelta(CALL, "rís")))
    assert (view.state, view.args_bytes, view.args_tail) == ("args", 16, '{"city": "París')
    assert view.segments == [Segment("args", 1.0)]
    assert not view.ended
    assert view.run_s(9.0) == 0.0


def test_settled_arguments_are_known_before_all_of_them_are() -> None:
    view = view_of((1.1, ArgSettled(CALL, ("city",), "Paris")), (1.2, ArgSettled(CALL, ("days", 0), {"plan": "x"})))
    assert view.settled == {"city": "Paris"}
    assert view.args is None


def test_replaced_arguments_void_what_was_shown() -> None:
    view = view_of(
        (1.1, ArgsDelta(CALL, '{"city": "Rome"}')),
        (1.1, ArgSettled(CALL, ("city",), "Rome")),
        (1.2, ArgsReplaced(CALL, "{}")),
    )
    assert (view.args_bytes, view.args_tail, view.settled) == (2, "{}", {})


def test_the_argument_text_is_kept_only_as_far_as_it_is_shown() -> None:
    view = view_of(*((1.1, ArgsDelta(CALL, "x" * 300)) for _ in range(4)))
    assert (view.args_bytes, len(view.args_tail)) == (1200, ARGS_TAIL_CHARS)


def test_sealed_queued_and_asked_are_one_wait() -> None:
    view = view_of((2.0, SEALED))
    assert (view.state, view.args) == ("queued", {"city": "Paris"})
    view.feed(CallQueued(CALL, "a place among 4 tools"), 2.1)
    assert (view.state, view.why) == ("queued", "a place among 4 tools")
    view.feed(ApprovalRequested(CALL, {"city": "Rome"}, "d"), 2.2)
    assert (view.state, view.args) == ("approval", {"city": "Rome"})
    view.feed(ApprovalResolved(CALL, "approved", "d"), 3.0)
    assert (view.state, view.why) == ("queued", "approved")
    view.feed(STARTED, 3.5)
    assert view.state == "running"
    assert view.segments == [Segment("args", 1.0, 2.0), Segment("waiting", 2.0, 3.5), Segment("running", 3.5)]


def test_progress_belongs_to_an_attempt_and_keeps_its_last_message() -> None:
    view = view_of((2.0, SEALED), (2.0, STARTED), (2.5, CallProgress(CALL, 9, 14, "carrier 9")))
    view.feed(CallProgress(CALL, 10, 14), 2.6)
    assert (view.done, view.total, view.message, view.state) == (10, 14, "carrier 9", "running")
    view.feed(CallRetrying(CALL, 1, 0.5, Raised("OSError")), 3.0)
    view.feed(CallStarted(CALL, 2, "eager", "d"), 3.5)
    assert (view.done, view.total, view.message, view.attempt) == (None, None, "", 2)


def test_a_retry_is_a_failed_attempt_a_pause_and_a_new_attempt() -> None:
    view = view_of((2.0, SEALED), (2.0, STARTED), (3.0, CallRetrying(CALL, 1, 0.5, Raised("OSError", "no route"))))
    assert (view.state, view.retry_at_s, view.failure_line) == ("retrying", 3.5, "OSError: no route")
    view.feed(CallStarted(CALL, 2, "eager", "d"), 3.5)
    view.feed(CallReturned(CALL, {"sky": "clear"}), 4.0)
    assert (view.state, view.attempt, view.result_line) == ("done", 2, "sky: clear")
    assert view.segments[2:] == [Segment("failed", 2.0, 3.0), Segment("backoff", 3.0, 3.5), Segment("done", 3.5, 4.0)]
    assert view.run_s(9.0) == 2.0  # from its first start to its end, the pause included


@pytest.mark.parametrize(
    ("failure", "state", "kind"),
    [
        (Raised("ValueError"), "failed", "failed"),
        (TimedOut(1), "timeout", "failed"),
        (Rejected((), 0), "rejected", "failed"),
        (Truncated("length"), "truncated", "failed"),
        (Denied("no"), "denied", "failed"),
        (Cancelled("stop"), "cancelled", "stopped"),
        (Unknown("the process ended"), "unknown", "stopped"),
    ],
)
def test_every_failure_has_its_state_and_ends_what_was_open(failure: Failure, state: str, kind: Any) -> None:
    running = view_of((2.0, SEALED), (2.0, STARTED), (3.0, CallFailed(CALL, failure)))
    assert (running.state, running.ended, running.ended_s) == (state, True, 3.0)
    assert running.segments[-1] == Segment(kind, 2.0, 3.0)
    # Where no attempt ran there is a mark of no length, so that the end is seen.
    unrun = view_of((1.5, CallFailed(CALL, failure)))
    assert unrun.segments == [Segment("args", 1.0, 1.5), Segment(kind, 1.5, 1.5)]
    assert unrun.run_s(9.0) == 0.0


def test_a_call_may_fail_while_it_pauses() -> None:
    view = view_of((2.0, SEALED), (2.0, STARTED), (3.0, CallRetrying(CALL, 1, 0.5, Raised("OSError"))))
    view.feed(CallFailed(CALL, Cancelled("stop")), 3.2)
    assert view.segments[-1] == Segment("backoff", 3.0, 3.2)
    assert view.state == "cancelled"


def test_a_streaming_tool_runs_while_its_arguments_arrive() -> None:
    view = view_of((2.0, CallStarted(CALL, 1, "streaming", "d")), (2.5, ArgsDelta(CALL, "more")))
    assert view.state == "running"
    assert view.segments == [Segment("args", 1.0), Segment("running", 2.0)]
    view.feed(SEALED, 3.0)
    view.feed(CallReturned(CALL, "ok"), 3.5)
    assert view.segments == [Segment("args", 1.0, 3.0), Segment("done", 2.0, 3.5)]


def test_a_call_that_an_interrupted_run_starts_again_shows_the_lost_attempt() -> None:
    view = view_of((2.0, SEALED), (2.0, STARTED), (3.0, CallStarted(CALL, 2, "eager", "d")))
    assert view.segments[-2:] == [Segment("stopped", 2.0, 3.0), Segment("running", 3.0)]


def test_the_log_keeps_its_tail() -> None:
    view = view_of(*((2.0, CallLogged(CALL, f"line {number} " + "x" * 5000)) for number in range(300)))
    assert len(view.log) == LOG_LINES
    assert view.log[-1].startswith("line 299 ")
    assert max(map(len, view.log)) == 2000


def test_the_last_yielded_value_stands_until_the_result() -> None:
    view = view_of((2.0, STARTED), (2.1, CallYielded(CALL, [1])), (2.2, CallYielded(CALL, [1, 2])))
    assert view.result_line == "2 items: 1"
    assert not view.ended


def test_a_reused_result_names_its_source() -> None:
    view = view_of((2.0, SEALED), (2.0, CallStarted(CALL, 1, "eager", "d", reused_of="c0")))
    assert view.reused_of == "c0"


def test_a_name_is_safe_to_show() -> None:
    assert CallView(Call("c", 1, 0, "\x1b[31mrm\n-rf", "p"), 0.0).name_line == "rm -rf"
    assert CallView(Call("c", 1, 0, "\x00", "p"), 0.0).name_line == "(no name)"


def test_an_image_is_named_in_words_and_its_data_is_not_looked_at() -> None:
    image = {"type": "media", "media_type": "image/png", "base64": "eA==" * 1000, "name": "a.png"}
    linked = {"type": "media", "media_type": "image/gif", "url": "https://h/b.gif"}
    view = view_of((2.0, SEALED), (2.0, CallReturned(CALL, ["here it is", image, linked], (1, 2))))
    assert view.result_line == "here it is [image/png a.png 3.0 kB] [image/gif https://h/b.gif]"


def test_a_call_that_is_asked_about_stays_so_while_it_waits_for_that() -> None:
    view = CallView(CALL, 0.0)
    for event in (CallSealed(CALL, {}), ApprovalRequested(CALL, {}, "d"), CallQueued(CALL, "approval")):
        view.feed(event, 1.0)
    assert view.state == "approval"


def test_a_deferred_call_says_what_it_waits_for() -> None:
    view = CallView(CALL, 0.0)
    view.feed(CallSealed(CALL, {"a": 1}), 1.0)
    view.feed(AnswerRequested(CALL, {"a": 1}, "d"), 1.0)
    assert (view.state, view.why) == ("queued", "its result from outside")
    view.feed(ApprovalResolved(CALL, "answered", "d"), 2.0)
    view.feed(CallReturned(CALL, "so"), 2.0)
    assert (view.state, view.result_line) == ("done", "so")
