"""What goes over Gemini's generateContent, written short, and what is made of it."""

from __future__ import annotations

import json
from typing import Any

from google.genai import types

from millstream.wire.gemini.reader import GeminiReader
from millstream.wire_events import WireEvent
from tests.response import Response

Part = dict[str, Any]
API = "gemini-generate"


def chunk(*parts: Part, finish: str | None = None, **beside: Any) -> dict[str, Any]:
    """A chunk with these parts, and perhaps the reason for which the model stopped."""
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    if finish is not None:
        candidate["finishReason"] = finish
    return {"candidates": [candidate | beside], "responseId": "r-1"}


def call(name: str | None = None, args: Any = None, *, more: bool = False, **fields: Any) -> Part:
    """A `functionCall` part; `signature` is that of the part."""
    signature = fields.pop("signature", None)
    found = {"name": name, "args": args, "willContinue": True if more else None} | fields
    part: Part = {"functionCall": {key: value for key, value in found.items() if value is not None}}
    return part | ({} if signature is None else {"thoughtSignature": signature})


def pieces(*args: tuple[str, Any], more: bool = True) -> Part:
    """A `functionCall` part with `partialArgs`; a string that ends in "…" goes on."""
    return call(partialArgs=[_piece(path, value) for path, value in args], more=more)


def _piece(path: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, str):
        return {"jsonPath": path, "numberValue": value}
    more = {"willContinue": True} if value.endswith("…") else {}
    return {"jsonPath": path, "stringValue": value.removesuffix("…"), **more}


def read(*chunks: dict[str, Any]) -> list[WireEvent]:
    """What one reader makes of these chunks."""
    reader = GeminiReader()
    return [event for one in chunks for event in reader.accept(one)]


def response(*chunks: dict[str, Any]) -> Response:
    """The response that these chunks are, over the wire."""
    found = Response(API)
    found.feed("".join(f"data: {json.dumps(one)}\r\n\r\n" for one in chunks).encode())
    found.end()
    return found


STOP = chunk({"text": ""}, finish="STOP")


def judge(found: dict[str, Any]) -> None:
    """Let google-genai's types, which forbid fields they do not know, read the parts of a body."""
    copy = json.loads(json.dumps(found, allow_nan=False))
    for content in copy["contents"]:
        types.Content.model_validate(content)
    for tool in copy.get("tools", []):
        types.Tool.model_validate(tool)
    types.ToolConfig.model_validate(copy.get("toolConfig", {}))
    types.GenerationConfig.model_validate(copy.get("generationConfig", {}))


def echo(id_: str | None = None, signature: str | None = None) -> dict[str, Any]:
    """What came beside the arguments of a call of `f`."""
    given = {"functionCall": {"name": "f"} | ({} if id_ is None else {"id": id_})}
    return given | ({} if signature is None else {"thoughtSignature": signature})
