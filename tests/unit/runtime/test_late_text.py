"""More argument text for a call that the provider had closed, and that has its end although no tool was started."""

from __future__ import annotations

import anyio
import pytest

from millstream import Agent, tool
from millstream.events import ApprovalRequested, CallEnded, CallFailed, TurnTorn
from millstream.testing import check_records
from tests.talking_model import Step, TalkingModel, began, closed, ended, wrote

pytestmark = [pytest.mark.anyio]


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


@pytest.mark.parametrize("how", ["cancelled", "denied", "answered"])
async def test_breaks_the_response_off_and_the_end_stands(how: str) -> None:
    @tool(needs_approval=True)
    async def wipe(disk: str) -> str:
        raise AssertionError(f"nobody agreed to wipe {disk}")

    text, over = '{"disk": "sda"}', anyio.Event()
    steps: list[Step] = [began("wipe"), wrote(text), closed("wipe", text), over.wait, wrote("}"), ended()]
    async with Agent(TalkingModel(steps), [wipe]).stream("Go.") as run:
        async for event in run:
            match event:
                case ApprovalRequested(call=call) if how == "cancelled":
                    run.calls[call.id].cancel()
                case ApprovalRequested(call=call) if how == "denied":
                    run.deny(call.id)
                case ApprovalRequested(call=call):
                    run.answer(call.id, "done by hand")
                case CallEnded():
                    over.set()
                case _:
                    pass
    events = [record.event for record in run.records]
    (torn,) = [event for event in events if isinstance(event, TurnTorn)]
    assert "more arguments for wipe" in torn.message
    assert torn.kept == ("call-1-0",)
    assert len([event for event in events if isinstance(event, CallFailed)]) == (how != "answered")
    assert run.output == "Done."
    assert run.transcript.unanswered == ()
    assert check_records(run.records) == []
