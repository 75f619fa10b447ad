"""OpenAI Responses: which output item an event is about, whatever a server does with indexes and ids.

An item is looked up among those of its kind (calls, messages, reasoning, what the provider runs) by its `call_id` or
`item_id` where that is known and does not contradict the `output_index`; else by `output_index`; and where an event has
neither, it is the item of the kind opened last. So it does not matter that GitHub Copilot sends another `item_id` with
every event, that llama.cpp sends no `output_index`, and that others use one index for several items; each of these is
a deviation, see `wire.compat`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from millstream.events.values import CallKind, is_object
from millstream.wire.compat import Tolerance
from millstream.wire.fields import text_of

CALLS: Final[dict[str, CallKind]] = {"function_call": "function", "custom_tool_call": "custom"}
"""The item types that are calls of ours."""

Kind: TypeAlias = Literal["call", "message", "reasoning", "server"]
PartKey: TypeAlias = tuple[Literal["content", "refusal", "summary", "text"], int]


def kind_of(type_: str) -> Kind:
    """The kind of an item of that type."""
    if type_ in CALLS:
        return "call"
    return "message" if type_ == "message" else "reasoning" if type_ == "reasoning" else "server"


@dataclass(slots=True)
class Item:
    """One output item: its number in the wire events, what it is, and what came of each of its parts."""

    item: int
    type: str
    index: int | None
    id: str
    parts: dict[PartKey, list[str]] = field(default_factory=dict["PartKey", list[str]])
    call_id: str = ""
    name: str = ""
    held: list[str] = field(default_factory=list[str])
    """Argument text that came before the name."""
    begun: bool = False
    """Whether the call was told of."""
    done: bool = False

    def is_same(self, raw: Mapping[str, Any]) -> bool:
        """Whether `raw` is this item said again: it has the same id, which for a call is its `call_id`."""
        if self.type != raw.get("type"):
            return False
        call_id = text_of(raw, "call_id")
        if self.call_id and call_id:
            return self.call_id == call_id
        return self.id != "" and self.id == text_of(raw, "id")


class Items:
    """The items of one response, in the order in which they opened."""

    def __init__(self, tolerance: Tolerance) -> None:
        self._bear = tolerance.bear
        self.kinds: set[Kind] = set()
        """The kinds of which there was any."""
        self.unfinished: dict[int, Item] = {}
        """Those that are open, by their number."""
        self._count = 0
        self._indexes: set[int] = set()
        self._by_id: dict[tuple[Kind, str], Item] = {}
        self._by_index: dict[tuple[Kind, int], Item] = {}
        self._last: dict[Kind, Item] = {}

    def open(self, message: Mapping[str, Any], type_: str) -> Item:
        """A new item; it stands for its index and its id from now on.

        Raises:
            WireError: the server may not use an index twice.
        """
        kind, index, id_ = kind_of(type_), _index_of(message), _id_of(message)
        item = self._last[kind] = self.unfinished[self._count] = Item(self._count, type_, index, id_)
        self._count += 1
        self.kinds.add(kind)
        if index is not None:
            if index in self._indexes:
                self._bear("shared_output_index")
            self._indexes.add(index)
            self._by_index[kind, index] = item
        if id_:
            self._by_id[kind, id_] = item
        return item

    def name(self, item: Item, fields: Mapping[str, Any]) -> None:
        """Note the name and the `call_id` of a call, where they come first.

        Raises:
            WireError: the server may not give an id to two calls.
        """
        item.name = item.name or text_of(fields, "name")
        call_id = text_of(fields, "call_id")
        if call_id and not item.call_id:
            if self._by_id.get(("call", call_id), item) is not item:
                self._bear("duplicate_id")
            item.call_id = call_id
            self._by_id["call", call_id] = item

    def finish(self, item: Item) -> None:
        """An item is over."""
        item.done = True
        self.unfinished.pop(item.item, None)

    def find(self, message: Mapping[str, Any], kind: Kind, *, opens: bool = False) -> Item | None:
        """The item that an event is about, None where nothing opened it; one that `opens` may be about a new one.

        Raises:
            WireError: the server may not leave out an index, or change an id.
        """
        index, id_ = _index_of(message), _id_of(message)
        if index is None:
            self._bear("missing_output_index")
        known = self._by_id.get((kind, id_))
        if known is None or (index is not None and known.index != index):
            known = self._by_id.get((kind, _call_id_of(message)))
        if known is not None and (index is None or known.index == index):
            return known
        if index is None:
            return None if id_ else self._last.get(kind)
        known = self._by_index.get((kind, index))
        if known is not None and id_ and known.id and not known.done and not opens:
            self._bear("rotating_ids")
        return known

    def cut(self, raw: Mapping[str, Any]) -> Item | None:
        """The open item that `raw`, an item of the final response, is the whole of; its ids may be others there."""
        if not self.unfinished:
            return None
        type_, name = text_of(raw, "type"), text_of(raw, "name")
        ids = (text_of(raw, "id"), text_of(raw, "call_id"))
        known = next((item for id_ in ids if (item := self._by_id.get((kind_of(type_), id_))) is not None), None)
        if known is not None:
            return None if known.done else known
        alike = (item for item in self.unfinished.values() if item.type == type_ and item.name in ("", name))
        return next(alike, None)


def _index_of(message: Mapping[str, Any]) -> int | None:
    index: object = message.get("output_index")
    return index if isinstance(index, int) else None


def _id_of(message: Mapping[str, Any]) -> str:
    item: object = message.get("item")
    return text_of(message, "item_id") or (text_of(item, "id") if is_object(item) else "")


def _call_id_of(message: Mapping[str, Any]) -> str:
    item: object = message.get("item")
    return text_of(item if is_object(item) else message, "call_id")
