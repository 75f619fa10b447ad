"""What the formats have in common where they write settings: what a wire has no words for, and when a choice holds."""

from __future__ import annotations

from millstream.errors import ModelError
from millstream.settings import ToolChoice
from millstream.transcript import ToolResult, Transcript, UserMessage
from millstream.wire.format import Ask


def no_words(setting: str, wire: str, instead: str) -> ModelError:
    """The error of a setting that a wire can not express; `instead` is a sentence that says what to do."""
    return ModelError(f"{setting} can not be asked for on the wire {wire}. {instead}")


def tool_choice(ask: Ask) -> ToolChoice:
    """The tool choice of this request: one that forces a call holds until a tool has answered the user's last words."""
    choice = ask.settings.tool_choice
    return choice if choice in ("auto", "none") or not _has_answered(ask.transcript) else "auto"


def _has_answered(transcript: Transcript) -> bool:
    for entry in reversed(transcript.entries):
        if isinstance(entry, ToolResult):
            return True
        if isinstance(entry, UserMessage):
            break
    return False
