from __future__ import annotations

import pytest

from millstream.errors import ModelError
from millstream.settings import Settings, ToolChoice, UseTool
from millstream.transcript import CallItem, Entry, SystemMessage, TextItem, Transcript, user
from millstream.wire.asking import forced_choice, no_words
from millstream.wire.format import Ask, ToolSchema
from tests.unit.wire.transcripts import call, reply, result

_TOOL = ToolSchema("f", "does f", {"type": "object", "properties": {}})
_ASKED = user("Go on.")
_CALLED = reply(CallItem(call(), "{}"), wire="openai-chat")
_ANSWERED = result(call())
_SAID = reply(TextItem("Done."), wire="openai-chat")


def choice(given: ToolChoice, *entries: Entry) -> ToolChoice:
    return forced_choice(Ask("m", Transcript(entries), tools=(_TOOL,), settings=Settings(tool_choice=given)))


@pytest.mark.parametrize("forcing", ["required", UseTool("f")])
@pytest.mark.parametrize(
    ("entries", "holds"),
    [
        ((_ASKED,), True),
        ((), True),
        ((_ASKED, _SAID, _ASKED), True),
        ((_ASKED, _CALLED, _ANSWERED), False),
        ((_ASKED, _CALLED, _ANSWERED, _SAID), False),
        ((_ASKED, _CALLED, _ANSWERED, SystemMessage("Be brief.")), False),
        ((_CALLED, _ANSWERED), False),
        ((_ASKED, _CALLED, _ANSWERED, _SAID, _ASKED), True),
    ],
)
def test_a_choice_that_forces_a_call_holds_until_a_tool_has_answered_the_user(
    forcing: ToolChoice, entries: tuple[Entry, ...], holds: bool
) -> None:
    assert choice(forcing, *entries) == (forcing if holds else "auto")


@pytest.mark.parametrize("given", ["auto", "none"])
def test_one_that_forces_nothing_holds_always(given: ToolChoice) -> None:
    assert choice(given, _ASKED) == choice(given, _ASKED, _CALLED, _ANSWERED) == given


def test_a_tool_that_is_not_there_can_not_be_forced() -> None:
    with pytest.raises(ModelError, match=r'UseTool\("g"\) names no tool of this request; there are: f'):
        choice(UseTool("g"), _ASKED, _CALLED, _ANSWERED)
    with pytest.raises(ModelError, match="there are: none"):
        forced_choice(Ask("m", Transcript(), settings=Settings(tool_choice=UseTool("f"))))
    with pytest.raises(ModelError, match="there is no tool: give the agent tools="):
        forced_choice(Ask("m", Transcript(), settings=Settings(tool_choice="required")))


def test_without_any_tool_there_is_nothing_to_choose() -> None:
    assert forced_choice(Ask("m", Transcript(), settings=Settings(tool_choice="none"))) == "auto"
    hosted = Settings(tool_choice="required", hosted_tools=({"type": "web_search"},))
    assert forced_choice(Ask("m", Transcript(), settings=hosted)) == "required"


def test_what_a_wire_has_no_words_for_is_said_with_what_to_do() -> None:
    error = no_words("moderation", "ollama-native", "leave it None")
    assert str(error) == "moderation can not be asked for on the wire ollama-native: leave it None"
