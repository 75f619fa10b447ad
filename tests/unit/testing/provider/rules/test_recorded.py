"""Requests that real providers answered are accepted by the rules."""

import json
from pathlib import Path

import pytest

from millstream.testing.provider.rules import check_chat, check_responses

STRICTER_THAN = {
    "huggingface-router": "Invalid 'tools': empty array.",
    "mistral": "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.",
}
"""What OpenAI refuses, as its users report, and these servers take."""


@pytest.mark.parametrize("wire", ["chat", "responses"])
def test_recorded_requests_are_accepted(corpus: Path, wire: str) -> None:
    files = sorted((corpus / f"streams/open/openai-{wire}").glob("*.request.json"))
    assert len(files) > 50
    check = check_chat if wire == "chat" else check_responses
    refused = {file.name: check(json.loads(file.read_text(encoding="utf-8"))) for file in files}
    surprising = {
        name: refusal.message
        for name, refusal in refused.items()
        if refusal is not None and not refusal.message.startswith(STRICTER_THAN.get(name.partition("__")[0], "none"))
    }
    assert surprising == {}
