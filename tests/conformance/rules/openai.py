"""What OpenAI demands of the history in a request."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

from tests.conformance.rules.common import Item, nulls, wrong_call

OUTPUTS: Final = {"function_call_output": "function_call", "custom_tool_call_output": "custom_tool_call"}


def wrong_in_input(items: list[Item]) -> list[str]:
    """The items of a Responses request with `store: false`."""
    wrong = nulls(items)
    calls = [item for item in items if item["type"] in OUTPUTS.values()]
    answers = [item for item in items if item["type"] in OUTPUTS]
    ids = [item["call_id"] for item in calls]
    if len(set(ids)) != len(ids):
        wrong.append(f"call ids that are not unique: {ids}")
    if [item["call_id"] for item in answers] != ids:
        wrong.append(f"answers {[item['call_id'] for item in answers]} to the calls {ids}")
    for call in calls:
        wrong += wrong_call(call["call_id"], call["name"], call.get("arguments", "{}"))
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
            wrong += wrong_call(call["id"], inner["name"], inner.get("arguments", "{}"))
            if call["id"] in seen:
                wrong.append(f"{call['id']} is not unique")
            seen.add(call["id"])
        owed = [call["id"] for call in calls]
    return wrong + ([f"calls without an answer at the end: {owed}"] if owed else [])
