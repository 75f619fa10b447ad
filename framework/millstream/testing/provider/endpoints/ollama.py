"""`POST /api/chat` of Ollama, which asks for no key."""

from __future__ import annotations

from millstream.events import JsonObject
from millstream.testing.provider.endpoints.endpoint import Answering, Endpoint, Keys, Posted, bearer
from millstream.testing.provider.endpoints.openai_chat import turns
from millstream.testing.provider.frames import Asked
from millstream.testing.provider.ollama import OllamaWire
from millstream.testing.provider.picking import Memory
from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.rules.ollama import check_ollama, ollama_form
from millstream.testing.provider.scenario import Response


def _check_key(posted: Posted, keys: Keys) -> Refusal | None:
    """A server of one's own asks for none; where there are keys it is the one in the cloud."""
    if keys is not None and bearer(posted) not in keys:
        return Refusal("unauthorized", status=401, form=ollama_form)
    return None


def _unknown_model(model: str) -> Refusal:
    return Refusal(f"model '{model}' not found", status=404, form=ollama_form)


def _not_json() -> Refusal:
    return Refusal("json: cannot unmarshal the body into Go value of type api.ChatRequest", form=ollama_form)


def _streams(body: JsonObject) -> bool:
    return body.get("stream") is not False


def _check(posted: Posted, memory: Memory) -> Refusal | None:
    del memory
    return check_ollama(posted.body)


def _answer(asked: Asked, response: Response, memory: Memory, turns_before: int) -> Answering:
    del memory, turns_before
    return Answering(OllamaWire(asked, response.usage), "application/x-ndjson")


OLLAMA_NATIVE = Endpoint(
    api="ollama-native",
    path="/api/chat",
    form=ollama_form,
    check_key=_check_key,
    unknown_model=_unknown_model,
    not_json=_not_json,
    check=_check,
    turns=turns,
    answer=_answer,
    streams=_streams,
)
