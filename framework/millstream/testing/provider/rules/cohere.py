"""The rules of Cohere's `POST /v2/chat`: roles, contents, and one result for each call behind it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from millstream.testing.provider.rules.checks import Checks, Place, Words, bracketed, checked
from millstream.testing.provider.rules.refusal import NAME, Refusal, refuse
from millstream.testing.provider.rules.shapes import Json, Object, is_json

FIELDS: Final = frozenset(
    (
        *("model", "messages", "stream", "tools", "tool_choice", "strict_tools", "documents", "citation_options"),
        *("response_format", "safety_mode", "max_tokens", "stop_sequences", "temperature", "seed", "k", "p"),
        *("frequency_penalty", "presence_penalty", "logprobs", "thinking", "priority", "raw_prompting"),
    )
)
ROLES: Final = ("system", "user", "assistant", "tool")
PARTS: Final = {
    "system": ("text",),
    "user": ("text", "image_url"),
    "assistant": ("text", "thinking"),
    "tool": ("text", "document"),
}
CHOICES: Final = ("REQUIRED", "NONE")
CHECKS: Final = Checks(
    Words(
        wrong_type=lambda place, expected, _: (
            f"invalid type: parameter '{bracketed(place)}' is of another type but should be of type {expected}."
        ),
        missing=lambda place: f"invalid request: '{bracketed(place)}' is required",
        unknown=lambda place: f"unknown field: parameter '{bracketed(place)}' is not a valid field",
        one_of=lambda place, options, value: (
            f"invalid request: '{value}' is not valid for '{bracketed(place)}', use one of {', '.join(options)}"
        ),
    )
)


def cohere_form(refusal: Refusal) -> dict[str, Any]:
    """How Cohere writes a refusal."""
    return {"id": "00000000-0000-0000-0000-000000000000", "message": refusal.message}


def check_cohere(body: Json) -> Refusal | None:
    """What the provider refuses about a body; None where it accepts it."""
    return checked(partial(_check, body), cohere_form)


def _check(body: Json) -> None:
    holder = CHECKS.an_object(body, ("body",))
    CHECKS.known(holder, FIELDS, ())
    if not CHECKS.a_string(CHECKS.required(holder, "model", ()), ("model",)):
        refuse("invalid request: 'model' is required")
    for flag in ("stream", "strict_tools", "logprobs"):
        CHECKS.a_flag(CHECKS.given(holder, flag, default=False), (flag,))
    tools = CHECKS.objects(CHECKS.given(holder, "tools", []), ("tools",))
    for tool, place in tools:
        _check_tool(tool, place)
    if holder.get("tool_choice") is not None:
        CHECKS.one_of(holder["tool_choice"], CHOICES, ("tool_choice",))
        if not tools:
            refuse("invalid request: tool_choice can only be specified with tools")
    messages = CHECKS.objects(CHECKS.required(holder, "messages", ()), ("messages",))
    if not messages:
        refuse("invalid request: list of messages must not be empty")
    for message, place in messages:
        _check_message(message, place)
    _check_pairs([message for message, _ in messages])


def _check_tool(tool: Object, place: Place) -> None:
    CHECKS.one_of(CHECKS.required(tool, "type", place), ("function",), (*place, "type"))
    here = (*place, "function")
    function = CHECKS.an_object(CHECKS.required(tool, "function", place), here)
    CHECKS.known(function, ("name", "description", "parameters"), here)
    name = CHECKS.a_string(CHECKS.required(function, "name", here), (*here, "name"))
    if not NAME.fullmatch(name):
        refuse(f"invalid request: tool name '{name}' may only contain letters, digits, '_' and '-'")
    CHECKS.a_string(CHECKS.given(function, "description", ""), (*here, "description"))
    schema = CHECKS.an_object(CHECKS.required(function, "parameters", here), (*here, "parameters"))
    if schema.get("type") != "object":
        refuse(f"invalid request: '{bracketed((*here, 'parameters', 'type'))}' must be object")


def _check_message(message: Object, place: Place) -> None:
    role = CHECKS.one_of(CHECKS.required(message, "role", place), ROLES, (*place, "role"))
    own = {"assistant": ("tool_calls", "tool_plan", "citations"), "tool": ("tool_call_id",)}.get(role, ())
    CHECKS.known(message, ("role", "content", *own), place)
    calls = CHECKS.objects(CHECKS.given(message, "tool_calls", []), (*place, "tool_calls"))
    for call, here in calls:
        _check_call(call, here)
    if role == "tool":
        CHECKS.a_string(CHECKS.required(message, "tool_call_id", place), (*place, "tool_call_id"))
    content = message.get("content")
    if content is None:
        if not calls:
            refuse(f"invalid request: '{bracketed((*place, 'content'))}' is required")
    elif not isinstance(content, str):
        for part, here in CHECKS.objects(content, (*place, "content")):
            kind = CHECKS.one_of(CHECKS.required(part, "type", here), PARTS[role], (*here, "type"))
            inner = CHECKS.required(part, kind, here)
            if kind in ("text", "thinking"):
                CHECKS.a_string(inner, (*here, kind))
    if not content and not calls and role in ("user", "assistant"):
        refuse(f"invalid request: '{bracketed((*place, 'content'))}' must have content or tool calls")


def _check_call(call: Object, place: Place) -> None:
    CHECKS.a_string(CHECKS.required(call, "id", place), (*place, "id"))
    CHECKS.one_of(CHECKS.required(call, "type", place), ("function",), (*place, "type"))
    here = (*place, "function")
    function = CHECKS.an_object(CHECKS.required(call, "function", place), here)
    CHECKS.a_string(CHECKS.required(function, "name", here), (*here, "name"))
    arguments = CHECKS.a_string(CHECKS.required(function, "arguments", here), (*here, "arguments"))
    if not is_json(arguments):
        refuse(f"invalid request: '{bracketed((*here, 'arguments'))}' must be a string of valid json")


def _check_pairs(messages: Sequence[Object]) -> None:
    """Each call is answered exactly once, directly behind the message that made it."""
    waiting: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            call_id = message["tool_call_id"]
            if call_id not in waiting:
                refuse(f"invalid request: tool call id [{call_id}] not found in previous tool calls")
            waiting.remove(call_id)
            continue
        _none_waits(waiting)
        waiting = [call["id"] for call in CHECKS.given(message, "tool_calls", [])]
        if len(set(waiting)) < len(waiting):
            refuse("invalid request: tool call ids must be unique")
    _none_waits(waiting)


def _none_waits(waiting: Sequence[str]) -> None:
    if waiting:
        refuse(
            "invalid request: all tool calls must be followed by a message of the role tool; there is none for "
            f"{', '.join(waiting)}"
        )
