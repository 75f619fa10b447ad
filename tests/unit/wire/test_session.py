"""A session in which a model responds several times, read as one response."""

from __future__ import annotations

from millstream.events import CallFailed, Truncated
from millstream.wire.openai_realtime import RealtimeReader
from millstream.wire.session import SessionReader
from millstream.wire_events import Broke, Ended, Finished, Passed, TextPiece
from tests.unit.wire.sessions import args, call, created, done, item, realtime, text


def test_items_are_counted_on() -> None:
    response = realtime(
        created(), call(), args("{}"), call(done=True, arguments="{}"), done(),
        created("resp_2"), item(type="message"), text("Hi"), done("completed", "resp_2"),
    )  # fmt: skip
    assert response.sealed == {0: {}}
    (said,) = [event for event in response.wire_events if isinstance(event, TextPiece)]
    assert said.item == 2  # after the call, and what the end of its response moved on to
    assert response.reply().text == "Hi"


def test_the_end_of_the_last_response_is_the_end_and_the_usage_the_sum() -> None:
    response = realtime(created(), done(), created("resp_2"), done("cancelled", "resp_2"))
    *_, finished, ended = response.wire_events
    assert finished == Finished("cancelled", good=False)
    assert isinstance(ended, Ended)
    assert ended.response_id == "resp_2"
    assert ended.usage is not None
    assert (ended.usage.input_tokens, ended.usage.cached_input_tokens, ended.usage.output_tokens) == (6, 2, 4)
    assert ended.usage.raw is not None
    assert [one["input_tokens"] for one in ended.usage.raw["responses"]] == [3, 3]


def test_each_end_passes_through() -> None:
    response = realtime(created(), done(), created("resp_2"), done("completed", "resp_2"))
    passed = [event for event in response.wire_events if isinstance(event, Passed)]
    assert [(one.name, one.data["response"]["id"]) for one in passed] == [
        ("response.done", "resp_1"),
        ("response.done", "resp_2"),
    ]


def test_a_call_without_arguments_is_sealed_by_the_good_end_of_its_own_response() -> None:
    response = realtime(created(), call(), call(done=True), done(), created("resp_2"), done("cancelled", "resp_2"))
    assert response.sealed == {0: {}}


def test_a_call_that_nothing_closed_is_closed_by_the_good_end_of_its_own_response() -> None:
    response = realtime(created(), call(), args('{"a":1}'), done(), created("resp_2"), done("cancelled", "resp_2"))
    assert response.sealed == {0: {"a": 1}}


def test_and_a_bad_end_of_its_own_response_cuts_it_whatever_follows() -> None:
    for status in ("cancelled", "failed"):
        response = realtime(
            created(), call(), args('{"a":1}'), done(status), created("resp_2"), done("completed", "resp_2")
        )
        assert response.sealed == {}
        (failed,) = [event for event in response.events if isinstance(event, CallFailed)]
        assert isinstance(failed.failure, Truncated)
        assert response.router.broke is None


def test_a_session_that_ends_in_a_failure_broke() -> None:
    response = realtime(
        created(), call(), call(done=True, arguments="{}"), done(), created("resp_2"), done("failed", "resp_2")
    )
    assert isinstance(response.last, Broke)
    assert response.last.usage is not None
    assert response.last.usage.input_tokens == 6
    assert response.sealed == {0: {}}


def test_a_session_that_ends_within_a_response_is_torn() -> None:
    response = realtime(created(), done(), created("resp_2"), text("H"))
    assert isinstance(response.last, Broke)
    assert response.last.error.kind == "torn"


def test_what_comes_between_two_responses_does_not_begin_one() -> None:
    assert isinstance(realtime(created(), done(), {"type": "session.updated"}, {"type": "news"}).last, Ended)
    response = realtime({"type": "session.created"})
    assert isinstance(response.last, Broke)


def test_there_is_no_word_for_done() -> None:
    reader = SessionReader(RealtimeReader)
    assert (reader.done(), reader.reason, reader.usage) == ([], None, None)
