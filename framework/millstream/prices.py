"""What tokens cost, by the price lists that `genai-prices` keeps. Its only home: `pip install 'millstream[prices]'`.

    result = await agent.run("…")
    print(cost_usd(agent.model.name, result.usage))

The lists are those of the installed release of genai-prices: https://github.com/pydantic/genai-prices.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from millstream.errors import UsageError
from millstream.events import Usage

_PROVIDERS: Final = {
    "azure-responses": "azure",
    "bedrock": "aws",
    "gemini": "google",
    "gemini-interactions": "google",
    "openai-chat": "openai",
    "openai-completions": "openai",
    "xai": "x-ai",
}
"""The lists' names for providers, where they are not the prefix of the model string."""


def cost_usd(model: str, usage: Usage) -> Decimal | None:
    """What so many tokens of a model cost in US dollars; None where no list knows the model.

    Args:
        model: the model string, "openai:gpt-5.1".
        usage: the tokens of a response or of a run: `TurnEnded.usage`, `run.usage`, `result.usage`.

    Raises:
        UsageError: genai-prices is not installed.
    """
    try:
        from genai_prices import Usage as Tokens
        from genai_prices import calc_price
    except ImportError as error:
        raise UsageError("prices need a package: pip install 'millstream[prices]'") from error
    prefix, _, name = model.partition(":")
    tokens = Tokens(
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_read_tokens=usage.cached_input_tokens,
    )
    try:
        return calc_price(tokens, name or model, provider_id=_PROVIDERS.get(prefix, prefix)).total_price
    except LookupError:
        return None
