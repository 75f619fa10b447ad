"""Requests that real providers answered are accepted by the rules."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from millstream.testing.provider import rules
from millstream.testing.provider.rules import Refusal

STRICTER_THAN = {
    "huggingface-router": "Invalid 'tools': empty array.",
    "mistral": "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
    "anthropic__anthropic-completion-tools-call-with-tool-result": "messages.2.content.0: unexpected `tool_use_id`",
}
"""What OpenAI refuses, as its users report, and these servers take; and ids that differ, as in 2024."""
CHECKS: dict[str, tuple[Callable[[Any], Refusal | None], int]] = {
    "openai-chat": (rules.check_chat, 50),
    "openai-responses": (rules.check_responses, 50),
    "anthropic-messages": (rules.check_anthropic, 40),
    "gemini-generate": (partial(rules.check_gemini, model="gemini-2.5-flash"), 25),
    "bedrock-converse": (rules.check_bedrock, 20),
    "ollama-native": (rules.check_ollama, 2),
    "cohere-v2": (rules.check_cohere, 8),
    "gemini-interactions": (rules.check_interactions, 2),
}
"""The rules of each wire, and how many recorded requests there are at least."""


@pytest.mark.parametrize("wire", CHECKS)
def test_recorded_requests_are_accepted(corpus: Path, wire: str) -> None:
    files = sorted((corpus / "streams/open" / wire).glob("*.request.json"))
    check, at_least = CHECKS[wire]
    assert len(files) > at_least
    refused = {file.name: check(json.loads(file.read_text(encoding="utf-8"))) for file in files}
    surprising = {
        name: refusal.message
        for name, refusal in refused.items()
        if refusal is not None
        and not any(name.startswith(of) and refusal.message.startswith(says) for of, says in STRICTER_THAN.items())
    }
    assert surprising == {}
