"""The conversations that are played, as scenarios of the fake provider. Times are seconds from the request.

All tools take one argument, `text`. Pieces are four characters, the usual size of a token.
"""

from __future__ import annotations

from typing import Any, Final

CHUNK_CHARS: Final = 4
FOX: Final = "The quick brown fox jumps over the lazy dog. "

FIRST, SECOND = "lookup_a", "lookup_b"
TIMING_TOOLS: Final = {FIRST: 0.5, SECOND: 0.5}
JOBS: Final = tuple(f"job_{number}" for number in range(8))
TIMED_TOOLS: Final = dict.fromkeys(JOBS, 0.3)
SKEWED_TOOLS: Final = dict(zip(JOBS, (1.5, 1.3, 1.1, 0.9, 0.7, 0.5, 0.3, 0.3), strict=True))
SMALL_TOOLS: Final = {FIRST: 0.0, SECOND: 0.0}
BURST_TOOLS: Final = {"write": 0.0}


def timing() -> dict[str, Any]:
    """Call A is complete at 0.05 s, call B's arguments dribble until 1.06 s, the response ends at 1.36 s."""
    first = [
        _call(FIRST, 5, until_s=0.05),
        _call(SECOND, 40, until_s=1.06),
        {"finish": None, "at_s": 1.36},
    ]
    return _scenario({"steps": first}, {"steps": ["Done."]})


def parallel() -> dict[str, Any]:
    """40 pieces of text, then eight calls of 40 pieces each, 5 ms apart; the answer to their results takes 0.1 s."""
    first = [_text(40), *(_call(job, 40) for job in JOBS)]
    return _scenario({"steps": first, "tokens_per_s": 200}, {"steps": [_text(20)], "tokens_per_s": 200})


def burst(deltas: int = 5_000) -> dict[str, Any]:
    """So many pieces of text, and as many of the arguments of one call, as fast as they are read."""
    return _scenario({"steps": [_text(deltas), _call("write", deltas)]}, {"steps": ["Done."]})


def small() -> dict[str, Any]:
    """A little text and two calls; then a little text."""
    return _scenario({"steps": [_text(10), _call(FIRST, 10), _call(SECOND, 10)]}, {"steps": [_text(20)]})


def _scenario(*responses: dict[str, Any]) -> dict[str, Any]:
    return {"pick": "history", "responses": [{"chunk_chars": CHUNK_CHARS} | response for response in responses]}


def _text(pieces: int) -> str:
    chars = pieces * CHUNK_CHARS
    return (FOX * (chars // len(FOX) + 1))[:chars]


def _call(name: str, pieces: int, **timing: float) -> dict[str, Any]:
    around = len('{"text":""}')
    return {"call": name, "args": {"text": _text(pieces)[around:]}, **timing}
