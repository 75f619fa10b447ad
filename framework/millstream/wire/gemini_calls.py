"""Calls in the history of a request, as both of Gemini's wires demand: their names, and who signed them."""

from __future__ import annotations

import re
from typing import Final

from millstream.wire.texts import valid_name

UNSIGNED: Final = "skip_thought_signature_validator"
"""The signature of a call that nobody signed (ai.google.dev, "thought signatures")."""

_MAX_NAME: Final = 128
_NAME: Final = re.compile("[A-Za-z_][A-Za-z0-9_.:-]{0,127}")


def function_name(name: str) -> str:
    """The name of a function as a history may hold it."""
    if _NAME.fullmatch(name):
        return name
    made = valid_name(name, _MAX_NAME)
    return made if _NAME.fullmatch(made) else f"_{made}"[:_MAX_NAME]
