"""Recorded refusals of real providers: each is told with its status, code and words, and whether waiting may help.

What must hold is said by rules over the recorded body, read here by themselves; no file has an expectation of its own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from millstream.errors import WireError
from millstream.events.values import is_array, is_object
from millstream.transport.http import HttpTransport
from millstream.transport.seam import Request
from tests.corpus import recorded, requires_corpus

pytestmark = [pytest.mark.anyio, requires_corpus]

_MAX_CHARS = 500  # of what a provider says, as much is told


def _strings(value: object, *keys: str) -> Iterator[str]:
    """The texts under one of the keys, anywhere in a JSON value; with no key, all texts."""
    if isinstance(value, str):
        yield value
    elif is_array(value):
        for one in value:
            yield from _strings(one, *keys)
    elif is_object(value):
        for key, one in value.items():
            if not keys or key in keys or is_object(one):
                yield from _strings(one, *keys)


def _said(body: object) -> str:
    """The provider's own message."""
    if isinstance(body, str):
        return body.strip()
    first = body[0] if is_array(body) else body
    assert is_object(first)
    inner: object = first.get("error", first)
    return next(_strings(inner, "message", "detail", "error"))


def _code(body: object) -> object:
    """The provider's own code, None where it sent none."""
    if not is_object(body):
        return None
    inner: object = body.get("error")
    fields = inner if is_object(inner) else body
    return fields.get("code") or None


def _read(record: dict[str, Any]) -> object:
    try:
        body: object = json.loads(record["body"])
    except ValueError:
        return record["body"]
    return body


async def _refusal(record: dict[str, Any]) -> WireError:
    """The record as a response, through a transport."""

    def answer(_: httpx2.Request) -> httpx2.Response:
        headers = {name: value for name, value in record["headers"].items() if "REDACTED" not in value}
        return httpx2.Response(record["status"], headers=headers, content=record["body"].encode())

    async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client, HttpTransport(client) as transport:
        with pytest.raises(WireError) as caught:
            async with transport.open(Request("https://host/v1", {})):
                pass
    return caught.value


@pytest.fixture(params=recorded("errors/*.json"), ids=lambda path: path.stem)
def record(request: pytest.FixtureRequest) -> dict[str, Any]:
    path: Path = request.param
    data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return data


async def test_a_recorded_refusal(record: dict[str, Any]) -> None:
    body, error = _read(record), await _refusal(record)
    status = record["status"]
    assert error.phase == "request"
    assert error.status == status
    assert error.bytes_seen == len(record["body"].encode())
    assert _said(body)[:_MAX_CHARS] in error.message
    code = _code(body)
    assert code is None or error.code == code
    quota = "insufficient_quota" in record["body"]
    assert error.retryable is ((status in (408, 409, 425, 429) or status >= 500) and not quota)
    assert error.retryable or error.retry_after_s is None
    if status in (401, 403, 404):
        assert error.hint


async def test_the_wait_a_provider_asks_for() -> None:
    """Azure's header of 0 ms beside one of a second, and Google's, which stands in the body."""
    waits = dict[str, float | None]()
    for path in recorded("errors/*__429__*.json"):
        record = json.loads(path.read_text("utf-8"))
        waits[record["provider"]] = (await _refusal(record)).retry_after_s
    assert waits == {"azure-openai": 1.0, "google": 48.0, "openrouter": None}
