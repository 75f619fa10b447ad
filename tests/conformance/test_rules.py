"""The list of rules finds what it is there for."""

from __future__ import annotations

import pytest

from tests.conformance.rules import (
    Item,
    wrong_in_cohere,
    wrong_in_converse,
    wrong_in_input,
    wrong_in_messages,
    wrong_in_ollama,
)


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


_SAID: Item = {"role": "user", "content": [{"text": "Hi"}]}
_THINKING: Item = {"reasoningContent": {"reasoningText": {"text": "Hm", "signature": "x"}}}


def uses(*ids: str, **fields: object) -> Item:
    given: Item = {}
    use: Item = {"name": "f", "input": given} | fields
    blocks = [{"toolUse": use | {"toolUseId": id_}} for id_ in ids]
    return {"role": "assistant", "content": blocks}


def results(*ids: str, text: str = "x") -> Item:
    return {"role": "user", "content": [{"toolResult": {"toolUseId": id_, "content": [{"text": text}]}} for id_ in ids]}


def converse(*messages: Item, **fields: object) -> Item:
    config: Item = {"tools": [{}]}
    return {"messages": list(messages), "toolConfig": config} | fields


_RAN: Item = {"toolUse": {"toolUseId": "s", "name": "f", "input": {}, "type": "server_tool_use"}}


@pytest.mark.parametrize(
    "body",
    [
        converse(_SAID),
        converse(_SAID, uses("a", "b"), results("a", "b")),
        converse(_SAID, {"role": "assistant", "content": [_THINKING, {"text": "x"}]}, _SAID),
        converse(_SAID, {"role": "assistant", "content": [_RAN, *results("s")["content"]]}, _SAID),
    ],
)
def test_good_bodies_of_converse_are_good(body: Item) -> None:
    assert wrong_in_converse(body) == []


@pytest.mark.parametrize(
    "body",
    [
        converse(_SAID, _SAID),
        converse(uses("a"), results("a")),
        converse(_SAID, uses("a")),
        converse(_SAID, uses("a"), _SAID),
        converse(_SAID, uses("a", "b"), results("a")),
        converse(_SAID, uses("a", "b"), results("b", "a")),
        converse(_SAID, uses("a"), results("a", "a")),
        converse(_SAID, uses("a"), results("a"), uses("a"), results("a")),
        converse(_SAID, uses("a"), results("a", text="")),
        converse(_SAID, uses("a"), results("a"), toolConfig={}),
        converse(_SAID, uses("no id!"), results("no id!")),
        converse(_SAID, uses("a", name="no name!"), results("a")),
        converse(_SAID, uses("a", input="{}"), results("a")),
        converse(_SAID, {"role": "assistant", "content": []}, _SAID),
        converse(_SAID, {"role": "assistant", "content": [{"text": " "}]}, _SAID),
        converse(_SAID, {"role": "assistant", "content": [_THINKING]}, _SAID),
        converse(_SAID, {"role": "assistant", "content": [{"reasoningContent": {}}, {"text": "x"}]}, _SAID),
        converse(_SAID, {"role": "assistant", "content": [_RAN]}, _SAID),
    ],
)
def test_wrong_bodies_of_converse_are_found(body: Item) -> None:
    assert wrong_in_converse(body)


def ollama(*ids: str, name: str = "f", arguments: object = None, content: object = "") -> Item:
    function: Item = {"name": name, "arguments": {} if arguments is None else arguments}
    calls: list[Item] = [{"id": id_, "function": function} for id_ in ids]
    return {"role": "assistant", "content": content} | ({"tool_calls": calls} if calls else {})


def ollama_answer(id_: str, name: str = "f") -> Item:
    return {"role": "tool", "tool_name": name, "tool_call_id": id_, "content": "x"}


def test_good_messages_to_ollama_are_good() -> None:
    assert wrong_in_ollama([_USER, ollama("a", "b"), ollama_answer("a"), ollama_answer("b"), ollama(), _USER]) == []


@pytest.mark.parametrize(
    "messages",
    [
        [ollama("a")],
        [ollama("a"), _USER],
        [ollama_answer("a")],
        [ollama("a"), ollama_answer("a", "g")],
        [ollama("a", "b"), ollama_answer("b"), ollama_answer("a")],
        [ollama("a", name="no name"), ollama_answer("a", "no name")],
        [ollama("a", arguments="{}"), ollama_answer("a")],
        [ollama(content=None)],
    ],
)
def test_wrong_messages_to_ollama_are_found(messages: list[Item]) -> None:
    assert wrong_in_ollama(messages)


def test_good_messages_to_cohere_are_good() -> None:
    said = assistant("a") | {"tool_plan": "I will."}
    assert wrong_in_cohere([_USER, said, answer("a"), assistant(content="Hi"), _USER]) == []


@pytest.mark.parametrize(
    "messages",
    [
        [assistant("a")],
        [assistant("a"), answer("b")],
        [assistant(content="")],
        [{"role": "user", "content": ""}],
        [assistant(content="Hi") | {"tool_plan": "I will."}],
        [assistant("a") | {"tool_plan": ""}, answer("a")],
        [assistant("a", arguments="null"), answer("a")],
    ],
)
def test_wrong_messages_to_cohere_are_found(messages: list[Item]) -> None:
    assert wrong_in_cohere(messages)
