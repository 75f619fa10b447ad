"""What can be checked of a tool's arguments while they arrive, read from pydantic's own plan for validating them.

The JSON Schema a provider is told is no guide to that: it says what a model should write, and pydantic's lax mode takes
more ("7" for an integer, a list for a set with an item twice, whatever a validator of the user's mends); and a user may
write into it what he likes. So this reads the core schema, and only what it is sure of: a way of validating that has no
rule here may hold of anything. What comes out is a JSON Schema that refuses nothing pydantic would accept, given that
numbers and booleans may also be written as other scalars (`arguments.schema.checker`, with coercion).

It reads plain dicts: pydantic itself is not imported. A schema made here is {}, or {"$ref": …}, or a choice, or names
its type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import Enum, EnumMeta
from typing import Any, Final, TypeAlias, cast

from millstream.events.values import is_object

_Core: TypeAlias = Mapping[str, Any]
"""A core schema, or pydantic's configuration of one."""
_Shape: TypeAlias = dict[str, Any]
"""A JSON Schema."""

_EXACT_FLOAT: Final = 2.0**53
"""Beyond it the nearest float of an integer may lie on the other side of a bound."""
_CHANGES_TEXT: Final = ("strip_whitespace", "to_lower", "to_upper")
_UNKNOWN: Final[_Core] = {
    "coerce_numbers_to_str": True,
    "str_strip_whitespace": True,
    "validate_by_name": True,
    "strict": True,
}
"""What holds of a place whose configuration is not known: everything that lets pass more."""
_JSON_TYPES: Final[dict[type, str]] = {str: "string", int: "integer", type(None): "null"}
_BOUNDS: Final = (("ge", "minimum"), ("le", "maximum"), ("gt", "exclusiveMinimum"), ("lt", "exclusiveMaximum"))


def checkable_schema(core: _Core) -> _Shape:
    """The JSON Schema of what may be refused early, of pydantic's core schema of a model."""
    reader = _Reader()
    shape = reader.read(core, {})
    return shape | {"$defs": reader.definitions} if reader.definitions else shape


