"""Values with one thing made wrong, so that it is known by construction at which character of the text that shows.

A case is a schema, a text that it allows, and for each way to break it the broken text with the offset of the first
character after which no continuation can be right.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random
from typing import Any, Final


@dataclass(frozen=True)
class Wrong:
    """`text` is wrong from the character at `at` on, because of `keyword`."""

    keyword: str
    schema: dict[str, Any]
    text: str
    at: int


@dataclass(frozen=True)
class _Part:
    """A value that is wrong: its schema, its text, and where in it that shows; at its length: with what follows."""

    keyword: str
    schema: dict[str, Any]
    text: str
    at: int


_WORDS: Final = ("alpha", "beta", "gamma", "delta", "omega")


def _word(random: Random, least: int = 3) -> str:
    return "".join(random.choice("abcdefgh é\U0001f600") for _ in range(random.randint(least, least + 6)))


def _wrong_type(random: Random) -> _Part:
    texts = {"string": '"x"', "integer": "7", "boolean": "true", "null": "null", "object": "{}", "array": "[]"}
    wanted, found = random.sample(sorted(texts), 2)
    return _Part("type", {"type": wanted}, texts[found], 0)


def _wrong_integer(random: Random) -> _Part:
    text = f"{random.randint(0, 99)}.5"
    return _Part("type", {"type": "integer"}, text, len(text))


def _wrong_enum(random: Random) -> _Part:
    words = random.sample(_WORDS, 3)
    right = random.choice(words)
    cut = random.randint(0, len(right))
    beginnings = {word[: cut + 1] for word in words}
    char = next(one for one in "zyxwvu" if right[:cut] + one not in beginnings)
    keyword: Any = random.choice([{"enum": [*words, 3, None]}, {"const": right}])
    return _Part(next(iter(keyword)), keyword, json.dumps(right[:cut] + char + "more"), 1 + cut)


def _cut_enum(random: Random) -> _Part:
    word = random.choice(_WORDS)[: random.randint(0, 3)]
    return _Part("enum", {"enum": list(_WORDS)}, json.dumps(word), 1 + len(word))


def _wrong_literal(random: Random) -> _Part:
    text, others = random.choice([("true", [False, None]), ("false", [True, 1]), ("null", ["a", 0])])
    return _Part("enum", {"enum": others}, text, 0)


def _wrong_number(random: Random) -> _Part:
    bound = random.randint(-50, 50)
    keyword, value = random.choice(
        [
            ("minimum", bound - random.randint(1, 9)),
            ("maximum", bound + random.randint(1, 9)),
            ("exclusiveMinimum", bound),
            ("exclusiveMaximum", bound),
        ]
    )
    return _Part(keyword, {keyword: bound}, str(value), len(str(value)))


def _wrong_multiple(random: Random) -> _Part:
    divisor = random.randint(2, 9)
    text = str(divisor * random.randint(1, 99) + 1)
    return _Part("multipleOf", {"multipleOf": divisor}, text, len(text))


def _wrong_length(random: Random) -> _Part:
    text = _word(random)
    quoted = json.dumps(text, ensure_ascii=False)
    if random.random() < 0.5:
        return _Part("minLength", {"minLength": len(text) + 1}, quoted, len(quoted) - 1)
    most = random.randint(0, len(text) - 1)
    return _Part("maxLength", {"maxLength": most}, quoted, 1 + most)


def _wrong_pattern(random: Random) -> _Part:
    digits = "".join(random.choice("0123456789") for _ in range(random.randint(1, 6)))
    choice = random.randint(0, 2)
    if choice == 0:
        return _Part("pattern", {"pattern": "^[0-9]+$"}, f'"{digits}x0"', 1 + len(digits))
    if choice == 1:
        return _Part("pattern", {"pattern": rf"^\d{{{len(digits)}}}$"}, f'"{digits}0"', 1 + len(digits))
    return _Part("pattern", {"pattern": "^(alpha|beta)$"}, '"alpine"', 4)


def _late_pattern(random: Random) -> _Part:
    text = json.dumps("x" * random.randint(1, 9))
    return _Part("pattern", {"pattern": "[0-9]$"}, text, len(text) - 1)


def _missing(random: Random) -> _Part:
    keys = random.sample(_WORDS, 3)
    text = json.dumps(dict.fromkeys(keys[:2], 1))
    return _Part("required", {"required": keys}, text, len(text) - 1)


def _unknown_key(random: Random) -> _Part:
    keys = random.sample(_WORDS, 3)
    schema = {"properties": dict.fromkeys(keys, True), "additionalProperties": False}
    begun = json.dumps({keys[0]: 1})[:-1] + ', "'
    right = keys[1]
    cut = random.randint(0, len(right))
    beginnings = {key[: cut + 1] for key in keys}
    char = next(one for one in "zyxwvu" if right[:cut] + one not in beginnings)
    return _Part("additionalProperties", schema, f'{begun}{right[:cut]}{char}y": 1}}', len(begun) + cut)


def _cut_key(random: Random) -> _Part:
    key = random.choice(_WORDS)
    schema = {"properties": {key: True}, "additionalProperties": False}
    cut = random.randint(0, len(key) - 1)
    return _Part("additionalProperties", schema, f'{{"{key[:cut]}": 1}}', 2 + cut)


def _wrong_name(random: Random) -> _Part:
    key = _word(random, 4)
    return _Part("propertyNames", {"propertyNames": {"maxLength": 2}}, json.dumps({key: 1}, ensure_ascii=False), 4)


def _wrong_under_pattern(random: Random) -> _Part:
    key = f"x-{random.choice(_WORDS)}"
    return _Part("type", {"patternProperties": {"^x-": {"type": "integer"}}}, f'{{"{key}":"s"}}', len(key) + 4)


def _keys_count(random: Random) -> _Part:
    size = random.randint(1, 4)
    text = json.dumps(dict.fromkeys(_WORDS[:size], 1))
    if random.random() < 0.5:
        return _Part("minProperties", {"minProperties": size + 1}, text, len(text) - 1)
    most = size - 1
    at = text.index(", ", 0) if most == 1 and size > 1 else None
    if at is None:
        return _Part("maxProperties", {"maxProperties": 0}, text, 1)
    return _Part("maxProperties", {"maxProperties": most}, text, at)


def _dependent(random: Random) -> _Part:
    key, other = random.sample(_WORDS, 2)
    text = json.dumps({key: 1, "z": 2})
    return _Part("dependentRequired", {"dependentRequired": {key: [other]}}, text, len(text) - 1)


def _items_count(random: Random) -> _Part:
    size = random.randint(1, 5)
    text = "[" + ",".join("7" * random.randint(1, 3) for _ in range(size)) + "]"
    if random.random() < 0.5:
        return _Part("minItems", {"minItems": size + 1}, text, len(text) - 1)
    if size == 1:
        return _Part("maxItems", {"maxItems": 0}, text, 1)
    most = random.randint(1, size - 1)
    return _Part("maxItems", {"maxItems": most}, text, [i for i, char in enumerate(text) if char == ","][most - 1])


def _closed_tuple(random: Random) -> _Part:
    size = random.randint(1, 3)
    schema = {"prefixItems": [True] * size, "items": False}
    text = "[" + "1," * size + "1]"
    return _Part("items", schema, text, 2 * size)


def _wrong_item(random: Random) -> _Part:
    inner = _simple(random)
    before = "[" + "1," * random.randint(1, 3)
    schema = {"prefixItems": [{"type": "integer"}] * before.count(","), "items": inner.schema}
    return _Part(inner.keyword, schema, f"{before}{inner.text}]", len(before) + inner.at)


def _repeated_item(random: Random) -> _Part:
    items = random.sample(["1", '"a"', "[1]", '{"a":2}', "null", "true"], 4)
    first = "[" + ",".join(items) + ","
    again = random.choice(items)
    shows = len(again) - (0 if again == "1" else 1)
    return _Part("uniqueItems", {"uniqueItems": True}, f"{first}{again}]", len(first) + shows)


def _contains(random: Random) -> _Part:
    size = random.randint(1, 4)
    text = "[" + ",".join(["1"] * size) + "]"
    if random.random() < 0.5:
        return _Part("contains", {"contains": {"type": "string"}}, text, len(text) - 1)
    schema = {"contains": {"type": "integer"}, "maxContains": size - 1, "minContains": 0}
    return _Part("maxContains", schema, text, len(text) - 1)


_SIMPLE: Final[tuple[Callable[[Random], _Part], ...]] = (
    *(_wrong_type, _wrong_integer, _wrong_enum, _cut_enum, _wrong_literal, _wrong_number, _wrong_multiple),
    *(_wrong_length, _wrong_pattern, _late_pattern),
)
_CONJUNCTIVE: Final = (
    *_SIMPLE,
    *(_missing, _unknown_key, _cut_key, _wrong_name, _wrong_under_pattern, _keys_count, _dependent),
    *(_items_count, _closed_tuple, _wrong_item, _repeated_item, _contains),
)


def _simple(random: Random) -> _Part:
    return random.choice(_SIMPLE)(random)


def _placed(random: Random, part: _Part, depth: int) -> _Part:
    """The part somewhere within a value that is right apart from it."""
    if depth == 0:
        return part
    schema: dict[str, Any]
    match random.randint(0, 4):
        case 0:
            before, after = '[{"id": 1, "v": ', ', "w": null}]'
            schema = {"items": {"properties": {"v": part.schema}, "required": ["id"]}}
        case 1:
            before, after = '{"name": "x \\n y", "deep": ', "}"
            schema = {"type": "object", "properties": {"deep": part.schema}, "additionalProperties": {"type": "string"}}
        case 2:
            before, after = "[true, ", "]"
            schema = {"type": "array", "prefixItems": [{"type": "boolean"}, part.schema]}
        case 3:
            before, after = "[", "]"
            schema = {"$ref": "#/$defs/list", "$defs": {"list": {"items": part.schema}}} if depth == 1 else {}
            schema = schema or {"items": part.schema}
        case _:
            before, after = '{"v": ', "}"
            schema = {"allOf": [{"type": "object"}, {"properties": {"v": part.schema}}], "maxProperties": 3}
    outer = _Part(part.keyword, schema, f"{before}{part.text}{after}", len(before) + part.at)
    return _placed(random, outer, depth - 1)


def conjunctive(seed: int, count: int) -> Iterator[Wrong]:
    """Values that fail one of the keywords that hold together."""
    random = Random(seed)
    for n in range(count):
        part = _CONJUNCTIVE[n % len(_CONJUNCTIVE)](random)
        placed = _placed(random, part, random.randint(0, 2))
        yield Wrong(part.keyword, placed.schema, placed.text + " ", placed.at)


def applied(seed: int, count: int) -> Iterator[Wrong]:
    """Values that fail a schema by way of anyOf, oneOf, not, if or dependentSchemas."""
    random = Random(seed)
    for n in range(count):
        part = _CONJUNCTIVE[n % len(_CONJUNCTIVE)](random)
        kind = ("anyOf", "oneOf", "if", "then", "dependentSchemas", "tagged", "not")[n % 7]
        made = _applied(random, kind, part)
        placed = _placed(random, made, random.randint(0, 1))
        yield Wrong(kind, placed.schema, placed.text + " ", placed.at)


def _applied(random: Random, kind: str, part: _Part) -> _Part:
    other = {"type": "null"} if part.text[0] != "n" else {"type": "array"}
    match kind:
        case "anyOf" | "oneOf":
            schema: dict[str, Any] = {kind: random.sample([part.schema, other, {"const": -1234.5}], 3)}
            return _Part(kind, schema, part.text, part.at)
        case "if":
            schema = {"if": other, "then": True, "else": part.schema}
            return _Part(kind, schema, part.text, part.at)
        case "then":
            schema = {"if": {"required": ["k"]}, "then": {"properties": {"v": part.schema}}}
            before = '{"k": 1, "v": '
            return _Part(kind, schema, f"{before}{part.text}}}", len(before) + part.at)
        case "dependentSchemas":
            schema = {"dependentSchemas": {"k": {"properties": {"v": part.schema}}}}
            before = '{"k": 1, "v": '
            return _Part(kind, schema, f"{before}{part.text}}}", len(before) + part.at)
        case "tagged":
            forms = [
                {"properties": {"kind": {"const": "a"}, "v": part.schema}, "required": ["kind"]},
                {"properties": {"kind": {"const": "b"}}, "required": ["kind"]},
            ]
            before = '{"kind": "a", "v": '
            return _Part(kind, {"oneOf": forms}, f"{before}{part.text}}}", len(before) + part.at)
        case _:
            text = json.dumps(random.choice(_WORDS))
            return _Part(kind, {"not": {"type": "string"}}, text, 0)
