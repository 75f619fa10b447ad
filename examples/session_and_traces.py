"""A conversation that is kept in a file over runs and processes, and what OpenTelemetry is told of it.

    python examples/session_and_traces.py

Offline: the model is scripted. Needs `pip install 'millstream[otel]' opentelemetry-sdk`; without the SDK nothing is
traced, and the rest works all the same.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

import anyio
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from millstream import Agent, tool
from millstream.sessions import Session, SqliteSessions, last_prompts
from millstream.telemetry import Tracing
from millstream.testing import ScriptedModel, call


@tool(read_only=True)
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    await anyio.sleep(0.05)
    return f"21 °C in {city}"


async def main(path: Path) -> None:
    exporter = InMemorySpanExporter()  # yours sends them to a collector
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    model = ScriptedModel([[call("weather", city="Paris")], "It is 21 °C in Paris.", "You asked about Paris."])
    agent = Agent(model, [weather], observer=Tracing(provider))

    for prompt in ("Is it warm in Paris?", "What did I ask about?"):
        # Opened anew each time, as by another process: the file is all they share.
        chat = Session("user-42", SqliteSessions(path), trim=last_prompts(20))
        result = await agent.run(prompt, history=chat)
        print(f"you: {prompt}\nmodel: {result.output}")
    print(f"kept: {len(await chat.transcript())} entries in {path.name}\n")

    names = {context.span_id: span for span in exporter.get_finished_spans() if (context := span.context)}
    for span in sorted(names.values(), key=lambda span: span.start_time or 0):
        depth = 0 if span.parent is None else 1 if names[span.parent.span_id].parent is None else 2
        print("  " * depth + span.name, f"{((span.end_time or 0) - (span.start_time or 0)) / 1e6:.0f} ms")


with tempfile.TemporaryDirectory() as folder:
    anyio.run(main, Path(folder) / "chats.db")
