"""Who may ask OpenAI, for which model, and where: keys, models, routes."""

from __future__ import annotations

from collections.abc import Collection

from millstream.testing.provider.rules.refusal import Refusal

WHERE = "You can find your API key at https://platform.openai.com/account/api-keys."


def check_key(authorization: str | None, keys: Collection[str] | None) -> Refusal | None:
    """The refusal of a request with this `Authorization` header; None in `keys` accepts any key."""
    scheme, _, key = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not key.strip():
        return Refusal(
            "You didn't provide an API key. You need to provide your API key in an Authorization header using Bearer "
            "auth (i.e. Authorization: Bearer YOUR_KEY).",
            status=401,
        )
    if keys is not None and key.strip() not in keys:
        # the real one shows the first and last characters; a refusal ends up in logs, so this one shows none
        return Refusal(f"Incorrect API key provided: ********. {WHERE}", None, "invalid_api_key", 401)
    return None


def unknown_chat_model(model: str) -> Refusal:
    """A model that is not there, as Chat Completions refuses it: 404."""
    message = f"The model `{model}` does not exist or you do not have access to it."
    return Refusal(message, None, "model_not_found", 404)


def unknown_responses_model(model: str) -> Refusal:
    """A model that is not there, as Responses refuses it: 400."""
    return Refusal(f"The requested model '{model}' does not exist.", "model", "model_not_found", 400)


def unknown_url(method: str, path: str) -> Refusal:
    """A path that does not exist."""
    return Refusal(f"Invalid URL ({method} {path})", status=404)


def unknown_method(method: str, path: str) -> Refusal:
    """A path that does not take this method."""
    return Refusal(
        f"Not allowed to {method} on {path}. (HINT: Perhaps you meant to use a different HTTP method?)",
        None,
        "method_not_supported",
        405,
    )
