"""What the rules of several providers have in common."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NoReturn

NAME: Final = re.compile("[A-Za-z0-9_-]{1,64}")
Item = dict[str, Any]


def wrong_call(id_: object, name: str, arguments: object) -> list[str]:
    wrong: list[str] = []
    if not isinstance(id_, str) or not id_:
        wrong.append(f"a call of {name} without an id")
    if not NAME.fullmatch(name):
        wrong.append(f"a call of {name!r}, which is no name")
    try:
        json.loads(arguments if isinstance(arguments, str) else "no text", parse_constant=_refuse)
    except ValueError:
        wrong.append(f"{id_} has arguments that are no JSON text: {arguments!r}")
    return wrong


def nulls(items: list[Item]) -> list[str]:
    return [f"{item['type']}.{key} is null" for item in items for key, value in item.items() if value is None]


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)
