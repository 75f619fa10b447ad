"""Puts marks between what of a request Bedrock is to keep: everything before a mark is read from its cache next time.

Source: botocore's service model (`CachePointBlock`) and the guide on prompt caching of Bedrock. Models know different
places: those behind the system's texts and at the end of the messages are known by all that know any, and what stands
before them, the tools, is kept with them. A model that keeps nothing refuses a request with a mark.
"""

from __future__ import annotations

from typing import Any, Final

_MARK: Final = {"cachePoint": {"type": "default"}}


def marked(request: dict[str, Any]) -> dict[str, Any]:
    """The request with its marks; what was given is left as it is."""
    made = dict(request)
    if "system" in made:
        made["system"] = [*made["system"], _MARK]
    *before, last = made["messages"]
    if last["role"] == "user":
        made["messages"] = [*before, {**last, "content": [*last["content"], _MARK]}]
    return made
