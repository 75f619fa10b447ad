"""OpenAI Responses: what the `response` within an event tells of the whole, as far as it is known by then."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from millstream.events.values import Usage, is_object
from millstream.wire.fields import text_of
from millstream.wire.texts import usage_from
from millstream.wire_events import Ended, Finished

GOOD_ENDS: Final = frozenset({"completed"})
"""The ends after which calls may run; every other reason is a cut, a refusal or unknown."""


class Snapshot:
    """The latest of what was told of one response."""

    def __init__(self) -> None:
        self.id: str | None = None
        self.usage: Usage | None = None
        self.in_background = False
        """Whether the provider goes on with it without a reader."""

    def note(self, message: Mapping[str, Any]) -> Mapping[str, Any]:
        """Take the response of an event, and give it; {} where it has none."""
        response: object = message.get("response")
        if not is_object(response):
            return {}
        self.id = text_of(response, "id") or self.id
        self.in_background = self.in_background or response.get("background") is True
        if is_object(usage := response.get("usage")):
            self.usage = usage_from(usage, "input", "output")
        return response

    def ended(self, response: Mapping[str, Any]) -> Ended:
        """The end of it, with what its last response says."""
        moderation: object = response.get("moderation")
        return Ended(self.usage, moderation if is_object(moderation) else None, self.id)


def completed(response: Mapping[str, Any]) -> Finished:
    """Why the model stopped, in `response.completed`."""
    reason = text_of(response, "status") or "completed"
    return Finished(reason, reason in GOOD_ENDS)


def incomplete(response: Mapping[str, Any]) -> Finished:
    """Why the model stopped, in `response.incomplete`."""
    details: object = response.get("incomplete_details")
    reason = text_of(details, "reason") if is_object(details) else ""
    return Finished(reason or "incomplete", good=False)
