"""Random JSON documents, written in every way JSON allows, and a strict reference to read them with."""

from __future__ import annotations

import json
import random
from math import isfinite
from typing import Any

from hypothesis import strategies as st

from millstream.events.values import Path, is_array, is_object

_KEYS = st.text(max_size=4) | st.sampled_from(["", "a", "b", "a/b", "~", "\u00e9", "\U0001f600", "\n", '"', "\\"])
_STRINGS = st.text(max_size=12)
_NUMBERS = (
    st.integers()
    | st.integers(-(10**40), 10**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from([0, -0.0, 1.0, 1e22, 1e-7, 5e-324, 1.7976931348623157e308])
)
_SCALARS = st.none() | st.booleans() | _NUMBERS | _STRINGS
VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4), max_leaves=12
)


@st.composite
def documents(draw: st.DrawFn) -> str:
    """The text of a document: any value, with any white space and any escapes."""
    value = draw(VALUES)
    seed = draw(st.integers(0, 2**32))
    return write(value, random.Random(seed)) if seed else json.dumps(value)


def write(value: Any, choose: random.Random) -> str:
    """`value` as JSON, with white space, escapes and forms of numbers as `choose` has it."""

    def space() -> str:
        return choose.choice(["", "", "", " ", "\n", "\t \r\n"])

    if is_object(value):
        members = (f"{space()}{_string(key, choose)}{space()}:{write(inner, choose)}" for key, inner in value.items())
        return space() + "{" + (",".join(members) or space()) + "}" + space()
    if is_array(value):
        return space() + "[" + (",".join(write(inner, choose) for inner in value) or space()) + "]" + space()
    if isinstance(value, str):
        return space() + _string(value, choose) + space()
    text = json.dumps(value)
    if isinstance(value, float):
        text = choose.choice([text, text.upper(), text + "0" if "." in text and "e" not in text else text])
    return space() + text + space()


def _string(value: str, choose: random.Random) -> str:
    return '"' + "".join(_char(char, choose) for char in value) + '"'


def _char(char: str, choose: random.Random) -> str:
    short = {'"': '\\"', "\\": "\\\\", "/": "\\/", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    forms = [json.dumps(char)[1:-1]]
    if char in short:
        forms.append(short[char])
    if char >= " " and char not in '"\\':
        forms += [char] * 4
    units = char.encode("utf-16-be").hex()
    escapes = "".join("\\u" + units[at : at + 4] for at in range(0, len(units), 4))
    return choose.choice([*forms, escapes])


def strict(text: str) -> Any:
    """What `text` says.

    Raises:
        ValueError: it is not JSON; or a key is there twice, a number is not finite, a surrogate is alone.
    """

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len(dict(pairs)) < len(pairs):
            raise ValueError("a key is there twice")
        return dict(pairs)

    def finite(number: str) -> float:
        if not isfinite(float(number)):
            raise ValueError("not finite")
        return float(number)

    value = json.loads(text, object_pairs_hook=members, parse_float=finite, parse_constant=finite)
    json.dumps(value, ensure_ascii=False).encode()  # UnicodeEncodeError is a ValueError
    return value


def at_path(value: Any, path: Path) -> Any:
    for step in path:
        value = value[step]
    return value


def paths(value: Any, path: Path = ()) -> list[Path]:
    """The path of every value in `value`, itself included."""
    inner = value.items() if is_object(value) else enumerate(value) if is_array(value) else ()
    return [path, *(found for step, one in inner for found in paths(one, (*path, step)))]


def grew(before: Any, after: Any) -> bool:
    """Whether `after` can have grown from `before`: types stay, strings grow at their end, numbers and literals do not
    change, and of a container only the last element moves or new ones follow it."""
    if type(before) is not type(after):
        return False
    if isinstance(before, str):
        return bool(after.startswith(before))
    if is_object(before):
        keys = list(before)
        return list(after)[: len(keys)] == keys and _grew_at_its_end(
            list(before.values()), [after[key] for key in keys]
        )
    if is_array(before):
        return len(after) >= len(before) and _grew_at_its_end(before, after[: len(before)])
    return json.dumps(before) == json.dumps(after)


def _grew_at_its_end(before: list[Any], after: list[Any]) -> bool:
    return not before or (json.dumps(before[:-1]) == json.dumps(after[:-1]) and grew(before[-1], after[-1]))
