"""Responses that break off, are cut short, or fail in the middle: nothing runs from what is not complete.

Rows drop_mid to length_valid of the fault matrix, and the errors a provider sends within a stream.
"""

from __future__ import annotations

import pytest

from millstream import Limits, Policy, RunError, WireError
from millstream.events import (
    CallFailed,
    CallOpened,
    CallReturned,
    CallStarted,
    Cancelled,
    ProviderEvent,
    RunFailed,
    TextDelta,
    Truncated,
    TurnEnded,
    TurnRestarted,
    TurnTorn,
)
from millstream.testing import CallTool, Cut, ErrorEvent, Finish, Hangup, Pause, Raw, Say
from millstream.testing.provider.steps import CutHow, Step
from tests.faults.playing import API, ARGS, CUT, TEXT, Ran, once, play, response

pytestmark = pytest.mark.anyio

WITHIN = (CallTool("save", raw=CUT, chunk_chars=9),)
WHOLE = (CallTool("save", raw=TEXT, seal=False),)
CUTS: tuple[CutHow, ...] = ("reset", "close", "eof")


async def assert_gives_up(api: API, *steps: Step) -> WireError:
    """The response breaks off each time it is asked for: a typed, retryable error, and no tool was started."""
    ran = Ran()
    story = await play(api, [list(steps)] * 2, [ran.save], limits=Limits(request_attempts=2))
    assert isinstance(story.error, WireError)
    assert story.error.retryable
    assert story.error.phase == "stream"
    assert story.error.bytes_seen > 0
    assert story.error.transcript is not None
    assert ran.calls == []
    assert story.started == []
    assert len(story.requests) == 2
    assert len(story.all(TurnRestarted)) == 1
    assert story.one(RunFailed).retryable
    return story.error


@pytest.mark.parametrize("how", CUTS)
async def test_drop_mid(api: API, how: CutHow) -> None:
    # a reset throws away what its client has not read yet: without the pause nothing might have been shown
    error = await assert_gives_up(api, *WITHIN, Pause(0.1), Cut(how))
    assert error.kind == "torn"


async def test_drop_mid_is_asked_for_again_and_the_shown_call_is_closed(api: API) -> None:
    ran = Ran()
    story = await play(api, [[Say("Saving. "), *WITHIN, Cut("reset")], [CallTool("save", ARGS)], "Saved."], [ran.save])
    assert story.finished
    assert ran.calls == [("/a.txt", 7, "rm -rf /tmp/x && echo safe")]
    assert story.run.text == "Saved."
    torn, restarted = story.one(TurnTorn), story.one(TurnRestarted)
    assert (torn.turn, torn.kept, torn.dropped) == (1, (), ("call-1-0",))
    assert restarted.turn == 1
    assert isinstance(story.failures[0], Truncated)
    assert [event.call.id for event in story.all(CallReturned)] == ["call-2-0"]
    assert "Saving" not in str(story.requests[-1].body)  # what was dropped is not in the history


async def test_clean_trunc(api: API) -> None:
    error = await assert_gives_up(api, *WITHIN, Cut("eof"))
    assert "ended before" in str(error)


async def test_clean_trunc_valid(api: API) -> None:
    error = await assert_gives_up(api, *WHOLE, Cut("eof"))
    assert "ended before" in str(error)


async def test_text_trunc(api: API) -> None:
    error = await assert_gives_up(api, Say("The transfer was NOT"), Cut("eof"))
    assert error.kind == "torn"


async def test_text_trunc_begins_anew_without_the_lost_text(api: API) -> None:
    story = await play(api, [[Say("The transfer was NOT"), Cut("eof")], "The transfer was not made."])
    assert story.run.output == "The transfer was not made."
    assert story.all(TextDelta)[0].turn == 1
    assert story.one(TurnRestarted).turn == 1


@pytest.mark.parametrize("text", [CUT, TEXT], ids=["length", "length_valid"])
async def test_length_and_length_valid(api: API, text: str) -> None:
    ran = Ran()
    steps = response(CallTool("save", raw=text, seal=False), Finish("length"))
    story = await play(api, [steps, "I will write less."], [ran.save])
    assert story.finished
    assert ran.calls == []
    (failure,) = story.failures
    assert isinstance(failure, Truncated)
    assert failure.reason == ("length" if api == "openai-chat" else "incomplete")
    assert "cut off" in story.told()[0]
    assert story.all(TurnEnded)[0].reason in ("length", "max_output_tokens")


@pytest.mark.parametrize("text", [CUT, TEXT], ids=["length", "length_valid"])
async def test_length_ends_the_run_where_the_policy_says_so(api: API, text: str) -> None:
    ran = Ran()
    steps = response(CallTool("save", raw=text, seal=False), Finish("length"))
    story = await play(api, [steps], [ran.save], policy=Policy(on_truncated="raise"))
    assert isinstance(story.error, RunError)
    assert "save" in str(story.error)
    assert story.error.transcript is not None
    assert not story.error.transcript.unanswered
    assert ran.calls == []


async def test_a_filtered_response_runs_nothing(api: API) -> None:
    ran = Ran()
    story = await play(api, [[*WHOLE, Finish("content_filter")], "Sorry."], [ran.save])
    assert story.finished
    assert ran.calls == []
    assert isinstance(story.failures[0], Truncated)


async def test_a_reason_nobody_knows_runs_nothing(api: API) -> None:
    ran = Ran()
    story = await play(api, [[*WHOLE, Finish("pause_turn")], "Sorry."], [ran.save])
    assert story.finished
    assert ran.calls == []


