"""When a tool choice holds, and what is said of a setting that a wire can not express."""

from __future__ import annotations

import pytest

from millstream.settings import Settings, ToolChoice, UseTool
from millstream.transcript import CallItem, SystemMessage, TextItem, Transcript, user
from millstream.wire.asking import no_words, tool_choice
from millstream.wire.format import Ask
from tests.unit.wire.transcripts import call, reply, result

_HI = Transcript((user("Hi"),))
_SAID = reply(CallItem(call(), "{}"), wire="x")
_ANSWERED = Transcript((*_HI, _SAID, result(call())))
_AFTER = reply(TextItem("So."), wire="x")


@pytest.mark.parametrize("choice", ["required", UseTool("f")])
def test_a_choice_that_forces_a_call_holds_until_a_tool_has_answered(choice: ToolChoice) -> None:
    def asked(transcript: Transcript) -> ToolChoice:
        return tool_choice(Ask("m", transcript, settings=Settings(tool_choice=choice)))

    for transcript in (Transcript(), _HI, Transcript((*_ANSWERED, _AFTER, user("Again.")))):
        assert asked(transcript) == choice
    for transcript in (_ANSWERED, Transcript((*_ANSWERED, _AFTER)), Transcript((*_ANSWERED, SystemMessage("x")))):
        assert asked(transcript) == "auto"


@pytest.mark.parametrize("choice", ["auto", "none"])
def test_any_other_choice_holds_always(choice: ToolChoice) -> None:
    assert tool_choice(Ask("m", _ANSWERED, settings=Settings(tool_choice=choice))) == choice


def test_an_error_says_what_where_and_what_to_do() -> None:
    assert str(no_words("speed", "a-wire", "Wait.")) == "speed can not be asked for on the wire a-wire. Wait."
