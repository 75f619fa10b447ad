"""The official SDK's own tool runner at its best: eager, all tools may run at the same time (Responses only)."""
# pyright: basic, reportMissingImports=false
# (it runs in an environment of its own, whose version of the SDK the type checkers do not have)

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from openai import AsyncOpenAI
from openai.lib.responses_tool_runner import AsyncRegisteredFunction, AsyncResponsesToolRunner

from tests.benchmarks.clients.harness import KEY, MODEL, PROMPT, Order, Run, Stamps, Told, main


def build(order: Order, stamps: Stamps) -> Run:
    """A runner for each run, as it takes one at a time; the client stays."""
    client = AsyncOpenAI(base_url=order.base_url, api_key=KEY, max_retries=0)
    functions = [_registered(name, body) for name, body in stamps.tools(order).items()]

    async def run() -> Told:
        events = 0

        async def on_event(_: Any) -> None:
            nonlocal events
            events += 1

        response = await AsyncResponsesToolRunner(functions=functions).run(
            client,
            {"model": MODEL, "input": PROMPT},
            stream=True,
            eager=True,
            max_concurrent_calls=len(functions),
            on_event=on_event,
        )
        return Told(events, response.output_text)

    return run


def _registered(name: str, body: Callable[[str], Awaitable[str]]) -> AsyncRegisteredFunction:
    schema: dict[str, object] = {
        "type": "object",
        "properties": {"text": {"type": "string"}},
        "required": ["text"],
        "additionalProperties": False,
    }

    async def execute(args: dict[str, object]) -> str:
        return await body(str(args["text"]))

    tool: Any = {"type": "function", "name": name, "description": "", "parameters": schema, "strict": True}
    return AsyncRegisteredFunction(tool, execute, independent=True)


if __name__ == "__main__":
    main(build)
