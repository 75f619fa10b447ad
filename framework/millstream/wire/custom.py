"""Custom tools on wires that know functions only: a function whose one argument is the text. One place for all wires.

A grammar is told in words there, and nobody enforces it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Final

from millstream.arguments.free_text import INPUT, input_schema
from millstream.events.values import Call
from millstream.transcript import CallItem, Entry, Reply, ToolResult, Transcript
from millstream.wire.format import Ask, ToolSchema

_GRAMMARS: Final = {"lark": "follows this grammar, written for Lark", "regex": "matches this regular expression"}


def as_function(schema: ToolSchema) -> ToolSchema:
    """A custom tool as a function of one text; a function as it is."""
    if schema.kind == "function":
        return schema
    described = "The whole input, as plain text."
    if schema.grammar is not None:
        rule = _GRAMMARS.get(str(schema.grammar.get("syntax")), "follows this grammar")
        described += f" It {rule}:\n{schema.grammar.get('definition', '')}"
    return ToolSchema(schema.name, schema.description, input_schema(described))


def functions_only(ask: Ask) -> Ask:
    """A request without a custom tool, or a call of one in its history."""
    tools = tuple(map(as_function, ask.tools))
    return replace(ask, tools=tools, transcript=Transcript(tuple(map(_entry, ask.transcript))))


def _entry(entry: Entry) -> Entry:
    match entry:
        case ToolResult(call=Call(kind="custom")):
            return replace(entry, call=replace(entry.call, kind="function"))
        case Reply(items=items) if any(call.kind == "custom" for call in entry.calls):
            return replace(entry, items=tuple(_item(item) if isinstance(item, CallItem) else item for item in items))
        case _:
            return entry


def _item(item: CallItem) -> CallItem:
    if item.call.kind == "function":
        return item
    # what a provider wants back with a custom call is of no use with a function
    return CallItem(replace(item.call, kind="function"), json.dumps({INPUT: item.args_text}, ensure_ascii=False))
