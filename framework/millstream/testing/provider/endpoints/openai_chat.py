"""`POST /v1/chat/completions` of OpenAI and of the servers that imitate it."""

from __future__ import annotations

from millstream.events import JsonObject
from millstream.testing.provider import rules
from millstream.testing.provider.chat import ChatWire
from millstream.testing.provider.endpoints.endpoint import Answering, Endpoint, Keys, Posted
from millstream.testing.provider.frames import Asked
from millstream.testing.provider.picking import Memory, objects, runs
from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.rules.refusal import openai_form
from millstream.testing.provider.scenario import Response


def turns(body: JsonObject, memory: Memory) -> int:
    """The runs of the assistant's messages."""
    del memory
    return runs(message.get("role") == "assistant" for message in objects(body.get("messages")))


def _check_key(posted: Posted, keys: Keys) -> Refusal | None:
    return rules.check_key(posted.headers.get("authorization"), keys)


def _check(posted: Posted, memory: Memory) -> Refusal | None:
    del memory
    return rules.check_chat(posted.body)


def _answer(asked: Asked, response: Response, memory: Memory, turns_before: int) -> Answering:
    del memory, turns_before
    return Answering(ChatWire(asked, response.usage, lone_call=response.call_count == 1))


OPENAI_CHAT = Endpoint(
    api="openai-chat",
    path="/v1/chat/completions",
    form=openai_form,
    check_key=_check_key,
    unknown_model=rules.unknown_chat_model,
    not_json=rules.not_json,
    check=_check,
    turns=turns,
    answer=_answer,
)
