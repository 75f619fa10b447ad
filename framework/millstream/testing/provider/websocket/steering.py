"""What clients say into responses of one connection while these are written, and what becomes of it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from millstream.testing.provider.rules.shapes import Json, Object, is_array, is_object

_FIELDS = frozenset({"type", "previous_response_id", "input"})
_MESSAGE = frozenset({"type", "role", "content"})
_PARTS = frozenset({"input_text", "input_image", "input_file"})
_CALLS = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output"}


@dataclass(slots=True)
class _Steered:
    """A response at work, and the accepted messages by the ids of their commands."""

    lane: str | None
    accepted: dict[str, list[Json]] = field(default_factory=dict[str, list[Json]])


class Steering:
    """The steerable responses of a connection.

    Args:
        takes: whether the model takes any steering.
    """

    def __init__(self, *, takes: bool) -> None:
        self._takes = takes
        self._at_work: dict[str, _Steered] = {}
        self._over: set[str] = set()
        self._queued: dict[str, list[Json]] = {}
        self._count = 0

    def begin(self, response_id: str, lane: str | None) -> None:
        """A response begins to be written."""
        self._at_work[response_id] = _Steered(lane)

    def take(self, command: Object) -> tuple[dict[str, Any], str | None]:
        """The answer to a command, and its lane."""
        response_id = str(command.get("previous_response_id"))
        steered = self._at_work.get(response_id)
        items = _messages(command.get("input"))
        if not self._takes:
            return _failed(command, "steering_not_supported", "No steering here."), None
        if items is None or set(command) - _FIELDS:
            return _failed(command, "invalid_input", "Steering takes messages of the user."), None
        if steered is None:
            code = "response_already_completed" if response_id in self._over else "response_not_found"
            return _failed(command, code, f"Response '{response_id}' can not be steered."), None
        self._count += 1
        steer_id = f"steer_{self._count}"
        steered.accepted[steer_id] = items
        return _event("accepted", steer_id, response_id), steered.lane

    def end(self, response_id: str, output: Sequence[Mapping[str, Any]]) -> tuple[list[Json], list[dict[str, Any]]]:
        """A response is complete: what its successor, which begins now, is told; or else what is said of waiting."""
        steered = self._at_work.pop(response_id, None)
        self._over.add(response_id)
        if steered is None or not steered.accepted:
            return [], []
        items = [item for said in steered.accepted.values() for item in said]
        stubs = [
            {"type": _CALLS[call["type"]], "call_id": call["call_id"]} for call in output if call["type"] in _CALLS
        ]
        if not stubs:
            return items, []
        self._queued[response_id] = items
        why = {"reason": "waiting_for_required_input", "required_input": stubs}
        return [], [_event("pending", steer_id, response_id) | why for steer_id in steered.accepted]

    def drop(self, response_id: str) -> None:
        """A response broke off."""
        self._at_work.pop(response_id, None)

    def with_queued(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A request with what was queued for it before its own input."""
        queued = self._queued.pop(str(body.get("previous_response_id")), None)
        own: Json = body.get("input")
        return dict(body) if queued is None or not is_array(own) else {**body, "input": [*queued, *own]}


def _messages(given: Json) -> list[Json] | None:
    """The messages of a command; None where there are none, or something else is among them."""
    if isinstance(given, str):
        return [{"type": "message", "role": "user", "content": given}] if given else None
    if not is_array(given) or not given:
        return None
    return list(given) if all(_is_users(item) for item in given) else None


def _is_users(item: Json) -> bool:
    if not is_object(item) or set(item) - _MESSAGE or item.get("role") != "user":
        return False
    content: Json = item.get("content")
    if isinstance(content, str):
        return True
    return is_array(content) and all(is_object(part) and part.get("type") in _PARTS for part in content)


def _event(what: str, steer_id: str, response_id: str) -> dict[str, Any]:
    steer = {"id": steer_id, "previous_response_id": response_id}
    return {"type": f"response.steer.{what}", "sequence_number": 0, "steer": steer}


def _failed(command: Object, code: str, message: str) -> dict[str, Any]:
    error = {"type": "invalid_request_error", "code": code, "message": message}
    steer = {"previous_response_id": str(command.get("previous_response_id")), "input": command.get("input")}
    return {"type": "response.steer.failed", "sequence_number": 0, "error": error, "steer": steer}
