"""The official SDK in a loop by hand: the least that anything built on it costs. Tools run when the response ended."""
# pyright: basic, reportMissingImports=false
# (it runs in an environment of its own, whose version of the SDK the type checkers do not have)

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from openai import AsyncOpenAI

from tests.benchmarks.clients.harness import KEY, MODEL, PROMPT, Order, Run, Stamps, Told, main

Bodies = dict[str, Callable[[str], Awaitable[str]]]
PARAMETERS = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}


def build(order: Order, stamps: Stamps) -> Run:
    """A client that does not retry."""
    client = AsyncOpenAI(base_url=order.base_url, api_key=KEY, max_retries=0)
    bodies = stamps.tools(order)
    loop = _chat if order.wire == "chat" else _responses
    return lambda: loop(client, bodies)


async def _responses(client: AsyncOpenAI, bodies: Bodies) -> Told:
    tools: Any = [{"type": "function", "name": name, "parameters": PARAMETERS, "strict": True} for name in bodies]
    items: list[Any] = [{"role": "user", "content": PROMPT}]
    events = 0
    while True:
        calls: list[Any] = []
        text: list[str] = []
        async for event in await client.responses.create(model=MODEL, input=items, tools=tools, stream=True):
            events += 1
            if event.type == "response.output_text.delta":
                text.append(event.delta)
            elif event.type == "response.output_item.done":
                items.append(event.item.to_dict())
                if event.item.type == "function_call":
                    calls.append(event.item)
        if not calls:
            return Told(events, "".join(text))
        outputs = await asyncio.gather(*(bodies[call.name](json.loads(call.arguments)["text"]) for call in calls))
        items += [
            {"type": "function_call_output", "call_id": call.call_id, "output": output}
            for call, output in zip(calls, outputs, strict=True)
        ]


async def _chat(client: AsyncOpenAI, bodies: Bodies) -> Told:
    tools: Any = [
        {"type": "function", "function": {"name": name, "parameters": PARAMETERS, "strict": True}} for name in bodies
    ]
    messages: list[Any] = [{"role": "user", "content": PROMPT}]
    events = 0
    while True:
        calls: dict[int, dict[str, Any]] = {}
        text: list[str] = []
        chunks = await client.chat.completions.create(model=MODEL, messages=messages, tools=tools, stream=True)
        async for chunk in chunks:
            events += 1
            for choice in chunk.choices:
                text.append(choice.delta.content or "")
                for delta in choice.delta.tool_calls or ():
                    call = calls.setdefault(delta.index, {"id": "", "name": "", "arguments": []})
                    call["id"] += delta.id or ""
                    if delta.function is not None:
                        call["name"] += delta.function.name or ""
                        call["arguments"].append(delta.function.arguments or "")
        if not calls:
            return Told(events, "".join(text))
        spoken = [(call["id"], call["name"], "".join(call["arguments"])) for _, call in sorted(calls.items())]
        outputs = await asyncio.gather(*(bodies[name](json.loads(text)["text"]) for _, name, text in spoken))
        written = [
            {"id": id_, "type": "function", "function": {"name": name, "arguments": arguments}}
            for id_, name, arguments in spoken
        ]
        messages.append({"role": "assistant", "content": "".join(text) or None, "tool_calls": written})
        messages += [
            {"role": "tool", "tool_call_id": id_, "content": output}
            for (id_, _, _), output in zip(spoken, outputs, strict=True)
        ]


if __name__ == "__main__":
    main(build)
