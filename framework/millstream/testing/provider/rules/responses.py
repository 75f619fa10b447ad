"""The rules of `POST /v1/responses`: item types, one output for each call, reasoning beside what it led to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from millstream.testing.provider.rules.refusal import (
    Refusal,
    Refused,
    a_flag,
    a_name,
    a_string,
    an_array,
    an_object,
    json_text,
    missing,
    one_of,
    refuse,
    required,
)
from millstream.testing.provider.rules.shapes import Json, Object
from millstream.testing.provider.rules.tools import RESPONSES_NAME_CHARS, check_responses_tools, check_strict

ROLES = ("user", "assistant", "system", "developer")
CALLS = {"function_call": "function call", "custom_tool_call": "custom tool call"}
"""Calls that the client answers, and how the provider names them."""
OUTPUTS = {"function_call_output": "function_call", "custom_tool_call_output": "custom_tool_call"}
ID_PREFIXES = {"function_call": "fc", "custom_tool_call": "ctc"}
USER_PARTS = ("input_text", "input_image", "input_file", "input_audio")
ASSISTANT_PARTS = ("output_text", "refusal")
CALL_ID_CHARS = 64
ITEM_TYPES = (
    "message",
    "reasoning",
    "function_call",
    "function_call_output",
    "custom_tool_call",
    "custom_tool_call_output",
    "item_reference",
    "tool_search_call",
    "tool_search_output",
    "additional_tools",
    "configuration_update",
    "compaction",
    "compaction_trigger",
    "program",
    "program_output",
    "mcp_list_tools",
    "mcp_approval_request",
    "mcp_approval_response",
    "mcp_call",
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "computer_call",
    "computer_call_output",
    "local_shell_call",
    "local_shell_call_output",
    "shell_call",
    "shell_call_output",
    "apply_patch_call",
    "apply_patch_call_output",
)
NOT_OF_A_MODEL = frozenset({"mcp_approval_response", "additional_tools", "configuration_update", "compaction_trigger"})
"""Items of the client that do not end in `_output`."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the provider has kept: the output items of a response by its id, and each item by its own id."""

    responses: Mapping[str, Sequence[Object]] = field(default_factory=dict[str, Sequence[Object]])
    items: Mapping[str, Object] = field(default_factory=dict[str, Object])
    reasoning_of: Mapping[str, str] = field(default_factory=dict[str, str])
    """The id of an item to that of the reasoning item it came directly behind."""


def check_responses(body: Json, stored: Stored | None = None) -> Refusal | None:
    """What the provider refuses about a body, with what it has stored; None where it accepts it."""
    try:
        _check(an_object(body, "body"), stored or Stored())
    except Refused as refused:
        return refused.refusal
    return None


def item_kind(item: Object) -> str:
    """The type of an input item; a message may leave it out."""
    kind = item.get("type")
    return kind if isinstance(kind, str) else "message"


def is_of_model(item: Object) -> bool:
    """Whether an input item is something that a model made."""
    kind = item_kind(item)
    if kind == "message":
        return item.get("role") == "assistant"
    return not kind.endswith("_output") and kind not in NOT_OF_A_MODEL


def _check(body: Object, stored: Stored) -> None:
    if not isinstance(body.get("model"), str) or not body["model"]:
        missing("model")
    a_flag(body, "stream")
    a_flag(body, "store")
    if body.get("stream_options") is not None:
        an_object(body["stream_options"], "stream_options")
    an_object(body.get("reasoning") or {}, "reasoning")
    check_responses_tools(body)
    _check_format(body)
    previous = _previous(body, stored)
    given = body.get("input")
    if given is None and not any(body.get(key) for key in ("previous_response_id", "prompt", "conversation")):
        missing("input")
    if given is None or isinstance(given, str):
        items: list[Object] = []
    else:
        items = [an_object(item, f"input[{at}]") for at, item in enumerate(an_array(given, "input"))]
    for at, item in enumerate(items):
        _check_item(item, f"input[{at}]")
    resolved = [_resolved(item, stored) for item in items]
    _check_ids(resolved, previous)
    _check_reasoning(resolved, stored)
    _check_pairs(resolved, previous)


def _previous(body: Object, stored: Stored) -> Sequence[Object]:
    """The output of the response that this request goes on from."""
    previous = body.get("previous_response_id")
    if previous is None:
        return ()
    response_id = a_string(previous, "previous_response_id")
    if response_id not in stored.responses:
        refuse(
            f"Previous response with id '{response_id}' not found.",
            "previous_response_id",
            "previous_response_not_found",
        )
    return stored.responses[response_id]


def _check_item(item: Object, place: str) -> None:
    if item.get("id") is not None:
        a_string(item["id"], f"{place}.id")
    kind = one_of(item_kind(item) if "type" not in item else item["type"], ITEM_TYPES, f"{place}.type")
    match kind:
        case "message":
            _check_message(item, place)
        case "function_call":
            _check_call(item, place)
            json_text(required(item, "arguments", place), f"{place}.arguments")
        case "custom_tool_call":
            _check_call(item, place)
            a_string(required(item, "input", place), f"{place}.input")
        case "function_call_output" | "custom_tool_call_output":
            a_string(required(item, "call_id", place), f"{place}.call_id", most=CALL_ID_CHARS)
            output = required(item, "output", place)
            if not isinstance(output, str):
                _check_parts(output, USER_PARTS, f"{place}.output")
        case "reasoning":
            an_array(required(item, "summary", place), f"{place}.summary")
        case "item_reference":
            a_string(required(item, "id", place), f"{place}.id")
        case _:
            pass  # items of tools that the provider runs are taken as they are


