"""Whether a response passed the provider's moderation, by what the provider said of it. Nobody's own judgement.

What was not moderated has not passed: no result, an error instead of one, or a result without a word on the output.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from millstream.events.values import JsonObject, is_array, is_object


@dataclass(frozen=True, slots=True)
class Verdict:
    """What moderation says of a response.

    `reason` tells why it did not pass, "" where it did. `again`: only what the model wrote was flagged, so that another
    response may pass.
    """

    passed: bool
    reason: str = ""
    again: bool = False


def judge(moderation: JsonObject | None) -> Verdict:
    """The verdict on a response, from `TurnEnded.moderation` as OpenAI's two wires send it."""
    if moderation is None:
        return Verdict(passed=False, reason="the provider sent no moderation of it")
    reasons = {part: _objection(part, moderation[part]) for part in ("input", "output") if moderation.get(part)}
    if "output" not in reasons:
        return Verdict(passed=False, reason="the provider sent no moderation of the output")
    told = "; ".join(reason for reason in reasons.values() if reason)
    if not told:
        return Verdict(passed=True)
    flagged = _is_flagged(moderation["output"])
    return Verdict(passed=False, reason=told, again=flagged and not reasons.get("input"))


def _objection(part: str, given: object) -> str:
    """Why a part of the conversation did not pass, "" where it did."""
    results = _results(given)
    flagged = [result for result in results if result.get("flagged") is True]
    if flagged:
        categories = (result.get("categories") for result in flagged)
        names = {name for one in categories if is_object(one) for name, holds in one.items() if holds is True}
        return f"the {part} was flagged" + (f" for {', '.join(sorted(names))}" if names else "")
    if results and all(result.get("flagged") is False for result in results):
        return ""
    message: object = given.get("message") if is_object(given) else None
    return f"the {part} could not be moderated{f': {message}' if isinstance(message, str) and message else ''}"


def _is_flagged(given: object) -> bool:
    return any(result.get("flagged") is True for result in _results(given))


def _results(given: object) -> list[Mapping[str, Any]]:
    """The results of one part: Responses sends one, Chat a list of them."""
    if not is_object(given):
        return []
    listed: object = given.get("results")
    return [one for one in listed if is_object(one)] if is_array(listed) else [given]
