"""How much of a long history a model is told: functions from transcript to transcript. Pure.

A cut is only ever made before a message of the user, so that no call loses its result and no reasoning its call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from millstream.errors import UsageError
from millstream.transcript import (
    CallItem,
    Entry,
    JsonPart,
    MediaPart,
    Part,
    ReasoningItem,
    Reply,
    SystemMessage,
    TextItem,
    TextPart,
    ToolResult,
    Transcript,
    UserMessage,
)

Trim: TypeAlias = Callable[[Transcript], Transcript]
"""What of a history a run is told."""


def last_prompts(count: int) -> Trim:
    """Tell the last `count` messages of the user and all that came of them; system messages stay.

    Raises:
        UsageError: `count` is less than 1.
    """
    if count < 1:
        raise UsageError(f"last_prompts({count}) leaves nothing: write 1 or more")

    def trim(transcript: Transcript) -> Transcript:
        starts = _starts(transcript)
        return _from(transcript, starts[-count]) if len(starts) > count else transcript

    return trim


def last_chars(max_chars: int) -> Trim:
    """Tell as many of the last messages, with all that came of them, as `max_chars` characters hold; one at least.

    Characters stand in for tokens, of which they make about four in English; media count by their base64 text.

    Raises:
        UsageError: `max_chars` is less than 1.
    """
    if max_chars < 1:
        raise UsageError(f"last_chars({max_chars}) leaves nothing: write how many characters may be told")

    def trim(transcript: Transcript) -> Transcript:
        starts = _starts(transcript)
        sizes = [sum(map(len, _texts(entry))) for entry in transcript]
        fits = [start for start in starts if sum(sizes[start:]) <= max_chars]
        start = fits[0] if fits else starts[-1] if starts else 0
        return _from(transcript, start) if starts[:1] not in ([], [start]) else transcript

    return trim


def _starts(transcript: Transcript) -> list[int]:
    """Where a message of the user follows something else: several in a row belong together."""
    entries = transcript.entries
    return [
        at
        for at, entry in enumerate(entries)
        if isinstance(entry, UserMessage) and not (at and isinstance(entries[at - 1], UserMessage))
    ]


def _from(transcript: Transcript, start: int) -> Transcript:
    before = tuple(entry for entry in transcript.entries[:start] if isinstance(entry, SystemMessage))
    return Transcript(before + transcript.entries[start:])


def _texts(entry: Entry) -> Iterator[str]:
    match entry:
        case UserMessage(parts=parts) | ToolResult(parts=parts):
            yield from map(_text, parts)
        case SystemMessage(text=text):
            yield text
        case Reply(items=items):
            for item in items:
                match item:
                    case TextItem(text=text) | ReasoningItem(text=text) | CallItem(args_text=text):
                        yield text
                    case _:
                        yield str(item.echo)


def _text(part: Part) -> str:
    match part:
        case TextPart(text=text):
            return text
        case JsonPart(value=value):
            return str(value)
        case MediaPart(base64=base64):
            return base64 or ""
