from __future__ import annotations

from typing import Any

import pytest

from millstream.routing.moderation import Verdict, judge


def result(flagged: bool, *categories: str) -> dict[str, Any]:
    known = dict.fromkeys(("hate", "violence", *categories), False)
    return {"type": "moderation_result", "model": "m", "flagged": flagged} | {
        "categories": known | dict.fromkeys(categories, True)
    }


def results(*each: dict[str, Any]) -> dict[str, Any]:
    """As Chat sends them."""
    return {"type": "moderation_results", "model": "m", "results": list(each)}


GOOD, BAD = result(flagged=False), result(True, "violence", "hate")
ERROR: dict[str, Any] = {"type": "error", "code": "server_error", "message": "try later"}


@pytest.mark.parametrize(
    "moderation",
    [{"input": GOOD, "output": GOOD}, {"input": results(GOOD), "output": results(GOOD, GOOD)}, {"output": GOOD}],
)
def test_what_was_moderated_and_not_flagged_passes(moderation: Any) -> None:
    assert judge(moderation) == Verdict(passed=True)


@pytest.mark.parametrize(
    ("moderation", "reason", "again"),
    [
        ({"input": GOOD, "output": BAD}, "the output was flagged for hate, violence", True),
        ({"input": results(GOOD), "output": results(GOOD, BAD)}, "the output was flagged for hate, violence", True),
        ({"input": GOOD, "output": {"flagged": True}}, "the output was flagged", True),
        ({"output": BAD}, "the output was flagged for hate, violence", True),
        ({"input": BAD, "output": GOOD}, "the input was flagged for hate, violence", False),
        (
            {"input": BAD, "output": result(True, "self-harm")},
            "the input was flagged for hate, violence; the output was flagged for self-harm",
            False,
        ),
        ({"input": GOOD, "output": ERROR}, "the output could not be moderated: try later", False),
        (
            {"input": ERROR, "output": BAD},
            "the input could not be moderated: try later; the output was flagged for",
            False,
        ),
        ({"input": GOOD, "output": results()}, "the output could not be moderated", False),
        ({"input": GOOD, "output": {"type": "something"}}, "the output could not be moderated", False),
        ({"input": GOOD, "output": {"flagged": "no"}}, "the output could not be moderated", False),
        ({"input": GOOD, "output": results(GOOD, {})}, "the output could not be moderated", False),
        ({"input": GOOD, "output": "fine"}, "the output could not be moderated", False),
        ({"input": GOOD, "output": None}, "the provider sent no moderation of the output", False),
        ({"input": GOOD}, "the provider sent no moderation of the output", False),
        ({}, "the provider sent no moderation of the output", False),
        (None, "the provider sent no moderation of it", False),
    ],
)
def test_all_else_does_not_and_says_why(moderation: Any, reason: str, again: bool) -> None:
    verdict = judge(moderation)
    assert not verdict.passed
    assert verdict.reason.startswith(reason)
    assert verdict.again is again
