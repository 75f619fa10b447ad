"""Random JSON Schemas of the keywords that are decided while a value arrives, some that are not, and values to fit."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from millstream.events.values import is_array, is_object

DIALECTS = (None, None, "https://json-schema.org/draft/2019-09/schema", "http://json-schema.org/draft-07/schema#")
DEFINITIONS = ("a", "b")
_KEYS = st.sampled_from(["a", "b", "c", "ab"])
_KEY_PATTERNS = st.sampled_from(["a", "^b", "^(a|c)$", "c"])
_SMALL = st.integers(0, 3)
_BOUNDS = st.integers(-2, 3) | st.sampled_from([0.5, 1.0, 1.5])
_TYPES = st.sampled_from(["object", "array", "object", "array", "string", "number", "integer", "boolean", "null"])
SCALARS = st.sampled_from([None, True, False, 0, 1, 2, -1, 1.0, 2.5, "", "a", "ab", "abc", "\U0001f600"])
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_KEYS, inner, max_size=3), max_leaves=6
)

_SIMPLE: dict[str, st.SearchStrategy[Any]] = {
    "type": _TYPES | st.lists(_TYPES, min_size=1, max_size=3, unique=True),
    "enum": st.lists(VALUES, min_size=1, max_size=4),
    "const": VALUES,
    "minimum": _BOUNDS,
    "maximum": _BOUNDS,
    "exclusiveMinimum": _BOUNDS,
    "exclusiveMaximum": _BOUNDS,
    "minLength": _SMALL,
    "maxLength": _SMALL,
    "minItems": _SMALL,
    "maxItems": _SMALL,
    "minProperties": _SMALL,
    "maxProperties": _SMALL,
    "required": st.lists(_KEYS, max_size=2, unique=True),
    "pattern": st.sampled_from(["^a", "b$", ".", "^a*$", "^(ab|abc)$", "^[^b]+", "^a{1,2}$|^$", "^(?:a|bc)?b"]),
    "multipleOf": st.sampled_from([2, 0.5]),
    "uniqueItems": st.booleans(),
    "format": st.sampled_from(["date", "email"]),
    "dependentRequired": st.dictionaries(_KEYS, st.lists(_KEYS, max_size=1), max_size=1),
    "minContains": _SMALL,
    "maxContains": _SMALL,
    "x-unknown": st.just(1),
    # Left to the final validator:
    "unevaluatedProperties": st.booleans(),
    "unevaluatedItems": st.booleans(),
}
_NESTED = (
    *("properties", "properties", "items", "additionalProperties", "prefixItems", "patternProperties", "contains"),
    *("propertyNames", "additionalProperties"),
)
_IN_PLACE = ("allOf", "anyOf", "anyOf", "oneOf", "not", "if", "$ref", "dependentSchemas")


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    """A root schema with definitions that refer to each other, also in circles, but never without a step down."""
    dialect = draw(st.sampled_from(DIALECTS))
    definitions = {name: draw(_schema(1, DEFINITIONS[place + 1 :])) for place, name in enumerate(DEFINITIONS)}
    root = draw(_schema(draw(st.integers(1, 3)), DEFINITIONS))
    head: dict[str, Any] = {} if dialect is None else {"$schema": dialect}
    return {**head, "$defs": definitions, **(root if isinstance(root, dict) else {"allOf": [root]})}


@st.composite
def _schema(draw: st.DrawFn, depth: int, refs: tuple[str, ...]) -> Any:
    """A schema; `refs` are the definitions it may refer to in place, below it any may be."""
    if draw(st.integers(0, 15)) == 15:
        return draw(st.booleans())
    made = {name: draw(_SIMPLE[name]) for name in draw(st.lists(st.sampled_from(sorted(_SIMPLE)), max_size=2))}
    if draw(st.booleans()):
        made["type"] = draw(_SIMPLE["type"])
    if depth == 0:
        return made
    for keyword in draw(st.lists(st.sampled_from(_NESTED), max_size=2, unique=True)):
        made[keyword] = draw(_below(keyword, depth - 1))
    if draw(st.booleans()):
        keyword = draw(st.sampled_from(_IN_PLACE))
        if keyword == "if":
            made |= {one: draw(_schema(depth - 1, refs)) for one in ("if", "then", "else") if draw(st.integers(0, 4))}
        elif keyword != "$ref":
            made[keyword] = draw(_in_place(keyword, depth - 1, refs))
        elif refs:
            made["$ref"] = "#/$defs/" + draw(st.sampled_from(refs))
    return made


@st.composite
def _below(draw: st.DrawFn, keyword: str, depth: int) -> Any:
    inner = _schema(depth, DEFINITIONS)
    if keyword == "properties":
        return draw(st.dictionaries(_KEYS, inner, min_size=1, max_size=3))
    if keyword == "patternProperties":
        return draw(st.dictionaries(_KEY_PATTERNS, inner, min_size=1, max_size=2))
    if keyword == "prefixItems":
        return draw(st.lists(inner, min_size=1, max_size=2))
    return draw(st.just(False) | inner) if keyword == "additionalProperties" else draw(inner)


@st.composite
def _in_place(draw: st.DrawFn, keyword: str, depth: int, refs: tuple[str, ...]) -> Any:
    inner = _schema(depth, refs)
    if keyword == "dependentSchemas":
        return draw(st.dictionaries(_KEYS, inner, max_size=2))
    several = keyword in {"allOf", "anyOf", "oneOf"}
    return draw(st.lists(inner, min_size=1, max_size=3)) if several else draw(inner)


def instances(root: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that mostly fit `root`, and some that do not."""
    return _instance(root, root, 5)


