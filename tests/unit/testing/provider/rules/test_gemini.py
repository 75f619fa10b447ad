"""The rules of Gemini: a body that is right, and the smallest change that makes it wrong."""

from typing import Any

import pytest

from millstream.testing.provider.rules import check_gemini
from millstream.testing.provider.rules.gemini import signed_part
from millstream.testing.provider.rules.signature import signature_of
from tests.unit.testing.provider.rules.breaking import GONE, with_change

SIGNATURE = signature_of(signed_part("f", '{"a": 1}'))
BODY: dict[str, Any] = {
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "generationConfig": {"maxOutputTokens": 9, "thinkingConfig": {"includeThoughts": True}},
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}},
    "tools": [
        {
            "functionDeclarations": [
                {
                    "name": "f",
                    "description": "x",
                    "parameters": {
                        "type": "OBJECT",
                        "properties": {
                            "a": {"type": "INTEGER", "format": "int32"},
                            "b": {"type": "ARRAY", "items": {"type": "STRING", "enum": ["x"]}},
                            "c": {"anyOf": [{"type": "NUMBER"}, {"type": "STRING", "format": "date-time"}]},
                        },
                        "required": ["a"],
                    },
                },
                {"name": "g", "parametersJsonSchema": {"type": "object"}},
            ]
        },
    ],
    "contents": [
        {"role": "user", "parts": [{"text": "Hi"}]},
        {
            "role": "model",
            "parts": [
                {"text": "hm", "thought": True},
                {"functionCall": {"name": "f", "args": {"a": 1}, "id": "1"}, "thoughtSignature": SIGNATURE},
                {"functionCall": {"name": "g", "args": {}, "id": "2"}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"functionResponse": {"name": "f", "response": {"output": "x"}, "id": "1"}},
                {"functionResponse": {"name": "g", "response": {"error": "x"}, "id": "2"}},
            ],
        },
    ],
}
CALLS = ("contents", 1, "parts")
RESPONSES = ("contents", 2, "parts")
TOOL = ("tools", 0, "functionDeclarations", 0)
SCHEMA = (*TOOL, "parameters")
PLACE = "tools[0].function_declarations[0]"
WRONG: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("contents",), GONE, "* GenerateContentRequest.contents: contents is not specified"),
    (("contents",), [], "* GenerateContentRequest.contents: contents is not specified"),
    (("contents",), "Hi", "Invalid value at 'contents' (array), \"Hi\""),
    (("messages",), [], 'Invalid JSON payload received. Unknown name "messages": Cannot find field.'),
    (("stream",), True, 'Unknown name "stream": Cannot find field.'),
    (("contents", 0, "content"), "x", "Unknown name \"content\" at 'contents[0]': Cannot find field."),
    (("contents", 0, "role"), "assistant", "Please use a valid role: user, model"),
    (("contents", 0, "parts"), [], "contents[0].parts: contents.parts must not be empty."),
    (("contents", 0, "parts", 0), {}, "contents[0].parts[0].data: required oneof field 'data' must have one"),
    (("contents", 0, "parts", 0, "functionCall"), {"name": "f"}, "required oneof field 'data' must have one"),
    (("contents", 0, "parts", 0, "text"), 7, "Invalid value at 'contents[0].parts[0].text' (string), 7"),
    (("contents", 0, "parts", 0, "type"), "text", "Unknown name \"type\" at 'contents[0].parts[0]'"),
    (("systemInstruction",), {"parts": []}, "systemInstruction.parts: contents.parts must not be empty."),
    (("generationConfig", "max_tokens"), 9, "Unknown name \"maxTokens\" at 'generationConfig'"),
    ((*CALLS, 1, "functionCall", "name"), "", "function_call.name: Name cannot be empty."),
    ((*CALLS, 1, "functionCall", "args"), "{}", "function_call.args' (object)"),
    (
        (*CALLS, 1, "functionCall", "arguments"),
        {},
        "Unknown name \"arguments\" at 'contents[1].parts[1].function_call'",
    ),
    ((*CALLS, 1, "functionCall", "args"), {"a": 2}, "Corrupted thought signature."),
    ((*CALLS, 1, "thoughtSignature"), GONE, "Function call is missing a thought_signature in functionCall parts."),
    ((*CALLS, 1, "thoughtSignature"), "not base64!", "Base64 decoding failed for"),
    ((*CALLS, 0, "thoughtSignature"), signature_of("hmm"), "Corrupted thought signature."),
    ((*RESPONSES, 1), GONE, "number of function response parts is equal to the number of function call parts"),
    ((*RESPONSES, 2), {"functionResponse": {"name": "g", "response": {}}}, "number of function response parts"),
    ((*RESPONSES, 0, "functionResponse", "name"), "g", "function response parts have the name of their function call"),
    ((*RESPONSES, 0, "functionResponse", "id"), "2", "function response parts have the id of their function call"),
    ((*RESPONSES, 0, "functionResponse", "name"), GONE, "function_response.name: Name cannot be empty."),
    ((*RESPONSES, 0, "functionResponse", "response"), GONE, "function_response.response: Response cannot be empty."),
    ((*RESPONSES, 0, "functionResponse", "response"), "x", "function_response.response' (object)"),
    (("contents", 2, "role"), "model", "function response turn comes immediately after a function call turn"),
    (("contents", 1), GONE, "function response turn comes immediately after a function call turn"),
    (("contents", 1, "role"), "user", "function call turn comes immediately after a user turn"),
    (("contents", 2), {"role": "user", "parts": [{"text": "x"}]}, "number of function response parts is equal"),
    ((*TOOL, "name"), "1f", f"Invalid value at '{PLACE}.name': must start with a letter or an underscore."),
    ((*TOOL, "name"), "g", "Duplicate function declaration found: g"),
    ((*TOOL, "parametersJsonSchema"), {}, "parameters and parameters_json_schema are mutually exclusive"),
    ((*TOOL, "strict"), True, f"Unknown name \"strict\" at '{PLACE}'"),
    (("tools", 0, "type"), "function", "Unknown name \"type\" at 'tools[0]'"),
    ((*SCHEMA, "additionalProperties"), False, f"Unknown name \"additionalProperties\" at '{PLACE}.parameters'"),
    ((*SCHEMA, "$defs"), {}, f"Unknown name \"$defs\" at '{PLACE}.parameters'"),
    ((*SCHEMA, "required", 1), "z", f"{PLACE}.parameters.required[1]: property is not defined"),
    ((*SCHEMA, "type"), "DICT", "google.ai.generativelanguage.v1beta.Type"),
    ((*SCHEMA, "properties", "a", "enum"), [1], "enum: only allowed for STRING type"),
    ((*SCHEMA, "properties", "c", "anyOf", 1, "format"), "uri", "only 'enum' and 'date-time' are supported for STRING"),
    ((*SCHEMA, "properties", "b", "items"), GONE, "properties.b.items: missing field."),
    (("toolConfig", "functionCallingConfig", "mode"), "REQUIRED", "Please use a valid mode: AUTO, ANY, NONE"),
    (("toolConfig", "functionCallingConfig", "mode"), "AUTO", "allowed_function_names should only be set when mode is"),
    (("toolConfig", "functionCallingConfig", "allowedFunctionNames"), ["z"], "allowed_function_names[0]: no such"),
    (("tools",), [], "Function calling config is set without function_declarations."),
]


