"""What a suspended run is, as a value: all that another process needs to go on with it, and its form as JSON text.

It holds the conversation, the calls that wait with exactly the arguments that were shown, and the results of those of
the same response that have ended. Exceptions, tools and `deps` stay behind. Nothing here runs or waits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, get_args

from millstream.codec import transcript_from_json, transcript_to_json
from millstream.errors import UsageError
from millstream.events import Call, JsonObject, JsonValue, Usage
from millstream.limits import Limits
from millstream.policy import Start
from millstream.runtime.answering import WaitsFor
from millstream.runtime.authentic import authentic, authenticated
from millstream.runtime.job import Job, digest
from millstream.transcript import Entry, Reply, ToolResult, Transcript

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class PendingCall:
    """A call that waits for an answer.

    `waits_for` is "approval", or "answer" where the tool is deferred and its result is wanted. `digest` names `args`,
    the arguments that were shown and that run if the call is approved as it is.
    """

    call: Call
    args: JsonValue
    digest: str
    waits_for: WaitsFor
    start: Start
    """How far its response had to come before it could start, and has come."""

    @classmethod
    def of(cls, job: Job, waits_for: WaitsFor) -> PendingCall:
        """What is left of a job."""
        return cls(job.call, job.args, job.digest, waits_for, job.start)


@dataclass(frozen=True, slots=True)
class RunState:
    """A suspended run, to go on from with `agent.run(resume=state, answers={…})`, also in another process.

    `calls` are the calls that wait, by id. `transcript` holds what was said and done, without results for them.

    Nothing keeps the same state from being resumed twice, each time with its effects: whoever stores it has to see to
    it that it is taken once.
    """

    run_id: str
    next_seq: int
    turn: int
    turns_before: int
    """Responses in the history that the run began with: they do not count for `Limits.max_turns`."""
    transcript: Transcript
    calls: Mapping[str, PendingCall]
    usage: Usage

    @property
    def pending(self) -> tuple[Call, ...]:
        """The calls that wait, in call order."""
        return tuple(pending.call for pending in self.calls.values())

    @property
    def reply(self) -> Reply:
        """The response whose calls these are."""
        return self._split[1]

    @property
    def history(self) -> Transcript:
        """What was said before that response."""
        return Transcript(self._split[0])

    @property
    def results(self) -> tuple[ToolResult, ...]:
        """The results of those of its calls that have ended."""
        return tuple(entry for entry in self._split[2] if isinstance(entry, ToolResult))

    @property
    def _split(self) -> tuple[tuple[Entry, ...], Reply, tuple[Entry, ...]]:
        entries = self.transcript.entries
        at = max(at for at, entry in enumerate(entries) if isinstance(entry, Reply))
        reply = entries[at]
        assert isinstance(reply, Reply)
        return entries[:at], reply, entries[at + 1 :]

    def dump(self, key: str | bytes | None = None) -> str:
        """The state as JSON text, authenticated so that nobody without the key can change it or make one up.

        It is not encrypted: whoever has the text can read the conversation.

        Args:
            key: the secret, at least 16 bytes; that in the environment variable MILLSTREAM_STATE_KEY by default.

        Raises:
            UsageError: there is no key, or a short one; or the state is too large to be loaded again.
        """
        return authenticated(_to_json(self), _VERSION, key, Limits().max_state_chars)

    @classmethod
    def load(cls, text: str, key: str | bytes | None = None) -> RunState:
        """The state that `dump` wrote, with the same key.

        Raises:
            UsageError: there is no key; the text was not written by `dump` with this key, was changed since, is larger
                than `Limits.max_state_chars`, or a newer release wrote it.
        """
        return _from_json(authentic(text, _VERSION, key, Limits().max_state_chars))


def _to_json(state: RunState) -> JsonObject:
    return {
        "run_id": state.run_id,
        "next_seq": state.next_seq,
        "turn": state.turn,
        "turns_before": state.turns_before,
        "transcript": transcript_to_json(state.transcript),
        "calls": [asdict(pending) for pending in state.calls.values()],
        "usage": asdict(replace(state.usage, raw=None)),
    }


def _from_json(data: JsonObject) -> RunState:
    try:
        state = RunState(
            run_id=data["run_id"],
            next_seq=data["next_seq"],
            turn=data["turn"],
            turns_before=data["turns_before"],
            transcript=transcript_from_json(data["transcript"]),
            calls={pending.call.id: pending for pending in map(_pending, data["calls"])},
            usage=Usage(**data["usage"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"not the state of a run: {type(error).__name__}: {error}") from error
    check_state(state)
    return state


def _pending(data: dict[str, Any]) -> PendingCall:
    call = Call(**data["call"])
    return PendingCall(call, data["args"], data["digest"], data["waits_for"], data["start"])


def check_state(state: RunState) -> None:
    """Check that the parts of a state fit each other.

    Raises:
        UsageError: its calls are not those without a result in its transcript, or are not the calls that were shown.
    """
    if not state.calls or state.transcript.unanswered != state.pending:
        raise UsageError("not the state of a run: the calls that wait are not those without a result in its transcript")
    for pending in state.calls.values():
        if pending.waits_for not in get_args(WaitsFor) or pending.start not in get_args(Start):
            raise UsageError(f"not the state of a run: nobody knows what {pending.call.id} waits for")
        if digest(pending.args) != pending.digest:
            raise UsageError(f"not the state of a run: the arguments of {pending.call.id} are not those shown")
