"""Requests that real providers answered are accepted by the rules."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from millstream.testing.provider.rules import Refusal, check_anthropic, check_chat, check_gemini, check_responses

STRICTER_THAN = {
    "huggingface-router": "Invalid 'tools': empty array.",
    "mistral": "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
    "anthropic__anthropic-completion-tools-call-with-tool-result": "messages.2.content.0: unexpected `tool_use_id`",
}
"""What OpenAI refuses, as its users report, and these servers take; and ids that differ, as in 2024."""
CHECKS: dict[str, tuple[Callable[[Any], Refusal | None], int]] = {
    "openai-chat": (check_chat, 50),
    "openai-responses": (check_responses, 50),
    "anthropic-messages": (check_anthropic, 40),
    "gemini-generate": (partial(check_gemini, model="gemini-2.5-flash"), 25),
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
