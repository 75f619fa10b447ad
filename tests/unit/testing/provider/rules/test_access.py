"""Keys, models and routes, in the words of the real provider."""

import pytest

from millstream.testing.provider.rules import (
    check_key,
    not_json,
    unknown_chat_model,
    unknown_method,
    unknown_responses_model,
    unknown_url,
)


@pytest.mark.parametrize(
    ("authorization", "keys", "code"),
    [
        ("Bearer sk-1", None, "accepted"),
        ("bearer sk-1", ["sk-1"], "accepted"),
        ("Bearer sk-2", ["sk-1"], "invalid_api_key"),
        ("Bearer ", None, None),
        ("Basic sk-1", None, None),
        (None, None, None),
    ],
)
def test_keys(authorization: str | None, keys: list[str] | None, code: str | None) -> None:
    refusal = check_key(authorization, keys)
    if code == "accepted":
        assert refusal is None
    else:
        assert refusal is not None
        assert (refusal.status, refusal.code) == (401, code)
        assert "sk-2" not in refusal.message


def test_models() -> None:
    chat, responses = unknown_chat_model("x"), unknown_responses_model("x")
    assert (chat.status, responses.status) == (404, 400)
    assert chat.message == "The model `x` does not exist or you do not have access to it."
    assert responses.body == {
        "error": {
            "message": "The requested model 'x' does not exist.",
            "type": "invalid_request_error",
            "param": "model",
            "code": "model_not_found",
        }
    }


def test_routes_and_bodies() -> None:
    assert (unknown_url("POST", "/v1/x").status, unknown_method("GET", "/v1/responses").status) == (404, 405)
    assert not_json().status == 400
