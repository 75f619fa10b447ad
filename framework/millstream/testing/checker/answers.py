"""What each request carries (7): the results that are due, in call order, each once.

Due at a request are the calls opened since the request before, except those of a response that was restarted, which
the model will not hear of again, and those that a torn response dropped: the history may name a dropped call and then
must answer it, or leave it out with the response, and a log does not show which. So:

- a call that was not dropped, of a response that was not restarted, must have ended and be in `answers`;
- a dropped call of a salvaged response may be in `answers`, once it has ended; if its tool had started it must be;
- a call of a restarted response must not be in `answers`, so no such response can have kept calls;
- `answers` are in call order (turn, then index), and no call is answered twice. Only the request that asks a torn
  response again may repeat the `answers` of the first try, all or none of them: it is the same request.

The last response's calls have no further request: a run may end on their results. Where a log begins with
`RunResumed`, its first request may answer calls that the log does not know, and carried calls may be missing in it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from millstream.events import CallOpened, CallStarted, TurnRestarted, TurnStarted, TurnTorn
from millstream.testing.checker.run_log import CallStory, RunLog
from millstream.testing.checker.violation import Violation


def check_answers(run: RunLog) -> Iterator[Violation]:
    """Violations of what the requests of a run carry."""
    requests = _Requests(run)
    for at, record in enumerate(run.records):
        for message in requests.take(at, record.event):
            yield Violation(7, message, record.seq)


class _Requests:
    def __init__(self, run: RunLog) -> None:
        self._run = run
        self._waiting: list[str] = []
        self._answered: set[str] = set()
        self._dropped: set[str] = set()
        self._past_may_be_answered = not run.from_start
        self._asking_again = False
        self._first_try: tuple[str, ...] = ()

    def take(self, at: int, event: object) -> Iterator[str]:
        match event:
            case CallOpened(call=call):
                self._waiting.append(call.id)
            case TurnTorn(dropped=dropped):
                self._dropped.update(dropped)
            case TurnRestarted(turn=turn):
                self._asking_again = True
                yield from self._kept_in_vain(turn)
            case TurnStarted(answers=answers):
                if not (self._asking_again and answers == self._first_try):
                    yield from self._check_each(at, answers)
                    yield from self._check_order(answers)
                yield from self._check_missing(at, answers)
                if not self._asking_again:
                    self._first_try = answers
                self._answered.update(answers)
                self._waiting.clear()
                self._asking_again = self._past_may_be_answered = False
            case _:
                pass

    def _kept_in_vain(self, turn: int) -> Iterator[str]:
        story = self._run.turns.get(turn)
        if story is not None and isinstance(story.closed_by, TurnTorn) and story.closed_by.kept:
            kept = ", ".join(story.closed_by.kept)
            yield f"turn {turn} is asked for again, so the results of {kept}, which it kept, never reach the model"

    def _check_each(self, at: int, answers: Sequence[str]) -> Iterator[str]:
        for place, call_id in enumerate(answers):
            story = self._run.calls.get(call_id)
            if call_id in self._answered or call_id in answers[:place]:
                yield f"call {call_id} is answered twice"
            elif story is None:
                if not self._past_may_be_answered:
                    yield f"call {call_id} is answered, but it was never opened"
            elif not story.ended_before(at):
                yield f"{story.label} is answered before it ended"
            elif self._restarted(story):
                yield f"{story.label} is answered, but its response was restarted: no request names this call"

    def _check_order(self, answers: Sequence[str]) -> Iterator[str]:
        calls = [self._run.calls[call_id].call for call_id in answers if call_id in self._run.calls]
        places = [(call.turn, call.index) for call in calls]
        if places != sorted(places):
            yield f"the answers {list(answers)} are not in call order"

    def _check_missing(self, at: int, answers: Sequence[str]) -> Iterator[str]:
        for call_id in dict.fromkeys(self._waiting):
            story = self._run.calls[call_id]
            if call_id in answers or self._restarted(story):
                continue
            if not story.ended_before(at):
                if call_id not in self._dropped:
                    yield f"a request went out while {story.label} had no result"
            elif call_id not in self._dropped:
                yield f"{story.label} ended, but the next request does not answer it"
            elif any(isinstance(step.event, CallStarted) for step in story.steps if step.at < at):
                yield f"{story.label} was dropped although its tool had started, and the model is not told of it"

    def _restarted(self, story: CallStory) -> bool:
        turn = self._run.turns.get(story.call.turn)
        return turn is not None and turn.restarted
