"""A body that is right, and the smallest change that makes it wrong."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

GONE = object()
"""As a value: the member is left out."""


def with_change(body: Mapping[str, Any], path: Sequence[str | int], value: Any) -> dict[str, Any]:
    """The body with the value at the path; an index one behind the end of a list appends."""
    changed = copy.deepcopy(dict(body))
    holder: Any = changed
    for step in path[:-1]:
        holder = holder[step]
    last = path[-1]
    if value is GONE:
        del holder[last]
    elif isinstance(last, int):
        holder[last : last + 1] = [value]
    else:
        holder[last] = value
    return changed
