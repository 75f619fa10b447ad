"""The JSON of a message: read by pydantic's parser, which takes half the time of the standard library's.

It refuses what the standard library accepts in one case that providers send, half of a surrogate pair in an escape; so
what it refuses is read again by the other, which has the last word.
"""

from __future__ import annotations

import json
from collections.abc import Callable


def message_parser() -> Callable[[str], object]:
    """What reads the text of one message; it raises ValueError or RecursionError where that is no JSON."""
    from pydantic_core import from_json

    def parse(text: str) -> object:
        try:
            return from_json(text)
        except (ValueError, TypeError):
            return json.loads(text)

    return parse
