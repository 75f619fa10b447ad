"""The text of one call's arguments, checked while it arrives. Usable on its own, without the rest of millstream.

assembler = Assembler(compile_schema(schema))      # or Assembler() for any JSON
for piece in pieces:
for event in assembler.feed(piece): ...        # Settled(path, value) | Rejected(problems, at)
outcome = assembler.close()                        # Sealed(value) | Rejected(problems, at)
"""

from __future__ import annotations

from millstream.arguments.assembler import Assembler, Sealed, Settled, StringDelta
from millstream.arguments.schema.compile import CompiledSchema, compile_schema
from millstream.failures import Problem, Rejected

__all__ = ("Assembler", "CompiledSchema", "Problem", "Rejected", "Sealed", "Settled", "StringDelta", "compile_schema")
