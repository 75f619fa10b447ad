"""What the formats have in common where they write settings: when a choice holds, and what a wire has no words for."""

from __future__ import annotations

from typing import Any

from millstream.errors import ModelError
from millstream.settings import ToolChoice, UseTool
from millstream.transcript import ToolResult, Transcript, UserMessage
from millstream.wire.format import Ask, ToolSchema


def forced_choice(ask: Ask) -> ToolChoice:
    """What `Settings.tool_choice` means for this request; "auto" is to be left out.

    A choice that forces a call ("required", `UseTool`) holds until a tool has answered since the user's last words:
    else the model could never end. Where the answer is a call as well (`Ask.must_call`), one is always forced. Without
    any tool there is nothing to choose.

    Raises:
        ModelError: a call is forced and the tool it needs is not there.
    """
    choice = ask.settings.tool_choice
    names = [tool.name for tool in ask.tools]
    if isinstance(choice, UseTool) and choice.name not in names:
        there = ", ".join(names) or "none"
        raise ModelError(f'tool_choice=UseTool("{choice.name}") names no tool of this request; there are: {there}')
    if not names and not ask.settings.hosted_tools:
        if choice == "required":
            raise ModelError('tool_choice="required" forces a call, and there is no tool: give the agent tools=')
        return "auto"
    if choice not in ("auto", "none") and _has_answered(ask.transcript):
        choice = "auto"
    return "required" if choice == "auto" and ask.must_call else choice


def function_of(schema: ToolSchema, wire: str) -> dict[str, Any]:
    """What a wire that knows functions only says of a tool.

    Raises:
        ModelError: it takes free text.
    """
    if schema.kind == "custom":
        raise no_words(f"the tool {schema.name}, which takes free text,", wire, "give it one parameter of type str.")
    return {"name": schema.name, "description": schema.description, "parameters": dict(schema.parameters)}


def no_words(setting: str, wire: str, instead: str) -> ModelError:
    """The error of a setting that a wire can not express; `instead` says what to do."""
    return ModelError(f"{setting} can not be asked for on the wire {wire}: {instead}")


def _has_answered(transcript: Transcript) -> bool:
    """Whether a tool has answered since the user's last words."""
    for entry in reversed(transcript.entries):
        if isinstance(entry, ToolResult):
            return True
        if isinstance(entry, UserMessage):
            return False
    return False
