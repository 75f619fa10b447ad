"""`POST /v2/chat` of Cohere."""

from __future__ import annotations

from millstream.testing.provider.cohere import CohereWire
from millstream.testing.provider.endpoints.endpoint import Answering, Endpoint, Keys, Posted, bearer
from millstream.testing.provider.endpoints.openai_chat import turns
from millstream.testing.provider.frames import Asked
from millstream.testing.provider.picking import Memory
from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.rules.cohere import check_cohere, cohere_form
from millstream.testing.provider.scenario import Response


def _check_key(posted: Posted, keys: Keys) -> Refusal | None:
    key = bearer(posted)
    if not key:
        return Refusal("no api key supplied", status=401, form=cohere_form)
    if keys is not None and key not in keys:
        where = "You can find your API key at https://dashboard.cohere.com/api-keys."
        return Refusal(f"Incorrect API key provided: ***********. {where}", status=401, form=cohere_form)
    return None


def _unknown_model(model: str) -> Refusal:
    return Refusal(
        f"model '{model}' not found, make sure the correct model ID was used and that you have access to the model.",
        status=404,
        form=cohere_form,
    )


def _not_json() -> Refusal:
    return Refusal("invalid request: the body is no JSON object", form=cohere_form)


def _check(posted: Posted, memory: Memory) -> Refusal | None:
    del memory
    return check_cohere(posted.body)


def _answer(asked: Asked, response: Response, memory: Memory, turns_before: int) -> Answering:
    del memory, turns_before
    return Answering(CohereWire(asked, response.usage, plans=response.call_count > 0), "text/event-stream")


COHERE_V2 = Endpoint(
    api="cohere-v2",
    path="/v2/chat",
    form=cohere_form,
    check_key=_check_key,
    unknown_model=_unknown_model,
    not_json=_not_json,
    check=_check,
    turns=turns,
    answer=_answer,
)
