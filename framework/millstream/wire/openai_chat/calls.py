"""OpenAI Chat Completions: the `tool_calls` of deltas -> calls, whatever the server does with index, id and name.

The rules, from recorded streams and bug reports of the servers that imitate this format:

- With an `index`: the latest call that has it; but a delta that names another id, or another tool after arguments have
  come, begins a new call (Ollama, vLLM and LiteLLM send index 0 for every parallel call).
- Without an `index`: an id not seen before begins a call, a known one continues it; without an id, a name begins a call
  unless it only repeats that of a call still being written; else the call opened last goes on (Gemini, Mistral).
- `""`, null and the text "null" mean that there is no id or no name.
- A name may come in pieces, late, or again with every delta (llama.cpp, OpenRouter): it is appended only where it is
  not what is already there.
- Arguments are text, or one JSON object as a whole, or nothing.
- There is no end of a call: it is left when another one gets a delta.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from millstream.arguments.assembler import canonical
from millstream.arguments.scanner import Scanner
from millstream.events.values import is_array, is_object
from millstream.limits import Limits
from millstream.wire_events import ArgsPiece, CallBegan, CallLeft, Echo, WireEvent


@dataclass(slots=True)
class _Call:
    item: int
    index: int | None
    id: str
    name: str
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
        self._calls: list[_Call] = []
        self._current: _Call | None = None

    def take(self, deltas: object, next_item: int) -> tuple[list[WireEvent], int]:
        """What a `tool_calls` list says; `next_item` numbers new calls, the number after them is returned as well."""
        events: list[WireEvent] = []
        for delta in deltas if is_array(deltas) else ():
            if is_object(delta):
                events += self._take_one(delta, next_item)
                next_item = max(next_item, self._calls[-1].item + 1) if self._calls else next_item
        return events, next_item

    def settle(self) -> list[WireEvent]:
        """Something else begins, or the response ends: names are complete now."""
        return [event for call in self._calls for event in self._begin(call)]

    def _take_one(self, delta: Mapping[str, Any], next_item: int) -> list[WireEvent]:
        function: object = delta.get("function")
        inner: Mapping[str, Any] = function if is_object(function) else delta
        id_, name = _word(delta.get("id")) or _word(inner.get("id")), _word(inner.get("name"))
        index: object = delta.get("index")
        call = self._find(index if isinstance(index, int) else None, id_, name)
        events: list[WireEvent] = []
        if call is None:
            if self._current is not None:
                events += self._begin(self._current)
            call = _Call(next_item, index if isinstance(index, int) else None, id_, name)
            call.scanner = None if id_ or isinstance(index, int) else Scanner(Limits())
            self._calls.append(call)
        else:
            call.id = call.id or id_
            if name and name != call.name and not call.begun:
                call.name += name
        if self._current is not None and self._current is not call:
            events.append(CallLeft(self._current.item))
        self._current = call
        if call.name in self._complete_names:
            events += self._begin(call)
        events += self._args(call, inner.get("arguments"))
        if is_object(delta.get("extra_content")):
            events += [*self._begin(call), Echo(call.item, {"extra_content": delta["extra_content"]})]
        return events

    def _find(self, index: int | None, id_: str, name: str) -> _Call | None:
        """The call that a delta continues, None where it begins a new one."""
        if index is not None:
            call = next((one for one in reversed(self._calls) if one.index == index), None)
            if call is None and not id_ and not name and self._current is not None:
                return self._current  # an index of its own in each chunk, on a delta that begins nothing
            if call is None or not name:
                return call
            other_id = bool(id_) and bool(call.id) and id_ != call.id
            other_tool = name != call.name and call.chars > 0
            return None if other_id or other_tool else call
        if id_:
            known = next((one for one in reversed(self._calls) if one.id == id_), None)
            if known is not None or name or not self._calls or self._calls[-1].id:
                return known
            return self._calls[-1]  # the id of a call whose name came first
        last = self._calls[-1] if self._calls else None
        if last is None or not name:
            return last
        repeats = name == last.name and not (last.scanner is not None and last.scanner.done)
        grows = last.chars == 0 and not last.begun
        return last if repeats or grows else None

    def _args(self, call: _Call, arguments: object) -> list[WireEvent]:
        if arguments is None or arguments == "":
            return []
        text = arguments if isinstance(arguments, str) else canonical(arguments)
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
        began = CallBegan(call.item, call.name, call.id)
        return [began, ArgsPiece(call.item, call.held)] if call.held else [began]


def _word(value: object) -> str:
    """An id or a name; "" where the server sent a placeholder for none."""
    return value if isinstance(value, str) and value != "null" else ""
