"""`POST /model/{model}/converse-stream` of Bedrock: a bearer key, or a signed request by the id of its key."""

from __future__ import annotations

import re
from urllib.parse import unquote

from millstream.events import JsonValue
from millstream.testing.provider.bedrock import BedrockWire
from millstream.testing.provider.endpoints.endpoint import Answering, Endpoint, Keys, Posted, always_streams, bearer
from millstream.testing.provider.endpoints.openai_chat import turns
from millstream.testing.provider.frames import Asked
from millstream.testing.provider.picking import Memory
from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.rules.bedrock import bedrock_form, check_bedrock
from millstream.testing.provider.scenario import Response

MODEL = re.compile(r"/model/(.+)/converse-stream$")
CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 .*Credential=([^/,]+)/")
"""The id of the key in a signed request; the signature itself is not checked, as nobody here knows the secret."""


def _check_key(posted: Posted, keys: Keys) -> Refusal | None:
    signed = CREDENTIAL.match(posted.headers.get("authorization", ""))
    key = bearer(posted) if signed is None else signed[1]
    if not key:
        return Refusal("Missing Authentication Token", status=403, form=bedrock_form)
    if keys is not None and key not in keys:
        return Refusal("The security token included in the request is invalid.", status=403, form=bedrock_form)
    return None


def _model(posted: Posted) -> JsonValue:
    found = MODEL.search(posted.path)
    return None if found is None else unquote(found[1])


def _unknown_model(model: str) -> Refusal:
    del model  # the real one does not say which
    return Refusal("The provided model identifier is invalid.", form=bedrock_form)


def _not_json() -> Refusal:
    return Refusal("The request body is no JSON object.", form=bedrock_form)


def _check(posted: Posted, memory: Memory) -> Refusal | None:
    del memory
    return check_bedrock(posted.body)


def _answer(asked: Asked, response: Response, memory: Memory, turns_before: int) -> Answering:
    del memory, turns_before
    return Answering(BedrockWire(asked, response.usage), "application/vnd.amazon.eventstream", newline=None)


BEDROCK_CONVERSE = Endpoint(
    api="bedrock-converse",
    path="/model/{model:path}/converse-stream",
    form=bedrock_form,
    check_key=_check_key,
    unknown_model=_unknown_model,
    not_json=_not_json,
    check=_check,
    turns=turns,
    answer=_answer,
    model=_model,
    streams=always_streams,
)
