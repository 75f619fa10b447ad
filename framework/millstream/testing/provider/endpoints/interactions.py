"""`POST /v1beta/interactions` of Gemini, which keeps its answers so that a client may go on from one."""

from __future__ import annotations

from millstream.events import JsonObject
from millstream.testing.provider.endpoints.endpoint import Answering, Endpoint, Keys, Posted
from millstream.testing.provider.frames import Asked
from millstream.testing.provider.interactions import InteractionsWire
from millstream.testing.provider.picking import Memory, objects, runs
from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.rules.interactions import check_interactions, interactions_form, is_of_model
from millstream.testing.provider.scenario import Response


def _check_key(posted: Posted, keys: Keys) -> Refusal | None:
    key = posted.headers.get("x-goog-api-key") or posted.query.get("key")
    if not key:
        return Refusal("An API key is required.", code="unauthenticated", status=401, form=interactions_form)
    if keys is not None and key not in keys:
        return Refusal("API key not valid. Please pass a valid API key.", form=interactions_form)
    return None


def _unknown_model(model: str) -> Refusal:
    return Refusal(f"Model '{model}' not found.", code="not_found", status=404, form=interactions_form)


def _not_json() -> Refusal:
    return Refusal("Invalid JSON payload received. Expected an object.", form=interactions_form)


def _check(posted: Posted, memory: Memory) -> Refusal | None:
    return check_interactions(posted.body, memory.stored)


def _turns(body: JsonObject, memory: Memory) -> int:
    behind = memory.turns_behind(body.get("previous_interaction_id"))
    return behind + runs(is_of_model(step) for step in objects(body.get("input")))


def _answer(asked: Asked, response: Response, memory: Memory, turns_before: int) -> Answering:
    wire = InteractionsWire(asked, response.usage)

    def remember() -> None:
        """Keep the interaction before its last event is written: the client may go on from it at once."""
        if wire.finished and asked.body.get("store") is not False:
            memory.remember(wire.interaction_id, wire.steps, turns_before + 1)

    return Answering(wire, "text/event-stream", before=remember)


GEMINI_INTERACTIONS = Endpoint(
    api="gemini-interactions",
    path="/v1beta/interactions",
    form=interactions_form,
    check_key=_check_key,
    unknown_model=_unknown_model,
    not_json=_not_json,
    check=_check,
    turns=_turns,
    answer=_answer,
)