class _Reader:
    def __init__(self) -> None:
        self.definitions: dict[str, _Shape] = {}
        self._named: dict[str, tuple[str, _Core]] = {}  # pydantic's reference -> the name of our definition, its own

    def read(self, core: _Core, config: _Core) -> _Shape:
        rule = _RULES.get(core["type"])
        return {} if rule is None else rule(self, core, config)

    def inner(self, core: _Core, config: _Core) -> _Shape:
        """What wraps another plan without letting pass more than that."""
        return self.read(core["schema"], config)

    def text(self, core: _Core, config: _Core) -> _Shape:
        if core.get("coerce_numbers_to_str", config.get("coerce_numbers_to_str")):
            return {}
        shape: _Shape = {"type": "string"}
        if not any(core.get(key) or config.get(f"str_{key}") for key in _CHANGES_TEXT):
            shape |= _size(core, "min_length", "minLength") | _size(core, "max_length", "maxLength")
        return shape

    def integer(self, core: _Core, config: _Core) -> _Shape:
        del config
        return {"type": "integer"} | _bounds(core)

    def number(self, core: _Core, config: _Core) -> _Shape:
        del config
        return {"type": "number"} | _bounds(core)

    def literal(self, core: _Core, config: _Core) -> _Shape:
        del config
        return _one_of(core["expected"])

    def enumeration(self, core: _Core, config: _Core) -> _Shape:
        del config
        cls = cast("type[Enum]", core["cls"])
        return _one_of(member.value for member in cls) if _is_closed(cls) else {}

    def nullable(self, core: _Core, config: _Core) -> _Shape:
        shape = self.inner(core, config)
        if not shape:
            return {}
        if "type" not in shape or "anyOf" in shape:
            return _any_of([shape, {"type": "null"}])
        if "null" not in _types(shape):
            shape["type"] = [*_types(shape), "null"]
            shape |= {"enum": [*shape["enum"], None]} if "enum" in shape else {}
        return shape

    def default(self, core: _Core, config: _Core) -> _Shape:
        forgiving = core.get("on_error", "raise") != "raise"
        return {} if forgiving else self.inner(core, config)

    def lax_or_strict(self, core: _Core, config: _Core) -> _Shape:
        strict = core.get("strict", config.get("strict"))
        return {} if strict else self.read(core["lax_schema"], config)

    def json_or_python(self, core: _Core, config: _Core) -> _Shape:
        return self.read(core["json_schema"], config)

    def union(self, core: _Core, config: _Core) -> _Shape:
        # a union has a list, a tagged one a dict; anything but a plain choice (one with a label, say) may be anything
        choices: list[Any] = list(core["choices"].values() if is_object(core["choices"]) else core["choices"])
        return _any_of([self.read(choice, config) if is_object(choice) else {} for choice in choices])

    def array(self, core: _Core, config: _Core) -> _Shape:
        """Items may be left out on the way, as those a set has already are: how many there may be is not known."""
        items = {"items": self.read(core["items_schema"], config)} if "items_schema" in core else {}
        return {"type": "array"} | items | _size(core, "min_length", "minItems")

    def positions(self, core: _Core, config: _Core) -> _Shape:
        shape: _Shape = {"type": "array"} | _size(core, "min_length", "minItems")
        items = core["items_schema"]
        variadic = core.get("variadic_item_index")
        if variadic is None and not any(map(self._may_be_absent, items)):
            shape |= {"minItems": len(items), "maxItems": len(items)}
            shape |= {"prefixItems": [self.read(item, config) for item in items]} if items else {}
        elif variadic == 0 and len(items) == 1:
            shape["items"] = self.read(items[0], config)
        return shape

    def mapping(self, core: _Core, config: _Core) -> _Shape:
        """Two keys may become one, as "1" and "01" are the same integer: how many there may be is not known."""
        values = {"additionalProperties": self.read(core["values_schema"], config)} if "values_schema" in core else {}
        return {"type": "object"} | values | _size(core, "min_length", "minProperties")

    def model(self, core: _Core, config: _Core) -> _Shape:
        del config  # a model has its own, or none
        return {} if core.get("custom_init") else self.read(core["schema"], core.get("config") or {})

    def dataclass(self, core: _Core, config: _Core) -> _Shape:
        return self.read(core["schema"], _within(config, core))

    def model_fields(self, core: _Core, config: _Core) -> _Shape:
        fields = {name: (field, not self._may_be_absent(field["schema"])) for name, field in core["fields"].items()}
        return self._object(core, config, fields)

    def dataclass_args(self, core: _Core, config: _Core) -> _Shape:
        fields = {
            field["name"]: (field, not self._may_be_absent(field["schema"]))
            for field in core["fields"]
            if field.get("init", True)
        }
        return self._object(core, config, fields)

    def typed_dict(self, core: _Core, config: _Core) -> _Shape:
        config = _within(config, core)
        total = core.get("total", True)
        fields = {
            name: (field, field.get("required", total) and not self._may_be_absent(field["schema"]))
            for name, field in core["fields"].items()
        }
        return self._object(core, config, fields)

    def _object(self, core: _Core, config: _Core, fields: Mapping[str, tuple[_Core, bool]]) -> _Shape:
        """An object with `fields`, each with whether it is required; any object where its keys are not certain."""
        shape: _Shape = {"type": "object"}
        renamed = [field["validation_alias"] for field, _ in fields.values() if field.get("validation_alias")]
        by_alias_only = config.get("validate_by_alias", True) and not (
            config.get("validate_by_name") or config.get("populate_by_name")
        )
        if not all(isinstance(alias, str) for alias in renamed) or (renamed and not by_alias_only):
            return shape
        keys = {name: field.get("validation_alias") or name for name, (field, _) in fields.items()}
        shape["properties"] = {keys[name]: self.read(field["schema"], config) for name, (field, _) in fields.items()}
        shape["required"] = [keys[name] for name, (_, required) in fields.items() if required]
        extra = core.get("extra_behavior", config.get("extra_fields_behavior"))
        if extra == "forbid":
            shape["additionalProperties"] = False
        return shape

    def with_definitions(self, core: _Core, config: _Core) -> _Shape:
        for definition in core["definitions"]:
            self._named[definition["ref"]] = str(len(self._named)), definition
        for definition in core["definitions"]:
            self.definitions[self._named[definition["ref"]][0]] = self.read(definition, _UNKNOWN)
        return self.inner(core, config)

    def reference(self, core: _Core, config: _Core) -> _Shape:
        name, definition = self._named.get(core["schema_ref"], ("", {"type": ""}))
        if definition["type"] == "enum":
            return self.enumeration(definition, config)  # in place, so that it can be nullable
        return {"$ref": f"#/$defs/{name}"} if name else {}

    def _may_be_absent(self, core: _Core) -> bool:
        """Whether a default may stand for the value, however it is wrapped."""
        kind = core["type"]
        if kind == "definition-ref":
            return self._may_be_absent(self._named.get(core["schema_ref"], ("", {"type": "default"}))[1])
        if kind in ("model", "dataclass"):
            return False
        return kind == "default" or ("schema" in core and self._may_be_absent(core["schema"]))


