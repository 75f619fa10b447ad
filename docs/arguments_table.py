"""Writes the table of `docs/arguments.md` anew: where each keyword rejects, found by asking the code.

python docs/arguments_table.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from millstream.arguments import Assembler, Rejected, compile_schema

PAGE: Final = Path(__file__).with_name("arguments.md")
BEGIN: Final = "<!-- table:begin -->"
END: Final = "<!-- table:end -->"
_NAMES: Final = {"properties": {"a": True, "bc": True}, "additionalProperties": False}
_SHAPE: Final = {"properties": {"kind": {"const": "circle"}, "r": {"type": "number"}}, "required": ["kind", "r"]}
_BOX: Final = {"properties": {"kind": {"const": "box"}, "w": {"type": "number"}}, "required": ["kind", "w"]}

ROWS: Final[list[tuple[str, dict[str, Any], str]]] = [
    ("type", {"type": "integer"}, '"7"'),
    ("type", {"type": "integer"}, "[1]"),
    ("enum", {"enum": ["metric", "imperial"]}, '"meters"'),
    ("const", {"const": "circle"}, '"square"'),
    ("properties, additionalProperties", _NAMES, '{"bd":1}'),
    ("patternProperties", {"patternProperties": {"^x-": {"type": "string"}}}, '{"x-a":1}'),
    ("propertyNames", {"propertyNames": {"maxLength": 2}}, '{"abc":1}'),
    ("required", {"required": ["a"]}, '{"b":1}'),
    ("required, maxProperties", {"required": ["a"], "maxProperties": 1}, '{"b":1}'),
    ("maxProperties", {"maxProperties": 1}, '{"a":1,"b":2}'),
    ("minProperties", {"minProperties": 2}, '{"a":1}'),
    ("dependentRequired", {"dependentRequired": {"a": ["b"]}}, '{"a":1}'),
    ("maxLength", {"maxLength": 2}, '"abcd"'),
    ("minLength", {"minLength": 2}, '"a"'),
    ("pattern", {"pattern": "^[a-z]+$"}, '"abC"'),
    ("maximum", {"maximum": 10}, "11 "),
    ("multipleOf", {"multipleOf": 5}, "12 "),
    ("items", {"items": {"type": "string"}}, '["a",1]'),
    ("prefixItems", {"prefixItems": [{"type": "string"}]}, "[1]"),
    ("maxItems", {"maxItems": 1}, "[1,2]"),
    ("minItems", {"minItems": 2}, "[1]"),
    ("uniqueItems", {"uniqueItems": True}, "[1,2,1]"),
    ("contains", {"contains": {"type": "string"}}, "[1,2]"),
    ("allOf", {"allOf": [{"type": "string"}, {"maxLength": 1}]}, '"ab"'),
    ("anyOf", {"anyOf": [{"type": "string", "maxLength": 2}, {"type": "null"}]}, '"abc"'),
    ("oneOf", {"oneOf": [_SHAPE, _BOX]}, '{"kind":"cone","r":1}'),
    ("not", {"not": {"type": "string"}}, '"a"'),
    ("if, then", {"if": {"required": ["a"]}, "then": {"required": ["b"]}}, '{"a":1}'),
    ("unevaluatedProperties", {"allOf": [{"properties": {"a": True}}], "unevaluatedProperties": False}, '{"b":1}'),
    ("$ref", {"$ref": "#/$defs/id", "$defs": {"id": {"type": "integer"}}}, "[]"),
]
"""Keyword, schema, a text that breaks it."""


def table() -> str:
    """The table, in Markdown."""
    lines = ["| keyword | schema | read, ✗, not read | what the model is told |", "|---|---|---|---|"]
    for keyword, schema, text in ROWS:
        rejected, closed = _rejection(schema, text)
        read = _code(text.rstrip()) + " at the end"
        if not closed:
            read = (
                _code(text[: rejected.at + 1]) + " ✗" + (f" {_code(rest)}" if (rest := text[rejected.at + 1 :]) else "")
            )
        problem = rejected.problems[0]
        cells = (keyword, _code(json.dumps(schema)), read, f"{problem.path or 'arguments'}: {problem.message}")
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)


def _rejection(schema: dict[str, Any], text: str) -> tuple[Rejected, bool]:
    """The rejection of `text`, and whether only the end brought it."""
    assembler = Assembler(compile_schema(schema))
    for char in text:
        for event in assembler.feed(char):
            if isinstance(event, Rejected):
                return event, False
    outcome = assembler.close()
    assert isinstance(outcome, Rejected), f"{text} is valid by {schema}"
    return outcome, True


def _code(text: str) -> str:
    return f"`{text}`"


def written(page: str) -> str:
    """The page with the table as it should be."""
    head, _, rest = page.partition(BEGIN)
    return f"{head}{BEGIN}\n{table()}\n{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
