"""The rules of Gemini's `streamGenerateContent`: parts, turns of calls and of their responses, signatures."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from millstream.testing.provider.rules.checks import Checks, Place, Words, bracketed, checked
from millstream.testing.provider.rules.gemini_tools import camel_keys, check_tools
from millstream.testing.provider.rules.refusal import Refusal, refuse
from millstream.testing.provider.rules.shapes import Json, Object
from millstream.testing.provider.rules.signature import is_forged

FIELDS: Final = frozenset(
    (
        *("contents", "systemInstruction", "tools", "toolConfig", "generationConfig", "safetySettings"),
        *("cachedContent", "labels", "model", "serviceTier", "store"),
    )
)
CONFIG_FIELDS: Final = frozenset(
    (
        *("temperature", "topP", "topK", "candidateCount", "maxOutputTokens", "stopSequences", "seed"),
        *("presencePenalty", "frequencyPenalty", "responseMimeType", "responseSchema", "responseJsonSchema"),
        *("responseLogprobs", "logprobs", "responseModalities", "mediaResolution", "speechConfig", "audioTimestamp"),
        *("thinkingConfig", "imageConfig", "routingConfig", "enableEnhancedCivicAnswers", "responseFormat"),
    )
)
PART_DATA: Final = (
    *("text", "functionCall", "functionResponse", "inlineData", "fileData", "executableCode", "codeExecutionResult"),
    *("toolCall", "toolResponse"),
)
PART_FIELDS: Final = frozenset((*PART_DATA, "thought", "thoughtSignature", "videoMetadata", "mediaResolution"))
ROLES: Final = ("user", "model", "function")
UNSIGNED_MODELS: Final = re.compile(r"gemini-[12]|gemini-(flash|pro)-1|gemma|learnlm")
"""Models that take a history of calls without signatures."""
NO_SIGNATURE: Final = ("skip_thought_signature_validator", "context_engineering_is_the_way_to_go")
"""What Google says to write where there is none."""
CHECKS: Final = Checks(
    Words(
        wrong_type=lambda place, expected, value: (
            f"Invalid value at '{bracketed(place)}' ({expected}), {json.dumps(value)[:60]}"
        ),
        missing=lambda place: f"* GenerateContentRequest.{bracketed(place)}: {place[-1]} is not specified",
        unknown=lambda place: (
            f'Invalid JSON payload received. Unknown name "{place[-1]}"{_at(place[:-1])}: Cannot find field.'
        ),
        one_of=lambda place, options, _: f"Please use a valid {place[-1]}: {', '.join(options)}.",
    )
)
"""The words of the reader of protocol buffers, in which Google reports a body that has the wrong shape."""
_STATUS_WORDS: Final = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


def status_word(status: int) -> str:
    """What Google calls an HTTP status."""
    return _STATUS_WORDS.get(status, "INTERNAL")


def gemini_form(refusal: Refusal) -> dict[str, Any]:
    """How Google writes a refusal."""
    error: dict[str, Any] = {
        "code": refusal.status,
        "message": refusal.message,
        "status": status_word(refusal.status),
    }
    if refusal.code is not None:
        info = "type.googleapis.com/google.rpc.ErrorInfo"
        error["details"] = [{"@type": info, "reason": refusal.code, "domain": "googleapis.com"}]
    return {"error": error}


def signed_part(name: str, arguments: str) -> str:
    """What the signature of a call covers: its name and its arguments, in whatever order they are written."""
    return f"{name} {json.dumps(json.loads(arguments), sort_keys=True)}"


def check_gemini(body: Json, model: str = "gemini-3") -> Refusal | None:
    """What the provider refuses about a body; None where it accepts it. Newer models ask for signatures."""
    return checked(partial(_check, body, UNSIGNED_MODELS.match(model) is None), gemini_form)


def _check(body: Json, must_sign: bool) -> None:
    holder = camel_keys(CHECKS.an_object(body, ("body",)))
    CHECKS.known(holder, FIELDS, ())
    if "systemInstruction" in holder:
        system = CHECKS.an_object(holder["systemInstruction"], ("systemInstruction",))
        _check_parts(system, ("systemInstruction",))
    if "generationConfig" in holder:
        config = CHECKS.an_object(holder["generationConfig"], ("generationConfig",))
        CHECKS.known(camel_keys(config), CONFIG_FIELDS, ("generationConfig",))
    check_tools(holder, CHECKS)
    contents = CHECKS.objects(CHECKS.required(holder, "contents", ()), ("contents",))
    if not contents:
        refuse("* GenerateContentRequest.contents: contents is not specified")
    turns: list[tuple[str, list[Object]]] = []
    for content, place in contents:
        CHECKS.known(content, ("role", "parts"), place)
        role = CHECKS.one_of(content.get("role", "user"), ROLES, (*place, "role"))
        turns.append((role, _check_parts(content, place)))
    _check_turns(turns)
    if must_sign:
        _check_signatures(turns)


def _check_parts(content: Object, place: Place) -> list[Object]:
    here = (*place, "parts")
    parts = [(camel_keys(part), at) for part, at in CHECKS.objects(content.get("parts", []), here)]
    if not parts:
        refuse(f"* GenerateContentRequest.{bracketed(here)}: contents.parts must not be empty.")
    for part, at in parts:
        CHECKS.known(part, PART_FIELDS, at)
        kinds = [kind for kind in PART_DATA if kind in part]
        if len(kinds) != 1:
            refuse(
                f"* GenerateContentRequest.{bracketed(at)}.data: required oneof field 'data' must have one initialized "
                "field"
            )
        _check_data(part, kinds[0], at)
        _check_signature(part, at)
    return [part for part, _ in parts]


def _check_data(part: Object, kind: str, place: Place) -> None:
    if kind == "text":
        CHECKS.a_string(part["text"], (*place, "text"))
    elif kind in ("functionCall", "functionResponse"):
        here = (*place, "function_call" if kind == "functionCall" else "function_response")
        holder = camel_keys(CHECKS.an_object(part[kind], here))
        inner = "args" if kind == "functionCall" else "response"
        CHECKS.known(holder, ("id", "name", inner, "willContinue", "scheduling", "parts"), here)
        if not CHECKS.a_string(holder.get("name", ""), (*here, "name")):
            refuse(f"* GenerateContentRequest.{bracketed(here)}.name: Name cannot be empty.")
        if "id" in holder:
            CHECKS.a_string(holder["id"], (*here, "id"))
        if inner in holder:
            CHECKS.an_object(holder[inner], (*here, inner))
        elif kind == "functionResponse":
            refuse(f"* GenerateContentRequest.{bracketed(here)}.response: Response cannot be empty.")


def _check_signature(part: Object, place: Place) -> None:
    if "thoughtSignature" not in part:
        return
    signature = CHECKS.a_string(part["thoughtSignature"], (*place, "thought_signature"))
    if signature in NO_SIGNATURE:
        return
    try:
        base64.b64decode(signature.translate({ord("-"): "+", ord("_"): "/"}), validate=True)
    except (binascii.Error, ValueError):
        refuse(
            f"Invalid value at '{bracketed((*place, 'thought_signature'))}' (TYPE_BYTES), Base64 decoding failed for "
            f'"{signature[:60]}"'
        )
    call = part.get("functionCall")
    covered = str(part.get("text", "")) if call is None else signed_part(call["name"], json.dumps(call.get("args", {})))
    if is_forged(signature, covered):
        refuse("Corrupted thought signature.")


def _check_turns(turns: Sequence[tuple[str, Sequence[Object]]]) -> None:
    """A turn of calls is answered by the next: as many responses, in the order of the calls."""
    open_calls: list[Object] = []
    before = ""
    for role, parts in turns:
        calls = [part["functionCall"] for part in parts if "functionCall" in part]
        responses = [part["functionResponse"] for part in parts if "functionResponse" in part]
        if calls and (role != "model" or before not in ("user", "function")):
            refuse(
                "Please ensure that function call turn comes immediately after a user turn or after a function "
                "response turn."
            )
        if responses and (role == "model" or not open_calls):
            refuse("Please ensure that function response turn comes immediately after a function call turn.")
        _check_responses(open_calls, responses)
        open_calls, before = calls, role


def _check_responses(calls: Sequence[Object], responses: Sequence[Object]) -> None:
    if len(calls) != len(responses):
        refuse(
            "Please ensure that the number of function response parts is equal to the number of function call parts of "
            "the function call turn."
        )
    for call, response in zip(calls, responses, strict=True):
        for key in ("name", "id"):
            if key in call and key in response and call[key] != response[key]:
                refuse(
                    f"Please ensure that function response parts have the {key} of their function call parts, in the "
                    f"same order: '{call[key]}' is answered by '{response[key]}'."
                )


def _check_signatures(turns: Sequence[tuple[str, Sequence[Object]]]) -> None:
    """Each step of the turn that is going on signs the first of its calls."""
    asked = [at for at, (role, parts) in enumerate(turns) if role == "user" and not _answers(parts)]
    start = asked[-1] if asked else 0
    for at, (role, parts) in enumerate(turns):
        calls = [part for part in parts if "functionCall" in part]
        if at > start and role == "model" and calls and not calls[0].get("thoughtSignature"):
            refuse(
                "Function call is missing a thought_signature in functionCall parts. This is required for tools to "
                "work correctly, and missing thought_signature may lead to degraded model performance. Additional "
                f"data, function call `default_api:{calls[0]['functionCall']['name']}` , position {at + 1}."
            )


def _answers(parts: Sequence[Object]) -> bool:
    return any("functionResponse" in part for part in parts)


def _at(place: Place) -> str:
    return f" at '{bracketed(place)}'" if place else ""
