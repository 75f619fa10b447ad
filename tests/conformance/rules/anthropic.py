"""What Anthropic demands of the history in a request."""

from __future__ import annotations

import re
from typing import Final

from tests.conformance.rules.common import Item

_LONG_NAME: Final = re.compile("[A-Za-z0-9_-]{1,128}")
_ID: Final = re.compile("[A-Za-z0-9_-]+")


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
