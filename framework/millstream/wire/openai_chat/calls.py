"""OpenAI Chat Completions: the `tool_calls` of deltas -> calls, whatever the server does with index, id and name.

The rules, from recorded streams and bug reports of the servers that imitate this format:

- With an `index`: the latest call that has it; but a delta that names another id, or another tool after the name was
  complete, begins a new call (Ollama, vLLM and LiteLLM send index 0 for every parallel call).
- Without an `index`: an id not seen before begins a call, a known one continues it; without an id, a name begins a call
  unless it only repeats that of a call still being written; else the call opened last goes on (Gemini, Mistral).
- `""`, null and the text "null" mean that there is no id or no name; a delta with neither, and no text, begins nothing.
- A name may come in pieces, late, or again with every delta (llama.cpp, OpenRouter): it is appended only where it is
  not what is already there.
- Arguments are text, or one JSON value as a whole, or nothing; a custom tool has `input`, which is text.
- There is no end of a call: it is left when another one gets a delta.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from millstream.arguments.scanner import Scanner
from millstream.events.values import CallKind, is_object
from millstream.limits import Limits
from millstream.wire.fields import objects, text_of
from millstream.wire_events import ArgsPiece, CallBegan, CallLeft, Echo, WireEvent


@dataclass(slots=True)
class _Call:
    item: int
    index: int | None
    id: str
    name: str
    kind: CallKind
    chars: int = 0  # of argument text so far
    scanner: Scanner | None = None  # where only the text can tell whether the call is over
    begun: bool = False
    held: str = ""  # argument text that came before the name


class ToolCallDeltas:
    """The calls of one response. `take` each `tool_calls` list; `settle` before anything else begins.

    Args:
        tool_names: a name that is one of these, and begins no other of them, is complete as soon as it has come; any
            other is complete when its arguments or something else begins.
    """

    def __init__(self, tool_names: frozenset[str]) -> None:
        self._complete_names = {
            name for name in tool_names if not any(other != name and other.startswith(name) for other in tool_names)
        }
        self._current: _Call | None = None
        self._latest: _Call | None = None
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self._unbegun: dict[int, _Call] = {}

    def take(self, deltas: object, next_item: int) -> tuple[list[WireEvent], int]:
        """What a `tool_calls` list says; `next_item` numbers new calls, the number after them is returned as well."""
        events: list[WireEvent] = []
        for delta in objects(deltas):
            events += self._take_one(delta, next_item)
            next_item = max(next_item, self._latest.item + 1) if self._latest is not None else next_item
        return events, next_item

    def settle(self) -> list[WireEvent]:
        """Something else begins, or the response ends: names are complete now."""
        return [event for call in list(self._unbegun.values()) for event in self._begin(call)]

    def _take_one(self, delta: Mapping[str, Any], next_item: int) -> list[WireEvent]:
        inner, kind, text = _parts(delta)
        id_, name = _word(delta, "id") or _word(inner, "id"), _word(inner, "name")
        given: object = delta.get("index")
        index = given if isinstance(given, int) else None
        call = self._find(index, id_, name)
        events: list[WireEvent] = []
        if call is None:
            if not (id_ or name or text):
                return []
            events += self.settle()
            call = self._open(_Call(next_item, index, id_, name, kind))
        else:
            self._add(call, id_, name)
        if self._current is not None and self._current is not call:
            events.append(CallLeft(self._current.item))
        self._current = call
        if call.name in self._complete_names:
            events += self._begin(call)
        events += self._args(call, text)
        extra: object = delta.get("extra_content")
        return [*events, Echo(call.item, {"extra_content": extra})] if is_object(extra) else events

    def _open(self, call: _Call) -> _Call:
        self._latest = self._unbegun[call.item] = call
        if call.index is not None:
            self._by_index[call.index] = call
        if call.id:
            self._by_id[call.id] = call
        elif call.index is None:
            call.scanner = Scanner(Limits())
        return call

    def _add(self, call: _Call, id_: str, name: str) -> None:
        if id_ and not call.id:
            call.id = id_
            self._by_id[id_] = call
        if name and name != call.name and not call.begun:
            call.name += name

    def _find(self, index: int | None, id_: str, name: str) -> _Call | None:
        """The call that a delta continues, None where it begins a new one."""
        if index is not None:
            call = self._by_index.get(index)
            if call is None and not id_ and not name:
                return self._current  # an index of its own in each chunk, on a delta that begins nothing
            if call is None or not name:
                return call
            other_id = bool(id_) and bool(call.id) and id_ != call.id
            other_tool = call.name not in ("", name) and (call.chars > 0 or call.begun)
            return None if other_id or other_tool else call
        last = self._latest
        if id_:
            known = self._by_id.get(id_)
            goes_on = known is None and not name and last is not None and not last.id
            return last if goes_on else known  # the id of a call whose name came first
        if last is None or not name:
            return last
        repeats = name == last.name and not (last.scanner is not None and last.scanner.done)
        grows = not last.begun and (last.chars == 0 or not last.name)
        return last if repeats or grows else None

    def _args(self, call: _Call, text: str) -> list[WireEvent]:
        if not text:
            return []
        call.chars += len(text)
        if call.scanner is not None:
            call.scanner.feed(text)
        if not call.name:
            call.held += text
            return []
        return [*self._begin(call), ArgsPiece(call.item, text)]

    def _begin(self, call: _Call) -> list[WireEvent]:
        if call.begun:
            return []
        call.begun = True
        del self._unbegun[call.item]
        began = CallBegan(call.item, call.name, call.id, call.kind)
        return [began, ArgsPiece(call.item, call.held)] if call.held else [began]


def _parts(delta: Mapping[str, Any]) -> tuple[Mapping[str, Any], CallKind, str]:
    """Where a delta has its name, what kind of call it is of, and its argument text."""
    custom: object = delta.get("custom")
    if is_object(custom):
        return custom, "custom", text_of(custom, "input")
    function: object = delta.get("function")
    inner = function if is_object(function) else delta
    given: object = inner.get("arguments")
    text = given if isinstance(given, str) else "" if given is None else json.dumps(given, ensure_ascii=False)
    return inner, "custom" if delta.get("type") == "custom" else "function", text


def _word(fields: Mapping[str, Any], name: str) -> str:
    """An id or a name; "" where the server sent a placeholder for none."""
    word = text_of(fields, name)
    return "" if word == "null" else word
