"""The rules of `POST /v1/messages`: blocks, results directly behind their calls, signatures, what thinking demands."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from millstream.testing.provider.rules.anthropic_tools import check_tools
from millstream.testing.provider.rules.checks import Checks, Place, Words, checked, dotted
from millstream.testing.provider.rules.refusal import Refusal, refuse
from millstream.testing.provider.rules.shapes import Json, Object, is_array, is_object
from millstream.testing.provider.rules.signature import is_forged

FIELDS: Final = frozenset(
    (
        *("model", "messages", "max_tokens", "system", "stream", "temperature", "top_p", "top_k", "stop_sequences"),
        *("tools", "tool_choice", "thinking", "metadata", "service_tier", "container", "inference_geo", "speed"),
        *("output_config", "output_format", "cache_control", "context_management", "mcp_servers", "betas"),
        *("compaction", "diagnostics", "fallbacks", "fallback_credit_token", "billing_policy", "thread"),
        *("user_profile_id", "workspace_id"),
    )
)
ROLES: Final = ("user", "assistant")
RESULT_PARTS: Final = ("text", "image", "document", "search_result", "tool_reference")
ID: Final = re.compile(r"[a-zA-Z0-9_-]+")
MIN_BUDGET_TOKENS: Final = 1024
_EXPECTED: Final = {"object": "dictionary", "array": "list"}
CHECKS: Final = Checks(
    Words(
        wrong_type=lambda place, expected, _: (
            f"{dotted(place)}: Input should be a valid {_EXPECTED.get(expected, expected)}"
        ),
        missing=lambda place: f"{dotted(place)}: Field required",
        unknown=lambda place: f"{dotted(place)}: Extra inputs are not permitted",
        one_of=lambda place, options, _: f"{dotted(place)}: Input should be {_listed(options)}",
    )
)
"""The words of pydantic, in which Anthropic reports a body that has the wrong shape."""


def anthropic_form(refusal: Refusal) -> dict[str, Any]:
    """How Anthropic writes a refusal."""
    kind = "api_error" if refusal.kind == "server_error" else refusal.kind
    return {"type": "error", "error": {"type": kind, "message": refusal.message}, "request_id": "req_fake"}


def check_anthropic(body: Json) -> Refusal | None:
    """What the provider refuses about a body; None where it accepts it."""
    return checked(partial(_check, body), anthropic_form)


def _check(body: Json) -> None:
    holder = CHECKS.an_object(body, ("body",))
    CHECKS.known(holder, FIELDS, ())
    if not CHECKS.a_string(CHECKS.required(holder, "model", ()), ("model",)):
        refuse("model: String should have at least 1 character")
    most = CHECKS.an_integer(CHECKS.required(holder, "max_tokens", ()), ("max_tokens",))
    if most < 1:
        refuse("max_tokens: must be greater than or equal to 1")
    if "stream" in holder:
        CHECKS.a_flag(holder["stream"], ("stream",))
    _check_system(holder.get("system", ""))
    check_tools(holder, CHECKS)
    thinks = _check_thinking(holder, most)
    messages = CHECKS.objects(CHECKS.required(holder, "messages", ()), ("messages",))
    if not messages:
        refuse("messages: at least one message is required")
    for message, place in messages:
        _check_message(message, place, is_last=place[1] == len(messages) - 1)
    if messages[0][0]["role"] != "user":
        refuse('messages: first message must use the "user" role')
    _check_pairs([message for message, _ in messages])
    if thinks:
        _check_thought_first([message for message, _ in messages])


def _check_system(system: Json) -> None:
    if isinstance(system, str):
        return
    for block, place in CHECKS.objects(system, ("system",)):
        CHECKS.one_of(CHECKS.required(block, "type", place), ("text",), (*place, "type"))
        _check_text(block, place, "system")


def _check_thinking(body: Object, most: int) -> bool:
    """Whether the model must think; what goes with it."""
    if body.get("thinking") is None:
        return False
    thinking = CHECKS.an_object(body["thinking"], ("thinking",))
    kinds = ("enabled", "disabled", "adaptive")
    kind = CHECKS.one_of(CHECKS.required(thinking, "type", ("thinking",)), kinds, ("thinking", "type"))
    if kind != "enabled":
        return False
    place = ("thinking", "enabled", "budget_tokens")
    budget = CHECKS.an_integer(CHECKS.required(thinking, "budget_tokens", place[:2]), place)
    if budget < MIN_BUDGET_TOKENS:
        refuse(f"{dotted(place)}: Input should be greater than or equal to {MIN_BUDGET_TOKENS}")
    if budget >= most:
        refuse("`max_tokens` must be greater than `thinking.budget_tokens`.")
    if body.get("temperature") not in (None, 1):
        refuse("`temperature` may only be set to 1 when thinking is enabled.")
    choice = body.get("tool_choice")
    if is_object(choice) and choice.get("type") in ("any", "tool"):
        refuse("Thinking may not be enabled when tool_choice forces tool use.")
    return True


def _check_message(message: Object, place: Place, *, is_last: bool) -> None:
    CHECKS.known(message, ("role", "content"), place)
    role = CHECKS.one_of(CHECKS.required(message, "role", place), ROLES, (*place, "role"))
    content = CHECKS.required(message, "content", place)
    optional = role == "assistant" and is_last
    if not content and (isinstance(content, str) or is_array(content)) and not optional:
        refuse(
            f"{dotted(place)}: all messages must have non-empty content except for the optional final assistant message"
        )
    if isinstance(content, str):
        text = content
    else:
        for block, here in CHECKS.objects(content, (*place, "content")):
            _check_block(block, role, here)
        text = content[-1].get("text", "") if content and content[-1]["type"] == "text" else ""
    if optional and text != text.rstrip():
        refuse("messages: final assistant content cannot end with trailing whitespace")


def _check_block(block: Object, role: str, place: Place) -> None:
    kind = CHECKS.a_string(CHECKS.required(block, "type", place), (*place, "type"))
    match kind:
        case "text":
            _check_text(block, place, "messages")
        case "tool_use" if role == "assistant":
            _check_call(block, (*place, "tool_use"))
        case "thinking" if role == "assistant":
            _check_thought(block, place)
        case "redacted_thinking" if role == "assistant":
            CHECKS.a_string(CHECKS.required(block, "data", place), (*place, kind, "data"))
        case "tool_result" if role == "user":
            _check_result(block, (*place, "tool_result"))
        case "tool_use" | "thinking" | "redacted_thinking":
            refuse(f"{dotted(place[:2])}: `{kind}` blocks can only be in `assistant` messages")
        case "tool_result":
            refuse(f"{dotted(place[:2])}: `{kind}` blocks can only be in `user` messages")
        case "function_call" | "input_text" | "output_text" | "image_url":
            refuse(f"{dotted(place)}: Input tag '{kind}' found using 'type' does not match any of the expected tags")
        case _:
            pass  # blocks of documents, images, and of tools that the provider runs are taken as they are


def _check_text(block: Object, place: Place, where: str) -> None:
    text = CHECKS.a_string(CHECKS.required(block, "text", (*place, "text")), (*place, "text", "text"))
    if not text:
        refuse(f"{where}: text content blocks must be non-empty")
    if not text.strip():
        refuse(f"{where}: text content blocks must contain non-whitespace text")


def _check_call(block: Object, place: Place) -> None:
    CHECKS.known(block, ("type", "id", "name", "input", "cache_control", "caller", "toolset_name"), place)
    _check_id(block, "id", place)
    CHECKS.a_string(CHECKS.required(block, "name", place), (*place, "name"))
    CHECKS.an_object(CHECKS.required(block, "input", place), (*place, "input"))


def _check_thought(block: Object, place: Place) -> None:
    here = (*place, "thinking")
    text = CHECKS.a_string(CHECKS.required(block, "thinking", here), (*here, "thinking"))
    signature = CHECKS.a_string(CHECKS.required(block, "signature", here), (*here, "signature"))
    if not signature or is_forged(signature, text):
        refuse(f"{dotted(place)}: Invalid `signature` in `thinking` block")


def _check_result(block: Object, place: Place) -> None:
    CHECKS.known(block, ("type", "tool_use_id", "content", "is_error", "cache_control", "toolset_name"), place)
    _check_id(block, "tool_use_id", place)
    if "is_error" in block:
        CHECKS.a_flag(block["is_error"], (*place, "is_error"))
    content = block.get("content", "")
    if isinstance(content, str):
        return
    for part, here in CHECKS.objects(content, (*place, "content")):
        kind = CHECKS.one_of(CHECKS.required(part, "type", here), RESULT_PARTS, (*here, "type"))
        if kind == "text":
            _check_text(part, here, "messages")
        elif block.get("is_error"):
            refuse(f"{dotted(place[:-1])}: all content must be type text if `is_error` is true")


def _check_id(block: Object, key: str, place: Place) -> None:
    if not ID.fullmatch(CHECKS.a_string(CHECKS.required(block, key, place), (*place, key))):
        refuse(f"{dotted((*place, key))}: String should match pattern '^[a-zA-Z0-9_-]+$'")


def _check_pairs(messages: Sequence[Object]) -> None:
    """Each call is answered exactly once, at the beginning of the next message."""
    seen: set[str] = set()
    open_ids: list[str] = []
    for at, message in enumerate(messages):
        blocks = message["content"] if is_array(message["content"]) else []
        _check_answers(blocks, open_ids, at)
        open_ids = []
        for number, block in enumerate(blocks):
            if block["type"] == "tool_use":
                if block["id"] in seen:
                    refuse(f"messages.{at}.content.{number}: `tool_use` ids must be unique")
                seen.add(block["id"])
                open_ids.append(block["id"])
    if open_ids:
        _unanswered(len(messages) - 1, open_ids)


def _check_answers(blocks: Sequence[Object], open_ids: Sequence[str], at: int) -> None:
    answered: list[str] = []
    for block in blocks[: len(open_ids)]:
        if block["type"] != "tool_result":
            break
        answered.append(block["tool_use_id"])
    for number, block in enumerate(blocks):
        if block["type"] != "tool_result":
            continue
        place, call_id = f"messages.{at}.content.{number}", block["tool_use_id"]
        if call_id not in open_ids:
            refuse(
                f"{place}: unexpected `tool_use_id` found in `tool_result` blocks: {call_id}. Each `tool_result` block "
                "must have a corresponding `tool_use` block in the previous message."
            )
        if any(other.get("tool_use_id") == call_id for other in blocks[:number]):
            refuse(
                f"{place}: each tool_use must have a single result. Found multiple `tool_result` blocks with id: "
                f"{call_id}"
            )
    lacking = [call_id for call_id in open_ids if call_id not in answered]
    if lacking:
        _unanswered(at - 1, lacking)


def _unanswered(at: int, call_ids: Sequence[str]) -> None:
    refuse(
        f"messages.{at}: `tool_use` ids were found without `tool_result` blocks immediately after: "
        f"{', '.join(call_ids)}. Each `tool_use` block must have a corresponding `tool_result` block in the next "
        "message."
    )


def _check_thought_first(messages: Sequence[Object]) -> None:
    """Where the model must think, the turn that is still going on begins with what it thought."""
    last = max((at for at, message in enumerate(messages) if message["role"] == "assistant"), default=None)
    if last is None or not is_array(messages[last]["content"]):
        return
    blocks = messages[last]["content"]
    is_open = any(block["type"] == "tool_use" for block in blocks) and last == len(messages) - 2
    if is_open and blocks[0]["type"] not in ("thinking", "redacted_thinking"):
        refuse(
            f"messages.{last}.content.0.type: Expected `thinking` or `redacted_thinking`, but found "
            f"`{blocks[0]['type']}`. When `thinking` is enabled, a final `assistant` message must start with a "
            "thinking block."
        )


def _listed(options: Sequence[str]) -> str:
    *firsts, last = [f"'{option}'" for option in options]
    return f"{', '.join(firsts)} or {last}" if firsts else last
