"""Calls for a wire that sends each whole: their text is kept until they are closed.

Pure. A call that was never closed was never sent.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from millstream.testing.provider.frames import Frame
from millstream.testing.provider.play import Argued, Opened
from millstream.testing.provider.rules.shapes import is_json
from millstream.testing.provider.steps import CallTool


@dataclass(slots=True)
class WholeCall:
    """A call that is being written."""

    n: int
    call: CallTool
    pieces: list[str] = field(default_factory=list[str])

    @property
    def text(self) -> str:
        """The argument text; `{}` where the model wrote none."""
        return "".join(self.pieces) or "{}"

    @property
    def is_json(self) -> bool:
        """Whether a provider that reads the arguments itself can."""
        return is_json(self.text)


class WholeCalls:
    """The calls of one response that are not sent yet."""

    def __init__(self) -> None:
        self.count = 0
        self._open: dict[int, WholeCall] = {}

    def opened(self, act: Opened) -> list[Frame]:
        """A call begins: nothing is sent, the moment is marked."""
        self.count += 1
        self._open[act.n] = WholeCall(act.n, act.call)
        return [Frame(act.at_s, mark=f"call-opened:{act.call.name}")]

    def argued(self, act: Argued) -> list[Frame]:
        """More text; what comes behind the end of a call is lost."""
        call = self._open.get(act.n)
        if call is None:
            return []
        call.pieces.append(act.text)
        return [Frame(act.at_s, mark=f"args-complete:{call.call.name}" if act.last else "")]

    def take(self, n: int) -> WholeCall | None:
        """A call that is closed now; None where it was before."""
        return self._open.pop(n, None)

    def take_all(self) -> list[WholeCall]:
        """The calls that are still open, in order."""
        calls, self._open = list(self._open.values()), {}
        return calls


def with_text(data: bytes, placeholder: str, text: str) -> bytes:
    """JSON whose string `placeholder` is replaced by JSON text as it stands."""
    return data.replace(f'"{placeholder}"'.encode(), text.encode(errors="backslashreplace"), 1)
