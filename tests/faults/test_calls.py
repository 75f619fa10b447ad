"""Calls that are not what they should be: unknown names, ids used twice, deltas sent again, text after the end."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest

from millstream import Approve, Limits, Policy, WireError, tool
from millstream.events import (
    ApprovalResolved,
    Call,
    CallOpened,
    CallReturned,
    CallSealed,
    CallStarted,
    JsonValue,
    Rejected,
    TextDelta,
    TurnEnded,
    TurnTorn,
)
from millstream.testing import CallTool, Cut, Delivery, Done, Finish, MoreArgs, Pause, Raw, Say, Together
from tests.faults.playing import API, ARGS, CUT, TEXT, Ran, once, play, response

pytestmark = pytest.mark.anyio

SAVED = ("/a.txt", 7, "rm -rf /tmp/x && echo safe")


async def test_unknown_tool(api: API) -> None:
    ran = Ran()
    story = await play(api, [[CallTool("delete_all", ARGS)], "I see."], [ran.save, ran.look])
    assert story.finished
    (failure,) = story.failures
    assert isinstance(failure, Rejected)
    assert failure.problems[0].keyword == "name"
    assert "there are: save, look" in story.told()[0]
    assert ran.calls == []


async def test_unknown_tool_where_there_is_none(api: API) -> None:
    story = await play(api, [[CallTool("delete_all", ARGS)], "I see."])
    assert story.finished
    assert "there are: none" in story.told()[0]


async def test_empty_name(api: API) -> None:
    ran = Ran()
    story = await play(api, [[CallTool("", ARGS)], "I see."], [ran.save])
    assert story.finished
    assert ran.calls == []
    assert isinstance(story.failures[0], Rejected)
    assert "there are: save" in story.told()[0]


@pytest.mark.parametrize("name", ["save me!", "sävé", "s" * 300, "save\n", "functions.save"])
async def test_odd_name(api: API, name: str) -> None:
    """A name that no tool can have is not found, and does not poison the history."""
    ran = Ran()
    story = await play(api, [[CallTool(name, ARGS)], "I see."], [ran.save])
    assert story.finished
    assert ran.calls == []
    assert isinstance(story.failures[0], Rejected)


async def test_dup_id(api: API) -> None:
    """Two calls with one id: ours differ, both run once, and each answer is told apart in the next request."""
    ran = Ran()
    two = [CallTool("save", ARGS, id="call_x"), CallTool("save", ARGS | {"n": 8}, id="call_x")]
    story = await play(api, [two, "Done."], [ran.save])
    assert story.finished
    assert sorted(ran.calls) == [SAVED, ("/a.txt", 8, "rm -rf /tmp/x && echo safe")]
    ids = [event.call.provider_id for event in story.all(CallOpened)]
    assert ids[0] == "call_x"
    assert ids[1].startswith("call_x")
    assert len(set(ids)) == 2


async def test_an_id_of_an_earlier_turn_used_again(api: API) -> None:
    ran = Ran()
    script = [[CallTool("save", ARGS, id="call_x")], [CallTool("save", ARGS, id="call_x")], "Done."]
    story = await play(api, script, [ran.save])
    assert story.finished
    assert len(ran.calls) == 2
    assert len({event.call.provider_id for event in story.all(CallOpened)}) == 2


async def test_no_id(api: API) -> None:
    ran = Ran()
    story = await play(api, [[CallTool("save", ARGS, id=""), CallTool("look", id="")], "Done."], [ran.save, ran.look])
    assert story.finished
    assert sorted(ran.calls) == [(), SAVED]
    ids = [event.call.provider_id for event in story.all(CallOpened)]
    assert all(ids)
    assert len(set(ids)) == 2


async def test_one_bad(api: API) -> None:
    ran = Ran()
    both = Together((CallTool("save", ARGS), CallTool("save", raw='{"path": "/b.txt", "n": no')))
    story = await play(api, [both, "One."], [ran.save])
    assert story.finished
    assert ran.calls == [SAVED]
    good, bad = story.told()
    assert good == "saved /a.txt"
    assert "was not run" in bad
    assert [event.call.index for event in story.all(CallReturned)] == [0]


async def test_one_bad_whichever_comes_first(api: API) -> None:
    ran = Ran()
    script = [CallTool("save", raw='{"path": 1'), CallTool("save", ARGS)]
    story = await play(api, [script, "One."], [ran.save])
    assert story.finished
    assert ran.calls == [SAVED]
    bad, good = story.told()
    assert good == "saved /a.txt"
    assert "was not run" in bad


def chunk(**call: Any) -> Raw:
    delta = {"choices": [{"index": 0, "delta": {"tool_calls": [call]}}]}
    return Raw(f"data: {json.dumps(delta)}\n\n")


async def test_no_index_id() -> None:
    """The name again with every delta, neither index nor id: one call."""
    ran = Ran()
    pieces = [TEXT[at : at + 20] for at in range(0, len(TEXT), 20)]
    deltas = [chunk(function={"name": "save", "arguments": piece}) for piece in pieces]
    story = await play("openai-chat", [response(*deltas, Finish("tool_calls")), "Done."], [ran.save])
    assert story.finished
    assert ran.calls == [SAVED]
    assert story.one(CallOpened).call.name == "save"


async def test_the_same_index_for_every_call() -> None:
    ran = Ran()
    calls = [CallTool("save", ARGS, index=0), CallTool("look", index=0)]
    story = await play("openai-chat", [calls, "Done."], [ran.save, ran.look])
    assert story.finished
    assert sorted(ran.calls) == [(), SAVED]


async def test_dup_event(api: API) -> None:
    """Each event twice. The numbers of Responses tell; on Chat the text is wrong and is not run."""
    ran = Ran()
    script = [response(CallTool("save", ARGS), delivery=Delivery(doubled=True)), "Done."]
    story = await play(api, script, [ran.save])
    assert story.finished
    if api == "openai-responses":
        assert ran.calls == [SAVED]
        assert story.failures == []
    else:
        assert ran.calls == []
        assert isinstance(story.failures[0], Rejected)


async def test_dup_event_of_text_on_responses() -> None:
    story = await play("openai-responses", [response(Say("Hello, you."), delivery=Delivery(doubled=True))])
    assert story.run.output == "Hello, you."


async def test_after_finish(api: API) -> None:
    """Argument text behind the end of the response is none: the sealed call runs once."""
    ran = Ran()
    script = [response(CallTool("save", ARGS), Finish(), MoreArgs("}"), Done()), "Done."]
    story = await play(api, script, [ran.save])
    assert story.finished
    assert ran.calls == [SAVED]
    assert story.told() == ["saved /a.txt"]


async def test_text_behind_a_sealed_call_that_did_not_start_rejects_it(api: API) -> None:
    """The call waits for the end of the response when the provider goes on with it: nobody knows what it meant."""
    ran = Ran()
    steps = response(CallTool("save", ARGS), CallTool("look"), MoreArgs("}}", of=0))
    story = await play(api, [steps, "I see."], [ran.save, ran.look], policy=Policy(start="end"))
    assert story.finished
    assert ran.calls == [()]
    assert [event.call.name for event in story.all(CallSealed)] == ["save", "look"]
    (failure,) = story.failures
    assert isinstance(failure, Rejected)
    assert failure.at == len(json.dumps(ARGS, separators=(",", ":")))
    assert "was not run" in story.told()[0]


async def test_text_behind_a_call_that_a_person_looks_at_rejects_it(api: API) -> None:
    asked: list[object] = []

    @tool(needs_approval=True)
    async def wipe(disk: str) -> str:
        """Wipe a disk."""
        asked.append("ran")
        return disk

    async def approver(call: Call, args: JsonValue) -> Approve:
        asked.append((call.name, args))
        try:
            await anyio.sleep_forever()
        finally:
            asked.append("taken back")
        return Approve()

    ran = Ran()
    steps = response(CallTool("wipe", {"disk": "a"}), CallTool("look"), Pause(0.1), MoreArgs("}}", of=0))
    story = await play(api, [steps, "I see."], [wipe, ran.look], approver=approver)
    assert story.finished
    assert asked == [("wipe", {"disk": "a"}), "taken back"]
    assert story.all(ApprovalResolved) == []
    (failure,) = story.failures
    assert isinstance(failure, Rejected)


async def test_text_behind_a_call_at_work_breaks_the_response(api: API) -> None:
    ran = Ran()
    steps = response(CallTool("look"), CallTool("save", ARGS), Pause(0.2), MoreArgs("}}", of=0))
    story = await play(api, [steps, "I see."], [ran.save, ran.look])
    assert story.finished
    torn = story.one(TurnTorn)
    assert "after it had closed the call" in torn.message
    assert story.told()[0] == "nothing to see"
    assert ran.calls.count(()) == 1


async def test_blank_text_behind_a_call_means_nothing(api: API) -> None:
    ran = Ran()
    steps = response(CallTool("look"), CallTool("save", ARGS), Pause(0.1), MoreArgs("\n ", of=0), Finish())
    story = await play(api, [steps, "I see."], [ran.save, ran.look])
    assert story.finished
    assert story.failures == []
    assert sorted(ran.calls) == [(), SAVED]


async def test_too_many_calls(api: API) -> None:
    ran = Ran()
    script = [[CallTool("look") for _ in range(7)], "Enough."]
    story = await play(api, script, [ran.look], limits=Limits(max_calls_per_turn=5))
    assert story.finished
    assert len(ran.calls) == 5
    assert [type(failure) for failure in story.failures] == [Rejected, Rejected]
    assert "more than 5 calls" in story.told()[-1]


async def test_interleaved_calls(api: API) -> None:
    ran = Ran()
    numbers = range(5)
    calls = Together(tuple(CallTool("save", ARGS | {"n": n}) for n in numbers))
    story = await play(api, [calls, "Done."], [ran.save])
    assert story.finished
    assert [call[1] for call in sorted(ran.calls)] == list(numbers)
    assert len(story.all(CallStarted)) == 5


async def test_a_call_continued_in_pieces(api: API) -> None:
    ran = Ran()
    steps = response(CallTool("save", raw=CUT, seal=False), Pause(0.01), MoreArgs(TEXT[len(CUT) :], seal=True))
    story = await play(api, [steps, "Done."], [ran.save])
    assert story.finished
    assert ran.calls == [SAVED]


async def test_the_trailer_that_does_not_come(api: API) -> None:
    """The reason has come and the connection breaks before the token counts: the turn is complete all the same."""
    ran = Ran()
    steps = response(CallTool("save", ARGS), Finish(), Cut("close"))
    story = await play(api, [steps, "Done."], [ran.save], limits=once())
    assert story.finished
    assert ran.calls == [SAVED]
    assert len(story.all(TurnEnded)) == 2


async def test_an_answer_of_nothing_ends_the_run(api: API) -> None:
    story = await play(api, [[Finish("stop")]])
    assert story.finished
    assert story.run.output == ""
    assert story.all(TextDelta) == []


async def test_a_call_whose_reason_is_stop_runs(api: API) -> None:
    ran = Ran()
    story = await play(api, [[CallTool("save", ARGS), Finish("stop")], "Done."], [ran.save])
    assert story.finished
    assert ran.calls == [SAVED]


async def test_a_text_error_is_typed_even_if_nothing_was_shown(api: API) -> None:
    story = await play(api, [[Raw("data: [1]\n\n")]], limits=once())
    assert isinstance(story.error, WireError)
