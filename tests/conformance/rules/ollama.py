"""What Ollama makes sense of in a request."""

from __future__ import annotations

from tests.conformance.rules.common import NAME, Item


def wrong_in_ollama(messages: list[Item]) -> list[str]:
    """The messages of a request to Ollama's own API, which matches results to calls by their order and name."""
    wrong: list[str] = []
    owed: list[tuple[str, str]] = []
    for message in messages:
        wrong += [] if isinstance(message["content"], str) else [f"a content that is no text: {message['content']!r}"]
        if message["role"] == "tool":
            one = (message["tool_name"], message["tool_call_id"])
            wrong += [] if owed and owed.pop(0) == one else [f"an answer to {one}, which was not the next owed"]
            continue
        wrong += [f"calls without an answer before the next message: {owed}"] if owed else []
        functions = [call["function"] for call in message.get("tool_calls", [])]
        for function in functions:
            wrong += [] if NAME.fullmatch(function["name"]) else [f"a call of {function['name']!r}, which is no name"]
            wrong += [] if isinstance(function["arguments"], dict) else ["arguments that are no object"]
        owed = [(call["function"]["name"], call["id"]) for call in message.get("tool_calls", [])]
    return wrong + ([f"calls without an answer at the end: {owed}"] if owed else [])
