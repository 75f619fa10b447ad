"""What happened in a run so far, as its user's own functions see it: stop rules, guards, instructions.

It holds what is settled only: nothing of a response that is still arriving. It knows nothing of how a run goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic

from millstream.events import CallEnded, Usage
from millstream.transcript import TextPart, Transcript, UserMessage

if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import TypeVar

    Deps = TypeVar("Deps", default=Any)  # so that a bare SoFar is typed too
else:
    from typing import TypeVar

    Deps = TypeVar("Deps")


@dataclass(frozen=True, slots=True)
class SoFar(Generic[Deps]):
    """A run up to now.

    Args:
        run_id: the name of the run.
        deps: what was passed as `deps=` to the run.
        transcript: what was said and done, the history included; every call in it has its answer.
        usage: the tokens of the responses of this run.
        turns: how many responses this run has had, those included that broke off; 0 before the first.
        ends: how the calls of the last response ended, in call order.
    """

    run_id: str
    deps: Deps
    transcript: Transcript
    usage: Usage = field(default_factory=Usage)
    turns: int = 0
    ends: tuple[CallEnded, ...] = ()

    @property
    def prompt(self) -> str:
        """The text of what the user said last, "" where it holds none."""
        said = next((one for one in reversed(self.transcript.entries) if isinstance(one, UserMessage)), None)
        return "" if said is None else "\n".join(part.text for part in said.parts if isinstance(part, TextPart))
