"""The rules of the legacy `POST /v1/completions` of OpenAI: a prompt, and no word of chats or tools."""

from __future__ import annotations

from typing import Final

from millstream.testing.provider.rules.refusal import (
    Refusal,
    Refused,
    a_flag,
    a_string,
    an_array,
    an_object,
    refuse,
    required,
    wrong_type,
)
from millstream.testing.provider.rules.shapes import Json, Object

FIELDS: Final = frozenset(
    (
        *("model", "prompt", "stream", "stream_options", "max_tokens", "temperature", "top_p", "n", "best_of", "echo"),
        *("stop", "suffix", "seed", "user", "logprobs", "logit_bias", "presence_penalty", "frequency_penalty"),
    )
)
MAX_STOPS: Final = 4


def check_completions(body: Json) -> Refusal | None:
    """What the provider refuses about a body; None where it accepts it."""
    try:
        _check(an_object(body, "body"))
    except Refused as refused:
        return refused.refusal
    return None


def _check(body: Object) -> None:
    unknown = [key for key in body if key not in FIELDS]
    if unknown:
        refuse(f"Unrecognized request argument supplied: {unknown[0]}")
    if not isinstance(body.get("model"), str) or not body["model"]:
        refuse("you must provide a model parameter")
    _check_prompt(required(body, "prompt", ""))
    streams = a_flag(body, "stream")
    if body.get("stream_options") is not None:
        if not streams:
            refuse("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
        a_flag(an_object(body["stream_options"], "stream_options"), "include_usage")
    for key in ("max_tokens", "n", "best_of", "seed"):
        value = body.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            wrong_type(key, "an integer", value)
    stop = body.get("stop")
    if stop is not None and not isinstance(stop, str):
        for at, text in enumerate(an_array(stop, "stop")):
            a_string(text, f"stop[{at}]")
        if len(stop) > MAX_STOPS:
            refuse(f"Invalid 'stop': array too long. Expected an array with maximum length {MAX_STOPS}.", "stop")


def _check_prompt(prompt: Json) -> None:
    if isinstance(prompt, str):
        return
    for at, part in enumerate(an_array(prompt, "prompt", empty=False)):
        if not isinstance(part, str | int | list):
            wrong_type(f"prompt[{at}]", "a string", part)
