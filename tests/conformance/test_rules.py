"""The list of rules finds what it is there for."""

from __future__ import annotations

import pytest

from tests.conformance.rules import Item, wrong_in_blocks, wrong_in_input, wrong_in_messages


def call(id_: str = "a", **fields: object) -> Item:
    return {"type": "function_call", "call_id": id_, "name": "f", "arguments": "{}"} | fields


def output(id_: str = "a", type_: str = "function_call_output") -> Item:
    return {"type": type_, "call_id": id_, "output": "x"}


_THOUGHT: Item = {"type": "reasoning", "id": "rs", "encrypted_content": "x"}


@pytest.mark.parametrize(
    "items",
    [
        [],
        [call(), output()],
        [_THOUGHT, call("a"), call("b"), output("a"), output("b")],
        [call() | {"type": "custom_tool_call"}, output(type_="custom_tool_call_output")],
    ],
)
def test_good_items_are_good(items: list[Item]) -> None:
    assert wrong_in_input(items) == []


@pytest.mark.parametrize(
    "items",
    [
        [call()],
        [output()],
        [output(), call()],
        [call(), output(), output()],
        [call("a"), call("b"), output("b"), output("a")],
        [call("a"), call("a"), output("a"), output("a")],
        [call(), output(type_="custom_tool_call_output")],
        [call(arguments="{"), output()],
        [call(arguments='{"a": NaN}'), output()],
        [call(arguments={}), output()],
        [call(name=""), output()],
        [call(id=None), output()],
        [_THOUGHT],
        [call(), _THOUGHT, output()],
        [{"type": "reasoning", "id": "rs"}, call(), output()],
        [_THOUGHT, _THOUGHT, call(), output()],
    ],
)
def test_wrong_items_are_found(items: list[Item]) -> None:
    assert wrong_in_input(items)


_USER: Item = {"role": "user", "content": "Hi"}


def assistant(*ids: str, content: str | None = None, arguments: object = "{}", name: str = "f") -> Item:
    function = {"name": name, "arguments": arguments}
    calls = [{"id": id_, "type": "function", "function": function} for id_ in ids]
    return {"role": "assistant", "content": content} | ({"tool_calls": calls} if calls else {})


def answer(id_: str, content: object = "x") -> Item:
    return {"role": "tool", "tool_call_id": id_, "content": content}


@pytest.mark.parametrize(
    "messages",
    [
        [_USER],
        [_USER, assistant(content="Hi"), _USER],
        [assistant("a", "b"), answer("a"), answer("b"), _USER, assistant("c"), answer("c")],
        [{"role": "assistant", "content": None, "refusal": "No."}],
    ],
)
def test_good_messages_are_good(messages: list[Item]) -> None:
    assert wrong_in_messages(messages) == []


@pytest.mark.parametrize(
    "messages",
    [
        [assistant("a")],
        [assistant("a"), _USER, answer("a")],
        [answer("a")],
        [assistant("a"), answer("a"), answer("a")],
        [assistant("a", "b"), answer("b"), answer("a")],
        [assistant("a", "a"), answer("a"), answer("a")],
        [assistant("a"), answer("a"), assistant("a"), answer("a")],
        [assistant("")],
        [assistant("a", arguments="{"), answer("a")],
        [assistant("a", arguments={}), answer("a")],
        [assistant("a", name=""), answer("a")],
        [assistant("a"), answer("a", [])],
        [assistant()],
    ],
)
def test_wrong_messages_are_found(messages: list[Item]) -> None:
    assert wrong_in_messages(messages)


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
