"""Ids of calls for a provider that takes letters and digits of one length only, as Mistral does (nine).

Its own ids have that form and stay; those of other providers, and those made up here, give way to ones made from them,
the same in every request, so that a cached beginning of the conversation stays valid.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Final

from millstream.events.values import Call
from millstream.transcript import CallItem, Entry, Reply, ToolResult, Transcript

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def with_short_ids(transcript: Transcript, chars: int) -> Transcript:
    """The transcript with ids of exactly `chars` letters and digits, calls and results alike."""
    return Transcript(tuple(_entry(entry, chars) for entry in transcript))


def _entry(entry: Entry, chars: int) -> Entry:
    match entry:
        case ToolResult(call=call):
            return replace(entry, call=_call(call, chars))
        case Reply(items=items):
            fitted = (
                replace(item, call=_call(item.call, chars)) if isinstance(item, CallItem) else item for item in items
            )
            return replace(entry, items=tuple(fitted))
        case _:
            return entry


def _call(call: Call, chars: int) -> Call:
    return replace(call, provider_id=_fitted(call.provider_id, chars))


def _fitted(id_: str, chars: int) -> str:
    if len(id_) == chars and id_.isascii() and id_.isalnum():
        return id_
    number = int.from_bytes(hashlib.sha256(id_.encode(errors="replace")).digest(), "big")
    letters: list[str] = []
    for _ in range(chars):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return "".join(letters)