def test_the_body_is_right() -> None:
    assert check_gemini(BODY) is None


@pytest.mark.parametrize(("path", "value", "says"), WRONG, ids=[says[:60] for _, _, says in WRONG])
def test_the_smallest_change_is_refused(path: tuple[str | int, ...], value: Any, says: str) -> None:
    refusal = check_gemini(with_change(BODY, path, value))
    assert refusal is not None
    assert says in refusal.message
    assert refusal.body == {"error": {"code": 400, "message": refusal.message, "status": "INVALID_ARGUMENT"}}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ((*CALLS, 1, "thoughtSignature"), "skip_thought_signature_validator"),
        ((*CALLS, 1, "thoughtSignature"), SIGNATURE.replace("+", "-").replace("/", "_")),
        ((*CALLS, 1, "thoughtSignature"), "cmVhbA=="),
        ((*CALLS, 1, "functionCall", "id"), GONE),
        (("contents", 0, "role"), GONE),
        (("system_instruction",), {"parts": [{"text": "x"}]}),
        ((*SCHEMA, "type"), "object"),
    ],
)
def test_what_may_be_otherwise(path: tuple[str | int, ...], value: Any) -> None:
    assert check_gemini(with_change(BODY, path, value)) is None


def test_older_models_take_calls_without_a_signature_and_so_does_a_turn_that_is_over() -> None:
    unsigned = with_change(BODY, (*CALLS, 1, "thoughtSignature"), GONE)
    assert check_gemini(unsigned, "gemini-2.5-flash") is None
    assert check_gemini(unsigned, "gemini-3-pro") is not None
    contents = [*unsigned["contents"], {"role": "model", "parts": [{"text": "So."}]}]
    assert check_gemini(unsigned | {"contents": [*contents, {"role": "user", "parts": [{"text": "And?"}]}]}) is None
