"""The official SDK against the fake provider: its clients, and the tools and answers that its tests share."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import openai

from millstream.testing import FakeProvider, Scenario

KEY = "sk-right"
MODEL = "a-model"
PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
RESPONSES_TOOLS: Any = [
    {"type": "function", "name": "weather", "parameters": PARAMETERS, "strict": True},
    {"type": "custom", "name": "note"},
]
CHAT_TOOLS: Any = [
    {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS, "strict": True}},
    {"type": "custom", "custom": {"name": "note"}},
]
MESSAGES: Any = [{"role": "user", "content": "What is the weather?"}]


@asynccontextmanager
async def asked(
    *answers: Any, max_retries: int = 0, timeout_s: float = 20.0, key: str = KEY, **provider: Any
) -> AsyncGenerator[tuple[openai.AsyncOpenAI, FakeProvider]]:
    """The async client of a provider that gives these answers, in the order of the requests."""
    how: dict[str, Any] = {"keys": [KEY], "models": [MODEL], **provider}
    with FakeProvider(_scenario(answers), **how) as served:
        async with openai.AsyncOpenAI(
            base_url=served.base_url, api_key=key, max_retries=max_retries, timeout=timeout_s
        ) as client:
            yield client, served


@contextmanager
def asked_plainly(*answers: Any) -> Generator[tuple[openai.OpenAI, FakeProvider]]:
    """As `asked`, with the client that blocks."""
    with (
        FakeProvider(_scenario(answers), keys=[KEY], models=[MODEL]) as served,
        openai.OpenAI(base_url=served.base_url, api_key=KEY, max_retries=0, timeout=20.0) as client,
    ):
        yield client, served


def _scenario(answers: tuple[Any, ...]) -> Scenario:
    first = answers[0] if answers else None
    return first if isinstance(first, Scenario) else Scenario.of(*answers)
