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
    "cohere-v2": lambda body: wrong_in_cohere(body["messages"]),
    "ollama-native": lambda body: wrong_in_ollama(body["messages"]),
}
"""What is wrong in the body of a request, by the wire it is of."""
