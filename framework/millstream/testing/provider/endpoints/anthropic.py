"""`POST /v1/messages` of Anthropic: the key in `x-api-key`, a version beside it."""

from __future__ import annotations

from millstream.testing.provider.anthropic import AnthropicWire
from millstream.testing.provider.endpoints.endpoint import Answering, Endpoint, Keys, Posted, bearer
from millstream.testing.provider.endpoints.openai_chat import turns
from millstream.testing.provider.frames import Asked
from millstream.testing.provider.picking import Memory
from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.rules.anthropic import anthropic_form, check_anthropic
from millstream.testing.provider.scenario import Response


def _check_key(posted: Posted, keys: Keys) -> Refusal | None:
    key = posted.headers.get("x-api-key") or bearer(posted)
    if not key:
        return _unauthorized("x-api-key header is required")
    if keys is not None and key not in keys:
        return _unauthorized("invalid x-api-key")
    if not posted.headers.get("anthropic-version"):
        return Refusal("anthropic-version: header is required", form=anthropic_form)
    return None


def _unauthorized(message: str) -> Refusal:
    return Refusal(message, status=401, kind="authentication_error", form=anthropic_form)


def _unknown_model(model: str) -> Refusal:
    return Refusal(f"model: {model}", status=404, kind="not_found_error", form=anthropic_form)


def _not_json() -> Refusal:
    return Refusal("The request body is not valid JSON: expected an object", form=anthropic_form)


def _check(posted: Posted, memory: Memory) -> Refusal | None:
    del memory
    return check_anthropic(posted.body)


def _answer(asked: Asked, response: Response, memory: Memory, turns_before: int) -> Answering:
    del memory, turns_before
    return Answering(AnthropicWire(asked, response.usage))


ANTHROPIC_MESSAGES = Endpoint(
    api="anthropic-messages",
    path="/v1/messages",
    form=anthropic_form,
    check_key=_check_key,
    unknown_model=_unknown_model,
    not_json=_not_json,
    check=_check,
    turns=turns,
    answer=_answer,
)
