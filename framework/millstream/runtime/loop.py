"""The turn loop: request, response, results, next request, until the model has nothing more to call or to say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from anyio.abc import TaskGroup

from millstream.errors import GuardBlocked, ModerationBlocked, TurnLimit, WireError
from millstream.events import (
    CallEnded,
    JsonObject,
    ProviderEvent,
    RunSteered,
    TurnStarted,
    Usage,
)
from millstream.models import Model
from millstream.routing.moderation import Verdict
from millstream.runtime.asking import Asking, until_shown
from millstream.runtime.conversation import Conversation
from millstream.runtime.dispatcher import Dispatcher
from millstream.runtime.event_log import EventLog
from millstream.runtime.fallback import Fallback
from millstream.runtime.guarding import Guarding
from millstream.runtime.instructions import told
from millstream.runtime.output import OutputJudge
from millstream.runtime.recovering import Recovering, check_truncation
from millstream.runtime.relay import Relay
from millstream.runtime.response import Response, ResponseParts
from millstream.runtime.resumed import Resumed
from millstream.runtime.resumption import Resumption
from millstream.runtime.state import PendingCall, RunState
from millstream.runtime.steering import Steering
from millstream.runtime.stopping import is_over
from millstream.runtime.turn_log import TurnLog
from millstream.so_far import SoFar
from millstream.transcript import Entry, Reply, Transcript, UserMessage


class TurnLoop:
    """Runs turns over a transcript that grows.

    Args:
        conversation: what the run is made of.
        transcript: what was said before, the new prompt included.
        log: the run's log.
        on_response: told of each response as it begins, so that a run can show it live.
        resumption: the calls to go on with before anything is asked, of a run that was suspended.
    """

    def __init__(
        self,
        conversation: Conversation,
        transcript: Transcript,
        log: EventLog,
        on_response: Callable[[Response | Resumed], None],
        resumption: Resumption | None = None,
    ) -> None:
        self.transcript = transcript
        self.suspended: RunState | None = None
        """What is left to go on from, once calls wait for answers that only come from outside."""
        self._resumption = resumption
        state = resumption.state if resumption is not None else None
        self.usage = state.usage if state is not None else Usage()
        self.output = OutputJudge(conversation.limits.max_output_retries)
        """What becomes of the structured output, where one is asked for."""
        self._unfinished = ""  # of an output whose response the provider interrupted
        self._conversation = conversation
        self._log = log
        self._on_response = on_response
        self._current: Response | Resumed | None = None  # the response whose entries are not in the transcript yet
        last = max((entry.turn for entry in transcript if isinstance(entry, Reply)), default=0)
        self._turn = state.turn if state is not None else last
        self._turns_before = state.turns_before if state is not None else last
        self._ends: tuple[CallEnded, ...] = ()  # of the calls of the last response
        self._fallback = Fallback(self._tell)
        self._interrupted = False  # the provider's last response goes on in the next
        self.steering = Steering(self._items, self._tell)
        """What the user says meanwhile."""
        self._recovering = Recovering(log)

    @property
    def agent(self) -> Any:
        """The agent that answers now: another one after a handoff."""
        return self._conversation.agent

    @property
    def wants_output(self) -> bool:
        """Whether the agent that answers now has an output type other than text."""
        return self._conversation.output is not None

    @property
    def _guarding(self) -> Guarding | None:
        """The guards of the run, None where there are none."""
        shared = self._conversation.shared
        return None if shared.guards is None else Guarding(shared.guards, shared.limits, self.so_far)

    def so_far(self) -> SoFar[Any]:
        """The run up to now, for its user's own functions; nothing of a response that is still arriving."""
        shared = self._conversation.shared
        turns = self._turn - self._turns_before
        return SoFar(shared.run_id, shared.deps, self.transcript, self.usage, turns, self._ends)

    async def run(self, relay: Relay, tasks: TaskGroup) -> None:
        """Go on until a response calls no tool and was not interrupted by its provider, or the run is `suspended`.

        `relay` finds who goes on after each response, and on what requests travel.

        Raises:
            WireError: the provider could not be asked, or its response could not be saved.
            RunError: a limit of the run was reached, or the policy says to stop, as after a response that was blocked.
        """
        if self._resumption is not None:
            self._conversation = await relay.with_tools(self._conversation, self._turn, self.transcript, self._tell)
        elif self._guarding is not None:
            await self._guarding.check_input()
        answers = await self._go_on(tasks)
        while self.suspended is None and self._turn - self._turns_before < self._conversation.limits.max_turns:
            await self._hear()
            response = await self._respond(relay, tasks, answers)
            if response.usage is not None:
                self.usage += response.usage
            if response.error is not None or response.aborted:
                if not await self._stands(response):
                    continue
            else:
                await response.settle()
            self._recovering.stands()
            if self._is_suspended(response):
                check_truncation(response, self._conversation.policy, self.transcript)
                return
            entries = self._take(response)
            self._ends = response.log.turn.ends
            answers = tuple(call_id for call_id in _calls_in(entries) if call_id in response.calls)
            if response.blocked is not None and not (answers and response.blocked.again):
                raise blocked(response.blocked, self.transcript)
            self._interrupted = response.goes_on and bool(entries)
            if not answers and not self._interrupted and self._is_last(response, entries):
                return
            self._unfinished = self._unfinished + response.text if self._interrupted and not answers else ""
            check_truncation(response, self._conversation.policy, self.transcript)
            if is_over(self._conversation.stop, self.so_far) and not self.steering.waiting:
                return
            self._conversation = relay.follow(self._conversation, self._ends, self.transcript)
        if self.suspended is not None:
            return
        raise TurnLimit(
            f"the model still called tools after {self._conversation.limits.max_turns} turns; "
            "raise Limits.max_turns, or go on from error.transcript",
            self.transcript,
        )

    async def _stands(self, response: Response) -> bool:
        """Whether a response that broke off stands, as far as it came; else it is to be asked for again.

        Raises:
            WireError: it can neither be saved nor asked for again.
            GuardBlocked: a guard did not let its text pass.
        """
        try:
            stands = await self._recovering.recover(response, self._conversation)
        except (WireError, GuardBlocked):
            self._take(response)
            raise
        if not stands:
            self._current = None
        return stands

    def _is_last(self, response: Response, entries: tuple[Entry, ...]) -> bool:
        """Whether a response that calls no tool ends the run: nothing was said meanwhile, and its output is valid."""
        if self.steering.waiting:
            return False
        if response.output is not None:
            self.transcript += self.output.judge(response, entries, self.transcript)
            if self.output.accepted is None:
                return False
        return self.steering.close()

    async def _go_on(self, tasks: TaskGroup) -> tuple[str, ...]:
        """Finish the calls of a suspended run, as far as they are answered; the ids of all calls of their response."""
        if self._resumption is None:
            return ()
        turn_log, conversation = TurnLog(self._log), self._conversation
        dispatcher = Dispatcher(tasks, turn_log, conversation.shared, self._guarding)
        resumed = Resumed(self._resumption, conversation.toolbox, dispatcher, turn_log, conversation.shared)
        self._current = resumed
        self._on_response(resumed)
        resumed.begin()
        await resumed.settle()
        return () if self._is_suspended(resumed) else _calls_in(self._take(resumed))

    def _is_suspended(self, response: Response | Resumed) -> bool:
        """Whether calls of a response that is settled wait for answers: then the run goes on from `suspended`."""
        waiting = response.dispatcher.approvals.waiting
        if waiting:
            self.suspended = RunState(
                run_id=self._conversation.shared.run_id,
                next_seq=self._log.next_seq,
                turn=self._turn,
                turns_before=self._turns_before,
                transcript=self.transcript + response.entries(),
                calls={job.call.id: PendingCall.of(job, waits_for) for job, waits_for in waiting},
                usage=self.usage,
            )
        return bool(waiting)

    def leave(self) -> None:
        """The run ends here: what the response in hand has sealed stays in the transcript, each call with its end."""
        response = self._current
        if response is None:
            return
        if isinstance(response, Response):
            broke_unseen = response.error is not None and not response.shown
            if response.router.ended is None and not response.torn and not broke_unseen:
                response.tear("the run ended", keep=True)
        for call_id in response.router.calls:
            response.dispatcher.cancel(call_id, "the run ended")
        self._take(response)

    async def _hear(self) -> None:
        """Put what the user said meanwhile into the transcript; not between the parts of an interrupted response.

        Raises:
            GuardBlocked: a guard on input does not let it pass.
        """
        messages = () if self._interrupted else self.steering.take()
        for message in messages:
            self.transcript += (message,)
            self._log.emit((RunSteered(message.text, self._turn + 1),))
        if messages and self._guarding is not None:
            await self._guarding.check_input()

    def _items(self, message: UserMessage) -> list[dict[str, Any]]:
        return self._conversation.model.format.entries(Transcript((message,)))

    def _take(self, response: Response | Resumed) -> tuple[Entry, ...]:
        """Put what a response leaves into the transcript."""
        self._current = None
        entries = response.entries()
        self.transcript += entries
        return entries

    async def _respond(self, relay: Relay, tasks: TaskGroup, answers: tuple[str, ...]) -> Response:
        """Ask for one response and read it, of the first model that can be asked."""
        now = self._conversation
        instructions = await told(now.instructions, self.so_far, now.limits)
        self._turn += 1
        self._log.emit((TurnStarted(self._turn, answers, now.name),))
        await self._log.flush()
        self._conversation = now = await relay.with_tools(now, self._turn, self.transcript, self._tell)
        conversation = replace(now, instructions=instructions)

        async def ask(model: Model) -> Response:
            return await self._ask(replace(conversation, model=model), relay, tasks)

        return await self._fallback.ask(conversation.model, ask)

    async def _ask(self, conversation: Conversation, relay: Relay, tasks: TaskGroup) -> Response:
        """Ask one model and read its response; while nothing of it was shown, a failed request is sent again."""
        limits, guarding = conversation.limits, self._guarding

        async def attempt(_: int) -> Response:
            response = self._new_response(conversation, tasks)
            self._current = response
            self._on_response(response)
            asked = conversation.model.request(conversation.ask(self.transcript), limits)
            request = replace(asked, tell=self._tell)
            opened = partial(self.steering.opened, tasks=tasks) if guarding is None else _not_steered
            transport = await relay.transport_of(conversation)
            await Asking(conversation.model, transport, self._log, limits, opened).read(request, response)
            if response.error is not None and not response.shown:
                raise response.error
            return response

        return await until_shown(attempt, limits, self._tell)

    def _tell(self, name: str, data: JsonObject) -> None:
        """Something happened to a request on its way."""
        self._log.emit((ProviderEvent(name, data, self._turn),))
        self._log.said_outside.set()

    def _new_response(self, conversation: Conversation, tasks: TaskGroup) -> Response:
        model = conversation.model
        turn_log = TurnLog(self._log)
        decoder = model.decoder(conversation.tool_names, conversation.limits)
        plan = conversation.output
        output = None if plan is None else plan.reader(conversation.shared, self._unfinished)
        replies = (entry for entry in self.transcript if isinstance(entry, Reply))
        taken = frozenset(call.provider_id for reply in replies for call in reply.calls)
        parts = ResponseParts(self._turn, model.format.name, model.name, decoder, taken, model.has_custom_tools, output)
        dispatcher = Dispatcher(tasks, turn_log, conversation.shared, self._guarding, self._recovering.ledger)
        return Response(parts, conversation.toolbox, dispatcher, turn_log, conversation.shared)


def _calls_in(entries: tuple[Entry, ...]) -> tuple[str, ...]:
    return tuple(call.id for entry in entries if isinstance(entry, Reply) for call in entry.calls)


def blocked(verdict: Verdict, transcript: Transcript | None = None) -> ModerationBlocked:
    """The error of a response that nothing may come of."""
    message = f"the response did not pass moderation: {verdict.reason}, so it is in no transcript"
    return ModerationBlocked(f"{message}; go on from error.transcript with other words", transcript)


def _not_steered(_: object) -> None:
    """What is said meanwhile waits for the guards on input, and so for the next request."""
