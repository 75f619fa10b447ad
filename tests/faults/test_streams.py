"""Providers that are busy, silent, endless or that never close: deadlines and bounds, never a hang."""

from __future__ import annotations

import time

import anyio
import pytest

from millstream import Limits, WireError
from millstream.events import CallReturned, CallStarted, ProviderEvent, RunFailed, TextDelta, TurnEnded
from millstream.testing import Body, CallTool, Done, Finish, Flood, LongLine, Pause, Ping, Say
from tests.faults.playing import API, ARGS, Ran, Story, follow, once, play, playing, response

pytestmark = pytest.mark.anyio

FOREVER_S = 60.0
PROMPT_S = 2.0
"""What counts as at once on a busy machine; what it is told from takes `FOREVER_S`."""


def refusal(status: int, **headers: str) -> Body:
    error = {"error": {"message": "not now", "type": "server_error", "param": None, "code": None}}
    return Body(error, status=status, headers={name.replace("_", "-"): value for name, value in headers.items()})


@pytest.mark.parametrize(
    "busy",
    [refusal(429, retry_after="0"), refusal(500, retry_after="0"), refusal(503, retry_after_ms="1"), refusal(529)],
    ids=["429_ok", "500_ok", "503", "529"],
)
async def test_429_ok_and_500_ok(api: API, busy: Body) -> None:
    ran = Ran()
    script = [busy, [CallTool("save", ARGS)], busy, "Done."]
    story = await play(api, script, [ran.save], limits=Limits(request_attempts=2))
    assert story.finished
    assert len(ran.calls) == 1
    retries = story.all(ProviderEvent)
    assert [event.name for event in retries] == ["request.retrying"] * 2
    assert "not now" in retries[0].data["error"]
    assert [request.status for request in story.requests] == [busy.status, 200, busy.status, 200]


async def test_429_long(api: API) -> None:
    begun = time.monotonic()
    story = await play(api, [refusal(429, retry_after="3600")])
    assert time.monotonic() - begun < PROMPT_S
    assert isinstance(story.error, WireError)
    assert (story.error.status, story.error.retry_after_s, story.error.phase) == (429, 3600, "request")
    assert story.error.retryable
    assert "retry after 3600 s" in str(story.error)
    assert len(story.requests) == 1


async def test_what_can_not_be_mended_is_not_tried_again(api: API) -> None:
    quota = {"error": {"message": "no money", "type": "insufficient_quota", "code": "insufficient_quota"}}
    story = await play(api, [Body(quota, status=429)])
    assert isinstance(story.error, WireError)
    assert not story.error.retryable
    assert len(story.requests) == 1


async def test_tries_end(api: API) -> None:
    story = await play(api, [refusal(500, retry_after="0")] * 3, limits=Limits(request_attempts=3))
    assert isinstance(story.error, WireError)
    assert len(story.requests) == 3
    assert story.one(RunFailed).retryable


async def test_stall(api: API) -> None:
    begun = time.monotonic()
    limits = Limits(idle_timeout_s=0.3, request_attempts=1)
    async with playing(api, [response(Say("Well, "), Pause(FOREVER_S))], limits=limits) as story:
        await follow(story)
        story.provider.wait_for_disconnects(1)
    assert 0.3 <= time.monotonic() - begun < PROMPT_S
    assert isinstance(story.error, WireError)
    assert (story.error.kind, story.error.retryable) == ("timeout", True)
    assert "nothing came for 0.3 s" in str(story.error)
    assert "Limits.idle_timeout_s" in str(story.error)


async def test_stall_before_the_first_byte(api: API) -> None:
    limits = Limits(first_byte_timeout_s=0.3, idle_timeout_s=0.1, request_attempts=1)
    async with playing(api, [response(first_byte_s=FOREVER_S)], limits=limits) as story:
        await follow(story)
        story.provider.wait_for_disconnects(1)
    assert isinstance(story.error, WireError)
    assert "Limits.first_byte_timeout_s" in str(story.error)


@pytest.mark.parametrize("kind", ["comment", "keepalive"])
async def test_stall_ping(api: API, kind: str) -> None:
    """Pings are bytes, and no progress."""
    if api == "openai-chat" and kind == "keepalive":
        pytest.skip("Chat has no such event")
    begun = time.monotonic()
    limits = Limits(idle_timeout_s=30, progress_timeout_s=0.4, request_attempts=1)
    pings = Ping(0.02, FOREVER_S, kind=kind)  # type: ignore[arg-type]
    async with playing(api, [response(Say("Well, "), pings)], limits=limits) as story:
        await follow(story)
        story.provider.wait_for_disconnects(1)
    assert 0.4 <= time.monotonic() - begun < PROMPT_S
    assert isinstance(story.error, WireError)
    assert "Limits.progress_timeout_s" in str(story.error)
    assert "0.4 s" in str(story.error)


async def test_pings_keep_a_thinking_model_alive(api: API) -> None:
    limits = Limits(idle_timeout_s=0.3, request_attempts=1)
    story = await play(api, [response(Say("Well, "), Ping(0.05, 0.8), Say("yes."))], limits=limits)
    assert story.finished
    assert story.run.output == "Well, yes."


