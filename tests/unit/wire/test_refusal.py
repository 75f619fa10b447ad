"""What providers say when they refuse: whose words, which code, and whether trying again can help."""

from __future__ import annotations

import pytest

from millstream.wire.refusal import error_from_body, error_from_object, error_in

# --- error objects within a stream ---


@pytest.mark.parametrize(
    ("error", "code", "kind"),
    [
        ({"message": "no", "code": "c", "type": "t"}, "c", "t"),
        ({"message": "no", "code": None, "type": "t"}, "t", "t"),
        ({"message": "no", "code": "", "type": "t"}, "t", "t"),
        ({"message": "no", "code": 502}, 502, ""),
        ({"message": "no", "code": 400, "status": "INVALID_ARGUMENT"}, 400, "INVALID_ARGUMENT"),
        ({"message": "no", "error_type": "TOO_MANY_TOKENS"}, "TOO_MANY_TOKENS", "TOO_MANY_TOKENS"),
        ({"message": "no", "status": "failed"}, None, ""),
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
    + [(521, True), (530, True), (501, False)],
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


def test_an_empty_body_is_torn_where_it_should_have_been_a_response() -> None:
    torn = error_from_body(b" \n ")
    assert (torn.kind, torn.retryable, torn.status) == ("torn", True, None)
    assert "can stream" in torn.hint
    refused = error_from_body(b"", status=401, phase="request")
    assert (refused.kind, refused.retryable, refused.status) == ("protocol", False, 401)
    assert "API key" in refused.hint
    assert refused.message == torn.message == "the provider answered with an empty body"


@pytest.mark.parametrize(
    ("status", "fields", "word"),
    [
        (400, {"code": "unsupported_parameter", "param": "max_tokens"}, 'Change "max_tokens" in settings='),
        (400, {"code": "unsupported_value", "param": "temperature"}, 'Change "temperature" in settings='),
        (422, {"param": "reasoning.effort"}, 'Change "reasoning.effort" in settings='),
        (400, {"code": "context_length_exceeded", "param": "input"}, "send less"),
        (None, {"code": "context_length_exceeded"}, "send less"),
        (400, {"code": "model_not_found", "param": "model"}, "model's name"),
        (404, {"code": "DeploymentNotFound"}, "azure:DEPLOYMENT"),
        (429, {"code": "insufficient_quota"}, "billing"),
        (402, {}, "billing"),
    ],
)
def test_the_hint_names_the_setting_or_the_remedy(status: int | None, fields: dict[str, object], word: str) -> None:
    assert word in error_from_object({"message": "m"} | fields, status=status).hint


@pytest.mark.parametrize("param", ["messages[0].role", "messages", "input", "tools", "model", None, 3, "a b", ""])
def test_what_is_no_setting_is_not_called_one(param: object) -> None:
    assert error_from_object({"message": "m", "param": param}, status=400).hint == ""


@pytest.mark.parametrize(
    ("delay", "wait_s"), [("48s", 48.0), ("1.5s", 1.5), ("48", None), ("-1s", None), (48, None), ("9" * 20 + "s", None)]
)
def test_google_asks_in_the_body_to_wait(delay: object, wait_s: float | None) -> None:
    details = [{"@type": "type.googleapis.com/google.rpc.Help"}, {"retryDelay": delay}]
    assert error_from_object({"message": "m", "details": details}, status=429).retry_after_s == wait_s
    assert error_from_object({"message": "m", "details": "odd"}, status=429).retry_after_s is None
