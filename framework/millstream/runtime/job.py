"""A sealed call on its way through the dispatcher: what runs, and with exactly which arguments. Nothing waits here."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import anyio

from millstream.arguments.assembler import canonical
from millstream.arguments.outcomes import Sealed
from millstream.events import Call, JsonValue
from millstream.policy import Start
from millstream.runtime.argstream import ArgReader
from millstream.runtime.attempt import RunContext
from millstream.runtime.executors.hold import Hold
from millstream.toolbox.signature import BoundArguments
from millstream.toolbox.streamed_arguments import StreamedArguments
from millstream.toolbox.tool import Tool


@dataclass(slots=True)
class Job:
    """One call of a tool that is known. `start` says how far its response must have come before it may start.

    `key` is its idempotency key.
    """

    call: Call
    tool: Tool[..., Any]
    args: JsonValue
    bound: BoundArguments
    digest: str
    start: Start
    key: str
    hold: Hold
    reader: ArgReader | None = None
    """Of a tool that reads an argument as it is written."""
    scope: anyio.CancelScope | None = None
    cancelled_for: str | None = None
    guarded: anyio.CancelScope | None = None

    def give_up(self) -> None:
        """Nobody is to be asked about it any more, and it is not to work on."""
        for scope in (self.scope, self.guarded):
            if scope is not None:
                scope.cancel()

    @classmethod
    def of(cls, call: Call, tool: Tool[..., Any], sealed: Sealed, start: Start, shared: RunContext) -> Job:
        """The job of a call whose arguments are complete."""
        assert isinstance(sealed.bound, BoundArguments), "the arguments of a sealed call are bound"
        key = f"{shared.run_id}:{call.id}"
        source, args = sealed.bound.source, sealed.value
        reader = None if source is None else ArgReader.of_sealed(source)
        return cls(call, tool, args, sealed.bound, digest(args), start, key, Hold(shared.limits), reader)

    @classmethod
    def of_stream(
        cls, call: Call, tool: Tool[..., Any], source: StreamedArguments, reader: ArgReader, shared: RunContext
    ) -> Job:
        """The job of a call of which only the argument that its tool reads is not complete."""
        assert source.bound is not None, "the others are settled"
        key, others = f"{shared.run_id}:{call.id}", source.others
        return cls(call, tool, others, source.bound, digest(others), "eager", key, Hold(shared.limits), reader)

    def edit(self, sealed: Sealed) -> None:
        """It is to run with other arguments."""
        assert isinstance(sealed.bound, BoundArguments), "the arguments of a sealed call are bound"
        self.args, self.bound, self.digest = sealed.value, sealed.bound, digest(sealed.value)


def digest(args: JsonValue) -> str:
    """The name of the exact arguments of a call: the SHA-256 of their canonical JSON text, in hexadecimal."""
    return sha256(canonical(args).encode()).hexdigest()