@st.composite
def _instance(draw: st.DrawFn, schema: Any, root: dict[str, Any], depth: int) -> Any:
    if not is_object(schema) or depth == 0 or draw(st.integers(0, 9)) == 9:
        return draw(VALUES)
    if "$ref" in schema and draw(st.booleans()):
        return draw(_instance(root["$defs"][schema["$ref"].rpartition("/")[2]], root, depth - 1))
    for keyword in ("allOf", "anyOf", "oneOf"):
        if keyword in schema and draw(st.booleans()):
            return draw(_instance(draw(st.sampled_from(schema[keyword])), root, depth - 1))
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    return draw(_of_type(draw(_wanted_type(schema)), schema, root, depth - 1))


def _wanted_type(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    named = schema.get("type")
    if named is not None:
        return st.sampled_from(named if is_array(named) else [named])
    if {"properties", "required", "additionalProperties", "minProperties"} & schema.keys():
        return st.just("object")
    return st.just("array") if {"items", "prefixItems", "minItems", "contains"} & schema.keys() else _TYPES


@st.composite
def _of_type(draw: st.DrawFn, kind: str, schema: dict[str, Any], root: dict[str, Any], depth: int) -> Any:
    match kind:
        case "object":
            known = schema.get("properties", {})
            more = draw(st.lists(st.sampled_from([*known, "a", "b", "c"]), max_size=3, unique=True))
            keys = dict.fromkeys([*schema.get("required", ()), *more])
            other = schema.get("additionalProperties", True)
            return {key: draw(_instance(known.get(key, other), root, depth)) for key in keys}
        case "array":
            prefix = schema.get("prefixItems", [])
            size = draw(st.integers(schema.get("minItems", 0), min(schema.get("maxItems", 3), 3) + 1) | _SMALL)
            inner = [prefix[n] if n < len(prefix) else schema.get("items", True) for n in range(size)]
            return [draw(_instance(one, root, depth)) for one in inner]
        case "string":
            return "ab\U0001f600b"[: draw(st.integers(schema.get("minLength", 0), 4))]
        case "number" | "integer":
            near = schema.get("minimum", schema.get("maximum", schema.get("exclusiveMinimum", 0)))
            return near + draw(st.sampled_from([0, 1, -1, 0.5] if kind == "number" else [0, 1, -1]))
        case "boolean":
            return draw(st.booleans())
        case _:
            return None
