"""`POST /v1/completions`, the legacy endpoint of OpenAI and of the servers that imitate it."""

from __future__ import annotations

from millstream.events import JsonObject
from millstream.testing.provider import rules
from millstream.testing.provider.completions import CompletionsWire
from millstream.testing.provider.endpoints.endpoint import Answering, Endpoint, Keys, Posted
from millstream.testing.provider.frames import Asked
from millstream.testing.provider.picking import Memory
from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.rules.completions import check_completions
from millstream.testing.provider.rules.refusal import openai_form
from millstream.testing.provider.scenario import Response


def _check_key(posted: Posted, keys: Keys) -> Refusal | None:
    return rules.check_key(posted.headers.get("authorization"), keys)


def _check(posted: Posted, memory: Memory) -> Refusal | None:
    del memory
    return check_completions(posted.body)


def _turns(body: JsonObject, memory: Memory) -> int:
    """None: a prompt is a text, which does not say whose words it holds."""
    del body, memory
    return 0


def _answer(asked: Asked, response: Response, memory: Memory, turns_before: int) -> Answering:
    del memory, turns_before
    return Answering(CompletionsWire(asked, response.usage))


OPENAI_COMPLETIONS = Endpoint(
    api="openai-completions",
    path="/v1/completions",
    form=openai_form,
    check_key=_check_key,
    unknown_model=rules.unknown_chat_model,
    not_json=rules.not_json,
    check=_check,
    turns=_turns,
    answer=_answer,
)
