"""The rules of Anthropic's history find what they are there for."""

from __future__ import annotations

import pytest

from tests.conformance.rules import Item, wrong_in_blocks


def said(*content: Item) -> Item:
    return {"role": "assistant", "content": list(content)}


def told(*content: Item) -> Item:
    return {"role": "user", "content": list(content)}


def use(id_: str = "a", **fields: object) -> Item:
    block: Item = {"type": "tool_use", "id": id_, "name": "f", "input": {}}
    return block | fields


def found(id_: str = "a", **fields: object) -> Item:
    return {"type": "tool_result", "tool_use_id": id_, "content": "x"} | fields


_WORDS: Item = {"type": "text", "text": "Hi"}
_THINKING: Item = {"type": "thinking", "thinking": "", "signature": "x"}
_SEARCH: Item = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}
_FOUND: Item = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}


@pytest.mark.parametrize(
    "messages",
    [
        [],
        [told(_WORDS)],
        [told(_WORDS), said(_THINKING, _WORDS)],
        [told(_WORDS), said(use("a"), use("b")), told(found("a"), found("b"), _WORDS)],
        [told(_WORDS), said(_SEARCH, _FOUND, _WORDS), told(_WORDS)],
        [told(_WORDS), said(_SEARCH, _THINKING)],
        [told(_WORDS), said(use(), _SEARCH), told(found()), said(_FOUND, _WORDS)],
    ],
)
def test_good_blocks_are_good(messages: list[Item]) -> None:
    assert wrong_in_blocks(messages) == []


@pytest.mark.parametrize(
    "messages",
    [
        [said(_WORDS)],
        [told(_WORDS), told(_WORDS)],
        [told()],
        [told({"type": "text", "text": " "})],
        [told(found())],
        [told(_WORDS), said(use())],
        [told(_WORDS), said(use()), told(_WORDS)],
        [told(_WORDS), said(use()), told(_WORDS, found())],
        [told(_WORDS), said(use()), told(found(), found())],
        [told(_WORDS), said(use("a"), use("b")), told(found("b"), found("a"))],
        [told(_WORDS), said(use(), use()), told(found(), found())],
        [told(_WORDS), said(use("a.b")), told(found("a.b"))],
        [told(_WORDS), said(use(name="")), told(found())],
        [told(_WORDS), said(use(input="{}")), told(found())],
        [told(_WORDS), said(use()), told(found(is_error=True, content=""))],
        [told(_WORDS), said({"type": "thinking", "thinking": "x"}, _WORDS)],
        [told(_WORDS), said(_WORDS, _THINKING), told(_WORDS)],
        [told(_WORDS), said(_SEARCH, _WORDS), told(_WORDS)],
        [told(_WORDS), said(_SEARCH, _FOUND, _SEARCH, _FOUND)],
        [told(_WORDS), said({"type": "container", "id": "x"}, _WORDS)],
    ],
)
def test_wrong_blocks_are_found(messages: list[Item]) -> None:
    assert wrong_in_blocks(messages)
