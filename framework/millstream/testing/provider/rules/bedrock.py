"""The rules of Bedrock's `ConverseStream`: roles alternate, results in the next turn, tools that are declared."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from millstream.testing.provider.rules.checks import Checks, Place, Words, checked, dotted
from millstream.testing.provider.rules.refusal import Refusal, refuse
from millstream.testing.provider.rules.shapes import Json, Object, is_object
from millstream.testing.provider.rules.signature import is_forged

ROLES: Final = ("user", "assistant")
NAME: Final = re.compile(r"[a-zA-Z0-9_-]{1,64}")
ID: Final = re.compile(r"[a-zA-Z0-9_.:-]{1,64}")
BLOCKS: Final = (
    *("text", "image", "document", "video", "audio", "toolUse", "toolResult", "guardContent", "cachePoint"),
    *("reasoningContent", "citationsContent", "searchResult"),
)
RESULTS: Final = ("json", "text", "image", "document", "video", "searchResult")
TOOLS: Final = ("toolSpec", "systemTool", "cachePoint")
CHOICES: Final = ("auto", "any", "tool")
CHECKS: Final = Checks(
    Words(
        wrong_type=lambda place, expected, _: (
            f"The format of the value at {dotted(place)} is invalid. Provide a json "
            f"{expected} for the field and try again."
        ),
        missing=lambda place: (
            f"1 validation error detected: Value at '{dotted(place)}' failed to satisfy constraint: "
            "Member must not be null"
        ),
        unknown=lambda place: f"Unknown member at '{dotted(place)}'",
        one_of=lambda place, options, value: (
            f"1 validation error detected: Value '{value}' at '{dotted(place)}' failed "
            f"to satisfy constraint: Member must satisfy enum value set: [{', '.join(options)}]"
        ),
    )
)


def bedrock_form(refusal: Refusal) -> dict[str, Any]:
    """How Bedrock writes a refusal."""
    return {"message": refusal.message}


def check_bedrock(body: Json) -> Refusal | None:
    """What the provider refuses about a body; None where it accepts it. Members it does not know it leaves alone."""
    return checked(partial(_check, body), bedrock_form)


def _check(body: Json) -> None:
    holder = CHECKS.an_object(body, ("body",))
    names = _check_tools(holder.get("toolConfig"))
    for block, place in CHECKS.objects(CHECKS.given(holder, "system", []), ("system",)):
        _one_member(block, ("text", "guardContent", "cachePoint"), place)
        _check_text(block, place, "SystemContentBlock")
    config = CHECKS.an_object(CHECKS.given(holder, "inferenceConfig", {}), ("inferenceConfig",))
    if config.get("maxTokens") is not None:
        most = CHECKS.an_integer(config["maxTokens"], ("inferenceConfig", "maxTokens"))
        if most < 1:
            refuse(_constraint(most, ("inferenceConfig", "maxTokens"), "have value greater than or equal to 1"))
    messages = CHECKS.objects(CHECKS.required(holder, "messages", ()), ("messages",))
    if not messages:
        refuse("The messages field is empty. Add a Message object to the messages field and try again.")
    for message, place in messages:
        _check_message(message, place)
    _check_turns([message for message, _ in messages], has_tools=names is not None)


def _check_tools(value: Json) -> set[str] | None:
    """The names of the tools; None where no tool is declared."""
    if value is None:
        return None
    config = CHECKS.an_object(value, ("toolConfig",))
    names: set[str] = set()
    tools = CHECKS.objects(CHECKS.required(config, "tools", ("toolConfig",)), ("toolConfig", "tools"))
    if not tools:
        refuse(_constraint("[]", ("toolConfig", "tools"), "have length greater than or equal to 1"))
    for tool, place in tools:
        kind = _one_member(tool, TOOLS, place)
        if kind == "toolSpec":
            name = _check_spec(CHECKS.an_object(tool[kind], (*place, kind)), (*place, kind))
            if name in names:
                refuse(f"The tool {name} is already defined at {dotted(place)}.")
            names.add(name)
    if config.get("toolChoice") is not None:
        place = ("toolConfig", "toolChoice")
        choice = CHECKS.an_object(config["toolChoice"], place)
        kind = _one_member(choice, CHOICES, place)
        inner = CHECKS.an_object(choice[kind], (*place, kind))
        here = (*place, kind)
        chosen = CHECKS.a_string(CHECKS.required(inner, "name", here), (*here, "name")) if kind == "tool" else None
        if chosen is not None and chosen not in names:
            refuse(f"The tool {chosen} at {dotted(place)} is not defined in toolConfig.tools.")
    return names


def _check_spec(spec: Object, place: Place) -> str:
    name = CHECKS.a_string(CHECKS.required(spec, "name", place), (*place, "name"))
    if not NAME.fullmatch(name):
        refuse(
            _constraint(name, (*place, "name"), "satisfy regular expression pattern: [a-zA-Z0-9_-]+ and length 1-64")
        )
    if spec.get("description") is not None and not CHECKS.a_string(spec["description"], (*place, "description")):
        refuse(_constraint("", (*place, "description"), "have length greater than or equal to 1"))
    here = (*place, "inputSchema")
    holder = CHECKS.an_object(CHECKS.required(spec, "inputSchema", place), here)
    schema = CHECKS.an_object(CHECKS.required(holder, "json", here), (*here, "json"))
    if schema.get("type") != "object":
        refuse(f"The value at {dotted((*here, 'json', 'type'))} must be one of the following: object.")
    return name


def _check_message(message: Object, place: Place) -> None:
    role = CHECKS.one_of(CHECKS.required(message, "role", place), ROLES, (*place, "role"))
    blocks = CHECKS.objects(CHECKS.required(message, "content", place), (*place, "content"))
    if not blocks:
        refuse(
            f"The content field in the Message object at {dotted(place)} is empty. Add a ContentBlock object to the "
            "content field and try again."
        )
    for block, here in blocks:
        kind = _one_member(block, BLOCKS, here)
        _check_text(block, here, "ContentBlock")
        wrong_role = {"toolUse": "user", "reasoningContent": "user", "toolResult": "assistant"}.get(kind)
        if kind == "toolResult" and role == "assistant" and _is_of_server(message, block):
            wrong_role = None
        if wrong_role == role:
            refuse(f"The {kind} block at {dotted(here)} can not be in a message of the role {role}.")
        if kind == "toolUse":
            _check_call(CHECKS.an_object(block[kind], (*here, kind)), (*here, kind))
        elif kind == "toolResult":
            _check_result(CHECKS.an_object(block[kind], (*here, kind)), (*here, kind))
        elif kind == "reasoningContent":
            _check_reasoning(CHECKS.an_object(block[kind], (*here, kind)), (*here, kind))


def _check_text(block: Object, place: Place, what: str) -> None:
    if "text" in block and not CHECKS.a_string(block["text"], (*place, "text")).strip():
        refuse(
            f"The text field in the {what} object at {dotted(place)} is blank. Add text to the text field, and try "
            "again."
        )


def _check_call(call: Object, place: Place) -> None:
    _check_id(call, place)
    name = CHECKS.a_string(CHECKS.required(call, "name", place), (*place, "name"))
    if not NAME.fullmatch(name):
        refuse(
            _constraint(name, (*place, "name"), "satisfy regular expression pattern: [a-zA-Z0-9_-]+ and length 1-64")
        )
    CHECKS.an_object(CHECKS.required(call, "input", place), (*place, "input"))


def _check_result(result: Object, place: Place) -> None:
    _check_id(result, place)
    if result.get("status") is not None:
        CHECKS.one_of(result["status"], ("success", "error"), (*place, "status"))
    for part, here in CHECKS.objects(CHECKS.required(result, "content", place), (*place, "content")):
        kind = _one_member(part, RESULTS, here)
        if kind == "json":
            CHECKS.an_object(part["json"], (*here, "json"))
        _check_text(part, here, "ToolResultContentBlock")


def _check_reasoning(block: Object, place: Place) -> None:
    kind = _one_member(block, ("reasoningText", "redactedContent"), place)
    if kind != "reasoningText":
        return
    here = (*place, kind)
    holder = CHECKS.an_object(block[kind], here)
    text = CHECKS.a_string(CHECKS.required(holder, "text", here), (*here, "text"))
    signature = CHECKS.a_string(CHECKS.required(holder, "signature", here), (*here, "signature"))
    if not signature or is_forged(signature, text):
        refuse(f"The model returned the following errors: {dotted(place)}: Invalid `signature` in `thinking` block")


def _check_id(holder: Object, place: Place) -> None:
    call_id = CHECKS.a_string(CHECKS.required(holder, "toolUseId", place), (*place, "toolUseId"))
    if not ID.fullmatch(call_id):
        pattern = "satisfy regular expression pattern: [a-zA-Z0-9_.:-]+ and length 1-64"
        refuse(_constraint(call_id, (*place, "toolUseId"), pattern))


def _check_turns(messages: Sequence[Object], *, has_tools: bool) -> None:
    """Roles alternate, and what a turn called is answered by the next: one result each, in that message."""
    if messages[0]["role"] != "user":
        refuse(
            "A conversation must start with a user message. Try again with a conversation that starts with a user "
            "message."
        )
    open_ids: list[str] = []
    for at, message in enumerate(messages):
        if at and message["role"] == messages[at - 1]["role"]:
            refuse(
                "A conversation must alternate between user and assistant roles. Make sure the conversation alternates "
                "between user and assistant roles and try again."
            )
        results, calls = _open_ids(message)
        if (calls or results) and not has_tools:
            refuse("The toolConfig field must be defined when using toolUse and toolResult content blocks.")
        _check_results(results, open_ids, f"messages.{at}.content")
        if len(set(calls)) < len(calls):
            refuse(f"The toolUse blocks at messages.{at}.content contain duplicate Ids: {', '.join(calls)}")
        open_ids = calls
    if open_ids:
        refuse(f"Expected toolResult blocks at messages.{len(messages)}.content for the following Ids: {open_ids}")


def _check_results(results: Sequence[str], open_ids: Sequence[str], place: str) -> None:
    lacking = [call_id for call_id in open_ids if call_id not in results]
    if lacking:
        refuse(f"Expected toolResult blocks at {place} for the following Ids: {', '.join(lacking)}")
    if len(results) > len(open_ids):
        refuse(f"The number of toolResult blocks at {place} exceeds the number of toolUse blocks of previous turn.")


def _open_ids(message: Object) -> tuple[list[str], list[str]]:
    """The results and the calls of a message, those left out that the model's provider made and answered itself."""
    own = _ids_of_server(message)
    results, calls = _ids(message, "toolResult"), _ids(message, "toolUse")
    return [one for one in results if one not in own], [one for one in calls if one not in own]


def _ids(message: Object, kind: str) -> list[str]:
    return [block[kind]["toolUseId"] for block in message["content"] if is_object(block.get(kind))]


def _ids_of_server(message: Object) -> set[str]:
    """Calls of the tools that Nova runs: their results stand beside them."""
    uses = [block["toolUse"] for block in message["content"] if is_object(block.get("toolUse"))]
    return {use["toolUseId"] for use in uses if use.get("type") == "server_tool_use"}


def _is_of_server(message: Object, block: Object) -> bool:
    result = block["toolResult"]
    return is_object(result) and result.get("toolUseId") in _ids_of_server(message)


def _one_member(holder: Object, members: Sequence[str], place: Place) -> str:
    """The one member of a union."""
    found = [member for member in members if holder.get(member) is not None]
    if len(found) != 1:
        refuse(
            f"Invalid number of parameters set for tagged union structure at {dotted(place)}. Can only set one of the "
            f"following keys: {', '.join(members)}."
        )
    return found[0]


def _constraint(value: object, place: Place, must: str) -> str:
    return (
        f"1 validation error detected: Value '{value}' at '{dotted(place)}' failed to satisfy constraint: Member must "
        f"{must}"
    )
