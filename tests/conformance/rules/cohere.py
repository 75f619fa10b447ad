"""What Cohere demands of the history in a request."""

from __future__ import annotations

from tests.conformance.rules.common import Item
from tests.conformance.rules.openai import wrong_in_messages


def wrong_in_cohere(messages: list[Item]) -> list[str]:
    """The messages of a request to Cohere: those of Chat, and no message that says nothing."""
    wrong = wrong_in_messages([message | {"content": message.get("content") or ""} for message in messages])
    for message in messages:
        if not message.get("tool_calls") and not message["content"]:
            wrong.append(f"a message of {message['role']} that says nothing")
        if "tool_plan" in message and not (message["tool_plan"] and message.get("tool_calls")):
            wrong.append("a plan without calls")
        wrong += ["arguments that are no object" for call in message.get("tool_calls", []) if not _is_object(call)]
    return wrong


def _is_object(call: Item) -> bool:
    text: str = call["function"]["arguments"]
    return text.lstrip().startswith("{")
