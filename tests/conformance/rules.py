"""What a provider demands of the history in a request: a short list, by itself and of its own mind.

Each function returns what is wrong, in sentences; [] is a request that would be accepted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from typing import Any, Final, NoReturn

_NAME: Final = re.compile("[A-Za-z0-9_-]{1,64}")
_LONG_NAME: Final = re.compile("[A-Za-z0-9_-]{1,128}")
_ID: Final = re.compile("[A-Za-z0-9_-]+")
Item = dict[str, Any]

OUTPUTS: Final = {"function_call_output": "function_call", "custom_tool_call_output": "custom_tool_call"}


def wrong_in_input(items: list[Item]) -> list[str]:
    """The items of a Responses request with `store: false`."""
    wrong = _nulls(items)
    calls = [item for item in items if item["type"] in OUTPUTS.values()]
    answers = [item for item in items if item["type"] in OUTPUTS]
    ids = [item["call_id"] for item in calls]
    if len(set(ids)) != len(ids):
        wrong.append(f"call ids that are not unique: {ids}")
    if [item["call_id"] for item in answers] != ids:
        wrong.append(f"answers {[item['call_id'] for item in answers]} to the calls {ids}")
    for call in calls:
        wrong += _wrong_call(call["call_id"], call["name"], call.get("arguments", "{}"))
    for answer in answers:
        before = items[: items.index(answer)]
        if not any(one["type"] == OUTPUTS[answer["type"]] and one["call_id"] == answer["call_id"] for one in before):
            wrong.append(f"{answer['call_id']} is answered by the wrong kind of item, or too early")
    for item, following in pairwise([*items, {"type": "nothing"}]):
        if item["type"] == "reasoning" and not item.get("encrypted_content"):
            wrong.append(f"reasoning {item.get('id')} without its encrypted content can not be looked up")
        if item["type"] == "reasoning" and following["type"] in ("nothing", *OUTPUTS):
            wrong.append(f"reasoning {item.get('id')} without what it led to")
    own = [item["id"] for item in items if "id" in item]
    return wrong + ([f"item ids that are not unique: {own}"] if len(set(own)) != len(own) else [])


def wrong_in_messages(messages: list[Item]) -> list[str]:
    """The messages of a Chat Completions request."""
    wrong: list[str] = []
    seen: set[str] = set()
    owed: list[str] = []
    for message in messages:
        if message["role"] == "tool":
            if not owed or message["tool_call_id"] != owed.pop(0):
                wrong.append(f"an answer to {message['tool_call_id']}, which was not the next that was owed")
            if not isinstance(message["content"], str):
                wrong.append("an answer that is no text")
            continue
        if owed:
            wrong.append(f"calls without an answer before the next message: {owed}")
        calls = message.get("tool_calls", [])
        if message["role"] == "assistant" and not calls and not isinstance(message.get("content"), str):
            wrong += [] if message.get("refusal") else ["an assistant message that says nothing"]
        for call in calls:
            inner = call[call["type"]]
            wrong += _wrong_call(call["id"], inner["name"], inner.get("arguments", "{}"))
            if call["id"] in seen:
                wrong.append(f"{call['id']} is not unique")
            seen.add(call["id"])
        owed = [call["id"] for call in calls]
    return wrong + ([f"calls without an answer at the end: {owed}"] if owed else [])


_CONVERSE_ID: Final = re.compile("[a-zA-Z0-9_.:-]{1,64}")


def wrong_in_converse(body: Item) -> list[str]:
    """The body of a Bedrock Converse request: roles take turns, each call is answered in the message after it."""
    wrong: list[str] = []
    blocks = [block for message in body["messages"] for block in message["content"]]
    roles = [message["role"] for message in body["messages"]]
    if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"] * (len(roles) % 2):
        wrong.append(f"roles that do not take turns: {roles}")
    if not body.get("toolConfig") and any("toolUse" in block or "toolResult" in block for block in blocks):
        wrong.append("calls without a toolConfig")
    for kind, of_theirs in (("", False), ("item ", True)):
        uses = [block["toolUse"] for block in blocks if "toolUse" in block]
        ids = [use["toolUseId"] for use in uses if ("type" in use) == of_theirs]
        if len(set(ids)) != len(ids):
            wrong.append(f"{kind}ids that are not unique: {ids}")
    owed: list[str] = []
    last: Item = {"role": "nobody", "content": [{}]}
    for message in [*body["messages"], last]:
        content: list[Item] = message["content"]
        results: list[Item] = [block["toolResult"] for block in content if "toolResult" in block]
        if message["role"] == "assistant":
            owed = _owed_in_converse(content)
            wrong += _wrong_in_assistant(content)
        elif [result["toolUseId"] for result in results] != owed:
            wrong.append(f"answers {[result['toolUseId'] for result in results]} to the calls {owed}")
        else:
            owed = []
            for result in results:
                wrong += [f"a result of {block}" for block in result["content"] if block == {"text": ""}]
        if not content or any(str(block.get("text", "x")).strip() == "" for block in content):
            wrong.append(f"a message of {message['role']} with nothing, or blank text, in it")
    return wrong


def _owed_in_converse(content: list[Item]) -> list[str]:
    """The calls in a message that have no result within it, as those of tools that Bedrock runs have."""
    answered = {block["toolResult"]["toolUseId"] for block in content if "toolResult" in block}
    ids = [block["toolUse"]["toolUseId"] for block in content if "toolUse" in block]
    return [id_ for id_ in ids if id_ not in answered]


def _wrong_in_assistant(content: list[Item]) -> list[str]:
    wrong: list[str] = []
    if content and "reasoningContent" in content[-1]:
        wrong.append("reasoning without what it led to")
    for block in content:
        if "reasoningContent" in block:
            inner = block["reasoningContent"]
            signed = inner.get("reasoningText", {}).get("signature")
            wrong += [] if signed or inner.get("redactedContent") else ["reasoning that is not signed"]
        if "toolUse" in block:
            use = block["toolUse"]
            wrong += [] if _CONVERSE_ID.fullmatch(use["toolUseId"]) else [f"a call with the id {use['toolUseId']}"]
            wrong += [] if _NAME.fullmatch(use["name"]) else [f"a call of {use['name']!r}, which is no name"]
            wrong += [] if isinstance(use["input"], dict) else ["an input that is no object"]
    return wrong


def wrong_in_cohere(messages: list[Item]) -> list[str]:
    """The messages of a request to Cohere: those of Chat, and no message that says nothing."""
    wrong = wrong_in_messages([message | {"content": message.get("content") or ""} for message in messages])
    for message in messages:
        if not message.get("tool_calls") and not message["content"]:
            wrong.append(f"a message of {message['role']} that says nothing")
        if "tool_plan" in message and not (message["tool_plan"] and message.get("tool_calls")):
            wrong.append("a plan without calls")
        wrong += ["arguments that are no object" for call in message.get("tool_calls", []) if not _is_object(call)]
    return wrong


def _is_object(call: Item) -> bool:
    text: str = call["function"]["arguments"]
    return text.lstrip().startswith("{")


def wrong_in_ollama(messages: list[Item]) -> list[str]:
    """The messages of a request to Ollama's own API, which matches results to calls by their order and name."""
    wrong: list[str] = []
    owed: list[tuple[str, str]] = []
    for message in messages:
        wrong += [] if isinstance(message["content"], str) else [f"a content that is no text: {message['content']!r}"]
        if message["role"] == "tool":
            one = (message["tool_name"], message["tool_call_id"])
            wrong += [] if owed and owed.pop(0) == one else [f"an answer to {one}, which was not the next owed"]
            continue
        wrong += [f"calls without an answer before the next message: {owed}"] if owed else []
        functions = [call["function"] for call in message.get("tool_calls", [])]
        for function in functions:
            wrong += [] if _NAME.fullmatch(function["name"]) else [f"a call of {function['name']!r}, which is no name"]
            wrong += [] if isinstance(function["arguments"], dict) else ["arguments that are no object"]
        owed = [(call["function"]["name"], call["id"]) for call in message.get("tool_calls", [])]
    return wrong + ([f"calls without an answer at the end: {owed}"] if owed else [])


