"""The arguments of one call, one of which is read while it is written: an `Assembler` that hands that one out.

It binds the other arguments once all of them are settled, and each item of a streamed list once it is, at the very
character that completes it; what can not be bound rejects the call there. What was written is kept once, by the
assembler: text is cut out of it when it is asked for. It does not know who reads, and nothing here waits.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Protocol

from millstream.arguments.assembler import Assembler, Follow, Unbindable, canonical, json_text
from millstream.arguments.outcomes import Sealed, Settled, StringDelta
from millstream.arguments.pointer import pointer
from millstream.arguments.seam import Checker, Kind, Notice, Veto
from millstream.events.values import JsonValue, Path, is_object
from millstream.failures import Rejected
from millstream.toolbox.signature import ITEM, BoundArguments, StreamBinding

_CONTAINERS: Final = Kind.OBJECT | Kind.ARRAY


class _MakeAssembler(Protocol):
    def __call__(self, *, follow: Follow) -> Assembler: ...


class StreamedArguments:
    """Checks the argument text of one call, and hands out the streamed argument as it comes.

    Args:
        stream: what is streamed, and how the rest is bound.
        assembler: makes what checks the text.
    """

    def __init__(self, stream: StreamBinding, assembler: _MakeAssembler) -> None:
        self._stream = stream
        self._watch = _Watch(stream)
        self._inner = assembler(follow=self._watch.around)
        self._taken = 0

    @property
    def complete(self) -> bool:
        """Whether the text so far is one complete JSON document."""
        return self._inner.complete

    @property
    def partial(self) -> JsonValue:
        """The value so far, changing in place."""
        return self._inner.partial

    @property
    def open_path(self) -> Path | None:
        """Where the innermost value is that is still being written; None once all of it is complete."""
        return self._inner.open_path

    def feed(self, piece: str) -> list[Settled | StringDelta | Rejected]:
        """Take the next piece of text."""
        return self._inner.feed(piece)

    def close(self) -> Sealed | Rejected:
        """The text is over. What a sealed call is bound to says where the streamed argument is read."""
        outcome = self._inner.close()
        if isinstance(outcome, Rejected):
            return outcome
        assert isinstance(outcome.bound, BoundArguments), "a tool binds its arguments"
        return Sealed(outcome.value, replace(outcome.bound, source=self))

    @property
    def parameter(self) -> str:
        """The name of the parameter that takes the streamed argument."""
        return self._stream.parameter

    @property
    def others(self) -> dict[str, JsonValue]:
        """The other arguments that are settled."""
        return self._watch.others

    @property
    def bound(self) -> BoundArguments | None:
        """What to call the function with, once all other arguments are settled, defaulted ones included."""
        bound = self._watch.bound
        return None if bound is None else replace(bound, source=self)

    def take(self) -> tuple[Any, ...]:
        """The next piece of the streamed argument: all text that came, or one item; () where all of it was taken."""
        if self._stream.bind_item is not None:
            items = self._watch.items
            self._taken += bool(items)
            return (items.popleft(),) if items else ()
        piece = self._written("")[self._taken :]
        self._taken += len(piece)
        return (piece,) if piece else ()

    def take_up(self, earlier: StreamedArguments) -> bool:
        """Go on behind what was taken of `earlier`, whose text this replaces; False where it says something else."""
        if self.bound is None or canonical(self.others) != canonical(earlier.others):
            return False
        count = earlier._taken
        if self._stream.bind_item is None:
            same = bool(self._written("")[:count] == earlier._written("")[:count])
        else:
            same = canonical(self._written([])[:count]) == canonical(earlier._written([])[:count])
        if same:
            self._taken = count
            for _ in range(min(count, len(self._watch.items))):
                self._watch.items.popleft()
        return same

    def _written(self, nothing: Any) -> Any:
        """The streamed argument so far."""
        partial = self._inner.partial
        return partial.get(self._stream.key, nothing) if is_object(partial) else nothing


class _Watch:
    """Hears of every token after the schema's checker did: what it binds, that has let pass."""

    _schema: Checker

    def __init__(self, stream: StreamBinding) -> None:
        self.others: dict[str, JsonValue] = {}
        self.bound: BoundArguments | None = None
        self.items: deque[Any] = deque()
        self._stream = stream
        self._depth = 0
        self._key = ""

    def around(self, schema: Checker) -> Checker:
        """Hear what `schema` hears, after it."""
        self._schema = schema
        return self

    def begin(self, kind: int) -> Notice | None:
        """A value begins: the streamed one must be of the kind that is streamed."""
        notice = self._schema.begin(kind)
        if self._depth == 1 and self._key == self._stream.key and not kind & self._stream.kind:
            raise Veto(f"expected {'a string' if self._stream.kind is Kind.STRING else 'an array'}", "type")
        if kind & _CONTAINERS:
            self._depth += 1
            if self._depth == 1 and not self._stream.others:
                self._bind()
        return notice

    def begin_key(self) -> Notice | None:
        """A key begins."""
        return self._schema.begin_key()

    def more(self, size: int) -> None:
        """Another key must follow."""
        self._schema.more(size)

    def key(self, key: str) -> None:
        """A key is complete."""
        self._schema.key(key)
        if self._depth == 1:
            self._key = key

    def item(self, index: int) -> None:
        """Another item must follow."""
        self._schema.item(index)

    def scalar(self, value: JsonValue) -> None:
        """A value that is no container is complete."""
        self._schema.scalar(value)
        self._settle(value)

    def close(self, container: JsonValue) -> None:
        """A container is complete."""
        self._schema.close(container)
        self._depth -= 1
        self._settle(container)

    def _settle(self, value: JsonValue) -> None:
        streamed = self._key == self._stream.key
        if self._depth == 1 and not streamed:
            self.others[self._key] = value
            if self.others.keys() >= self._stream.others:
                self._bind()
        elif self._depth == 2 and streamed and self._stream.bind_item is not None:  # noqa: PLR2004  an item of a member
            self.items.append(_checked(self._stream.bind_item, {ITEM: value}, ITEM).kwargs[ITEM])
        elif self._depth == 0 and self.bound is None and is_object(value) and self._stream.key in value:
            self._bind()  # those that are not there have their defaults

    def _bind(self) -> None:
        self.bound = _checked(self._stream.bind_others, self.others, self._key)


def _checked(bind: Callable[[str], BoundArguments], value: JsonValue, here: str) -> BoundArguments:
    """What a binder makes of a value; its problems, told from the place that has the key `here`, as a veto."""
    try:
        return bind(json_text(value))
    except Unbindable as error:
        told = [(path[1:] if path[:1] == (here,) else path, message) for path, message, _ in error.problems]
        sentences = "; ".join(f"{pointer(path)}: {message}" if path else message for path, message in told)
        raise Veto(sentences, error.problems[0][2]) from None
