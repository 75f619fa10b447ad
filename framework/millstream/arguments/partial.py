"""Arguments that are still being written, as a tree: what is there, and which of it is final.

A part is final once its last character has come. Which are follows from one path, that of the innermost value still
being written: everything beside that path is complete. It knows neither text nor schemas.
"""

from __future__ import annotations

from collections.abc import Iterator

from millstream.events.values import JsonValue, Path, is_array, is_object


class Partial:
    """One value of a document that is still being written, or the whole.

    A part of an object or array is found under its key or index: `partial["order"]["lines"][0]`. What has not begun is
    not there: `"city" in partial` is False, and `partial["city"]` a KeyError. `final` is as of the moment the tree was
    asked for; `value` goes on changing in place where it is an object or array.

    Args:
        value: the value so far; None before it begins.
        open_path: from `value` to the innermost value still being written; () is `value` itself, None is nothing.
    """

    __slots__ = ("_open", "value")

    def __init__(self, value: JsonValue, open_path: Path | None) -> None:
        self.value: JsonValue = value
        """What is there: strings may grow, objects and arrays fill, numbers and literals appear only whole."""
        self._open = open_path

    def __repr__(self) -> str:
        return f"<{'final' if self.final else 'growing'} {self.value!r}>"

    def __eq__(self, other: object) -> bool:
        """Whether both show the same value and the same parts of it as final."""
        return isinstance(other, Partial) and (self.value, self._open) == (other.value, other._open)

    __hash__ = None  # type: ignore[assignment]  # it changes

    @property
    def final(self) -> bool:
        """Whether the value is complete and will not change."""
        return self._open is None

    def __contains__(self, step: object) -> bool:
        """Whether the part under a key or an index has begun."""
        if is_object(self.value):
            return step in self.value
        return is_array(self.value) and isinstance(step, int) and 0 <= step < len(self.value)

    def __getitem__(self, step: str | int) -> Partial:
        """The part under a key or an index. Raises KeyError where it has not begun."""
        if step not in self:
            raise KeyError(step)
        within = self._open is not None and self._open[:1] == (step,)
        return Partial(self.value[step], self._open[1:] if self._open is not None and within else None)

    def __len__(self) -> int:
        """How many parts have begun; 0 for what has none."""
        return len(self.value) if is_object(self.value) or is_array(self.value) else 0

    def __iter__(self) -> Iterator[str | int]:
        """The keys or indexes of the parts that have begun, in their order."""
        return iter(tuple(self.value) if is_object(self.value) else range(len(self)))

    def items(self) -> Iterator[tuple[str | int, Partial]]:
        """The parts that have begun, with their keys or indexes."""
        return ((step, self[step]) for step in self)
