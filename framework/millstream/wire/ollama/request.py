"""Ollama's `/api/chat`: a transcript and tools -> the body of the request.

Arguments go back as an object; a result names its tool, and its call by the id (older servers match results to calls by
their order, which is that of the calls). What the model thought before it called goes back with the call. Images are
base64 data beside the text.
"""

from __future__ import annotations

from typing import Any, Final

from millstream.errors import ModelError
from millstream.settings import Effort, Settings
from millstream.transcript import (
    CallItem,
    Entry,
    MediaPart,
    ReasoningItem,
    Reply,
    SystemMessage,
    TextItem,
    ToolResult,
    Transcript,
    UserMessage,
)
from millstream.wire.asking import forced_choice, function_of, no_words
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.merging import over
from millstream.wire.texts import object_args, text_of, valid_name, words_of

NAME: Final = "ollama-native"
_MAX_NAME: Final = 64
_THINK: Final[dict[Effort, bool | str]] = {"none": False, "low": "low", "medium": "medium", "high": "high"}


def body(ask: Ask) -> dict[str, Any]:
    """The JSON body of a streaming request."""
    instructions = [{"role": "system", "content": ask.instructions}] if ask.instructions else []
    request: dict[str, Any] = {"model": ask.model, "messages": instructions + messages(ask.transcript), "stream": True}
    choice = forced_choice(ask)
    if choice not in ("auto", "none"):
        raise no_words("a tool choice that forces a call", NAME, 'leave it "auto", and say so in the instructions.')
    if ask.tools and choice == "auto":
        request["tools"] = [tool(schema) for schema in ask.tools]
    return over(request | _settings(ask.settings), ask.settings.body)


def _settings(settings: Settings) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if settings.parallel_calls is False:
        raise no_words("parallel_calls=False", NAME, "leave it None: the model decides.")
    if settings.strict_tools:
        raise no_words("strict_tools", NAME, "leave it False: arguments are checked as they arrive in any case.")
    if settings.hosted_tools:
        raise no_words("hosted_tools", NAME, "give tools of your own: Ollama runs none.")
    if settings.moderation is not None:
        raise no_words("moderation", NAME, "leave it None.")
    if settings.effort is not None:
        if settings.effort not in _THINK:
            instead = f"Use one of {', '.join(_THINK)}, or write it as it is: body={{'think': …}}."
            raise no_words(f'effort="{settings.effort}"', NAME, instead)
        made["think"] = _THINK[settings.effort]
    if settings.output is not None:
        made["format"] = dict(settings.output.schema)
    if settings.max_output_tokens is not None:
        made["options"] = {"num_predict": settings.max_output_tokens}
    return made


def tool(schema: ToolSchema) -> dict[str, Any]:
    """A tool definition.

    Raises:
        ModelError: it takes free text, which this wire does not know.
    """
    return {"type": "function", "function": function_of(schema, NAME)}


def messages(transcript: Transcript) -> list[dict[str, Any]]:
    """The messages, each reply one of them with all its calls.

    Raises:
        ModelError: the user sent something that is no image, or only by its URL.
    """
    written = [_entry(entry) for entry in transcript]
    return [message for message in written if message is not None]


def _entry(entry: Entry) -> dict[str, Any] | None:
    match entry:
        case UserMessage():
            return _user(entry)
        case SystemMessage(text=text):
            return {"role": "system", "content": text}
        case ToolResult(call=call, parts=parts):
            name = valid_name(call.name, _MAX_NAME)
            return {"role": "tool", "tool_name": name, "tool_call_id": call.provider_id, "content": words_of(parts)}
        case Reply():
            return _reply(entry)


def _user(entry: UserMessage) -> dict[str, Any]:
    texts = tuple(part for part in entry.parts if not isinstance(part, MediaPart))
    images = [_image(part) for part in entry.parts if isinstance(part, MediaPart)]
    message: dict[str, Any] = {"role": "user", "content": text_of(texts)}
    return message | ({"images": images} if images else {})


def _image(part: MediaPart) -> str:
    if part.base64 is None or not part.media_type.startswith("image/"):
        what = part.media_type if part.base64 is not None else "an image by its URL"
        message = f"{what} can not be sent on the wire {NAME}: it takes images as base64 data, MediaPart(…, base64=…)"
        raise ModelError(message)
    return part.base64


def _reply(reply: Reply) -> dict[str, Any] | None:
    calls = [_call(item) for item in reply.items if isinstance(item, CallItem)]
    texts = [item for item in reply.items if isinstance(item, TextItem)]
    if not calls and not texts:
        return None
    message: dict[str, Any] = {"role": "assistant", "content": "".join(item.text for item in texts)}
    thoughts = [item.text for item in reply.items if isinstance(item, ReasoningItem)]
    if thoughts and calls and reply.wire == NAME:
        message["thinking"] = "".join(thoughts)
    return message | ({"tool_calls": calls} if calls else {})


def _call(item: CallItem) -> dict[str, Any]:
    call = item.call
    arguments = {"input": item.args_text} if call.kind == "custom" else object_args(item.args_text)
    return {"id": call.provider_id, "function": {"name": valid_name(call.name, _MAX_NAME), "arguments": arguments}}
