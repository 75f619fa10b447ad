"""One response while it arrives: decoder, router, plan and dispatcher joined, and what it leaves for the transcript.

Decoding, routing and assembling happen at once for each piece; waiting is left to whoever feeds it. After a tool was
started the feeder yields once, so that the tool starts at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from anyio.lowlevel import checkpoint

from millstream.errors import GuardBlocked, WireError
from millstream.events import (
    CallFailed,
    CallOpened,
    CallSealed,
    Denied,
    Event,
    Rejected,
    Truncated,
    TurnEnded,
    TurnTorn,
    Usage,
)
from millstream.routing.moderation import Verdict, judge
from millstream.routing.output import OutputReader
from millstream.routing.reply import ReplyBuilder
from millstream.routing.routed_call import RoutedCall
from millstream.routing.router import Router
from millstream.routing.surrogates import printable
from millstream.runtime.argstream import ArgStreams
from millstream.runtime.attempt import RunContext
from millstream.runtime.dispatcher import Dispatcher
from millstream.runtime.outcomes import tool_result
from millstream.runtime.turn_log import TurnLog
from millstream.toolbox.toolbox import Toolbox
from millstream.transcript import Entry
from millstream.transport.seam import Chunk
from millstream.wire.framing import Framing
from millstream.wire.reading import StreamDecoder
from millstream.wire.refusal import torn
from millstream.wire.resuming import Cursor
from millstream.wire_events import Broke, CallBegan, CallClosed, CallLeft, Ended, Finished, ItemOpened, WireEvent

_EVENTS_PER_CHECKPOINT: Final = 64  # a burst must not keep the loop from starting tools
_MAY_START_CALLS: Final = frozenset({ItemOpened, CallBegan, CallClosed, CallLeft, Finished, Ended})


@dataclass(frozen=True, slots=True)
class ResponseParts:
    """What a response is made with.

    `decoder` reads the provider's form; `wire` and `model` name who may read the echoes; `taken_ids` are the provider
    ids of earlier calls; without `custom_tools`, tools of free text were functions; `output` reads a typed one.
    """

    turn: int
    wire: str
    model: str
    decoder: StreamDecoder
    taken_ids: frozenset[str]
    custom_tools: bool = True
    output: OutputReader | None = None


class Response:
    """One response: `feed` and `end` it, then `settle` it, then take its `entries`.

    Args:
        parts: what it is made with.
        toolbox: the tools that may be called.
        dispatcher: starts them.
        log: records everything.
        shared: what all the calls of the run share.
    """

    def __init__(
        self, parts: ResponseParts, toolbox: Toolbox, dispatcher: Dispatcher, log: TurnLog, shared: RunContext
    ) -> None:
        self.turn = parts.turn
        self.shown = False
        """Whether anything of it was emitted."""
        self.aborted = False
        """Whether it was given up by ourselves, after a rejected call."""
        self.blocked: Verdict | None = None
        """Why nothing may come of it, where it did not pass the moderation that the policy asks for."""
        self.output = parts.output
        self.dispatcher = dispatcher
        self.log = log
        self._decoder = parts.decoder
        self._toolbox = toolbox
        self._shared = shared
        self._reply = ReplyBuilder(parts.turn, parts.wire, parts.model)
        open_arguments = partial(
            toolbox.open_arguments,
            limits=shared.limits,
            coerce=shared.policy.coerce,
            custom_tools=parts.custom_tools,
        )
        self.router = Router(
            parts.turn,
            open_arguments if self.output is None else self.output.opening(open_arguments),
            has_started=self._is_dealt_with,
            taken_ids=parts.taken_ids,
            max_calls=shared.limits.max_calls_per_turn,
            max_args_chars=shared.limits.max_args_chars,
        )
        guarding = dispatcher.guarding
        self._texts = guarding.of_text() if guarding is not None else None
        self._gated, self._aborts = shared.policy.moderation == "block", shared.policy.on_reject == "abort"
        guarded = self._gated or (guarding is not None and guarding.has_calls)
        streams = any(tool.reads_stream for tool in toolbox.values()) and shared.policy.start is None
        self._streams = ArgStreams(self.router, dispatcher, toolbox, self.cancel) if streams and not guarded else None
        self._routed = 0  # wire events, over all pieces: in a burst no piece has to be waited for
        self._kept: frozenset[str] | None = None  # of a torn response, the calls that stand

    @property
    def over(self) -> bool:
        """Whether nothing more of it needs to be read."""
        return self._decoder.over or self.aborted or self.router.broke is not None

    @property
    def torn(self) -> bool:
        """Whether it was closed by `tear`, which is done once."""
        return self._kept is not None

    @property
    def finished(self) -> bool:
        """Whether the model has finished and nothing is waited for but token counts."""
        return self.router.finished is not None and not self._gated

    @property
    def error(self) -> WireError | None:
        """Why it broke off, None where it did not."""
        return self.router.broke.error if self.router.broke is not None else None

    @property
    def usage(self) -> Usage | None:
        """The token counts, as far as the provider sent them."""
        last = self.router.ended or self.router.broke
        return None if last is None else last.usage

    @property
    def calls(self) -> dict[str, RoutedCall]:
        """Every call of a tool in it by its id, in call order: not those that stand for the output."""
        calls, output = self.router.calls, self.output
        return calls if output is None else {key: one for key, one in calls.items() if not output.is_output(one)}

    @property
    def refused(self) -> GuardBlocked | None:
        """Why nothing more may come of it, where a guard did not let its text pass."""
        return self._texts.blocked if self._texts is not None else None

    @property
    def any_sealed(self) -> bool:
        """Whether a call of it was sealed, and so may have been started, or was started before that."""
        return any(routed.sealed is not None or self.log.turn.started(id_) for id_, routed in self.calls.items())

    @property
    def goes_on(self) -> bool:
        """Whether the provider only interrupted it: the next response goes on where this one, which is whole, ends."""
        finished = self.router.finished
        return self.router.ended is not None and finished is not None and finished.goes_on

    @property
    def text(self) -> str:
        """The text of the answer so far; where the model has only refused, that; "" where it is blocked."""
        if self.blocked is not None:
            return ""
        return self._reply.text if self._texts is None else self._texts.text

    async def feed(self, chunk: Chunk) -> bool:
        """Take a piece; whether it moved the response on (a ping does not)."""
        events = self._decoder.feed(chunk) if isinstance(chunk, bytes) else self._decoder.accept(chunk)
        await self._route(events)
        return bool(events)

    @property
    def cursor(self) -> Cursor | None:
        """Where it can be read on over another connection: the provider goes on with it. None for most."""
        return None if self.aborted or self.router.broke is not None else self._decoder.cursor

    @property
    def at_work(self) -> Cursor | None:
        """Of a response that nobody reads any more: the provider still works at it. None for most."""
        return self._decoder.cursor

    def resume(self, framing: Framing) -> None:
        """What is fed from now on is the rest of it, over another connection."""
        self._decoder.resume(framing)

    async def end(self) -> None:
        """The body is over.

        Raises:
            WireError: the response is not, and the rest of it can be asked for.
        """
        await self._route(self._decoder.last())
        if self.cursor is not None:
            raise torn("the stream ended before the response did")
        await self._route(self._decoder.end())

    async def give_up(self) -> None:
        """The model has finished, and what follows of the body is waited for no longer."""
        await self._route(self._decoder.cut())

    async def break_off(self, error: WireError) -> None:
        """The connection failed. A response that had finished is complete without its trailer."""
        if self.finished and self.router.ended is None:
            await self.give_up()
            return
        error.bytes_seen = self._decoder.bytes_seen
        await self._route([Broke(error)])

    async def settle(self) -> None:
        """Wait until all its calls have ended, but those that wait for answers which only come from outside.

        Those that a bad end leaves without permission to start end here.
        """
        finished = self.router.finished
        if self.router.ended is None or finished is None or not finished.good:
            self.dispatcher.fail_stranded(Truncated(finished.reason if finished is not None else "response torn"))
        self.dispatcher.admit()
        await self.log.flush()
        await self.dispatcher.at_rest()

    def tear(self, message: str, *, keep: bool) -> None:
        """Close what broke off: what is not sealed ends as `Truncated`; `keep` lets sealed and started calls stand."""
        started = self.log.turn.started
        sealed = [one for one in self.router.calls.values() if one.sealed is not None or started(one.call.id)]
        rejected = [routed for routed in self.router.calls.values() if routed.rejected is not None and self.aborted]
        self._kept = frozenset(routed.call.id for routed in sealed + rejected) if keep else frozenset()
        dropped = tuple(call_id for call_id in self.calls if call_id not in self._kept)
        kept = tuple(call_id for call_id in self.calls if call_id in self._kept)
        self._end(self.router.cut("response torn"))
        finished = self.router.finished.reason if self.router.finished is not None else None
        reason = self.router.broke.reason if self.router.broke is not None else finished
        self.log.emit(TurnTorn(self.turn, message, kept, dropped, reason, self.usage))

    def cancel(self, call_id: str, reason: str) -> bool:
        """Cancel one of its calls, wherever it is in its life; False where it has ended."""
        cancelled = self.dispatcher.cancel(call_id, reason) or self._end(
            self.router.abandon(call_id, printable(reason))
        )
        if cancelled:
            self.dispatcher.admit()  # others may have waited for it
        return cancelled

    def _is_dealt_with(self, call_id: str) -> bool:
        """Whether it is too late for other arguments: the call was started, or has its end without that."""
        turn = self.log.turn
        return turn.started(call_id) or turn.end(call_id) is not None

    def _end(self, events: list[Event]) -> bool:
        """Calls ended while they were written; whether there were any."""
        self.log.emit(*self._with_output(events))
        self._tell_dispatcher(events)
        return bool(events)

    def entries(self) -> tuple[Entry, ...]:
        """What goes into the transcript: the reply, then the answers to its calls in call order."""
        kept_calls = frozenset(self.calls) if self.blocked is not None else self._kept
        reply = self._reply.reply(self.router, kept_calls)
        if not reply.items:
            return ()
        kept = {call.id for call in reply.calls}
        limit = self._shared.limits.max_result_chars
        began = self.log.turn.started
        ends = (end for end in self.log.turn.ends if end.call.id in kept)
        results = [tool_result(end, limit, begun=began(end.call.id)) for end in ends]
        if self.output is not None:
            results += (told for told in self.output.answers(self.router.calls) if told.call.id in kept)
            results.sort(key=lambda result: result.call.index)
        return (reply, *results)

    async def _route(self, wire_events: Sequence[WireEvent]) -> None:
        texts = self._texts
        for wire_event in wire_events:
            if texts is not None and not self._emit(await texts.before(wire_event)):
                return
            self._reply.feed(wire_event)
            events = self._with_output(self._router_events(wire_event))
            if self._gated and isinstance(wire_event, Ended):
                events = self._judged(events)
            if not self._emit(events if texts is None else await texts.through(wire_event, events)):
                return
            self._routed += 1
            started = self._streams is not None and self._streams.follow(events)
            started = (type(wire_event) in _MAY_START_CALLS and self._advance(wire_event, events)) or started
            if started:
                await checkpoint()  # the task of the call begins, and below that of its body
            if started or self._routed % _EVENTS_PER_CHECKPOINT == 0:
                await checkpoint()
            if self._aborts and self._has_rejected(events):
                self.aborted = True
            if self.aborted or self.router.broke is not None:
                return  # what came in the same piece behind it is not read, as if it had come in a later one
        if texts is not None:
            self._emit(await texts.clear(closing=False))

    def _emit(self, events: Sequence[Event]) -> bool:
        """Show events, unless a guard blocked the response: then it is given up."""
        if self._texts is not None and self._texts.blocked is not None:
            self.aborted = True
            return False
        if events:
            self.shown = True
            self.log.emit(*events)
            self._tell_dispatcher(events)
        return True

    def _with_output(self, events: list[Event]) -> list[Event]:
        return events if self.output is None else self.output.read(events, self.router.calls)

    def _judged(self, events: list[Event]) -> list[Event]:
        """The events of the end, with what moderation says of the response."""
        assert self.router.ended is not None
        verdict = judge(self.router.ended.moderation)
        if verdict.passed:
            return events
        self.blocked = verdict
        reason = printable(verdict.reason)
        return [replace(event, blocked=reason) if isinstance(event, TurnEnded) else event for event in events]

    def _tell_dispatcher(self, events: Sequence[Event]) -> None:
        """Of calls that began, and of those that ended before they could start."""
        for event in events:
            if isinstance(event, CallOpened):
                self.dispatcher.open(event.call, self._toolbox.get(event.call.name))
            elif isinstance(event, CallFailed):
                self.dispatcher.drop(event.call.id)

    def _router_events(self, wire_event: WireEvent) -> list[Event]:
        try:
            return self.router.feed(wire_event)
        except WireError as error:
            return self.router.feed(Broke(error))

    def _advance(self, wire_event: WireEvent, events: Sequence[Event]) -> bool:
        """Tell the plan how far the response has come, and start what may start."""
        plan = self.dispatcher.plan
        plan.move_on(self.router.frontier)
        for event in events:
            if isinstance(event, CallSealed):
                routed = self.router.calls[event.call.id]
                assert routed.sealed is not None
                self.dispatcher.seal(event.call, self._toolbox[event.call.name], routed.sealed, routed.item)
        if self.blocked is not None:
            self.dispatcher.fail_stranded(Denied(f"moderation: {printable(self.blocked.reason)}"))
        elif self.router.finished is not None and self.router.finished.good:
            plan.end() if isinstance(wire_event, Ended) else plan.finish()
        return self.dispatcher.admit()

    def _has_rejected(self, events: Sequence[Event]) -> bool:
        rejected = any(isinstance(event, CallFailed) and isinstance(event.failure, Rejected) for event in events)
        return rejected or (self.output is not None and self.output.rejected)