async def test_what_was_sealed_is_salvaged(api: API) -> None:
    ran = Ran()
    good = CallTool("save", ARGS)
    story = await play(api, [[Say("Two files."), good, *WITHIN, Cut("close")], "One is saved."], [ran.save])
    assert story.finished
    assert ran.calls == [("/a.txt", 7, "rm -rf /tmp/x && echo safe")]
    torn = story.one(TurnTorn)
    assert (torn.kept, torn.dropped) == (("call-1-0",), ("call-1-1",))
    assert story.all(TurnRestarted) == []
    assert story.told() == ["saved /a.txt"]
    assert CUT not in str(story.requests[-1].body)


async def test_what_was_sealed_but_may_not_start_is_told_to_the_model(api: API) -> None:
    ran = Ran()
    steps = response(CallTool("save", ARGS), CallTool("save", raw=CUT), Cut("close"))
    story = await play(api, [steps, "Neither."], [ran.save], policy=Policy(start="end"))
    assert story.finished
    assert ran.calls == []
    assert [type(failure) for failure in story.failures] == [Truncated, Truncated]
    assert len(story.told()) == 1
    assert "was not run" in story.told()[0]


async def test_a_torn_response_is_raised_where_the_policy_says_so(api: API) -> None:
    ran = Ran()
    steps = response(CallTool("save", ARGS), *WITHIN, Cut("close"))
    story = await play(api, [steps], [ran.save], policy=Policy(on_torn="raise"))
    assert isinstance(story.error, WireError)
    assert story.error.transcript is not None
    assert not story.error.transcript.unanswered
    assert len(story.requests) == 1
    assert len(ran.calls) <= 1


async def test_nothing_is_asked_for_again_once_an_effect_could_be_repeated(api: API) -> None:
    ran = Ran()
    steps = response(CallTool("save", ARGS), *WITHIN, Cut("close"))
    story = await play(api, [steps, "again"], [ran.save], policy=Policy(on_torn="retry"))
    assert isinstance(story.error, WireError)
    assert len(ran.calls) <= 1
    assert story.all(TurnRestarted) == []
    assert len(story.requests) == 1
    end = next(end for end in story.ends if end.call.id == "call-1-0")
    assert isinstance(end, CallReturned) or (isinstance(end, CallFailed) and isinstance(end.failure, Cancelled))


async def test_what_only_read_may_be_asked_for_again(api: API) -> None:
    ran = Ran()
    steps = response(CallTool("look"), *WITHIN, Cut("close"))
    story = await play(api, [steps, "again"], [ran.look, ran.save], policy=Policy(on_torn="retry"))
    assert story.finished
    assert story.one(TurnRestarted).turn == 1
    assert story.one(TurnTorn).kept == ()


@pytest.mark.parametrize("shape", ["flat", "nested", "data"])
async def test_error_event(api: API, shape: str) -> None:
    error = await assert_gives_up(api, *WHOLE, ErrorEvent("the machine is on fire", shape=shape))  # type: ignore[arg-type]
    assert "the machine is on fire" in str(error)
    assert error.code == "server_error"


@pytest.mark.parametrize("shape", ["event", "bare"])
async def test_error_event_named(api: API, shape: str) -> None:
    await assert_gives_up(api, *WHOLE, ErrorEvent("the machine is on fire", shape=shape))  # type: ignore[arg-type]


async def test_an_error_that_can_not_be_mended_is_not_asked_for_again(api: API) -> None:
    ran = Ran()
    broke = ErrorEvent("you have no money left", code="insufficient_quota", type="insufficient_quota")
    story = await play(api, [[*WITHIN, broke]], [ran.save])
    assert isinstance(story.error, WireError)
    assert not story.error.retryable
    assert story.error.code == "insufficient_quota"
    assert len(story.requests) == 1


async def test_an_error_before_anything_was_shown_is_retried_without_a_word(api: API) -> None:
    story = await play(api, [[ErrorEvent("busy")], "Done."], limits=Limits(request_attempts=2))
    assert story.finished
    assert story.all(TurnTorn) == []
    assert story.all(CallOpened) == []
    assert story.one(ProviderEvent).name == "request.retrying"
    assert len(story.requests) == 2


async def test_hangup_is_retried(api: API) -> None:
    story = await play(api, [Hangup(), "Done."], limits=Limits(request_attempts=2))
    assert story.finished
    assert len(story.requests) == 2


async def test_a_body_that_ends_before_its_first_event_is_retried(api: API) -> None:
    story = await play(api, [response(Cut("eof")), "Done."], limits=Limits(request_attempts=2))
    assert story.finished


async def test_bad_event(api: API) -> None:
    error = await assert_gives_up(api, *WHOLE, Raw('data: {"type": "response.outp\n\n'))
    assert error.kind == "protocol"
    assert "not JSON" in str(error)


async def test_an_event_that_is_no_object_is_a_typed_error(api: API) -> None:
    story = await play(api, [[Say("Well. "), Raw("data: 12\n\n")]], limits=once())
    assert isinstance(story.error, WireError)
    assert story.error.kind == "protocol"
    assert "no JSON object" in str(story.error)


async def test_bad_utf8(api: API) -> None:
    error = await assert_gives_up(api, *WHOLE, Raw(b'data: {"type": "\xff\xfe"}\n\n'))
    assert error.kind == "protocol"
    assert "UTF-8" in str(error)


async def test_the_calls_of_a_torn_response_each_have_one_end(api: API) -> None:
    ran = Ran()
    steps = response(CallTool("look"), CallTool("save", ARGS), *WITHIN, Cut("close"))
    story = await play(api, [steps, "Done."], [ran.save, ran.look])
    assert story.finished
    assert len(story.ends) == 3
    assert isinstance(story.ends[-1], CallReturned | CallFailed)
    assert {event.call.name for event in story.all(CallStarted)} == {"save", "look"}
