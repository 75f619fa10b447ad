"""OpenTelemetry spans of runs, by the semantic conventions for generative AI: a run, its responses, its tools.

    from millstream.telemetry import Tracing
    agent = Agent("openai:gpt-5.1", tools=[weather], observer=Tracing())

    invoke_agent weather-agent          the run; tokens
    ├── chat gpt-5.1                    a response; tokens, why it ended, `millstream.overlap_s`
    │   ├── execute_tool weather        from its start to its end, which may be after that of the response
    │   └── execute_tool research
    │       └── invoke_agent research   an agent that works for this one
    └── chat gpt-5.1

Spans are made of the records of the run, with their times. While a tool is at work its span is the current one, so that
what it does itself is found under it. Names: https://opentelemetry.io/docs/specs/semconv/gen-ai/. The home of
opentelemetry; without `pip install 'millstream[otel]'` making a `Tracing` fails.
"""

from __future__ import annotations

from millstream.telemetry.tracing import RunTracing, Tracing

__all__ = ("RunTracing", "Tracing")