def _check_message(item: Object, place: str) -> None:
    role = one_of(required(item, "role", place), ROLES, f"{place}.role")
    content = required(item, "content", place)
    if not isinstance(content, str):
        _check_parts(content, ASSISTANT_PARTS if role == "assistant" else USER_PARTS, f"{place}.content")


def _check_parts(parts: Json, supported: Sequence[str], place: str) -> None:
    for at, part in enumerate(an_array(parts, place)):
        here = f"{place}[{at}]"
        holder = an_object(part, here)
        kind = one_of(required(holder, "type", here), supported, f"{here}.type")
        if kind in ("input_text", "output_text"):
            a_string(required(holder, "text", here), f"{here}.text")


def _check_call(item: Object, place: str) -> None:
    a_string(required(item, "call_id", place), f"{place}.call_id", most=CALL_ID_CHARS)
    a_name(required(item, "name", place), f"{place}.name", RESPONSES_NAME_CHARS)
    item_id, prefix = item.get("id"), ID_PREFIXES[item_kind(item)]
    if item_id is not None and not a_string(item_id, f"{place}.id").startswith(prefix):
        expected = f"Expected an ID that begins with '{prefix}'."
        refuse(f"Invalid '{place}.id': '{item_id}'. {expected}", f"{place}.id", "invalid_value")


def _check_format(body: Object) -> None:
    wanted = an_object(body.get("text") or {}, "text").get("format")
    named = an_object(wanted or {}, "text.format")
    if named.get("type") == "json_schema" and named.get("strict"):
        what = f"response_format '{named.get('name')}'"
        check_strict(named.get("schema"), what, "text.format.schema", "invalid_json_schema")


def _resolved(item: Object, stored: Stored) -> Object:
    """The stored item in the place of a reference; an item that only its id stands for must be stored."""
    item_id, kind = item.get("id"), item_kind(item)
    bare = kind == "item_reference" or (
        kind == "reasoning"
        and str(item_id or "").startswith("rs_")
        and not item.get("encrypted_content")
        and not item.get("content")
    )
    if not bare:
        return item
    if item_id not in stored.items:
        refuse(
            f"Item with id '{item_id}' not found. Items are not persisted when `store` is set to false. Try again with "
            "`store` set to true, or remove this item from your input.",
            "input",
            status=404,
        )
    return stored.items[str(item_id)]


def _check_ids(items: Sequence[Object], previous: Sequence[Object]) -> None:
    seen = {item["id"] for item in previous if item.get("id")}
    for item in items:
        item_id = item.get("id")
        if item_id and item_id in seen:
            again = "Remove duplicate items from your input and try again."
            refuse(f"Duplicate item found with id {item_id}. {again}", "input")
        seen.add(item_id)


def _check_reasoning(items: Sequence[Object], stored: Stored) -> None:
    for at, item in enumerate(items):
        follower = items[at + 1] if at + 1 < len(items) else None
        if item_kind(item) == "reasoning" and (follower is None or not is_of_model(follower)):
            told = f"Item '{item.get('id', '')}' of type 'reasoning' was provided"
            refuse(f"{told} without its required following item.", "input")
        needed = stored.reasoning_of.get(item.get("id") or "")
        before = items[at - 1].get("id") if at else None
        if needed is not None and before != needed:
            told = f"Item '{item['id']}' of type '{item_kind(item)}' was provided"
            refuse(f"{told} without its required 'reasoning' item: '{needed}'.", "input")


def _check_pairs(items: Sequence[Object], previous: Sequence[Object]) -> None:
    """Each call answered exactly once, behind it; the calls of the previous response count as the first items."""
    calls: dict[str, str] = {}
    answered: set[str] = set()
    for item in (*previous, *items):
        kind = item_kind(item)
        if kind in CALLS:
            call_id = item["call_id"]
            if call_id in calls:
                refuse(f"Duplicate call_id found in input: '{call_id}'.", "input")
            calls[call_id] = kind
        elif kind in OUTPUTS:
            call_id, wanted = item["call_id"], OUTPUTS[kind]
            if calls.get(call_id) != wanted:
                refuse(f"No tool call found for {CALLS[wanted]} output with call_id {call_id}.", "input")
            if call_id in answered:
                refuse(f"Duplicate output found for {CALLS[wanted]} {call_id}.", "input")
            answered.add(call_id)
    for call_id, kind in calls.items():
        if call_id not in answered:
            refuse(f"No tool output found for {CALLS[kind]} {call_id}.", "input")


def check_background(body: Object) -> Refusal | None:
    """What the provider refuses about a request in the background."""
    if body.get("background") is True and body.get("store") is False:
        return Refusal("Background mode requires 'store' to be true.", "background", "invalid_value")
    return None
