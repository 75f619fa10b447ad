"""The rules of Responses: for each one body that is accepted and one that is refused."""

import ast
from pathlib import Path
from typing import Any

import pytest

from millstream.testing.provider import rules
from millstream.testing.provider.rules import Stored, check_responses

USER: dict[str, Any] = {"role": "user", "content": "hi"}
SAID: dict[str, Any] = {"role": "assistant", "content": [{"type": "output_text", "text": "x"}]}
THOUGHT: dict[str, Any] = {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "x"}

OPEN: dict[str, Any] = {"type": "object", "properties": {}}
CLOSED: dict[str, Any] = OPEN | {"additionalProperties": False}


def call(call_id: str = "call_1", **fields: Any) -> dict[str, Any]:
    return {"type": "function_call", "call_id": call_id, "name": "f", "arguments": "{}"} | fields


def custom(call_id: str = "call_1", **fields: Any) -> dict[str, Any]:
    return {"type": "custom_tool_call", "call_id": call_id, "name": "f", "input": "x"} | fields


def output(call_id: str = "call_1", value: Any = "x", kind: str = "function") -> dict[str, Any]:
    kind = "function_call_output" if kind == "function" else "custom_tool_call_output"
    return {"type": kind, "call_id": call_id, "output": value}


def body(*items: Any, **fields: Any) -> dict[str, Any]:
    return {"model": "m", "input": [USER, *items], "stream": True} | fields


def without(holder: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in holder.items() if name != key}


CASES: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("model", body(), without(body(), "model"), "Missing required parameter: 'model'."),
    ("input", body(input="hi"), without(body(), "input"), "Missing required parameter: 'input'."),
    (
        "input type",
        body(input=[]),
        body(input=7),
        "Invalid type for 'input': expected an array, but got an integer instead.",
    ),
    ("stream", body(stream=True), body(stream=1), "Invalid type for 'stream': expected a boolean, but got an integer"),
    (
        "reasoning",
        body(reasoning={"effort": "low"}),
        body(reasoning="low"),
        "Invalid type for 'reasoning': expected an ob",
    ),
    ("store", body(store=False), body(store="no"), "Invalid type for 'store'"),
    ("item", body(SAID), body("x"), "Invalid type for 'input[1]': expected an object, but got a string instead."),
    (
        "item type",
        body({"type": "mcp_call"}),
        body({"type": "tool_use"}),
        "Invalid value: 'tool_use'. Supported values are",
    ),
    (
        "role",
        body({"role": "developer", "content": "x"}),
        body({"role": "tool", "content": "x"}),
        "Invalid value: 'tool'.",
    ),
    ("content", body(), body({"role": "user"}), "Missing required parameter: 'input[1].content'."),
    (
        "parts of a user",
        body({"role": "user", "content": [{"type": "input_text", "text": "x"}]}),
        body({"role": "user", "content": [{"type": "text", "text": "x"}]}),
        "Invalid value: 'text'. Supported values are: 'input_text', 'input_image', 'input_file', and 'input_audio'.",
    ),
    (
        "parts of the model",
        body(SAID),
        body({"role": "assistant", "content": [{"type": "input_text", "text": "x"}]}),
        "Invalid value: 'input_text'. Supported values are: 'output_text' and 'refusal'.",
    ),
    (
        "text of a part",
        body(SAID),
        body({"role": "user", "content": [{"type": "input_text"}]}),
        "Missing required parameter: 'input[1].content[0].text'.",
    ),
    ("unanswered", body(call(), output()), body(call()), "No tool output found for function call call_1."),
    (
        "unanswered before more",
        body(call("a"), call("b"), output("b"), output("a"), USER),
        body(call("a"), call("b"), output("b"), USER),
        "No tool output found for function call a.",
    ),
    (
        "unanswered custom call",
        body(custom(), output(kind="custom")),
        body(custom()),
        "No tool output found for custom tool call call_1.",
    ),
    (
        "an answer to nothing",
        body(call(), output()),
        body(output()),
        "No tool call found for function call output with call_id call_1.",
    ),
    (
        "an answer before its call",
        body(call(), output()),
        body(output(), call()),
        "No tool call found for function call output with call_id call_1.",
    ),
    (
        "an answer of another kind",
        body(custom(), output(kind="custom")),
        body(custom(), output()),
        "No tool call found for function call output with call_id call_1.",
    ),
    (
        "answered twice",
        body(call(), output()),
        body(call(), output(), output()),
        "Duplicate output found for function call",
    ),
    (
        "one call id twice",
        body(call("a"), output("a"), call("b"), output("b")),
        body(call("a"), output("a"), call("a"), output("a")),
        "Duplicate call_id found in input: 'a'.",
    ),
    (
        "one item id twice",
        body(call("a", id="fc_1"), call("b", id="fc_2"), output("a"), output("b")),
        body(call("a", id="fc_1"), call("b", id="fc_1"), output("a"), output("b")),
        "Duplicate item found with id fc_1. Remove duplicate items from your input and try again.",
    ),
    (
        "item id",
        body(call(id="fc_1"), output()),
        body(call(id="call_1"), output()),
        "Invalid 'input[1].id': 'call_1'. Expected an ID that begins with 'fc'.",
    ),
    (
        "arguments type",
        body(call(arguments="{}"), output()),
        body(call(arguments={}), output()),
        "Invalid type for 'input[1].arguments': expected a string, but got an object instead.",
    ),
    (
        "arguments",
        body(call(), output()),
        body(call(arguments="{"), output()),
        "Invalid 'input[1].arguments': expected",
    ),
    (
        "call name",
        body(call(), output()),
        body(call(name="a.b"), output()),
        "Invalid 'input[1].name': string does not match",
    ),
    ("empty name", body(call(), output()), body(call(name=""), output()), "Invalid 'input[1].name': empty string."),
    (
        "call id length",
        body(call("x" * 64), output("x" * 64)),
        body(call("x" * 65), output("x" * 65)),
        "Invalid 'input[1].call_id': string too long. Expected a string with maximum length 64",
    ),
    ("no call id", body(), body(without(call(), "call_id")), "Missing required parameter: 'input[1].call_id'."),
    ("no output", body(), body(call(), without(output(), "output")), "Missing required parameter: 'input[2].output'."),
    (
        "output parts",
        body(call(), output(value=[{"type": "input_text", "text": "x"}])),
        body(call(), output(value=[{"type": "text", "text": "x"}])),
        "Invalid value: 'text'.",
    ),
    (
        "output type",
        body(call(), output(value="1")),
        body(call(), output(value=1)),
        "Invalid type for 'input[2].output'",
    ),
    (
        "reasoning alone",
        body(THOUGHT, call(), output()),
        body(THOUGHT),
        "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
    ),
    (
        "reasoning before a user",
        body(THOUGHT, SAID, USER),
        body(THOUGHT, USER),
        "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
    ),
    (
        "reasoning before an output",
        body(THOUGHT, call(), output()),
        body(call(), THOUGHT, output()),
        "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
    ),
    (
        "reasoning shape",
        body(THOUGHT, SAID),
        body(without(THOUGHT, "summary"), SAID),
        "Missing required parameter: 'input",
    ),
    (
        "previous response",
        body(),
        body(previous_response_id="resp_1"),
        "Previous response with id 'resp_1' not found.",
    ),
    (
        "text format",
        body(text={"format": {"type": "json_schema", "name": "n", "schema": CLOSED, "strict": True}}),
        body(text={"format": {"type": "json_schema", "name": "n", "schema": OPEN, "strict": True}}),
        "Invalid schema for response_format 'n': In context=()",
    ),
]


