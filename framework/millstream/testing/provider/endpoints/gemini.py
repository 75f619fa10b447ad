"""`POST /v1beta/models/{model}:streamGenerateContent` of Gemini: the model in the path, the key in `x-goog-api-key`."""

from __future__ import annotations

import re

from millstream.events import JsonObject, JsonValue
from millstream.testing.provider.endpoints.endpoint import Answering, Endpoint, Keys, Posted, always_streams
from millstream.testing.provider.frames import Asked
from millstream.testing.provider.gemini import GeminiWire
from millstream.testing.provider.picking import Memory, objects, runs
from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.rules.gemini import check_gemini, gemini_form
from millstream.testing.provider.scenario import Response

MODEL = re.compile(r"/models/([^/]+):streamGenerateContent$")


def check_key(posted: Posted, keys: Keys) -> Refusal | None:
    """Google takes its key in a header of its own, or in the query."""
    key = posted.headers.get("x-goog-api-key") or posted.query.get("key")
    if not key:
        return Refusal(
            "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or "
            "other form of API consumer identity to call this API.",
            status=403,
            form=gemini_form,
        )
    if keys is not None and key not in keys:
        return Refusal("API key not valid. Please pass a valid API key.", code="API_KEY_INVALID", form=gemini_form)
    return None


def not_json() -> Refusal:
    """A body that is no JSON object."""
    return Refusal("Invalid JSON payload received. Expected an object.", form=gemini_form)


def _model(posted: Posted) -> JsonValue:
    found = MODEL.search(posted.path)
    return None if found is None else found[1]


def _unknown_model(model: str) -> Refusal:
    return Refusal(
        f"models/{model} is not found for API version v1beta, or is not supported for generateContent. Call "
        "ModelService.ListModels to see the list of available models and their supported methods.",
        status=404,
        form=gemini_form,
    )


def _check(posted: Posted, memory: Memory) -> Refusal | None:
    del memory
    return check_gemini(posted.body, str(_model(posted)))


def _turns(body: JsonObject, memory: Memory) -> int:
    del memory
    return runs(content.get("role") == "model" for content in objects(body.get("contents")))


def _answer(asked: Asked, response: Response, memory: Memory, turns_before: int) -> Answering:
    del memory, turns_before
    wire = GeminiWire(asked, response.usage)
    if asked.query.get("alt") == "sse":
        return Answering(wire, "text/event-stream", "\r\n")
    return Answering(wire, "application/json; charset=UTF-8")


GEMINI_GENERATE = Endpoint(
    api="gemini-generate",
    path="/v1beta/models/{model}:streamGenerateContent",
    form=gemini_form,
    check_key=check_key,
    unknown_model=_unknown_model,
    not_json=not_json,
    check=_check,
    turns=_turns,
    answer=_answer,
    model=_model,
    streams=always_streams,
)
