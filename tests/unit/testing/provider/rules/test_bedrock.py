"""The rules of Bedrock: a body that is right, and the smallest change that makes it wrong."""

from typing import Any

import pytest

from millstream.testing.provider.rules import check_bedrock
from millstream.testing.provider.rules.signature import signature_of
from tests.unit.testing.provider.rules.breaking import GONE, with_change

BODY: dict[str, Any] = {
    "system": [{"text": "Be brief."}],
    "inferenceConfig": {"maxTokens": 9},
    "toolConfig": {
        "tools": [
            {
                "toolSpec": {
                    "name": "f",
                    "description": "x",
                    "inputSchema": {"json": {"type": "object", "properties": {}}},
                }
            },
            {"cachePoint": {"type": "default"}},
        ],
        "toolChoice": {"tool": {"name": "f"}},
    },
    "messages": [
        {"role": "user", "content": [{"text": "Hi"}]},
        {
            "role": "assistant",
            "content": [
                {"reasoningContent": {"reasoningText": {"text": "hm", "signature": signature_of("hm")}}},
                {"toolUse": {"toolUseId": "t1", "name": "f", "input": {"a": 1}}},
                {"toolUse": {"toolUseId": "t2", "name": "f", "input": {}}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"toolResult": {"toolUseId": "t1", "content": [{"json": {"a": 1}}], "status": "success"}},
                {"toolResult": {"toolUseId": "t2", "content": [{"text": "x"}], "status": "error"}},
                {"text": "And now?"},
            ],
        },
    ],
}
CALLS = ("messages", 1, "content")
RESULTS = ("messages", 2, "content")
SPEC = ("toolConfig", "tools", 0, "toolSpec")
WRONG: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("messages",), GONE, "Value at 'messages' failed to satisfy constraint: Member must not be null"),
    (("messages",), [], "The messages field is empty."),
    (("messages", 0), GONE, "A conversation must start with a user message."),
    (("messages", 0, "role"), "system", "Member must satisfy enum value set: [user, assistant]"),
    (("messages", 3), {"role": "user", "content": [{"text": "x"}]}, "must alternate between user and assistant roles"),
    (("messages", 0, "content"), [], "The content field in the Message object at messages.0 is empty."),
    (("messages", 0, "content"), "Hi", "The format of the value at messages.0.content is invalid."),
    (("messages", 0, "content", 0, "text"), " ", "The text field in the ContentBlock object at messages.0.content.0"),
    (("messages", 0, "content", 0, "image"), {}, "Invalid number of parameters set for tagged union structure"),
    (("messages", 0, "content", 0), {"type": "text"}, "Invalid number of parameters set for tagged union structure"),
    (("system",), [{"text": ""}], "The text field in the SystemContentBlock object at system.0 is blank."),
    (("inferenceConfig", "maxTokens"), 0, "have value greater than or equal to 1"),
    ((*CALLS, 0, "reasoningContent", "reasoningText", "text"), "hmm", "Invalid `signature` in `thinking` block"),
    ((*CALLS, 0, "reasoningContent", "reasoningText", "signature"), GONE, "Member must not be null"),
    ((*CALLS, 1, "toolUse", "toolUseId"), "a b", "satisfy regular expression pattern"),
    ((*CALLS, 1, "toolUse", "name"), "a.b", "satisfy regular expression pattern"),
    ((*CALLS, 1, "toolUse", "input"), "{}", "messages.1.content.1.toolUse.input is invalid. Provide a json object"),
    ((*CALLS, 1, "toolUse", "input"), GONE, "Value at 'messages.1.content.1.toolUse.input'"),
    ((*CALLS, 2, "toolUse", "toolUseId"), "t1", "contain duplicate Ids"),
    ((*RESULTS, 1), GONE, "Expected toolResult blocks at messages.2.content for the following Ids: t2"),
    ((*RESULTS, 3), {"toolResult": {"toolUseId": "t3", "content": []}}, "exceeds the number of toolUse blocks"),
    ((*RESULTS, 0, "toolResult", "toolUseId"), "t2", "for the following Ids: t1"),
    ((*RESULTS, 0, "toolResult", "status"), "ok", "enum value set: [success, error]"),
    ((*RESULTS, 0, "toolResult", "content"), "x", "messages.2.content.0.toolResult.content is invalid."),
    ((*RESULTS, 0, "toolResult", "content", 0, "json"), [1], "toolResult.content.0.json is invalid."),
    (("messages", 2), GONE, "Expected toolResult blocks at messages.2.content"),
    (("messages", 1, "role"), "user", "can not be in a message of the role user"),
    (("toolConfig",), GONE, "The toolConfig field must be defined when using toolUse and toolResult content blocks."),
    (("toolConfig", "tools"), [], "have length greater than or equal to 1"),
    (("toolConfig", "toolChoice"), {"none": {}}, "Invalid number of parameters set for tagged union structure"),
    (("toolConfig", "toolChoice", "tool", "name"), "g", "is not defined in toolConfig.tools"),
    ((*SPEC, "name"), "a.b", "satisfy regular expression pattern"),
    ((*SPEC, "description"), "", "toolSpec.description' failed to satisfy constraint: Member must have length"),
    ((*SPEC, "inputSchema"), {"type": "object"}, "toolSpec.inputSchema.json' failed to satisfy constraint"),
    ((*SPEC, "inputSchema", "json", "type"), "array", "json.type must be one of the following: object."),
    (("toolConfig", "tools", 2), {"toolSpec": BODY["toolConfig"]["tools"][0]["toolSpec"]}, "is already defined at"),
]


def test_the_body_is_right() -> None:
    assert check_bedrock(BODY) is None


@pytest.mark.parametrize(("path", "value", "says"), WRONG, ids=[says[:60] for _, _, says in WRONG])
def test_the_smallest_change_is_refused(path: tuple[str | int, ...], value: Any, says: str) -> None:
    refusal = check_bedrock(with_change(BODY, path, value))
    assert refusal is not None
    assert says in refusal.message
    assert refusal.body == {"message": refusal.message}
