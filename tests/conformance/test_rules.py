"""The list of rules finds what it is there for."""

from __future__ import annotations

import pytest

from tests.conformance.rules import Item, wrong_in_contents, wrong_in_input, wrong_in_messages, wrong_in_steps


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


def model(*names: str, ids: bool = False, args: object = None) -> Item:
    calls: list[Item] = [{"name": name, "args": args or {}} | ({"id": name} if ids else {}) for name in names]
    return {"role": "model", "parts": [{"functionCall": one} for one in calls] or [{"text": "Hi"}]}


def answered(*names: str, ids: bool = False, **response: object) -> Item:
    said = response or {"output": "x"}
    answers = [{"name": name, "response": said} | ({"id": name} if ids else {}) for name in names]
    return {"role": "user", "parts": [{"functionResponse": one} for one in answers]}


_SAYS: Item = {"role": "user", "parts": [{"text": "Hi"}]}
_SIGNED: Item = {"role": "model", "parts": [{"text": "", "thoughtSignature": "s"}, {"text": "Hm", "thought": True}]}


@pytest.mark.parametrize(
    "contents",
    [
        [_SAYS],
        [_SAYS, _SIGNED, _SAYS],
        [_SAYS, model("f", "f"), answered("f", "f"), model("g"), answered("g", error="No."), _SAYS],
        [_SAYS, model("f", "g", ids=True), answered("f", "g", ids=True)],
    ],
)
def test_good_contents_are_good(contents: list[Item]) -> None:
    assert wrong_in_contents(contents) == []


@pytest.mark.parametrize(
    "contents",
    [
        [model("f")],
        [model("f"), _SAYS],
        [_SAYS, answered("f")],
        [model("f"), answered("f", "f")],
        [model("f", "g"), answered("g", "f")],
        [model("f", "g"), answered("f"), answered("g")],
        [model("f", ids=True), answered("f")],
        [model("f"), answered("f", ids=True)],
        [model("f"), {**answered("f"), "parts": [*answered("f")["parts"], {"text": "Go on."}]}],
        [model("f"), {**answered("f"), "role": "model"}],
        [{**model("f"), "role": "user"}, answered("f")],
        [model(), model("f"), answered("f")],
        [model("f"), answered("f", output="x", error="y")],
        [model("f"), answered("f", result="x")],
        [model("no name"), answered("no name")],
        [model("f", args="{}"), answered("f")],
        [model("f", "f", ids=True), answered("f", "f", ids=True)],
        [_SAYS | {"parts": list[Item]()}],
        [_SAYS | {"role": "system"}],
        [_SAYS | {"parts": [{"text": "a", "fileData": "b"}]}],
        [_SIGNED | {"parts": [{"thoughtSignature": "s"}]}],
    ],
)
def test_wrong_contents_are_found(contents: list[Item]) -> None:
    assert wrong_in_contents(contents)


def fcall(id_: str, name: str = "f", arguments: object = None) -> Item:
    return {"type": "function_call", "id": id_, "name": name, "arguments": arguments or {}}


def fresult(id_: str, name: str = "f", result: object = "x") -> Item:
    return {"type": "function_result", "call_id": id_, "name": name, "result": result}


_INPUT: Item = {"type": "user_input", "content": [{"type": "text", "text": "Hi"}]}
_OUTPUT: Item = {"type": "model_output", "content": [{"type": "text", "text": "Hi"}]}
_SIGNED_THOUGHT: Item = {"type": "thought", "signature": "s"}


@pytest.mark.parametrize(
    "steps",
    [
        [_INPUT, _SIGNED_THOUGHT, _OUTPUT, _INPUT],
        [
            _INPUT,
            _SIGNED_THOUGHT,
            fcall("a"),
            fcall("b", "g"),
            fresult("a"),
            fresult("b", "g", [{"type": "text"}]),
            _OUTPUT,
        ],
        [_INPUT, _SIGNED_THOUGHT, fcall("a"), fresult("a"), fcall("b"), fresult("b")],
    ],
)
def test_good_steps_are_good(steps: list[Item]) -> None:
    assert wrong_in_steps(steps) == []


@pytest.mark.parametrize(
    "steps",
    [
        [_INPUT, fcall("a"), fresult("a")],
        [_SIGNED_THOUGHT, _INPUT, fcall("a"), fresult("a")],
        [_INPUT, {"type": "thought"}, fcall("a"), fresult("a")],
        [_SIGNED_THOUGHT, fcall("a")],
        [_SIGNED_THOUGHT, fcall("a"), _INPUT, fresult("a")],
        [_SIGNED_THOUGHT, fresult("a")],
        [_SIGNED_THOUGHT, fcall("a"), fresult("a"), fresult("a")],
        [_SIGNED_THOUGHT, fcall("a"), fcall("b"), fresult("b"), fresult("a")],
        [_SIGNED_THOUGHT, fcall("a"), fresult("a", "g")],
        [_SIGNED_THOUGHT, fcall("a"), fcall("a"), fresult("a"), fresult("a")],
        [_SIGNED_THOUGHT, fcall(""), fresult("")],
        [_SIGNED_THOUGHT, fcall("a", "no name"), fresult("a", "no name")],
        [_SIGNED_THOUGHT, fcall("a", arguments="{}"), fresult("a")],
        [_SIGNED_THOUGHT, fcall("a"), fresult("a", result={"x": 1})],
        [_INPUT | {"content": None}],
        [_OUTPUT | {"content": list[Item]()}],
    ],
)
def test_wrong_steps_are_found(steps: list[Item]) -> None:
    assert wrong_in_steps(steps)
