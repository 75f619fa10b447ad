"""Tools that read an argument while it is written: their reader, and the moment at which they may start.

A reader pulls: what the body has not taken stays where the assembler has it, so that nothing is kept twice, whoever
reads slowly is bound by `Limits.max_args_chars`, and the response is never held up. It does not know how pieces come
about, nor what a call ends as.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias, TypeVar

import anyio
from anyio.lowlevel import checkpoint, checkpoint_if_cancelled

from millstream.errors import ArgsAborted, UsageError
from millstream.events import ArgsDelta, ArgsReplaced, CallFailed, Cancelled, Event, Rejected, Truncated
from millstream.routing.routed_call import RoutedCall
from millstream.routing.router import Router
from millstream.runtime.executors.hold import Hold
from millstream.runtime.wake import Wake
from millstream.toolbox.argstream import ArgSource
from millstream.toolbox.streamed_arguments import StreamedArguments
from millstream.toolbox.toolbox import Toolbox

if TYPE_CHECKING:
    from millstream.runtime.dispatcher import Dispatcher

T = TypeVar("T")
_State: TypeAlias = Literal["writing", "committed", "aborted"]


class ArgReader:
    """The streamed argument of one call, read piece by piece: what the `ArgStream` of a tool gives.

    Args:
        source: what it is read from.
        grace_s: what the body has to undo what it began, once the argument will not be complete.
        on_left: told when the body is over before the arguments are: nobody wants the rest.
    """

    def __init__(self, source: ArgSource, grace_s: float, on_left: Callable[[], object]) -> None:
        self.source = source
        self.state: _State = "writing"
        self.hold: Hold | None = None
        """The time of the body, which stands still while it waits for the model."""
        self._grace_s = grace_s
        self._on_left = on_left
        self._why: str | None = None
        self._news = Wake()
        self._body: anyio.CancelScope | None = None
        self._watching = anyio.CancelScope()
        self._reading = False

    @classmethod
    def of_sealed(cls, source: ArgSource) -> Self:
        """The reader of an argument that is complete."""
        reader = cls(source, 0.0, lambda: None)
        reader.commit()
        return reader

    def grown(self) -> None:
        """There may be more to read."""
        self._news.set()

    def commit(self) -> None:
        """The call is sealed: what is there is all, and the body can be cancelled like any other."""
        self.state = "committed"
        if self._body is not None:
            self._body.shield = False
        self._news.set()

    def abort(self, why: str) -> None:
        """The arguments will never be complete: the body is told at its next read, and has its time to undo."""
        if self.state != "writing":
            return
        self.state, self._why = "aborted", why
        if self._body is not None:
            self._body.deadline = anyio.current_time() + self._grace_s
        self._news.set()

    def leave(self) -> None:
        """The call has ended: what still comes of its text is wanted by nobody."""
        if self.state != "committed":
            self._on_left()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        if self._reading:
            raise UsageError(
                "an ArgStream has one reader: iterate over it in one task, and hand the pieces on from there"
            )
        self._reading = True
        try:
            await checkpoint()
            while self.state != "aborted":
                piece = self.source.take()
                if piece:
                    return piece[0]
                if self.state == "committed":
                    raise StopAsyncIteration
                await self._wait()
        finally:
            self._reading = False
        raise ArgsAborted(f"the argument will not be complete: {self._why}; undo what was begun")

    async def _wait(self) -> None:
        assert self.hold is not None, "read by a body at work"
        self.hold.pause(anyio.current_time())
        try:
            await self._news.wait()
        finally:
            self.hold.go_on(anyio.current_time())

    async def attend(self, body: Callable[[], Awaitable[T]]) -> T | None:
        """Run a body that reads; its result once the call is sealed. None, and nothing to count on, once aborted.

        While the arguments are written it is not cancelled with the run but told, as of any other end of the call.
        """
        if self._why is not None:
            return None
        try:
            with anyio.CancelScope(shield=self.state == "writing") as self._body:
                result = await body()
                while self.state == "writing":
                    await self._news.wait()
                return result
        finally:
            self._body = None
            self._watching.cancel()
            if self.state == "aborted":
                await checkpoint_if_cancelled()  # that the run was left is how the call ends
        return None

    async def watch(self) -> None:
        """The task beside the body: tells it that the run is left."""
        with self._watching:
            try:
                await anyio.sleep_forever()
            finally:
                if not self._watching.cancel_called:
                    self.abort("the run was left")


class ArgStreams:
    """Starts the tools of one response that read an argument while it is written, and tells them of more.

    Args:
        router: has the arguments.
        dispatcher: starts the tools.
        toolbox: the tools that may be called.
        cancel: ends a call that can not go on, by its id and for a reason.
    """

    def __init__(
        self, router: Router, dispatcher: Dispatcher, toolbox: Toolbox, cancel: Callable[[str, str], object]
    ) -> None:
        self._router = router
        self._dispatcher = dispatcher
        self._toolbox = toolbox
        self._cancel = cancel
        self._readers: dict[str, ArgReader] = {}

    def follow(self, events: Sequence[Event]) -> bool:
        """Take what was routed: more of arguments above all. Whether a tool was started."""
        opened = False
        for event in events:
            if isinstance(event, ArgsDelta | ArgsReplaced):
                opened = self._grown(self._router.calls[event.call.id]) or opened
        return opened and self._dispatcher.admit()

    def _grown(self, routed: RoutedCall) -> bool:
        """There is more of a call; whether its tool may start by that."""
        arguments, call = routed.arguments, routed.call
        if not isinstance(arguments, StreamedArguments) or routed.sealed is not None:
            return False
        reader = self._readers.get(call.id)
        if reader is not None and reader.source is arguments:
            reader.grown()
            return False
        if reader is not None and self._dispatcher.plan.works(call.id):
            self._replace(reader, arguments, call.id)
            return False
        if reader is not None:
            self._dispatcher.plan.withdraw(call.id)  # what it was to read is void
        if arguments.bound is None:
            return False
        leave = partial(self._router.drain, call.id)
        self._readers[call.id] = self._dispatcher.open_stream(routed, self._toolbox[call.name], leave)
        return True

    def _replace(self, reader: ArgReader, arguments: StreamedArguments, call_id: str) -> None:
        """The provider's whole text differs from what it streamed: read on in it, if it says what was read."""
        assert isinstance(reader.source, StreamedArguments), "opened here"
        if arguments.take_up(reader.source):
            reader.source = arguments
            reader.grown()
        else:
            self._cancel(call_id, "the provider sent other arguments than it had streamed, with which it had begun")


def why_aborted(end: CallFailed) -> str:
    """Why the arguments of a call will not be complete, in words for its tool."""
    match end.failure:
        case Rejected(problems=problems):
            return "they were rejected, " + "; ".join(f"{one.path} {one.message}".strip() for one in problems)
        case Truncated(reason=reason):
            return f"they were cut off, {reason}"
        case Cancelled(reason=reason):
            return f"the call was cancelled{', ' + reason if reason else ''}"
        case other:
            return f"the call ended, {other.type}"
