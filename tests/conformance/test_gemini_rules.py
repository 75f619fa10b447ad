"""The rules of Google's wires: good bodies are good, wrong ones are found."""

from __future__ import annotations

import pytest

from tests.conformance.rules import Item, wrong_in_contents, wrong_in_steps


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
