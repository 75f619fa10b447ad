"""The rules of Ollama's `POST /api/chat`: what its server can not read, and results behind the calls they belong to.

The server ignores members it does not know and does not count results; a history that would be lost on it is refused
here all the same, and the refusal says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from millstream.testing.provider.rules.checks import Checks, Place, Words, checked
from millstream.testing.provider.rules.refusal import Refusal, refuse
from millstream.testing.provider.rules.shapes import Json, Object, is_array, is_object

ROLES: Final = ("system", "user", "assistant", "tool")
_NAMES: Final = {
    "object": "Go struct",
    "array": "Go slice",
    "string": "Go value of type string",
    "boolean": "Go value of type bool",
    "integer": "Go value of type int",
}


def _kind(value: Json) -> str:
    if is_object(value) or is_array(value):
        return "object" if is_object(value) else "array"
    return "bool" if isinstance(value, bool) else "string" if isinstance(value, str) else "number"


def _field(place: Place) -> str:
    return ".".join(step for step in place if isinstance(step, str))


CHECKS: Final = Checks(
    Words(
        wrong_type=lambda place, expected, value: (
            f"json: cannot unmarshal {_kind(value)} into Go struct field "
            f"ChatRequest.{_field(place)} of {_NAMES[expected].removeprefix('Go value of ')}"
        ),
        missing=lambda place: f"{_field(place)} is required",
        unknown=lambda place: f"unknown field {_field(place)}",
        one_of=lambda place, options, value: f'invalid {_field(place)}: "{value}", must be one of {list(options)}',
    )
)
"""The words of Go's reader of JSON."""


def ollama_form(refusal: Refusal) -> dict[str, Any]:
    """How Ollama writes a refusal."""
    return {"error": refusal.message}


def check_ollama(body: Json) -> Refusal | None:
    """What the provider refuses about a body; None where it accepts it."""
    return checked(partial(_check, body), ollama_form)


def _check(body: Json) -> None:
    holder = CHECKS.an_object(body, ("body",))
    if not CHECKS.a_string(CHECKS.given(holder, "model", ""), ("model",)):
        refuse("model is required")
    if holder.get("stream") is not None:
        CHECKS.a_flag(holder["stream"], ("stream",))
    CHECKS.an_object(CHECKS.given(holder, "options", {}), ("options",))
    think = holder.get("think")
    if think is not None and not isinstance(think, bool | str):
        CHECKS.wrong_type(("think",), "boolean", think)
    for tool, place in CHECKS.objects(CHECKS.given(holder, "tools", []), ("tools",)):
        function = CHECKS.an_object(CHECKS.given(tool, "function", {}), (*place, "function"))
        here = (*place, "function")
        if not CHECKS.a_string(CHECKS.given(function, "name", ""), (*here, "name")):
            refuse("tools.function.name is required")
        CHECKS.a_string(CHECKS.given(function, "description", ""), (*here, "description"))
        CHECKS.an_object(CHECKS.given(function, "parameters", {}), (*here, "parameters"))
    messages = CHECKS.objects(CHECKS.given(holder, "messages", []), ("messages",))
    for message, place in messages:
        _check_message(message, place)
    _check_results([message for message, _ in messages])


def _check_message(message: Object, place: Place) -> None:
    role = CHECKS.one_of(CHECKS.given(message, "role", ""), ROLES, (*place, "role"))
    CHECKS.a_string(CHECKS.given(message, "content", ""), (*place, "content"))
    for key in ("thinking", "tool_name", "tool_call_id"):
        CHECKS.a_string(CHECKS.given(message, key, ""), (*place, key))
    for call, here in CHECKS.objects(CHECKS.given(message, "tool_calls", []), (*place, "tool_calls")):
        if role != "assistant":
            refuse(f"the fake Ollama: a message of the role {role} has tool_calls, which the model would not see")
        inner = (*here, "function")
        function = CHECKS.an_object(CHECKS.given(call, "function", {}), inner)
        if not CHECKS.a_string(CHECKS.given(function, "name", ""), (*inner, "name")):
            refuse("messages.tool_calls.function.name is required")
        CHECKS.an_object(CHECKS.given(function, "arguments", {}), (*inner, "arguments"))


def _check_results(messages: Sequence[Object]) -> None:
    """As many results behind a message as it has calls, each with the name of its call, in their order."""
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            name = message.get("tool_name")
            if not waiting:
                refuse("the fake Ollama: a message of the role tool comes behind no call, the model would be confused")
            if name is not None and name != waiting[0]:
                refuse(f'the fake Ollama: the result of "{waiting[0]}" comes next, not that of "{name}"')
            waiting.pop(0)
            continue
        _none_waits(waiting)
        waiting = [call["function"]["name"] for call in CHECKS.given(message, "tool_calls", [])]
    _none_waits(waiting)


def _none_waits(waiting: Sequence[str]) -> None:
    if waiting:
        refuse(f"the fake Ollama: no message of the role tool answers the call of {', '.join(waiting)}")
