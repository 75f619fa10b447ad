"""The rules of `POST /v1/chat/completions`: roles, content, and one answer for each tool call."""

from __future__ import annotations

from millstream.testing.provider.rules.refusal import (
    Refusal,
    Refused,
    a_flag,
    a_name,
    a_string,
    an_array,
    an_object,
    json_text,
    one_of,
    refuse,
    required,
)
from millstream.testing.provider.rules.shapes import Json, Object
from millstream.testing.provider.rules.tools import CHAT_NAME_CHARS, CHAT_TOOLS, check_chat_tools, check_strict

ROLES = ("system", "assistant", "user", "function", "tool", "developer")
PARTS = {
    "user": ("text", "image_url", "input_audio", "file"),
    "assistant": ("text", "refusal"),
}
"""Content parts that a role may have; every other role has text only."""
CALL_ID_CHARS = 40


def check_chat(body: Json) -> Refusal | None:
    """What the provider refuses about a body; None where it accepts it."""
    try:
        _check(an_object(body, "body"))
    except Refused as refused:
        return refused.refusal
    return None


def _check(body: Object) -> None:
    if not isinstance(body.get("model"), str) or not body["model"]:
        refuse("you must provide a model parameter")
    streams = a_flag(body, "stream")
    if body.get("stream_options") is not None:
        if not streams:
            refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
        a_flag(an_object(body["stream_options"], "stream_options"), "include_usage")
    check_chat_tools(body)
    _check_format(body)
    messages = [
        an_object(message, f"messages[{at}]")
        for at, message in enumerate(an_array(required(body, "messages", ""), "messages", empty=False))
    ]
    for at, message in enumerate(messages):
        _check_message(message, f"messages[{at}]")
    _check_pairs(messages)


def _check_message(message: Object, place: str) -> None:
    role = one_of(required(message, "role", place), ROLES, f"{place}.role")
    calls = message.get("tool_calls")
    if calls is not None:
        if role != "assistant":
            refuse(
                f"Invalid parameter: only messages with role 'assistant' can have 'tool_calls', not '{role}'.", place
            )
        for at, call in enumerate(an_array(calls, f"{place}.tool_calls", empty=False)):
            _check_call(an_object(call, f"{place}.tool_calls[{at}]"), f"{place}.tool_calls[{at}]")
    if role == "tool":
        a_string(required(message, "tool_call_id", place), f"{place}.tool_call_id")
    content = message.get("content")
    if content is None:
        spoken = any(message.get(key) is not None for key in ("tool_calls", "function_call", "refusal", "audio"))
        if role != "assistant" or not spoken:
            refuse("Invalid value for 'content': expected a string, got null.", f"{place}.content")
    elif not isinstance(content, str):
        _check_parts(content, role, f"{place}.content")


def _check_call(call: Object, place: str) -> None:
    a_string(required(call, "id", place), f"{place}.id", most=CALL_ID_CHARS)
    kind = one_of(required(call, "type", place), CHAT_TOOLS, f"{place}.type")
    inner = an_object(required(call, kind, place), f"{place}.{kind}")
    a_name(required(inner, "name", f"{place}.{kind}"), f"{place}.{kind}.name", CHAT_NAME_CHARS)
    if kind == "custom":
        a_string(required(inner, "input", f"{place}.custom"), f"{place}.custom.input")
    else:
        json_text(required(inner, "arguments", f"{place}.function"), f"{place}.function.arguments")


def _check_parts(content: Json, role: str, place: str) -> None:
    for at, part in enumerate(an_array(content, place, empty=False)):
        here = f"{place}[{at}]"
        holder = an_object(part, here)
        kind = one_of(required(holder, "type", here), PARTS.get(role, ("text",)), f"{here}.type")
        inner = required(holder, kind, here)
        if kind in ("text", "refusal"):
            a_string(inner, f"{here}.{kind}")


def _check_format(body: Object) -> None:
    wanted = body.get("response_format")
    if wanted is None or an_object(wanted, "response_format").get("type") != "json_schema":
        return
    named = an_object(required(wanted, "json_schema", "response_format"), "response_format.json_schema")
    if named.get("strict"):
        check_strict(named.get("schema"), f"response_format '{named.get('name')}'", "response_format", None)


def _check_pairs(messages: list[Object]) -> None:
    """Each call answered exactly once, directly behind the message that made it."""
    open_ids: list[str] = []
    answered: dict[str, int] = {}
    for at, message in enumerate(messages):
        if message["role"] == "tool":
            _check_answer(message, at, open_ids, answered, behind_calls=bool(open_ids))
            answered[message["tool_call_id"]] = at
            continue
        _check_all_answered(open_ids, answered)
        open_ids, answered = [call["id"] for call in message.get("tool_calls") or ()], {}
        twice = next((call_id for call_id in open_ids if open_ids.count(call_id) > 1), None)
        if twice is not None:
            refuse(f"Invalid parameter: Duplicate value for 'id' of '{twice}' in 'tool_calls' of messages[{at}].")
    _check_all_answered(open_ids, answered)


def _check_answer(
    message: Object, at: int, open_ids: list[str], answered: dict[str, int], *, behind_calls: bool
) -> None:
    call_id, param = message["tool_call_id"], f"messages.[{at}].tool_call_id"
    if not behind_calls:
        refuse(
            "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with "
            "'tool_calls'.",
            f"messages.[{at}].role",
        )
    if call_id not in open_ids:
        refuse(
            f"Invalid parameter: 'tool_call_id' of '{call_id}' not found in 'tool_calls' of previous message.", param
        )
    if call_id in answered:
        places = f"messages[{answered[call_id]}] and messages[{at}]"
        refuse(f"Invalid parameter: Duplicate value for 'tool_call_id' of '{call_id}', in {places}.", param)


def _check_all_answered(open_ids: list[str], answered: dict[str, int]) -> None:
    lacking = [call_id for call_id in open_ids if call_id not in answered]
    if lacking:
        refuse(
            "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
            "'tool_call_id'. The following tool_call_ids did not have response messages: " + ", ".join(lacking),
            "messages",
        )