async def test_a_slow_tool_does_not_count_against_the_provider(api: API) -> None:
    """The clocks run only while the transport is awaited."""
    ran = Ran()

    async def slow() -> str:
        """Take its time."""
        await anyio.sleep(0.5)
        return "there"

    limits = Limits(idle_timeout_s=0.2, progress_timeout_s=0.25)
    story = await play(api, [[CallTool("slow")], "Done."], [slow, ran.look], limits=limits)
    assert story.finished


async def test_a_slow_consumer_does_not_count_against_the_provider(api: API) -> None:
    limits = Limits(idle_timeout_s=0.2, progress_timeout_s=0.25, max_buffered_chars=1)
    async with playing(api, [response(Say("Hello, you."), Say("And you."))], limits=limits) as story:
        await follow(story, lambda event: isinstance(event, TextDelta), lambda: anyio.sleep(0.6))
        await follow(story)
    assert story.finished


async def test_linger(api: API) -> None:
    """The response is over, the body stays open."""
    ran = Ran()
    begun = time.monotonic()
    steps = response(CallTool("save", ARGS), Finish(), Done(), Pause(FOREVER_S))
    last = response(Say("Done."), Finish(), Done(), Pause(FOREVER_S))
    async with playing(api, [steps, last], [ran.save]) as story:
        await follow(story)
        story.provider.wait_for_disconnects(2)
    assert story.finished
    assert len(ran.calls) == 1
    assert time.monotonic() - begun < PROMPT_S


async def test_a_trailer_that_never_comes() -> None:
    """Chat says why it stopped, and neither counts nor closes: the turn ends without its counts."""
    ran = Ran()
    begun = time.monotonic()
    steps = response(CallTool("save", ARGS), Finish(), Pause(FOREVER_S))
    script = [steps, "Done."]
    story = await play("openai-chat", script, [ran.save], limits=Limits(trailer_timeout_s=0.2))
    assert story.finished
    assert len(ran.calls) == 1
    assert time.monotonic() - begun < PROMPT_S
    assert story.all(TurnEnded)[0].usage is None


async def test_tools_do_not_wait_for_the_trailer() -> None:
    ran = Ran()
    steps = response(CallTool("save", ARGS), Finish(), Pause(0.5))
    story = await play("openai-chat", [steps, "Done."], [ran.save])
    assert story.finished
    ended_at = story.seen(TurnEnded).at_s
    assert story.seen(CallReturned).at_s < ended_at - 0.3


async def test_a_line_without_end(api: API) -> None:
    """Row nolf, with a small bound; what it costs in memory is measured in test_memory."""
    bound = 100_000
    limits = Limits(max_message_bytes=bound, request_attempts=1)
    async with playing(api, [response(Say("Well, "), LongLine(50_000_000))], limits=limits) as story:
        await follow(story)
        (request,) = story.provider.wait_for_disconnects(1)
    assert isinstance(story.error, WireError)
    assert story.error.kind == "protocol"
    assert not story.error.retryable
    assert "Limits.max_message_bytes" in str(story.error)
    assert bound < story.error.bytes_seen < bound + 200_000
    assert request.bytes_sent < 20_000_000


async def test_flood_with_a_frozen_consumer(api: API) -> None:
    """Nobody takes events: the producer stops, within our bound and what the sockets of the system hold."""
    limits = Limits(max_buffered_chars=100_000)
    async with playing(api, [[Flood("All work and no play. " * 100)]], limits=limits) as story:
        await follow(story, lambda event: isinstance(event, TextDelta))
        sent = await stopped(story)
        assert sent < 12_000_000
        text = sum(len(record.event.text) for record in story.run.records if isinstance(record.event, TextDelta))
        assert text < 500_000
        with anyio.fail_after(10):  # it goes on once somebody takes events
            await follow(story, lambda _: story.requests[0].bytes_sent > sent + 100_000)
    assert story.events


async def stopped(story: Story) -> int:
    """How many bytes the producer had sent when it had stopped."""
    last = -1
    while (sent := story.requests[0].bytes_sent) != last:
        last = sent
        await anyio.sleep(0.4)
    return last


async def test_tools_end_while_the_consumer_is_frozen(api: API) -> None:
    """Back-pressure stops the reading, not the work: a call that was started ends, and its end is in the log."""
    done = anyio.Event()

    async def work() -> str:
        """Work."""
        await anyio.sleep(0.05)
        done.set()
        return "worked"

    steps = response(CallTool("work"), CallTool("work"), Flood("And on. ", chars=16_000))
    async with playing(api, [steps, "Done."], [work], limits=Limits(max_buffered_chars=1000)) as story:
        with anyio.fail_after(10):
            await done.wait()
        assert story.records == []
        await follow(story)
    assert story.finished
    assert len(story.all(CallStarted)) == 2


async def test_a_consumer_that_comes_late_sees_everything(api: API) -> None:
    text = "word " * 2000
    async with playing(api, [[Say(text)]], limits=once()) as story:
        await anyio.sleep(0.3)
        await follow(story)
    assert "".join(event.text for event in story.all(TextDelta)) == text
    assert len(story.all(TextDelta)) < 2000, "deltas that nobody took in time became fewer"
