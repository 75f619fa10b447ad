from __future__ import annotations

import sys
from decimal import Decimal

import pytest

from millstream.errors import UsageError
from millstream.events import Usage
from millstream.prices import cost_usd

USAGE = Usage(input_tokens=1_000_000, output_tokens=100_000, cached_input_tokens=0)


def test_tokens_cost_what_the_list_says() -> None:
    assert cost_usd("openai:gpt-5.1", USAGE) == Decimal("1.25") + Decimal("1.0")


def test_tokens_from_the_cache_cost_less() -> None:
    cached = Usage(input_tokens=1_000_000, output_tokens=100_000, cached_input_tokens=1_000_000)
    cost = cost_usd("openai:gpt-5.1", cached)
    assert cost is not None
    assert cost < Decimal("1.5")


@pytest.mark.parametrize(
    "model",
    [
        "openai-chat:gpt-5.1",
        "azure-responses:gpt-5.1",
        "anthropic:claude-sonnet-4-5",
        "gemini:gemini-2.5-pro",
        "bedrock:anthropic.claude-sonnet-4-5-20250929-v1:0",
        "groq:llama-3.3-70b-versatile",
        "xai:grok-4",
    ],
)
def test_providers_are_known_by_their_prefix(model: str) -> None:
    cost = cost_usd(model, USAGE)
    assert cost is not None
    assert cost > 0


@pytest.mark.parametrize("model", ["openai:no-such-model", "vllm:mine", "scripted"])
def test_what_no_list_knows_has_no_price(model: str) -> None:
    assert cost_usd(model, USAGE) is None


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices", None)
    with pytest.raises(UsageError, match=r"pip install 'millstream\[prices\]'"):
        cost_usd("openai:gpt-5.1", USAGE)
