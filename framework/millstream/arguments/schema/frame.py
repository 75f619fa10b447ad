"""An open object or array: what its evaluations ask of its keys and items, and of how many there are.

The checker has a short path of its own for the common case of one evaluation that asks for nothing unusual; all else
that happens between the brackets is here. It knows no positions in the text.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from math import inf
from typing import Final

from millstream.arguments.schema.equality import identity
from millstream.arguments.schema.evaluation import HELD, LIVE, Evaluation, Position
from millstream.arguments.schema.groups import Containing, KeyName
from millstream.arguments.schema.keywords import shown
from millstream.arguments.schema.node import OBJECT, STRING
from millstream.arguments.schema.place import Place
from millstream.arguments.schema.watch import Vocabulary, Watch, Watches, WordWatch, one_watch
from millstream.arguments.seam import Veto
from millstream.events.values import JsonValue


class Frame:
    """The evaluations of an open container."""

    __slots__ = ("_key", "_settling", "_unique", "grouped", "guarded", "keys", "names", "only", "position", "watchful")

    def __init__(self, position: Position, kind: int) -> None:
        self.position = position
        self.keys: set[str] | None = None
        """The keys so far, where their number matters."""
        self.guarded = False
        """Whether something is to see a key grow."""
        self.grouped = False
        self.names: Position | None = None
        """The evaluations of the key at hand as a string."""
        self._unique: list[tuple[Evaluation, set[Hashable]]] = []
        self._settling: list[tuple[Evaluation, set[str]]] = []
        self._key = ""
        one = None
        for one in position.values():
            place = one.place
            if one.groups:
                self.grouped = True
            if kind == OBJECT:
                self.guarded = self.guarded or place.guards_keys
                if len(position) > 1 and place.settles:
                    self._settling.append((one, set(place.awaited)))
            elif place.unique_items:
                self._unique.append((one, set()))
        self.watchful = bool(self._unique or self._settling)
        """Whether the values within are to be told to `member_over`."""
        self.only = one if len(position) == 1 and not self.grouped else None
        """The only evaluation, if nothing but it is to be asked: as in most documents."""

    # --- keys ---

    def key_watches(self, enter: Callable[[Position, int], Watch | Watches | None]) -> Watch | Watches | None:
        """A key begins: fail what has enough of them. Returns what is to see it grow."""
        watches: list[Watch] = []
        self.names = names = dict[Place, Evaluation]()
        for one in self.position.values():
            place = one.place
            if one.state or not place.guards_keys:
                continue
            for node in place.names:
                _join(names, place.within(node), KeyName(one))
            watches.extend(make(one) for make in place.guards)
            if place.max_properties < inf:
                watches.extend(self._bound(one))
        found = enter(names, STRING) if names else None
        if isinstance(found, Watches):
            watches.extend(found.several)
        elif found is not None:
            watches.append(found)
        return one_watch(watches)

    def _bound(self, one: Evaluation) -> list[Watch]:
        place = one.place
        keys = self.keys = self.keys if self.keys is not None else set()
        room = place.max_properties - len(keys)
        if room < 1:
            one.fail(too_many_keys(place))
            return []
        missing = [key for key in place.required if key not in keys]
        if not missing or len(missing) < room:
            return []
        words = f"{', '.join(missing)} must still be there, and there is no room for another key"
        return [WordWatch(one, Vocabulary(missing), lambda _: (words, "required"))]

    def at_key(self, key: str) -> Position:
        """A key is complete: fail what may not have it. Returns the evaluations of its value."""
        self._key = key
        if self.keys is not None:
            self.keys.add(key)
        following: Position = {}
        for one in self.position.values():
            for group in () if one.state else one.groups or ():
                group.key(key)
            if one.state:
                continue
            place = one.place.at_key(key)
            if place.never:
                one.fail(Veto(*one.place.unknown_key(key)))
            elif self.keys is not None and not self._has_room(one, self.keys):
                continue
            elif not place.empty:
                _join(following, place, one)
        self._settle({}, lambda place: place.empty)
        return following

    def _has_room(self, one: Evaluation, keys: set[str]) -> bool:
        missing = [key for key in one.place.required if key not in keys]
        if len(missing) <= one.place.max_properties - len(keys):
            return True
        one.fail(Veto(f"{', '.join(missing)} must still be there, and there is no room left", "required"))
        return False

    def more_keys(self, size: int) -> None:
        """A comma after `size` members: fail what has enough of them."""
        if self.keys is not None:
            for one in self.position.values():
                if size >= one.place.max_properties:
                    one.fail(too_many_keys(one.place))

    # --- items ---

    def at_item(self, index: int) -> Position:
        """An item must follow: fail what has enough of them. Returns its evaluations."""
        following: Position = {}
        for one in self.position.values():
            if one.state:
                continue
            place = one.place.at_index(index)
            if index >= one.place.max_items:
                one.fail(too_many_items(int(one.place.max_items), "maxItems"))
            elif place.never:
                one.fail(too_many_items(index, "items"))
            elif not place.empty:
                _join(following, place, one)
        for one in self.position.values():
            for group in () if one.state else one.groups or ():
                if isinstance(group, Containing):
                    member = _join(following, group.place, group)
                    if member.groups is None:
                        member.groups = []  # so that its end is told
        return following

    # --- the values within ---

    def member_over(self, value: JsonValue, position: Position) -> None:
        """A value within is complete, and `position` was its: compare it, and see what now holds for certain."""
        if self._unique:
            key = identity(value)
            for one, seen in self._unique:
                if key in seen:
                    one.fail(Veto(f"expected items that differ, found {shown(value)} twice", "uniqueItems"))
                seen.add(key)
        self._settle(position, lambda _: False)

    def _settle(self, position: Position, certain: Callable[[Place], bool]) -> None:
        """What only waits for some keys to be there and to hold is certain when the last of them does."""
        for one, awaited in self._settling:
            if one.state == LIVE and self._key in awaited:
                place = one.place.at_key(self._key)
                member = position.get(place)
                if member is not None:
                    member.end()
                if certain(place) or (member is not None and member.state == HELD):
                    awaited.discard(self._key)
                    if not awaited:
                        one.settle()


def _join(position: Position, place: Place, listener: Evaluation | Containing | KeyName) -> Evaluation:
    known = position.get(place)
    if known is None:
        known = position[place] = Evaluation(place, listener)
    else:
        known.listeners += (listener,)
    return known


def too_many_keys(place: Place) -> Veto:
    """Why an object may not have another key."""
    return Veto(f"expected at most {int(place.max_properties)} keys", "maxProperties")


def too_many_items(most: int, keyword: str) -> Veto:
    """Why an array may not have another item."""
    return Veto(f"expected at most {most} items", keyword)


NOWHERE: Final = Frame({}, OBJECT)
"""A container of which nothing is asked."""
