"""What must hold of one value, all in one: the nodes that meet in a place of the document, ready to be asked quickly.

A place is made when a document first reaches it and shared by all documents of the schema. Each of the two readings of
a schema (`reading`) has places of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import Final

from millstream.arguments.schema.keywords import shown
from millstream.arguments.schema.node import (
    ARRAY,
    BOOLEAN,
    FOUND,
    NULL,
    NUMBER,
    OBJECT,
    STRING,
    Applicator,
    Node,
    Nodes,
    closure,
)
from millstream.arguments.schema.reading import MakeWatch, kinds, node_kinds, tests, watches
from millstream.arguments.schema.watch import Vocabulary, WordWatch

_MAX_PLACES: Final = 10_000
"""Places kept for each reading; far more than schemas have, but their conjunctions can be many."""
_MAX_KEYS: Final = 600
"""Characters of a list of keys in a message."""
_BLANK: Final = Node()
"""What demands nothing."""


class Places:
    """The places of one reading of a schema."""

    def __init__(self, root: Node, *, lenient: bool) -> None:
        self.lenient = lenient
        self._known: dict[tuple[int, ...], Place] = {}
        self.root = self.of((root,))

    def of(self, nodes: Nodes) -> Place:
        """The place where `nodes` meet, with all that they demand besides."""
        every = closure(nodes)
        key = tuple(map(id, every))  # nodes live as long as the schema
        place = self._known.get(key)
        if place is None:
            place = Place(every, self)
            if len(self._known) < _MAX_PLACES:
                self._known[key] = place
        return place


@dataclass(frozen=True, slots=True)
class Opening:
    """An applicator at a place, with the places of its members."""

    applicator: Applicator
    members: tuple[Place, ...]


class Place:
    """The rules of one place. Read its attributes; `at_key` and `at_index` lead to the places within."""

    def __init__(self, nodes: Nodes, places: Places) -> None:
        lenient = places.lenient
        self.nodes = nodes
        self._places = places
        self.never = any(node.never for node in nodes)
        self.undecided = not lenient and any(node.undecided for node in nodes)
        self.kinds = kinds(nodes, lenient=lenient)
        self.tests = tests(nodes, lenient=lenient)
        self.watches = watches(nodes, lenient=lenient)
        """What is to see a string here grow."""
        self.required: tuple[str, ...] = tuple(dict.fromkeys(key for node in nodes for key in node.required))
        self.required_set = frozenset(self.required)
        self.max_properties = inf if lenient else min((node.max_properties for node in nodes), default=inf)
        self.max_items = min((node.max_items for node in nodes if not (lenient and node.unique_items)), default=inf)
        self.unique_items = not lenient and any(node.unique_items for node in nodes)
        self.branching = any(_is_asked(one, lenient=lenient) for node in nodes for one in node.applicators)
        """Whether there are `openings`."""
        self._openings: tuple[Opening, ...] | None = None
        self.empty = not nodes or all(_is_empty(node) for node in nodes)
        """Whether nothing is demanded: every value is right here."""
        self.guards = tuple(_guard(self, node) for node in nodes if _is_closed(node))
        """What is to see the keys of an object here grow."""
        self.names = () if lenient else tuple(node.names for node in nodes if node.names is not None)
        self.guards_keys = bool(self.guards or self.names or self.max_properties < inf)
        self.guards_words_only = len(self.guards) == 1 and not self.names and self.max_properties == inf
        self._listed: dict[str, Place] = {}
        self._unlisted: Place | None = None
        self._patterned = any(node.key_patterns for node in nodes)
        self._prefix: list[Place] = []
        self._items: Place | None = None
        self.content = 0 if lenient or self.undecided else self._content()
        """The kinds of values that are right here whatever they hold."""
        self.settles = not (lenient or self.undecided) and self._settles()
        """Whether an object here is right as soon as the `awaited` keys are there and hold."""
        self._awaited: frozenset[str] | None = None

    def _content(self) -> int:
        found = 0 if self.watches or self.tests[str] else STRING
        found |= 0 if self.tests[int] or self.tests[float] else NUMBER
        found |= 0 if self.tests[bool] else BOOLEAN
        found |= 0 if self.tests[type(None)] else NULL
        nodes = self.nodes
        if not (self.tests[list] or self.unique_items or self.max_items < inf):
            found |= 0 if any(node.prefix or node.items is not None for node in nodes) else ARRAY
        if self._settles() and not self.required:
            found |= 0 if any(node.properties for node in nodes) else OBJECT
        for one in (one for node in nodes for one in node.applicators):
            found &= ~one.kinds
        return found

    def _settles(self) -> bool:
        if self.tests[dict] or self.names or self.max_properties < inf or self._patterned:
            return False
        return not any(
            node.additional is not None or any(one.kinds & OBJECT for one in node.applicators) for node in self.nodes
        )

    @property
    def awaited(self) -> frozenset[str]:
        """The keys that must be there, and those whose values may still be wrong."""
        if self._awaited is None:
            keys = {key for node in self.nodes for key in node.properties if not self.at_key(key).empty}
            self._awaited = self.required_set | keys
        return self._awaited

    @property
    def openings(self) -> tuple[Opening, ...]:
        """The applicators here, those that are asked in this reading."""
        if self._openings is None:
            self._openings = tuple(
                Opening(one, tuple(self.within(member) for member in one.members))
                for node in self.nodes
                for one in node.applicators
                if _is_asked(one, lenient=self._places.lenient)
            )
        return self._openings

    def within(self, node: Node) -> Place:
        """The place of a schema that is a part of one here."""
        return self._places.of((node,))

    def at_key(self, key: str) -> Place:
        """What must hold of the member `key` of an object here."""
        known = self._listed.get(key)
        if known is not None:
            return known
        is_listed = any(key in node.properties for node in self.nodes)
        if is_listed or self._patterned:
            place = self._places.of(tuple(inner for node in self.nodes for inner in _members(node, key)))
            if is_listed:
                self._listed[key] = place
            return place
        if self._unlisted is None:
            rest = tuple(node.additional for node in self.nodes if node.additional is not None)
            self._unlisted = self._places.of(rest)
        return self._unlisted

    def at_index(self, index: int) -> Place:
        """What must hold of item `index` of an array here."""
        if index < len(self._prefix):
            return self._prefix[index]
        if self._items is not None:
            return self._items
        longest = max(len(node.prefix) for node in self.nodes) if self.nodes else 0
        self._prefix = [self._item(n) for n in range(longest)]
        self._items = self._item(longest)
        return self.at_index(index)

    def _item(self, index: int) -> Place:
        found = (node.prefix[index] if index < len(node.prefix) else node.items for node in self.nodes)
        return self._places.of(tuple(one for one in found if one is not None))

    def wrong_kind(self, kind: int) -> tuple[str, str]:
        """Why a value of `kind` can not be here, and the keyword."""
        if self.never:
            return "nothing is allowed here", "false"
        lenient = self._places.lenient
        node = next(node for node in self.nodes if not node_kinds(node, lenient=lenient) & kind)
        if node.kinds & kind:
            values = next(one for one in node.values if not one.kinds & kind)
            return f"expected {values.wanted}, found {FOUND[kind]}", values.keyword
        return f"expected {' or '.join(node.types)}, found {FOUND[kind]}", "type"

    def unknown_key(self, key: str) -> tuple[str, str]:
        """Why a key can not be here, and the keyword."""
        return f"{shown(key)} is not a known key; known are: {self._known_keys()}", "additionalProperties"

    def unknown_beginning(self, beginning: str) -> tuple[str, str]:
        """Why a key can not begin like this, and the keyword."""
        return f"no known key begins with {shown(beginning)}; known are: {self._known_keys()}", "additionalProperties"

    def _known_keys(self) -> str:
        listed_keys = {key for node in self.nodes for key, inner in node.properties.items() if not inner.never}
        patterns = {one.pattern.pattern for node in self.nodes for one in node.key_patterns if not one.node.never}
        words = [", ".join(sorted(listed_keys))] if listed_keys else []
        words.extend(f"keys that match {pattern}" for pattern in sorted(patterns))
        text = ", ".join(words) or "none"
        return text if len(text) <= _MAX_KEYS else text[:_MAX_KEYS] + "…"


def _is_asked(applicator: Applicator, *, lenient: bool) -> bool:
    return not lenient or applicator.keyword in ("anyOf", "oneOf")


def _is_empty(node: Node) -> bool:
    return all(
        getattr(node, name) == getattr(_BLANK, name)
        for name in Node.__slots__
        if name not in ("formatted", "conjuncts")
    )


def _is_closed(node: Node) -> bool:
    """Whether the beginning of a key can show that it is none of those that may be."""
    if node.additional is None or not node.additional.never:
        return False
    return all(one.prefixes is not None for one in node.key_patterns if not one.node.never)


def _members(node: Node, key: str) -> list[Node]:
    found = [node.properties[key]] if key in node.properties else []
    found.extend(one.node for one in node.key_patterns if one.pattern.search(key))
    if not found and node.additional is not None:
        found.append(node.additional)
    return found


def _guard(place: Place, node: Node) -> MakeWatch:
    """What follows a key of an object whose keys are all listed."""
    listed_keys = (key for key, inner in node.properties.items() if not inner.never)
    automata = (one.prefixes for one in node.key_patterns if not one.node.never)
    vocabulary = Vocabulary(listed_keys, tuple(one for one in automata if one is not None))
    return lambda owner: WordWatch(owner, vocabulary, place.unknown_beginning)
