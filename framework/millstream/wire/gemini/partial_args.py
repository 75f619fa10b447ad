"""Gemini: the `partialArgs` of a call -> the JSON text of its arguments, as far as it can be written already.

Vertex streams arguments as values at JSONPaths. As long as the places come in an order in which JSON can be written
without going back, each piece is text at once. From the first one that can not, everything is kept and written as a
whole at the end; the router replaces what was shown if that is something else.

- Pieces of a string at one path are appended, until one without `willContinue`.
- A value at a place that holds another one, a gap in an array, a string without its end: the arguments are `broken`,
  and the call is never complete.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from millstream.wire.gemini.json_path import Steps, steps_of

_VALUES: Final = ("stringValue", "numberValue", "boolValue")
_MAX_STEPS: Final = 200
"""Deeper than any arguments may be, and within what can be written recursively."""
_MAX_CHARS: Final = 64 * 1024 * 1024
"""Far above any `Limits.max_args_chars`, which the arguments' own check holds."""
_MAX_EXACT: Final = 2**53
"""A `numberValue` is a double: up to here a whole number is exactly itself, and is written without a point."""


@dataclass(slots=True)
class _Leaf:
    value: object = None
    pieces: list[str] | None = None  # of a string

    @property
    def text(self) -> str:
        return _json(self.value if self.pieces is None else "".join(self.pieces))


@dataclass(slots=True)
class _Container:
    """One that is open in the text."""

    step: str | int | None
    is_array: bool
    steps: set[str | int] = field(default_factory=set[str | int])

    def enter(self, step: str | int) -> str | None:
        """What stands before the value at a step; None where it can not be written next."""
        fits = isinstance(step, int) and step == len(self.steps) if self.is_array else isinstance(step, str)
        if not fits or step in self.steps:
            return None
        comma = "," if self.steps else ""
        self.steps.add(step)
        return comma if self.is_array else f"{comma}{_json(step)}:"


_Node: TypeAlias = "dict[str | int, _Node | _Leaf]"


class PartialArgs:
    """The arguments of one call: `take` each piece, then `close` once."""

    def __init__(self) -> None:
        self.broken = False
        """Whether something came that can not be understood."""
        self._leaves: dict[Steps, _Leaf] = {}
        self._unfinished: set[Steps] = set()  # strings
        self._chars = 0
        self._appends = True
        self._open: list[_Container] = []
        self._string: Steps | None = None  # where the string is that the text ends in

    def take(self, piece: Mapping[str, Any]) -> str:
        """The text that a piece adds, "" where it has to wait."""
        steps = steps_of(piece.get("jsonPath"))
        if self.broken or steps is None or len(steps) > _MAX_STEPS:
            self.broken = True
            return ""
        is_new = steps not in self._leaves
        self.broken = not self._keep(steps, piece) or self._chars > _MAX_CHARS
        if self.broken or not self._appends:
            return ""
        text = self._begun(steps) if is_new else self._gone_on(steps, piece)
        self._appends = text is not None
        return text or ""

    def close(self) -> tuple[str, str | None]:
        """The arguments are over: the text that ends them, and the whole text where that must take its place.

        `broken` is True then where they did not come to an end.
        """
        self.broken = self.broken or bool(self._unfinished)
        if self.broken:
            return "", None
        if self._appends:
            return self._closed(0), None
        whole = self._whole()
        self.broken = whole is None
        return "", whole

    def _keep(self, steps: Steps, piece: Mapping[str, Any]) -> bool:
        """Keep a piece; False where it does not fit what came before."""
        leaf = self._leaves.get(steps)
        value: object = piece.get("stringValue")
        if isinstance(value, str):
            leaf = self._leaves.setdefault(steps, _Leaf(pieces=[]))
            if leaf.pieces is None:
                return False
            leaf.pieces.append(value)
            self._chars += len(value) + 1
        elif (other := _plain_value(piece)) is not None:
            self._chars += 1
            return self._leaves.setdefault(steps, other).text == other.text
        elif leaf is None or any(piece.get(name) is not None for name in _VALUES):
            return False  # but for the bare end of what is there
        if piece.get("willContinue") is True:
            self._unfinished.add(steps)
        else:
            self._unfinished.discard(steps)
        return True

    def _begun(self, steps: Steps) -> str | None:
        """The text of the first piece at a place, None where it can not be appended."""
        opened = None if self._string is not None else self._opened(steps)
        if opened is None:
            return None
        text = self._leaves[steps].text
        if steps not in self._unfinished:
            return opened + text
        self._string = steps
        return opened + text[:-1]  # without the quote that would end it

    def _gone_on(self, steps: Steps, piece: Mapping[str, Any]) -> str | None:
        """The text of a later piece at a place, None where it can not be appended."""
        value: object = piece.get("stringValue")
        more = value if isinstance(value, str) else ""
        if steps != self._string:
            return None if more else ""
        if steps in self._unfinished:
            return _json(more)[1:-1]
        self._string = None
        return _json(more)[1:]

    def _opened(self, steps: Steps) -> str | None:
        """The text between what was written last and the value at `steps`, None where there is no way to it."""
        text: list[str] = []
        if not self._open:
            self._open.append(_Container(None, is_array=False))
            text.append("{")
        depth = 0
        while depth < min(len(self._open), len(steps)) - 1 and self._open[depth + 1].step == steps[depth]:
            depth += 1
        text.append(self._closed(depth + 1))
        for i, step in enumerate(steps[depth:], depth):
            if i > depth:
                is_array = isinstance(step, int)
                self._open.append(_Container(steps[i - 1], is_array))
                text.append("[" if is_array else "{")
            entered = self._open[-1].enter(step)
            if entered is None:
                return None
            text.append(entered)
        return "".join(text)

    def _closed(self, depth: int) -> str:
        """The text that closes the open containers from `depth` on."""
        closed = "".join("]" if container.is_array else "}" for container in reversed(self._open[depth:]))
        del self._open[depth:]
        return closed

    def _whole(self) -> str | None:
        """The whole text from what was kept; None where the places contradict each other."""
        root: _Node = {}
        for steps, leaf in self._leaves.items():
            node = root
            for step in steps[:-1]:
                inner = node.setdefault(step, {})
                if isinstance(inner, _Leaf):
                    return None
                node = inner
            if steps[-1] in node:
                return None
            node[steps[-1]] = leaf
        text = _node_text(root)
        return text if text is not None and text.startswith("{") else None


def _plain_value(piece: Mapping[str, Any]) -> _Leaf | None:
    """The value of a piece that is no string; None where it has none."""
    number: object = piece.get("numberValue")
    if isinstance(number, int | float) and not isinstance(number, bool):
        is_whole = isinstance(number, float) and abs(number) <= _MAX_EXACT and number.is_integer()
        return _Leaf(int(number) if is_whole else number)
    truth: object = piece.get("boolValue")
    if isinstance(truth, bool):
        return _Leaf(truth)
    return _Leaf() if "nullValue" in piece else None


def _node_text(node: _Node) -> str | None:
    """A container as text, None where it is neither an object nor an array without gaps."""
    inner: list[tuple[str | int, str]] = []
    for key, one in node.items():
        text = one.text if isinstance(one, _Leaf) else _node_text(one)
        if text is None:
            return None
        inner.append((key, text))
    indexed = sorted((key, text) for key, text in inner if isinstance(key, int))
    if not indexed:
        return f"{{{','.join(f'{_json(key)}:{text}' for key, text in inner)}}}"
    if [index for index, _ in indexed] != list(range(len(inner))):
        return None
    return f"[{','.join(text for _, text in indexed)}]"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)
