"""The rules of Gemini's `POST /v1beta/interactions`: steps, signatures of thoughts, and one result for each call."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from millstream.testing.provider.rules.checks import Checks, Place, Words, bracketed, checked
from millstream.testing.provider.rules.gemini_tools import NAME
from millstream.testing.provider.rules.refusal import Refusal, refuse
from millstream.testing.provider.rules.responses import Stored
from millstream.testing.provider.rules.shapes import Json, Object, is_object
from millstream.testing.provider.rules.signature import is_forged

FIELDS: Final = frozenset(
    (
        *("model", "agent", "agent_config", "input", "stream", "store", "background", "tools", "generation_config"),
        *("system_instruction", "response_format", "response_mime_type", "response_modalities", "service_tier"),
        *("previous_interaction_id", "cached_content", "environment", "labels", "safety_settings"),
        *("continuation_token", "webhook_config"),
    )
)
CONFIG_FIELDS: Final = frozenset(
    (
        *("temperature", "top_p", "seed", "stop_sequences", "max_output_tokens", "thinking_level", "tool_choice"),
        *("thinking_summaries", "speech_config", "image_config", "video_config", "transcription_config"),
    )
)
MODEL_STEPS: Final = ("thought", "model_output", "function_call")
CONTENTS: Final = ("text", "image", "audio", "document", "video")
CHOICES: Final = ("auto", "any", "none", "validated")
CHECKS: Final = Checks(
    Words(
        wrong_type=lambda place, expected, _: f"Invalid value at '{bracketed(place)}': expected {expected}",
        missing=lambda place: f"The field '{bracketed(place)}' is required.",
        unknown=lambda place: f"Unknown parameter '{bracketed(place)}'.",
        one_of=lambda place, options, value: (
            f"The value '{value}' at '{bracketed(place)}' is not supported, supported values are: {', '.join(options)}."
        ),
    )
)


def interactions_form(refusal: Refusal) -> dict[str, Any]:
    """How this API writes a refusal."""
    return {"error": {"message": refusal.message, "code": refusal.code or "invalid_request"}}


def check_interactions(body: Json, stored: Stored | None = None) -> Refusal | None:
    """What the provider refuses about a body, with the interactions it has stored; None where it accepts it."""
    return checked(partial(_check, body, stored or Stored()), interactions_form)


def is_of_model(step: Object) -> bool:
    """Whether a step of the input is something that a model made."""
    kind = step.get("type")
    return isinstance(kind, str) and (kind in MODEL_STEPS or kind.endswith("_call"))


def _check(body: Json, stored: Stored) -> None:
    holder = CHECKS.an_object(body, ("body",))
    CHECKS.known(holder, FIELDS, ())
    if not CHECKS.a_string(holder.get("model", holder.get("agent", "")), ("model",)):
        refuse("One of 'model' and 'agent' is required.")
    for flag in ("stream", "store", "background"):
        CHECKS.a_flag(CHECKS.given(holder, flag, default=False), (flag,))
    names = _check_tools(CHECKS.given(holder, "tools", []))
    _check_config(CHECKS.given(holder, "generation_config", {}), names)
    previous: Sequence[Object] = ()
    if holder.get("previous_interaction_id") is not None:
        before = CHECKS.a_string(holder["previous_interaction_id"], ("previous_interaction_id",))
        if before not in stored.responses:
            refuse(f"Interaction '{before}' not found.", code="not_found", status=404)
        previous = stored.responses[before]
    steps = _steps(CHECKS.required(holder, "input", ()))
    _check_pairs([*previous, *steps])


def _check_tools(tools: Json) -> set[str]:
    names: set[str] = set()
    for tool, place in CHECKS.objects(tools, ("tools",)):
        kind = CHECKS.a_string(CHECKS.required(tool, "type", place), (*place, "type"))
        if kind != "function":
            continue  # a tool that the provider runs
        CHECKS.known(tool, ("type", "name", "description", "parameters", "defer_loading", "short_description"), place)
        name = CHECKS.a_string(CHECKS.required(tool, "name", place), (*place, "name"))
        if not NAME.fullmatch(name):
            refuse(f"The function name '{name}' is invalid: it must start with a letter or an underscore.")
        if name in names:
            refuse(f"Duplicate function declaration found: {name}")
        names.add(name)
        CHECKS.an_object(CHECKS.given(tool, "parameters", {}), (*place, "parameters"))
    return names


def _check_config(value: Json, names: set[str]) -> None:
    place = ("generation_config",)
    config = CHECKS.an_object(value, place)
    CHECKS.known(config, CONFIG_FIELDS, place)
    choice, here = config.get("tool_choice"), (*place, "tool_choice")
    if isinstance(choice, str):
        CHECKS.one_of(choice, CHOICES, here)
    elif choice is not None:
        inner = (*here, "allowed_tools")
        allowed = CHECKS.an_object(CHECKS.required(CHECKS.an_object(choice, here), "allowed_tools", here), inner)
        CHECKS.one_of(CHECKS.given(allowed, "mode", "auto"), CHOICES, (*inner, "mode"))
        for at, name in enumerate(CHECKS.an_array(CHECKS.given(allowed, "tools", []), (*inner, "tools"))):
            if CHECKS.a_string(name, (*inner, "tools", at)) not in names:
                refuse(f"The allowed tool '{name}' is not declared.")


def _steps(given: Json) -> list[Object]:
    """The steps of the input; a text, a content or a list of contents is one of the user."""
    if isinstance(given, str):
        return []
    if is_object(given):
        _check_content(given, ("input",))
        return []
    entries = CHECKS.objects(given, ("input",))
    if not entries:
        refuse("The field 'input' must not be empty.")
    if entries[0][0].get("type") in CONTENTS:
        for content, place in entries:
            _check_content(content, place)
        return []
    for step, place in entries:
        _check_step(step, place)
    return [step for step, _ in entries]


def _check_step(step: Object, place: Place) -> None:
    kind = CHECKS.a_string(CHECKS.required(step, "type", place), (*place, "type"))
    match kind:
        case "user_input" | "model_output":
            content = CHECKS.required(step, "content", place)
            if not isinstance(content, str):
                for part, here in CHECKS.objects(content, (*place, "content")):
                    _check_content(part, here)
        case "thought":
            _check_thought(step, place)
        case "function_call":
            for key in ("id", "name"):
                if not CHECKS.a_string(CHECKS.required(step, key, place), (*place, key)):
                    refuse(f"The field '{bracketed((*place, key))}' must not be empty.")
            CHECKS.an_object(CHECKS.required(step, "arguments", place), (*place, "arguments"))
        case "function_result":
            CHECKS.a_string(CHECKS.required(step, "call_id", place), (*place, "call_id"))
            CHECKS.a_flag(CHECKS.given(step, "is_error", default=False), (*place, "is_error"))
            result = CHECKS.required(step, "result", place)
            if not isinstance(result, str | dict | list):
                CHECKS.wrong_type((*place, "result"), "string, object or list", result)
        case _ if kind in CONTENTS or kind in ("message", "function_call_output"):
            refuse(f"The step type '{kind}' at '{bracketed(place)}' is not supported.")
        case _:
            pass  # steps of tools that the provider runs are taken as they are


def _check_content(content: Object, place: Place) -> None:
    kind = CHECKS.one_of(CHECKS.required(content, "type", place), CONTENTS, (*place, "type"))
    if kind == "text":
        CHECKS.a_string(CHECKS.required(content, "text", place), (*place, "text"))


def _check_thought(step: Object, place: Place) -> None:
    signature = CHECKS.a_string(CHECKS.given(step, "signature", ""), (*place, "signature"))
    summary = CHECKS.objects(CHECKS.given(step, "summary", []), (*place, "summary"))
    text = "".join(CHECKS.a_string(CHECKS.given(part, "text", ""), (*at, "text")) for part, at in summary)
    if not signature:
        refuse(f"The thought at '{bracketed(place)}' is missing its signature.")
    if is_forged(signature, text):
        refuse("Corrupted thought signature.")


def _check_pairs(steps: Sequence[Object]) -> None:
    """Each call has exactly one result, behind it."""
    calls: dict[str, Json] = {}
    answered: set[str] = set()
    for step in steps:
        if step.get("type") == "function_call":
            if step["id"] in calls:
                refuse(f"Duplicate function call id '{step['id']}'.")
            calls[step["id"]] = step["name"]
        elif step.get("type") == "function_result":
            call_id = step["call_id"]
            if call_id not in calls:
                refuse(f"No function call found for the function result with call_id '{call_id}'.")
            if call_id in answered:
                refuse(f"Duplicate function result for call_id '{call_id}'.")
            if step.get("name") not in (None, calls[call_id]):
                refuse(f"The function result with call_id '{call_id}' has the name of another function.")
            answered.add(call_id)
    lacking = [call_id for call_id in calls if call_id not in answered]
    if lacking:
        refuse(f"No function result found for the function call with id '{lacking[0]}'.")
