"""How calls are written as text: to tell a model of its tools, and to give it back what it wrote."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from millstream.wire.text_calls.forms import CALL_BEGIN, CALLS_BEGIN, TOOL_CALLS
from millstream.wire.text_calls.styles import TextCallStyle

_DEEPSEEK: Final = f"{CALLS_BEGIN}{CALL_BEGIN}%s<｜tool▁sep｜>%s<｜tool▁call▁end｜><｜tool▁calls▁end｜>"  # noqa: RUF001  its own characters


def written(style: TextCallStyle, name: str, args: Mapping[str, Any]) -> str:
    """A call as a model of that style writes it; for "auto" as Hermes and Qwen do."""
    text = json.dumps(args, ensure_ascii=False)
    quoted = json.dumps(name, ensure_ascii=False)
    match style:
        case "hermes" | "auto":
            return f'<tool_call>\n{{"name": {quoted}, "arguments": {text}}}\n</tool_call>'
        case "llama":
            return f'{{"name": {quoted}, "parameters": {text}}}'
        case "mistral":
            return f"{TOOL_CALLS}{name}[ARGS]{text}"
        case "deepseek":
            return _DEEPSEEK % (name, text)
        case "pythonic":
            return f"[{name}({', '.join(f'{key}={value!r}' for key, value in args.items())})]"
        case "json":
            return f'{{"name": {quoted}, "arguments": {text}}}'


def told(style: TextCallStyle, tools: Sequence[Mapping[str, Any]]) -> str:
    """What the instructions say of the tools, each of which is `{"name", "description", "parameters"}`."""
    lines = "\n".join(json.dumps(tool, ensure_ascii=False) for tool in tools)
    example = written(style, "NAME", {"PARAMETER": "VALUE"})
    return (
        "You can call these tools. Each line is one, with the JSON Schema of its parameters:\n"
        f"{lines}\n"
        "To call a tool, write on a line of its own exactly this, with its name and its arguments:\n"
        f"{example}\n"
        "Several such calls may follow one another. Then stop: the results will be given to you."
    )
