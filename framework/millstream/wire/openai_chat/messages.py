"""OpenAI Chat Completions: a transcript -> the `messages` of a request.

A reply is one message with all its calls, directly followed by one answer for each. An answer is text: images and files
in it go into a message of the user behind all of them, which says what they belong to.
"""

from __future__ import annotations

from typing import Any, Final

from millstream.transcript import (
    CallItem,
    MediaPart,
    Part,
    ReasoningItem,
    Reply,
    SystemMessage,
    TextItem,
    ToolResult,
    Transcript,
    UserMessage,
)
from millstream.wire.texts import content_of, is_common_image, text_of, url_of, valid_args, valid_name, words_of

NAME: Final = "openai-chat"
_MAX_NAME: Final = 64
_AUDIO: Final = {"audio/wav": "wav", "audio/x-wav": "wav", "audio/mpeg": "mp3", "audio/mp3": "mp3"}
_Message = dict[str, Any]


def messages(transcript: Transcript) -> list[_Message]:
    """The messages."""
    written: list[_Message] = []
    media: list[dict[str, Any]] = []  # of the answers so far, which wait until all of them are written
    for entry in transcript:
        if media and not isinstance(entry, ToolResult):
            written.append({"role": "user", "content": media})
            media = []
        match entry:
            case UserMessage(parts=parts):
                written.append({"role": "user", "content": content_of(parts, _part)})
            case SystemMessage(text=text):
                written.append({"role": "system", "content": text})
            case ToolResult(call=call, parts=parts):
                written.append({"role": "tool", "tool_call_id": call.provider_id, "content": text_of(parts)})
                media += _media(entry)
            case Reply():
                written += _reply(entry)
    return [*written, {"role": "user", "content": media}] if media else written


def _media(result: ToolResult) -> list[dict[str, Any]]:
    """The images and files of an answer, with a text before them that says whose they are."""
    attached = [_attached(part) for part in result.parts if isinstance(part, MediaPart)]
    if not attached:
        return []
    call = result.call
    told = f"From the result of {valid_name(call.name, _MAX_NAME)} ({call.provider_id}):"
    return [{"type": "text", "text": told}, *attached]


def _attached(part: MediaPart) -> _Message:
    """An image or file of an answer: an image of a kind that the API refuses is only named."""
    if part.media_type.startswith("image/") and not is_common_image(part):
        return {"type": "text", "text": words_of((part,))}
    return _part(part)


def _reply(reply: Reply) -> list[_Message]:
    own = reply.wire == NAME
    calls = [_call(item, own=own) for item in reply.items if isinstance(item, CallItem)]
    texts = [item for item in reply.items if isinstance(item, TextItem)]
    refusal = "".join(item.text for item in texts if item.refusal)
    if not calls and not texts:
        return []
    message: _Message = {"role": "assistant", "content": reply.text or (None if calls or refusal else "")}
    if refusal:
        message["refusal"] = refusal
    if calls:
        message["tool_calls"] = calls
    for item in reply.items:
        if (
            own
            and isinstance(item, ReasoningItem)
            and item.echo is not None
            and (calls or "reasoning_details" in item.echo)
        ):
            message |= item.echo
    return [message]


def _call(item: CallItem, *, own: bool) -> dict[str, Any]:
    call = item.call
    name = valid_name(call.name, _MAX_NAME)
    if call.kind == "custom":
        return {"id": call.provider_id, "type": "custom", "custom": {"name": name, "input": item.args_text}}
    function = {"name": name, "arguments": valid_args(item.args_text)}
    echo = dict(item.echo) if own and item.echo is not None else {}
    return echo | {"id": call.provider_id, "type": "function", "function": function}


def _part(part: Part) -> dict[str, Any]:
    if not isinstance(part, MediaPart):
        return {"type": "text", "text": text_of((part,))}
    url = url_of(part)
    if part.media_type.startswith("image/"):
        return {"type": "image_url", "image_url": {"url": url}}
    if part.base64 is not None and part.media_type in _AUDIO:
        return {"type": "input_audio", "input_audio": {"data": part.base64, "format": _AUDIO[part.media_type]}}
    # The wire has no word for the URL of a file; OpenRouter takes one here, others say that they do not.
    return {"type": "file", "file": {"filename": part.name or "file", "file_data": url}}
