"""`POST /v1/responses` of OpenAI: the only endpoint that keeps its answers, so that a client may go on from one."""

from __future__ import annotations

from millstream.events import JsonObject
from millstream.testing.provider import rules
from millstream.testing.provider.endpoints.endpoint import Answering, Endpoint, Keys, Posted
from millstream.testing.provider.frames import Asked
from millstream.testing.provider.picking import Memory, objects, runs
from millstream.testing.provider.responses import ResponsesWire
from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.rules.refusal import openai_form
from millstream.testing.provider.rules.responses import is_of_model
from millstream.testing.provider.scenario import Response


def check_key(posted: Posted, keys: Keys) -> Refusal | None:
    """OpenAI takes its key as a bearer token."""
    return rules.check_key(posted.headers.get("authorization"), keys)


def turns(body: JsonObject, memory: Memory) -> int:
    """The turns of the input, and those behind the response that it goes on from."""
    behind = memory.turns_behind(body.get("previous_response_id"))
    return behind + runs(is_of_model(item) for item in objects(body.get("input")))


def _check(posted: Posted, memory: Memory) -> Refusal | None:
    return rules.check_responses(posted.body, memory.stored) or rules.check_background(posted.body)


def _answer(asked: Asked, response: Response, memory: Memory, turns_before: int) -> Answering:
    wire = ResponsesWire(asked, response.usage)

    def remember() -> None:
        """Keep the response before its last event is written: the client may go on from it at once."""
        if wire.finished and asked.body.get("store") is not False:
            memory.remember(wire.response_id, wire.output, turns_before + 1)

    return Answering(wire, before=remember)


OPENAI_RESPONSES = Endpoint(
    api="openai-responses",
    path="/v1/responses",
    form=openai_form,
    check_key=check_key,
    unknown_model=rules.unknown_responses_model,
    not_json=rules.not_json,
    check=_check,
    turns=turns,
    answer=_answer,
)
