"""The text of one call's arguments, checked while it arrives. Usable on its own, without the rest of millstream.

    assembler = Assembler(compile_schema(schema))      # or Assembler() for any JSON
    for piece in pieces:
        for event in assembler.feed(piece): ...        # Settled(path, value) | Rejected(problems, at)
    outcome = assembler.close()                        # Sealed(value) | Rejected(problems, at)

`Assembler(…, every_path=True)` tells of nested values too, `strings=True` of every string as it grows, as
`StringDelta(path, text)`. Between two pieces `assembler.partial` is the value so far, in place;
`Partial(assembler.partial, assembler.open_path)` shows part by part what is there and what of it is final. The text
itself is not kept: it is yours. `millstream.arguments.preview` completes a torn one to valid JSON, to show it.
"""

from __future__ import annotations

from millstream.arguments.assembler import Assembler
from millstream.arguments.outcomes import Sealed, Settled, StringDelta
from millstream.arguments.partial import Partial
from millstream.arguments.schema.compile import CompiledSchema, compile_schema
from millstream.failures import Problem, Rejected

__all__ = (
    "Assembler",
    "CompiledSchema",
    "Partial",
    "Problem",
    "Rejected",
    "Sealed",
    "Settled",
    "StringDelta",
    "compile_schema",
)
