"""What a tool is called with in its tests, and what it must not leave behind."""

from pathlib import Path

from millstream import ToolContext
from millstream.events import Call, CallEvent


class Context(ToolContext[None]):
    """A context that keeps what the tool said."""

    def __init__(self) -> None:
        self.said: list[CallEvent] = []
        call = Call("call-1", 1, 0, "tool", "call-1")
        super().__init__(call, None, self.said.append, run_id="run", idempotency_key="key", attempt=1)


def open_files() -> int:
    """How many files this process has open."""
    return sum(1 for _ in Path("/dev/fd").iterdir())
