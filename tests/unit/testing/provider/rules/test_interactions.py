"""The rules of Interactions: a body that is right, and the smallest change that makes it wrong."""

from typing import Any

import pytest

from millstream.testing.provider.rules import Stored, check_interactions
from millstream.testing.provider.rules.signature import signature_of
from tests.unit.testing.provider.rules.breaking import GONE, with_change

THOUGHT = {"type": "thought", "signature": signature_of("hm"), "summary": [{"type": "text", "text": "hm"}]}
BODY: dict[str, Any] = {
    "model": "m",
    "stream": True,
    "store": False,
    "system_instruction": "Be brief.",
    "generation_config": {
        "thinking_level": "low",
        "tool_choice": {"allowed_tools": {"mode": "any", "tools": ["f"]}},
    },
    "tools": [
        {"type": "function", "name": "f", "description": "x", "parameters": {"type": "object"}},
        {"type": "google_search"},
    ],
    "input": [
        {"type": "user_input", "content": [{"type": "text", "text": "Hi"}]},
        THOUGHT,
        {"type": "function_call", "id": "1", "name": "f", "arguments": {}},
        {"type": "function_call", "id": "2", "name": "f", "arguments": {}},
        {"type": "function_result", "call_id": "2", "name": "f", "result": "x"},
        {"type": "function_result", "call_id": "1", "result": [{"type": "text", "text": "x"}], "is_error": True},
    ],
}
WRONG: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("model",), GONE, "One of 'model' and 'agent' is required."),
    (("stream",), "yes", "Invalid value at 'stream': expected boolean"),
    (("messages",), [], "Unknown parameter 'messages'."),
    (("generation_config", "maxOutputTokens"), 9, "Unknown parameter 'generation_config.maxOutputTokens'."),
    (("generation_config", "tool_choice"), "required", "The value 'required' at 'generation_config.tool_choice'"),
    (("generation_config", "tool_choice", "allowed_tools", "tools"), ["g"], "The allowed tool 'g' is not declared."),
    (("tools", 0, "function"), {}, "Unknown parameter 'tools[0].function'."),
    (("tools", 0, "name"), "1f", "The function name '1f' is invalid"),
    (("tools", 1), {"type": "function", "name": "f"}, "Duplicate function declaration found: f"),
    (("tools", 0, "parameters"), "{}", "Invalid value at 'tools[0].parameters': expected object"),
    (("input",), GONE, "The field 'input' is required."),
    (("input",), [], "The field 'input' must not be empty."),
    (("input",), [{"type": "text"}], "The field 'input[0].text' is required."),
    (("input", 0), {"type": "text", "text": "x"}, "The value 'thought' at 'input[1].type' is not supported"),
    (("input", 0, "type"), "message", "The step type 'message' at 'input[0]' is not supported."),
    (("input", 0, "content", 0, "type"), "input_text", "The value 'input_text' at 'input[0].content[0].type'"),
    (("input", 1, "signature"), GONE, "The thought at 'input[1]' is missing its signature."),
    (("input", 1, "summary", 0, "text"), "hmm", "Corrupted thought signature."),
    (("input", 2, "arguments"), "{}", "Invalid value at 'input[2].arguments': expected object"),
    (("input", 2, "id"), "", "The field 'input[2].id' must not be empty."),
    (("input", 2, "id"), "2", "Duplicate function call id '2'."),
    (("input", 4), GONE, "No function result found for the function call with id '2'."),
    (("input", 4, "call_id"), "1", "Duplicate function result for call_id '1'."),
    (("input", 4, "call_id"), "9", "No function call found for the function result with call_id '9'."),
    (("input", 4, "name"), "g", "has the name of another function"),
    (("input", 4, "result"), GONE, "The field 'input[4].result' is required."),
    (("input", 4, "result"), 7, "expected string, object or list"),
]


def test_the_body_is_right() -> None:
    assert check_interactions(BODY) is None
    assert check_interactions(BODY | {"input": "Hi"}) is None
    assert check_interactions(BODY | {"input": {"type": "text", "text": "Hi"}}) is None
    assert check_interactions(BODY | {"input": [{"type": "text", "text": "Hi"}]}) is None


@pytest.mark.parametrize(("path", "value", "says"), WRONG, ids=[says[:60] for _, _, says in WRONG])
def test_the_smallest_change_is_refused(path: tuple[str | int, ...], value: Any, says: str) -> None:
    refusal = check_interactions(with_change(BODY, path, value))
    assert refusal is not None
    assert says in refusal.message
    assert refusal.body == {"error": {"message": refusal.message, "code": "invalid_request"}}


def test_going_on_from_an_interaction() -> None:
    calls: list[dict[str, Any]] = [{"type": "function_call", "id": "1", "name": "f", "arguments": {}}]
    stored = Stored({"v1_1": calls})
    result = {"type": "function_result", "call_id": "1", "result": "x"}
    body: dict[str, Any] = {"model": "m", "stream": True, "previous_interaction_id": "v1_1", "input": [result]}
    assert check_interactions(body, stored) is None
    unanswered = check_interactions(body | {"input": "Hi"}, stored)
    unknown = check_interactions(body, Stored())
    assert unanswered is not None
    assert "No function result found for the function call with id '1'." in unanswered.message
    assert unknown is not None
    assert (unknown.status, unknown.code) == (404, "not_found")
