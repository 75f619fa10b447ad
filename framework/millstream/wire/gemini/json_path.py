r"""A JSONPath that names one place (RFC 9535, a singular query) -> the keys and indexes that lead there.

`$.recipe.ingredients[0]['the "amount"']` is ("recipe", "ingredients", 0, 'the "amount"'). A name after a dot may hold
more than the RFC allows (`$.max-price`): it names a parameter, and there is nothing to confuse it with.
"""

from __future__ import annotations

import json
import re
from typing import Final, TypeAlias

Steps: TypeAlias = tuple[str | int, ...]

_STEP: Final = re.compile(
    r"""
    \.(?P<name>[^.*\[\]'"\s]+)
    | \[\s*(?P<index>0|[1-9][0-9]{0,8})\s*\]
    | \[\s*'(?P<single>(?:[^'\\]|\\.)*)'\s*\]
    | \[\s*"(?P<double>(?:[^"\\]|\\.)*)"\s*\]
    """,
    re.VERBOSE | re.DOTALL,
)


def steps_of(path: object) -> Steps | None:
    """The steps from the root; None where `path` names no single place below it."""
    if not isinstance(path, str) or not path.startswith("$"):
        return None
    steps: list[str | int] = []
    at = 1
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            return None
        step = _step(found)
        if step is None:
            return None
        steps.append(step)
        at = found.end()
    return tuple(steps) or None


def _step(found: re.Match[str]) -> str | int | None:
    if found["name"] is not None:
        return found["name"]
    if found["index"] is not None:
        return int(found["index"])
    if found["double"] is not None:
        return _unescaped(found["double"])
    # within single quotes the double ones are bare and the single ones escaped, else the escapes are JSON's
    return _unescaped(re.sub(r"\\.|\"", _requoted, found["single"], flags=re.DOTALL))


def _requoted(found: re.Match[str]) -> str:
    return {"\\'": "'", '"': '\\"'}.get(found[0], found[0])


def _unescaped(inner: str) -> str | None:
    try:
        name: str = json.loads(f'"{inner}"', strict=False)
    except ValueError:
        return None
    return name
