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
- The whole arguments may come once more behind themselves (vLLM); a repetition that is no whole document is text.
- There is no end of a call: it is left when another one gets a delta.

All but the first half of the first rule and the last are deviations, see `wire.compat`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from millstream.arguments.scanner import Scanner
from millstream.events.values import CallKind, is_object
from millstream.limits import Limits
from millstream.wire.compat import Tolerance
from millstream.wire.fields import objects, text_of
from millstream.wire_events import ArgsPiece, CallBegan, CallLeft, Echo, WireEvent

_MAX_REPEATED: Final = 64 * 1024
"""Characters of arguments kept to know them again: more than any server was seen to repeat, little enough to keep."""
_ABSENT: Final = object()


@dataclass(slots=True)
class _Call:
    item: int
    index: int | None
    id: str
    name: str
    kind: CallKind
    chars: int = 0  # of argument text so far
    texts: list[str] = field(default_factory=list[str])  # the argument text itself, while it may be repeated
    scanner: Scanner | None = None  # where only the text can tell whether the call is over
    begun: bool = False
    held: str = ""  # argument text that came before the name


class ToolCallDeltas:
    """The calls of one response. `take` each `tool_calls` list; `settle` before anything else begins.

    Args:
        tool_names: a name that is one of these, and begins no other of them, is complete as soon as it has come; any
            other is complete when its arguments or something else begins.
        tolerance: what the server may do otherwise.
    """

    def __init__(self, tool_names: frozenset[str], tolerance: Tolerance) -> None:
        self._bear = tolerance.bear
        self._complete_names = {
            name for name in tool_names if not any(other != name and other.startswith(name) for other in tool_names)
        }
        self._current: _Call | None = None
        self._latest: _Call | None = None
        self._by_index: dict[int, _Call] = {}
        self._by_id: dict[str, _Call] = {}
        self._unbegun: dict[int, _Call] = {}

    def take(self, deltas: object, next_item: int) -> tuple[list[WireEvent], int]:
        """What a `tool_calls` list says; `next_item` numbers new calls, the number after them is returned as well.

        Raises:
            WireError: the server may not deviate as it does.
        """
        events: list[WireEvent] = []
        for delta in objects(deltas):
            given: object = delta.get("index")
            index = given if isinstance(given, int) else None
            if index is None:
                self._bear("missing_index")
            events += self._take_one(delta, index, next_item)
            next_item = max(next_item, self._latest.item + 1) if self._latest is not None else next_item
        return events, next_item

    def take_legacy(self, function: Mapping[str, Any], next_item: int) -> tuple[list[WireEvent], int]:
        """What a `function_call` says, the form before tools: one call without an id. As `take`."""
        if self._latest is None:
            self._open(_Call(next_item, 0, "", text_of(function, "name"), "function"))
            function = {"arguments": function.get("arguments", "")}
            next_item += 1
        return self._take_one({"function": function}, 0, next_item), next_item

    def settle(self) -> list[WireEvent]:
        """Something else begins, or the response ends: names are complete now."""
        return [event for call in list(self._unbegun.values()) for event in self._begin(call)]

    def _take_one(self, delta: Mapping[str, Any], index: int | None, next_item: int) -> list[WireEvent]:
        inner, kind, text = self._parts(delta)
        id_, name = self._word(delta, "id"), self._word(inner, "name")
        if not id_ and inner is not delta and (id_ := self._word(inner, "id")):
            self._bear("id_in_function")
        call = self._find(index, id_, name)
        events: list[WireEvent] = []
        if call is None:
            if not (id_ or name or text):
                return []
            self._check_new(id_, name)
            events += self.settle()
            call = self._open(_Call(next_item, index, id_, name, kind))
        elif id_ or name:
            self._add(call, id_, name)
        if self._current is not None and self._current is not call:
            events.append(CallLeft(self._current.item))
        self._current = call
        if call.name in self._complete_names:
            events += self._begin(call)
        events += self._args(call, text)
        extra: object = delta.get("extra_content")
        return [*events, Echo(call.item, {"extra_content": extra})] if is_object(extra) else events

    def _check_new(self, id_: str, name: str) -> None:
        if not name:
            self._bear("late_name")
        if not id_:
            self._bear("missing_id")
        elif id_ in self._by_id:
            self._bear("duplicate_id")

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
        elif (id_ and id_ == call.id) or (name and name == call.name):
            self._bear("repeated_name")
        if name and name != call.name and not call.begun:
            self._bear("late_name")
            call.name += name

    def _find(self, index: int | None, id_: str, name: str) -> _Call | None:
        """The call that a delta continues, None where it begins a new one."""
        if index is None:
            return self._find_without_index(id_, name)
        call = self._by_index.get(index)
        if call is None and self._current is not None and not id_ and not name:
            self._bear("index_restarts")  # an index of its own in each chunk, on a delta that begins nothing
            return self._current
        other_id = call is not None and bool(id_) and bool(call.id) and id_ != call.id
        if call is None or not name:
            if other_id:
                self._bear("rotating_ids")
            return call
        if other_id or (call.name not in ("", name) and (call.chars > 0 or call.begun)):
            self._bear("index_always_0")
            return None
        return call

    def _find_without_index(self, id_: str, name: str) -> _Call | None:
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
        if not text or (len(text) == call.chars and self._repeats(call, text)):
            return []
        call.chars += len(text)
        if call.chars <= _MAX_REPEATED:
            call.texts.append(text)
        if call.scanner is not None:
            call.scanner.feed(text)
        if not call.name:
            call.held += text
            return []
        return [*self._begin(call), ArgsPiece(call.item, text)]

    def _repeats(self, call: _Call, text: str) -> bool:
        """Whether text is all of the arguments, which were a whole document, once more."""
        if not text.startswith("{") or text != "".join(call.texts) or not _is_whole(text):
            return False
        self._bear("args_repeated_whole")
        return True

    def _begin(self, call: _Call) -> list[WireEvent]:
        if call.begun:
            return []
        call.begun = True
        del self._unbegun[call.item]
        began = CallBegan(call.item, call.name, call.id, call.kind)
        return [began, ArgsPiece(call.item, call.held)] if call.held else [began]

    def _parts(self, delta: Mapping[str, Any]) -> tuple[Mapping[str, Any], CallKind, str]:
        """Where a delta has its name, what kind of call it is of, and its argument text."""
        custom: object = delta.get("custom")
        if is_object(custom):
            return custom, "custom", text_of(custom, "input")
        function: object = delta.get("function")
        inner = function if is_object(function) else delta
        return inner, "custom" if delta.get("type") == "custom" else "function", self._text(inner.get("arguments", ""))

    def _text(self, given: object) -> str:
        """Argument text, whatever it came as."""
        if isinstance(given, str):
            return given
        self._bear("null_fields" if given is None else "args_object")
        return "" if given is None else json.dumps(given, ensure_ascii=False)

    def _word(self, fields: Mapping[str, Any], name: str) -> str:
        """An id or a name; "" where there is none, or a placeholder for none."""
        word: object = fields.get(name, _ABSENT)
        if word is _ABSENT:
            return ""
        if not isinstance(word, str):
            self._bear("null_fields")
            return ""
        if word in {"", "null"}:
            self._bear("null_literal" if word else "empty_id_or_name")
            return ""
        return word


def _is_whole(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