def _within(config: _Core, core: _Core) -> _Core:
    """The configuration of a part that may have one of its own; what it says of unknown keys is not handed down."""
    return {**config, "extra_fields_behavior": None, **(core.get("config") or {})}


def _any_of(shapes: list[_Shape]) -> _Shape:
    """What may be of any of these shapes; anything, where one of them says nothing."""
    if not all(shapes):
        return {}
    choice: _Shape = {} if all(shape.keys() == {"type"} for shape in shapes) else {"anyOf": shapes}
    if all("type" in shape for shape in shapes):
        choice["type"] = list(dict.fromkeys(name for shape in shapes for name in _types(shape)))
    return choice


def _types(shape: _Shape) -> list[str]:
    types = shape["type"]
    return [types] if isinstance(types, str) else types


def _size(core: _Core, bound: str, keyword: str) -> _Shape:
    return {keyword: core[bound]} if isinstance(core.get(bound), int) else {}


def _bounds(core: _Core) -> _Shape:
    """The bounds of a number, those that hold of it as an integer as well as of the float nearest to it."""
    bounds = {keyword: core.get(name) for name, keyword in _BOUNDS}
    return {
        keyword: bound
        for keyword, bound in bounds.items()
        if isinstance(bound, int | float) and abs(bound) < _EXACT_FLOAT
    }


def _one_of(values: Iterable[object]) -> _Shape:
    """One of some strings, integers and null. With any other value among them anything may do: 1.5 for "1.5", say."""
    allowed = list(values)
    types = {_JSON_TYPES.get(type(value)) for value in allowed}
    return {} if None in types else {"type": sorted(name for name in types if name), "enum": allowed}


def _is_closed(cls: type[Enum]) -> bool:
    """Whether an enum is made of its members' values alone: a class may map others to them in three ways."""
    values = [member.value for member in cls]
    return (
        type(cls) is EnumMeta
        and getattr(cls._missing_, "__func__", None) is getattr(Enum._missing_, "__func__", None)
        and all(value in values for value in cls._value2member_map_)
    )


def _of(*types: str) -> Callable[[_Reader, _Core, _Core], _Shape]:
    def rule(reader: _Reader, core: _Core, config: _Core) -> _Shape:
        del reader, core, config
        return {"type": types[0] if len(types) == 1 else list(types)}

    return rule


_SCALAR: Final = _of("string", "number", "boolean")
_RULES: Final[dict[str, Callable[[_Reader, _Core, _Core], _Shape]]] = {
    # --- scalars ---
    "none": _of("null"),
    "bool": _of("boolean"),
    "int": _Reader.integer,
    "float": _Reader.number,
    "str": _Reader.text,
    "bytes": _of("string"),
    "url": _of("string"),
    "multi-host-url": _of("string"),
    "uuid": _of("string"),
    "json": _of("string"),
    "date": _SCALAR,
    "time": _SCALAR,
    "datetime": _SCALAR,
    "timedelta": _SCALAR,
    "literal": _Reader.literal,
    "enum": _Reader.enumeration,
    # --- containers ---
    "list": _Reader.array,
    "tuple": _Reader.positions,
    "set": _Reader.array,
    "frozenset": _Reader.array,
    "dict": _Reader.mapping,
    "model": _Reader.model,
    "model-fields": _Reader.model_fields,
    "dataclass": _Reader.dataclass,
    "dataclass-args": _Reader.dataclass_args,
    "typed-dict": _Reader.typed_dict,
    # --- around others ---
    "nullable": _Reader.nullable,
    "default": _Reader.default,
    "union": _Reader.union,
    "tagged-union": _Reader.union,
    "function-after": _Reader.inner,
    "lax-or-strict": _Reader.lax_or_strict,
    "json-or-python": _Reader.json_or_python,
    "definitions": _Reader.with_definitions,
    "definition-ref": _Reader.reference,
}