def wrong_in_blocks(messages: list[Item]) -> list[str]:
    """The messages of an Anthropic request."""
    wrong: list[str] = []
    roles = [message["role"] for message in messages]
    if roles != ["user", "assistant"] * (len(roles) // 2) + ["user"] * (len(roles) % 2):
        wrong.append(f"roles that do not take turns: {roles}")
    end: Item = {"role": "nobody", "content": []}
    for before, message, following in zip([end, *messages], messages, [*messages[1:], end], strict=False):
        content: list[Item] = message["content"]
        wrong += [] if content else [f"a message of {message['role']} with nothing in it"]
        wrong += [one for block in content for one in _wrong_block(block)]
        types = [block["type"] for block in content]
        if message["role"] == "user":
            owed = [block["id"] for block in before["content"] if block["type"] == "tool_use"]
            answers = [block["tool_use_id"] for block in content if block["type"] == "tool_result"]
            if answers != owed or "tool_result" in types[len(owed) :]:
                wrong.append(f"answers {answers} among {types} to the calls {owed}")
            continue
        if following is not end:
            wrong += ["thinking as the end of a message"] if types[-1:] in (["thinking"], ["redacted_thinking"]) else []
            wrong += [] if "tool_use" in types else _without_result(content)
        elif "tool_use" in types:
            wrong.append("calls without an answer at the end")
    return wrong + _repeated(messages)


def _wrong_block(block: Item) -> list[str]:
    match block:
        case {"type": "text", "text": text}:
            return [] if text.strip() else ["a text that is blank"]
        case {"type": "thinking"}:
            return [] if block.get("signature") else ["thinking that is not signed"]
        case {"type": "tool_use", "id": id_, "name": name, "input": given}:
            wrong = [] if _ID.fullmatch(id_) else [f"a call with the id {id_!r}"]
            wrong += [] if _LONG_NAME.fullmatch(name) else [f"a call of {name!r}, which is no name"]
            return wrong if isinstance(given, dict) else [*wrong, f"{id_} has an input that is no object: {given!r}"]
        case {"type": "tool_result"}:
            return ["an error that says nothing"] if block.get("is_error") and not block.get("content") else []
        case {"type": "container"}:
            return ["a block that is none"]
        case _:
            return []


def _without_result(content: list[Item]) -> list[str]:
    """Calls of the provider's own tools that it can not run any more, and of which there is no result."""
    answered = {block["tool_use_id"] for block in content if "tool_use_id" in block}
    used = [block["id"] for block in content if block["type"] in ("server_tool_use", "mcp_tool_use")]
    return [f"{id_} without its result" for id_ in used if id_ not in answered]


def _repeated(messages: list[Item]) -> list[str]:
    blocks = [block for message in messages for block in message["content"]]
    wrong: list[str] = []
    for kind, types in (("", ("tool_use",)), ("item ", ("server_tool_use", "mcp_tool_use"))):
        ids = [block["id"] for block in blocks if block["type"] in types]
        wrong += [f"{kind}ids that are not unique: {ids}"] if len(set(ids)) != len(ids) else []
    return wrong


def _wrong_call(id_: object, name: str, arguments: object) -> list[str]:
    wrong: list[str] = []
    if not isinstance(id_, str) or not id_:
        wrong.append(f"a call of {name} without an id")
    if not _NAME.fullmatch(name):
        wrong.append(f"a call of {name!r}, which is no name")
    try:
        json.loads(arguments if isinstance(arguments, str) else "no text", parse_constant=_refuse)
    except ValueError:
        wrong.append(f"{id_} has arguments that are no JSON text: {arguments!r}")
    return wrong


def _nulls(items: list[Item]) -> list[str]:
    return [f"{item['type']}.{key} is null" for item in items for key, value in item.items() if value is None]


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


RULES: Final[dict[str, Callable[[Item], list[str]]]] = {
    "openai-responses": lambda body: wrong_in_input(body["input"]),
    "openai-chat": lambda body: wrong_in_messages(body["messages"]),
    "bedrock-converse": wrong_in_converse,
    "cohere-v2": lambda body: wrong_in_cohere(body["messages"]),
    "ollama-native": lambda body: wrong_in_ollama(body["messages"]),
    "anthropic-messages": lambda body: wrong_in_blocks(body["messages"]),
}
"""What is wrong in the body of a request, by the wire it is of."""
