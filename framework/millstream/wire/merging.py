"""Fields of a request body in the provider's own words, over those that a format wrote."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from millstream.events.values import is_object


def over(request: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """`own` over `request`: objects that both have are merged, so that one field of a config leaves the others."""
    merged = dict(request)
    for key, value in own.items():
        there: object = merged.get(key)
        merged[key] = over(there, value) if is_object(there) and is_object(value) else value
    return merged