@pytest.mark.parametrize(
    ("accepted", "refused", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_rule(accepted: dict[str, Any], refused: dict[str, Any], message: str) -> None:
    assert check_responses(accepted) is None
    refusal = check_responses(refused)
    assert refusal is not None
    assert refusal.message.startswith(message)
    assert refusal.status == 400


STORED_CALL = call("call_1", id="fc_1")
STORED = Stored({"resp_1": [THOUGHT, STORED_CALL]}, {"rs_1": THOUGHT, "fc_1": STORED_CALL}, {"fc_1": "rs_1"})


@pytest.mark.parametrize(
    ("refused", "message", "status"),
    [
        ({"input": "hi"}, "No tool output found for function call call_1.", 400),
        ({"input": [output("call_2")]}, "No tool call found for function call output with call_id call_2.", 400),
        ({"input": [STORED_CALL, output()]}, "Duplicate item found with id fc_1.", 400),
        ({"input": [output()], "previous_response_id": "resp_2"}, "Previous response with id 'resp_2' not found.", 400),
    ],
)
def test_a_previous_response_leaves_its_calls_to_be_answered(
    refused: dict[str, Any], message: str, status: int
) -> None:
    start = {"model": "m", "previous_response_id": "resp_1"}
    assert check_responses(start | {"input": [output()]}, STORED) is None
    refusal = check_responses(start | refused, STORED)
    assert refusal is not None
    assert refusal.message.startswith(message)
    assert refusal.status == status


def test_items_that_only_their_id_stands_for_must_be_stored() -> None:
    bare: dict[str, Any] = {"type": "reasoning", "id": "rs_1", "summary": []}
    reference = {"type": "item_reference", "id": "fc_1"}
    assert check_responses(body(bare, call(), output()), STORED) is None
    assert check_responses(body(bare, reference, output()), STORED) is None
    for lost in (body(bare, call(), output()), body(reference, output())):
        refusal = check_responses(lost)
        assert refusal is not None
        assert refusal.status == 404
        assert "not found. Items are not persisted when `store` is set to false." in refusal.message


def test_an_item_that_followed_reasoning_needs_it() -> None:
    assert check_responses(body(THOUGHT, STORED_CALL, output()), STORED) is None
    assert check_responses(body(without(STORED_CALL, "id"), output()), STORED) is None
    refusal = check_responses(body(STORED_CALL, output()), STORED)
    assert refusal is not None
    assert refusal.message == (
        "Item 'fc_1' of type 'function_call' was provided without its required 'reasoning' item: 'rs_1'."
    )


def test_the_rules_import_nothing_of_the_framework() -> None:
    folder = Path(rules.__file__).parent
    imported = {
        name
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom | ast.Import)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names])
    }
    assert len(imported) > 5
    assert {name for name in imported if name.startswith("millstream") and not name.startswith(rules.__name__)} == set()
