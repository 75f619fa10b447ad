"""What Bedrock demands of the history in a request."""

from __future__ import annotations

import re
from typing import Final

from tests.conformance.rules.common import NAME, Item

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
            wrong += [] if NAME.fullmatch(use["name"]) else [f"a call of {use['name']!r}, which is no name"]
            wrong += [] if isinstance(use["input"], dict) else ["an input that is no object"]
    return wrong
