"""The arguments of one call: text in, settled values and one verdict out.

`feed` every piece of text, then `close`: the scanner reads it, the schema follows it, and at the end the value is bound
to the tool's parameters. A rejection comes as soon as no continuation could be right, and is final. It does not know
which call it serves, and nothing here waits.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TypeAlias

from millstream.arguments.outcomes import Sealed, Settled, StringDelta
from millstream.arguments.pointer import pointer
from millstream.arguments.scanner import Scanner
from millstream.arguments.schema.checker import SchemaChecker
from millstream.arguments.schema.compile import CompiledSchema
from millstream.arguments.seam import Checker
from millstream.events.values import JsonValue, Path
from millstream.failures import Problem, Rejected
from millstream.limits import Limits


class Unbindable(Exception):
    """Raised by a binder: the value can not be bound to the tool's parameters. `problems` say why, path by path."""

    def __init__(self, problems: tuple[tuple[Path, str, str], ...]) -> None:
        super().__init__(problems)
        self.problems = problems


Binder: TypeAlias = Callable[[str], object]
"""JSON text -> whatever the tool is called with; raises `Unbindable`."""
Follow: TypeAlias = Callable[[Checker], Checker]
"""The schema's checker -> one around it that hears of every token as well, and may refuse it."""


class Assembler:
    """Checks the argument text of one call as it arrives: `feed` every piece, then `close`.

    What comes out does not depend on how the text was cut. The text itself is not kept, only the value it says, at most
    `limits.max_args_chars` characters of it.

    Args:
        schema: from `compile_schema`; None accepts any JSON.
        limits: caps on characters, depth and digits.
        bind: called at `close` with the JSON text of a value that passed; its result is `Sealed.bound`.
        coerce: with a binder, let pass what it may still coerce, and let its verdict stand for the schema's.
        every_path: settle nested values too, not only the top-level arguments.
        strings: tell of every string what it grows by (`StringDelta`), at most once for each piece.
        follow: makes what hears of every token besides, where there is a schema.

    After a `Rejected` every further `feed` returns [] and `close` the same `Rejected`.
    """

    def __init__(  # noqa: PLR0913  each is a choice of its own
        self,
        schema: CompiledSchema | None = None,
        *,
        limits: Limits | None = None,
        bind: Binder | None = None,
        coerce: bool = False,
        every_path: bool = False,
        strings: bool = False,
        follow: Follow | None = None,
    ) -> None:
        self._schema = schema
        self._bind = bind
        self._lenient = coerce and bind is not None
        self._checker = None if schema is None else SchemaChecker(schema, coerce=self._lenient)
        checker = self._checker if self._checker is None or follow is None else follow(self._checker)
        self._scanner = Scanner(limits or Limits(), checker, every_path=every_path, strings=strings)
        self._rejected: Rejected | None = None
        self._outcome: Sealed | Rejected | None = None

    @property
    def complete(self) -> bool:
        """Whether the text so far is one complete JSON document."""
        return self._rejected is None and self._scanner.done

    @property
    def partial(self) -> JsonValue:
        """The value so far, changing in place: strings grow, numbers and literals appear only whole."""
        return self._scanner.partial

    @property
    def open_path(self) -> Path | None:
        """Where in `partial` the innermost value is that is still being written; None once all of it is complete."""
        return self._scanner.open_path

    @property
    def visited(self) -> int:
        """How many characters were looked at, the measure of work."""
        return self._scanner.visited

    def feed(self, piece: str) -> list[Settled | StringDelta | Rejected]:
        """Take the next piece of text. Returns, in order, what grew and settled by it; a `Rejected` once, and last."""
        if not self._scanner.feed(piece) or self._rejected is not None:
            return []  # as for most pieces: they end within a value
        scanner = self._scanner
        events: list[Settled | StringDelta | Rejected] = [*scanner.events]
        scanner.events.clear()
        if scanner.problem is not None:
            events.append(self._reject((scanner.problem,)))
        return events

    def close(self) -> Sealed | Rejected:
        """The text is over. Returns the verdict; asked again the same one, unless more text came that is refused.

        Any exception of the binder's but `Unbindable` passes.
        """
        if self._rejected is not None:
            return self._rejected
        if self._outcome is None:
            self._outcome = self._judge()
        return self._outcome

    def _judge(self) -> Sealed | Rejected:
        scanner = self._scanner
        scanner.finish()
        scanner.events.clear()  # a number at the root, which only the end of the text ends: the verdict tells of it
        if scanner.problem is not None:
            return self._reject((scanner.problem,))
        value = scanner.partial
        if self._schema is not None and self._checker is not None and self._checker.undecided and not self._lenient:
            problems = self._schema.verdict.problems(value, scanner.at)
            if problems:
                return self._reject(problems)
        if self._bind is None:
            return Sealed(value)
        try:
            return Sealed(value, self._bind(json_text(value)))
        except Unbindable as error:
            at = scanner.at
            return self._reject(tuple(Problem(pointer(path), text, kind, at) for path, text, kind in error.problems))

    def _reject(self, problems: tuple[Problem, ...]) -> Rejected:
        self._rejected = Rejected(problems, min(problem.at for problem in problems))
        return self._rejected


def canonical(value: JsonValue) -> str:
    """The one JSON text of a value, to compare and to digest: sorted keys, no spaces, few escapes."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def json_text(value: JsonValue) -> str:
    """The compact JSON text of a value, its keys in the order in which they came."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
