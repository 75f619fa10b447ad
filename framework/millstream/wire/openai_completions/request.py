"""OpenAI's legacy completions: a transcript -> one text, the `prompt` of `POST /v1/completions`.

The instructions come first, then what was said, a paragraph each, begun by who said it, and then the word that is the
model's turn:

    Be brief.

    User: What is the weather in Paris?

    Assistant: <the call, in the model's own style>

    Tool weather: 21 °C

    Assistant:

The model is stopped where it goes on as the user or as a tool. Nothing keeps a text from holding such words itself:
this wire has no marks for who speaks, so give it no words of people you do not trust beside tools that do something.

There are no tools on this wire. With `Model(…, text_calls=…)` the instructions tell of them, and calls are written and
read as text. Servers end the answer after 16 tokens where no `max_output_tokens` is set (OpenAI, vLLM).
"""

from __future__ import annotations

from typing import Any, Final

from millstream.errors import ModelError
from millstream.settings import Settings
from millstream.transcript import CallItem, Entry, MediaPart, Reply, SystemMessage, TextItem, ToolResult, Transcript
from millstream.wire.asking import forced_choice, function_of, no_words
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.merging import over
from millstream.wire.text_calls import TextCallStyle
from millstream.wire.text_calls.writing import told, written
from millstream.wire.texts import object_args, text_of, valid_name, words_of

NAME: Final = "openai-completions"
_MAX_NAME: Final = 64
_STOP: Final = ("\nUser:", "\nTool ")


def body(ask: Ask) -> dict[str, Any]:
    """The JSON body of a streaming request."""
    request: dict[str, Any] = {
        "model": ask.model,
        "prompt": _prompt(ask),
        "stream": True,
        "stream_options": {"include_usage": True},
        "stop": list(_STOP),
    }
    return over(request | _settings(ask.settings), ask.settings.body)


def tool(schema: ToolSchema) -> dict[str, Any]:
    """A tool as the model is told of it in words.

    Raises:
        ModelError: it takes free text, which is no call written as text.
    """
    return function_of(schema, NAME)


def said(transcript: Transcript, style: TextCallStyle) -> list[dict[str, str]]:
    """Who said what, in order; calls in that style.

    Raises:
        ModelError: somebody sent a file.
    """
    entries = (_entry(entry, style) for entry in transcript)
    return [{"role": role, "content": text} for role, text in entries if text]


def _prompt(ask: Ask) -> str:
    style = ask.text_calls or "auto"
    paragraphs = [ask.instructions] if ask.instructions else []
    choice = forced_choice(ask)
    if choice not in ("auto", "none"):
        raise no_words("a tool choice that forces a call", NAME, 'leave it "auto", and say so in the instructions.')
    if ask.tools and choice == "auto":
        if ask.text_calls is None:
            message = 'this wire has no tools. Write Model(…, text_calls="auto"), or use a chat model'
            raise ModelError(f"{ask.model} can not be given tools on the wire {NAME}: {message}")
        paragraphs.append(told(style, [tool(schema) for schema in ask.tools]))
    paragraphs += [f"{one['role']}: {one['content']}" for one in said(ask.transcript, style)]
    return "\n\n".join([*paragraphs, "Assistant:"])


def _entry(entry: Entry, style: TextCallStyle) -> tuple[str, str]:
    match entry:
        case Reply():
            pieces = [
                item.text if isinstance(item, TextItem) else _call(item, style)
                for item in entry.items
                if isinstance(item, TextItem | CallItem)
            ]
            return "Assistant", "\n".join(piece.strip() for piece in pieces if piece.strip())
        case SystemMessage(text=text):
            return "System", text
        case ToolResult(call=call, parts=parts):
            return f"Tool {valid_name(call.name, _MAX_NAME)}", words_of(parts) or "(nothing)"
        case _:
            if any(isinstance(part, MediaPart) for part in entry.parts):
                raise ModelError(f"a file can not be sent on the wire {NAME}: it takes text only")
            return "User", text_of(entry.parts)


def _call(item: CallItem, style: TextCallStyle) -> str:
    custom = item.call.kind == "custom"
    args = {"input": item.args_text} if custom else object_args(item.args_text)
    return written(style, valid_name(item.call.name, _MAX_NAME), args)


def _settings(settings: Settings) -> dict[str, Any]:
    for name, asked, instead in (
        ("parallel_calls=False", settings.parallel_calls is False, "Say so in the instructions."),
        ("strict_tools", settings.strict_tools, "Leave it False: arguments are checked as they arrive in any case."),
        ("hosted_tools", bool(settings.hosted_tools), "Give tools of your own."),
        ("moderation", settings.moderation is not None, "Leave it None."),
        ("effort", settings.effort is not None, "Leave it None."),
        ("output", settings.output is not None, "Say so in the instructions, or set your server's own words in body=."),
    ):
        if asked:
            raise no_words(name, NAME, instead)
    return {} if settings.max_output_tokens is None else {"max_tokens": settings.max_output_tokens}
