"""Acts for a wire whose calls follow each other: what a later call writes waits until the one before is closed.

Pure. A scenario may write several calls at the same time; only some providers do.
"""

from __future__ import annotations

from dataclasses import replace

from millstream.testing.provider.play import Act, Argued, Closed, Ended, Finished, Opened, Sealed, Wrote


class OneAtATime:
    """Feed it acts; it gives those that can be written now. What was held back at a cut was never written."""

    def __init__(self) -> None:
        self._open: int | None = None
        self._held: list[Opened | Argued | Sealed] = []

    def feed(self, act: Act) -> list[Act]:
        """The acts that can be written, in order."""
        match act:
            case Opened() | Argued() | Sealed():
                if self._must_wait(act):
                    self._held.append(act)
                    return []
                return [act, *self._after(act)]
            case Wrote() | Closed() | Finished() | Ended():
                return [*self._release(act.at_s, everything=True), act]
            case _:
                return [act]

    def _must_wait(self, act: Opened | Argued | Sealed) -> bool:
        if isinstance(act, Opened):
            return self._open is not None
        return any(held.n == act.n for held in self._held)

    def _after(self, act: Opened | Argued | Sealed) -> list[Act]:
        if isinstance(act, Opened):
            self._open = act.n
        elif isinstance(act, Sealed) and act.n == self._open:
            self._open = None
            return self._release(act.at_s)
        return []

    def _release(self, at_s: float, *, everything: bool = False) -> list[Act]:
        """The acts of the calls that come next, up to one that is still being written."""
        released: list[Act] = []
        while self._held and (self._open is None or everything):
            n = self._held[0].n
            own = [act for act in self._held if act.n == n]
            self._held = [act for act in self._held if act.n != n]
            self._open = None if any(isinstance(act, Sealed) for act in own) else n
            released += [replace(act, at_s=max(at_s, act.at_s)) for act in own]
        if everything:
            self._open = None
        return released
