"""OpenAI Responses: a transcript -> `previous_response_id` and only what came after that response.

Whether the provider still knows that response is for the transport to say; here it is only whether the last reply can
be gone on from at all. A reply that broke off has no id. One whose calls were given ids of our own can only be told
whole: the provider would look for the ids that it gave out itself.
"""

from __future__ import annotations

from typing import Final

from millstream.transcript import CallItem, Reply, ToolResult, Transcript
from millstream.wire.continuation import Continuation
from millstream.wire.format import Ask
from millstream.wire.openai_responses.entries import NAME, entries

_OWN_LINEAGE: Final = frozenset({"input", "previous_response_id", "conversation"})
"""Fields of the body with which the user decides himself what the model is told of the past."""


def continuation(ask: Ask) -> Continuation | None:
    """How to go on from the last reply, None where that is not possible."""
    said = ask.transcript.entries
    at = next((i for i in range(len(said) - 1, -1, -1) if isinstance(said[i], Reply)), -1)
    reply = said[at] if at >= 0 else None
    if (
        not isinstance(reply, Reply)
        or reply.wire != NAME
        or not reply.response_id
        or _OWN_LINEAGE & set(ask.settings.body)
    ):
        return None
    after = said[at + 1 :]
    answered = {entry.call.id for entry in after if isinstance(entry, ToolResult)}
    calls = [item for item in reply.items if isinstance(item, CallItem)]
    if answered != {item.call.id for item in calls} or not all(_has_own_id(item) for item in calls):
        return None
    return Continuation(reply.response_id, entries(Transcript(after)))


def _has_own_id(item: CallItem) -> bool:
    return item.echo is not None and item.echo.get("call_id") == item.call.provider_id
