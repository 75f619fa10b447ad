"""What providers say when they refuse: whose words, which code, and whether trying again can help."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from millstream.events.values import is_array, is_object
from millstream.wire.refusal import error_from_body, error_from_object, error_in
from tests.corpus import recorded, requires_corpus

# --- error objects within a stream ---


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        ({"message": "no", "code": "c", "type": "t"}, "c", "t"),
        ({"message": "no", "code": None, "type": "t"}, "t", "t"),
        ({"message": "no", "code": "", "type": "t"}, "t", "t"),
        ({"message": "no", "code": 502}, 502, ""),
        ({"message": "no"}, None, ""),
        ({"detail": "no"}, None, ""),
        ({"error_message": "no"}, None, ""),
        ({"msg": "no"}, None, ""),
        ({"Message": "no"}, None, ""),
        ({"message": "no", "code": {"odd": 1}, "type": ["odd"]}, None, ""),
        ("no", None, ""),
        (["no"], None, ""),
    ],
)
def test_message_code_and_kind_are_found_in_each_shape(error: object, code: object, kind: str) -> None:
    found = error_from_object(error)
    assert (found.code, found.kind) == (code, kind)
    assert "the provider says: " in str(found)
    assert "no" in found.message.removeprefix("the provider says: ")
    assert (found.status, found.phase, found.retryable) == (None, "stream", code == 502)


def test_several_messages_are_all_told() -> None:
    found = error_from_object({"detail": [{"loc": ["body"], "msg": "field required"}, "and more", 3]})
    assert found.message == "the provider says: field required; and more; 3"


@pytest.mark.parametrize("error", [{}, {"message": ""}, {"message": None, "code": "c"}, None, "", []])
def test_an_error_without_words_is_still_one(error: object) -> None:
    assert "nothing about what went wrong" in str(error_from_object(error))


def test_what_the_provider_behind_a_router_said_is_told_as_well() -> None:
    error = {"message": "Provider returned error", "code": 429, "metadata": {"provider_name": "X", "raw": "slow down"}}
    assert error_from_object(error).message == "the provider says: Provider returned error (slow down)"
    assert error_from_object(error | {"metadata": {"raw": None}}).message.endswith("error")
    assert error_from_object(error | {"metadata": "odd"}).message.endswith("error")


def test_a_long_message_is_cut() -> None:
    found = error_from_object({"message": "x" * 5000, "code": "y" * 5000})
    assert len(str(found)) < 1100


def test_half_a_character_can_be_written_down() -> None:
    found = error_from_object({"message": "a\ud83d", "code": "b\udc00", "type": "c\ud800"})
    assert str(found).encode().startswith(b"the provider says: a")
    assert str(found.code).encode() == b"b?"
    assert found.kind.encode() == b"c?"


@pytest.mark.parametrize(
    ("fields", "retryable"),
    [
        ({"type": "server_error"}, True),
        ({"code": "server_error"}, True),
        ({"code": "rate_limit_exceeded"}, True),
        ({"type": "overloaded_error"}, True),
        ({"code": "vector_store_timeout"}, True),
        ({"type": "Internal_Server_Error"}, True),
        ({"code": 429}, True),
        ({"code": "429"}, True),
        ({"code": 503}, True),
        ({"status": 502}, True),
        ({"status_code": 500}, True),
        ({"code": 400}, False),
        ({"code": "400"}, False),
        ({"code": "4290"}, False),
        ({"code": 1}, False),
        ({"status": "failed"}, False),
        ({"code": "invalid_prompt"}, False),
        ({"code": "bio_policy"}, False),
        ({"code": "insufficient_quota"}, False),
        ({"code": "insufficient_quota", "status": 429}, False),
        ({"type": "insufficient_quota", "code": 429}, False),
        ({}, False),
    ],
)
def test_whether_to_try_again_is_read_from_codes(fields: dict[str, object], *, retryable: bool) -> None:
    assert error_from_object({"message": "m"} | fields).retryable is retryable


@pytest.mark.parametrize(
    ("message", "event", "error"),
    [
        ({"error": {"message": "m"}}, "", {"status": None, "message": "m"}),
        ({"error": {"message": "m", "status": 1}, "status": 2}, "", {"status": 1, "message": "m"}),
        ({"error": "m", "code": 3}, "x", {"error": "m", "code": 3, "message": "m"}),
        ({"type": "error", "message": "m"}, "", {"message": "m"}),
        ({"type": "server_error", "message": "m"}, "error", {"type": "server_error", "message": "m"}),
        ({}, "error", {}),
        ({"type": "server_error", "message": "m"}, "", None),
        ({"error": None, "message": "m"}, "message", None),
    ],
)
def test_a_message_of_a_stream_holds_an_error_or_is_one(message: dict[str, object], event: str, error: object) -> None:
    assert error_in(message, event) == error


# --- whole bodies, with the HTTP status they came with ---


@pytest.mark.parametrize(
    ("status", "retryable"),
    [(400, False), (401, False), (403, False), (404, False), (422, False)]
    + [(status, True) for status in (408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529)]
    + [(501, False)],
)
@pytest.mark.parametrize(
    "body", [b'{"error": {"message": "no", "type": "api_error", "code": 500}}', b"<html>no</html>", b"no", b""]
)
def test_a_http_status_decides_whether_to_try_again(body: bytes, status: int, *, retryable: bool) -> None:
    found = error_from_body(body, status=status, phase="request")
    assert (found.retryable, found.status, found.phase) == (retryable, status, "request")
    assert f"HTTP {status}" in str(found)


def test_a_wrong_key_of_bedrock_is_told_in_its_words() -> None:
    """Its API keys are refused by another server than its signatures, with a capital letter."""
    found = error_from_body(b'{"Message":"Authentication failed"}', status=403, phase="request")
    assert found.message == "the provider says: Authentication failed"


def test_an_empty_account_is_not_helped_by_waiting() -> None:
    body = b'{"error": {"message": "pay", "type": "insufficient_quota", "code": "insufficient_quota"}}'
    assert not error_from_body(body, status=429).retryable


@pytest.mark.parametrize(("status", "word"), [(401, "API key"), (403, "may not"), (404, "model's name"), (413, "less")])
def test_the_hint_says_what_to_do(status: int, word: str) -> None:
    assert word in error_from_body(b'{"error": "no"}', status=status).hint
    assert word in error_from_body(b"no", status=status).hint


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": {"message": "m", "code": "c"}}',
        b'{"error": "m", "code": "c"}',
        b'{"errors": "m", "code": "c"}',
        b'{"detail": "m", "code": "c"}',
        b'{"message": "m", "code": "c"}',
        b'[{"error": {"message": "m", "code": "c"}}]',
        b'\n {"error":\n{"message": "m", "code": "c"}}\n ',
    ],
)
def test_the_shapes_of_error_bodies(body: bytes) -> None:
    found = error_from_body(body)
    assert (found.message, found.code) == ("the provider says: m", "c")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html><head><TITLE>\n 504 </TITLE>", "an HTML page (504)"),
        (b"  <!doctype html><p>", "an HTML page"),
        (b"", "an empty body"),
        (b" \n ", "an empty body"),
        (b"plain", "neither a stream nor JSON: plain"),
        (b"\xff\xfe", "neither a stream nor JSON: \ufffd"),
        (b"[" * 5000, "neither a stream nor JSON"),
        (b"{}", "one JSON document instead of a stream: {}"),
        (b"[]", "one JSON document instead of a stream: []"),
        (b"3", "one JSON document instead of a stream: 3"),
        (b'{"error": null, "id": 1}', "one JSON document instead of a stream"),
        (b'{"error": []}', "one JSON document instead of a stream"),
    ],
)
def test_bodies_that_hold_no_error_object_are_described(body: bytes, said: str) -> None:
    found = error_from_body(body)
    assert said in str(found)
    assert found.kind == "protocol"
    assert found.hint
    assert len(found.message) < 700


# --- recorded error bodies ---

_RECORDED = {  # the start of a file's name -> the code that was found, and whether another try may help
    "anthropic__400": ("invalid_request_error", False),
    "anthropic__401": ("authentication_error", False),
    "anthropic__404": ("not_found_error", False),
    "azure-openai__401": ("401", False),
    "azure-openai__404": ("DeploymentNotFound", False),
    "azure-openai__429": ("RateLimitReached", True),
    "bedrock__400": (None, False),
    "bedrock__403": (None, False),
    "cohere__400": (None, False),
    "cohere__401": (None, False),
    "cohere__404": (None, False),
    "deepseek__400": ("invalid_request_error", False),
    "deepseek__401": ("invalid_request_error", False),
    "google__400": (400, False),
    "google__404": (404, False),
    "google__429": (429, True),
    "groq__400": ("tool_use_failed", False),
    "groq__404": ("model_not_found", False),
    "huggingface-router__400": (None, False),
    "mistral__401": (None, False),
    "ollama__400": ("invalid_request_error", False),
    "ollama__401": ("api_error", False),
    "ollama__404": (None, False),
    "openai__400__invalid-request-errorcontext": ("context_length_exceeded", False),
    "openai__400__invalid-request-errordecimal": ("decimal_below_min_value", False),
    "openai__400__invalid-request-errorinvalid-image-forma": ("invalid_image_format", False),
    "openai__400__invalid-request-errorinvalid-image-url": ("invalid_image_url", False),
    "openai__400__invalid-request-errorinvalid-value": ("invalid_value", False),
    "openai__400__invalid-request-errormodel": ("model_not_found", False),
    "openai__400__invalid-request-errornone": ("invalid_request_error", False),
    "openai__400__invalid-request-errorunsupported-fil": ("unsupported_file", False),
    "openai__400__invalid-request-errorunsupported-val": ("unsupported_value", False),
    "openai__401__invalid": ("invalid_api_key", False),
    "openai__401__none": (None, False),
    "openai__403": (None, False),
    "openai__404": ("model_not_found", False),
    "openrouter__400": (400, False),
    "openrouter__401": (401, False),
    "openrouter__429": (429, True),
    "perplexity__400": (400, False),
    "perplexity__401": (401, False),
    "vertex__400": (400, False),
    "vertex__404": (404, False),
    "xai__400": ("invalid-argument", False),
}


def _sentences(value: object) -> Iterator[str]:
    """The texts of several words anywhere in a JSON value."""
    if isinstance(value, str) and " " in value.strip():
        yield value.strip()
    elif is_object(value):
        for one in value.values():
            yield from _sentences(one)
    elif is_array(value):
        for one in value:
            yield from _sentences(one)


@requires_corpus
@pytest.mark.parametrize("path", recorded("errors/*.json"), ids=lambda path: path.stem)
def test_a_recorded_refusal_is_told_in_the_provider_s_words(path: Path) -> None:
    record = json.loads(path.read_text("utf-8"))
    ((code, retryable),) = (row for start, row in _RECORDED.items() if path.stem.startswith(start))
    body = record["body"] if isinstance(record["body"], str) else json.dumps(record["body"])
    found = error_from_body(body.encode(), status=record["status"], phase="request")
    assert (found.status, found.code, found.retryable, found.phase) == (record["status"], code, retryable, "request")
    try:
        said = next(_sentences(json.loads(body)), "Unauthorized")
    except ValueError:
        said = body.strip()
    assert said[:500] in found.message


@requires_corpus
def test_every_recorded_refusal_is_looked_at() -> None:
    files = [path.stem for path in recorded("errors/*.json")]
    assert len(files) == len(_RECORDED)
    assert all(any(name.startswith(start) for name in files) for start in _RECORDED)
