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
_GEMINI_NAME: Final = re.compile("[A-Za-z_][A-Za-z0-9_.:-]{0,127}")
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


def wrong_in_contents(contents: list[Item]) -> list[str]:
    """The contents of a Gemini request."""
    wrong: list[str] = []
    owed: list[Item] = []
    nothing: Item = {"role": "", "parts": []}
    for before, content in pairwise([nothing, *contents]):
        parts: list[Item] = content["parts"]
        calls = [part["functionCall"] for part in parts if "functionCall" in part]
        answers = [part["functionResponse"] for part in parts if "functionResponse" in part]
        if content["role"] not in ("user", "model") or not parts:
            wrong.append(f"a content of {content['role']} with {len(parts)} parts")
        if (calls and content["role"] != "model") or (answers and content["role"] != "user"):
            wrong.append("calls that are not the model's, or answers that are not the user's")
        if calls and before["role"] == "model":
            wrong.append("calls that follow neither the user nor answers")
        if [_called(one) for one in answers] != [_called(one) for one in owed] or (
            answers and len(answers) != len(parts)
        ):
            wrong.append(f"answers {answers} to the calls {owed}")
        wrong += [f"an answer without output or error: {one}" for one in answers if not _says_one_thing(one)]
        wrong += [f"a call that is none: {one}" for one in calls if not _is_gemini_call(one)]
        wrong += [f"a part of two kinds, or none: {part}" for part in parts if len(part.keys() - _BESIDE) != 1]
        owed = calls
    ids = [part["functionCall"].get("id") for one in contents for part in one["parts"] if "functionCall" in part]
    given = [id_ for id_ in ids if id_ is not None]
    wrong += [f"ids that are not unique: {given}"] if len(set(given)) != len(given) else []
    return wrong + ([f"calls without an answer at the end: {owed}"] if owed else [])


def wrong_in_steps(steps: list[Item]) -> list[str]:
    """The steps of an Interactions request with `store: false`."""
    wrong = _nulls(steps)
    owed: list[tuple[Any, Any]] = []
    signed = False  # whether a thought was signed in this turn of the model
    for step in steps:
        match step["type"]:
            case "function_call":
                wrong += [] if signed else [f"a call of {step['name']} that nobody signed"]
                wrong += (
                    [] if _is_gemini_call({**step, "args": step["arguments"]}) else [f"a call that is none: {step}"]
                )
                owed.append((step["id"], step["name"]))
            case "function_result":
                its = (step["call_id"], step["name"])
                wrong += [] if owed and owed.pop(0) == its else [f"an answer to {its}, which was not the next owed"]
                wrong += [] if isinstance(step["result"], str | list) else [f"a result of {its} that is none"]
            case type_:
                wrong += (
                    [f"calls without an answer before the next {type_}: {owed}"]
                    if type_ == "user_input" and owed
                    else []
                )
                signed = type_ != "user_input" and (signed or bool(step.get("signature")))
                if type_ in ("user_input", "model_output") and not step.get("content"):
                    wrong.append(f"a {type_} that says nothing")
    ids = [step["id"] for step in steps if step["type"] == "function_call"]
    wrong += [f"ids that are not unique: {ids}"] if len(set(ids)) != len(ids) or not all(ids) else []
    return wrong + ([f"calls without an answer at the end: {owed}"] if owed else [])


_BESIDE: Final = {"thought", "thoughtSignature"}


def _called(one: Item) -> tuple[Any, Any]:
    return one["name"], one.get("id")


def _says_one_thing(answer: Item) -> bool:
    return list(answer["response"]) in (["output"], ["error"])


def _is_gemini_call(call: Item) -> bool:
    return _GEMINI_NAME.fullmatch(call["name"]) is not None and isinstance(call["args"], dict)


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
    "gemini-generate": lambda body: wrong_in_contents(body["contents"]),
    "gemini-interactions": lambda body: wrong_in_steps(body["input"]),
}
"""What is wrong in the body of a request, by the wire it is of."""
