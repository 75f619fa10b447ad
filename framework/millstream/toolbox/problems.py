"""What pydantic says of a JSON text that it does not accept -> problems in words for the model.

Used where JSON is bound to types: `toolbox.signature` and `toolbox.output_type`. It does not import pydantic itself.
"""

from __future__ import annotations

import json
import traceback
from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from millstream.events.values import JsonValue, Path, is_array, is_object

if TYPE_CHECKING:
    from pydantic import ValidationError

_MAX_PROBLEMS: Final = 8
_MAX_MESSAGE: Final = 300
_PREFIXES: Final = ("Value error, ", "Assertion failed, ")


def problems(error: ValidationError, text: str) -> tuple[tuple[Path, str, str], ...]:
    """What pydantic found, at most 8 problems, in words for the model."""
    document = json.loads(text)
    found = error.errors(include_url=False, include_context=False, include_input=False)[:_MAX_PROBLEMS]
    return tuple((_path(document, one["loc"], one["type"]), _sentence(one["msg"]), one["type"]) for one in found)


def _path(document: JsonValue, location: Path, kind: str) -> Path:
    """The steps of pydantic's location that lead somewhere: it also names members of unions and keys as such."""
    path: list[str | int] = []
    here = document
    for step in location:
        if is_object(here) and str(step) in here:
            path.append(str(step))
            here = here[str(step)]
        elif is_array(here) and isinstance(step, int) and step < len(here):
            path.append(step)
            here = here[step]
    return (*path, location[-1]) if kind.startswith("missing") else tuple(path)


def _sentence(message: str) -> str:
    """A message without what pydantic puts before the user's words, and without links, at most 300 characters."""
    for prefix in _PREFIXES:
        message = message.removeprefix(prefix)
    lines = [line.strip() for line in message.splitlines() if "https://errors.pydantic.dev" not in line]
    short = " ".join(line for line in lines if line)
    return short if len(short) <= _MAX_MESSAGE else short[:_MAX_MESSAGE] + "…"


def fault(error: Exception, what: str = "the arguments") -> tuple[Path, str, str]:
    """A validator that raised what validators do not raise. Its text may hold secrets; its place does not."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {PurePath(frames[-1].filename).name}:{frames[-1].lineno} in {frames[-1].name}" if frames else ""
    return (), f"{what} could not be checked: a validator raised {type(error).__name__}{where}", "validator"
