"""The plain view: one line for each thing that happened, only ever appended, without colours or cursor codes.

For pipes, logs of a build and dumb terminals. Pure: a record goes in, lines come out. Knows no stream and no clock; the
time in front of a line is the record's own.
"""

from __future__ import annotations

from typing import assert_never

from millstream.events import (
    AnswerRequested,
    ApprovalRequested,
    ApprovalResolved,
    ArgsDelta,
    ArgSettled,
    ArgsReplaced,
    CallEvent,
    CallFailed,
    CallLogged,
    CallOpened,
    CallProgress,
    CallQueued,
    CallRetrying,
    CallReturned,
    CallSealed,
    CallStarted,
    CallYielded,
    Event,
    OutputDelta,
    ProviderEvent,
    Record,
    RefusalDelta,
    RunResumed,
    RunStarted,
    RunSteered,
    TextDelta,
    TextReplaced,
    TurnEnded,
    TurnRestarted,
    TurnStarted,
    TurnTorn,
)
from millstream.terminal.glyphs import Glyphs
from millstream.terminal.summary import answer, call_word, end_line, overlap_line, short
from millstream.ui.call_view import CallView
from millstream.ui.reducer import RunView
from millstream.ui.safe_text import one_line, printable
from millstream.ui.words import LINE_CHARS, arguments_line, failure_line, json_line, percent

PROGRESS_EVERY_S = 1.0
"""Progress of one call is printed at most this often; a tool may report a thousand times a second."""
MAX_HELD_CHARS = 4000
"""Text of the model without a line break is printed once there is this much of it."""


def stamp(at_s: float) -> str:
    """The time since the run began: `00:01.120`, with hours in front where there are any."""
    minutes, ms = divmod(round(max(at_s, 0.0) * 1000), 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{f'{hours}:' if hours else ''}{minutes:02d}:{ms // 1000:02d}.{ms % 1000:03d}"


class Lines:
    """Turns the records of a run into lines. `feed` each record, then `close`; read `view` for what the run came to.

    Lines carry no line end, and only characters that people can see.
    """

    def __init__(self, glyphs: Glyphs) -> None:
        self.view = RunView()
        self._glyphs = glyphs
        self._held: list[str] = []
        self._held_chars = 0
        self._item: tuple[int, int] | None = None
        self._progress_s: dict[tuple[str, ...], float] = {}

    def feed(self, record: Record) -> list[str]:
        """Take up the next record; returns the lines it is worth, often none."""
        agent_before = self.view.agent
        self.view.feed(record)
        event = record.event
        if isinstance(event, CallEvent):
            call = self.view.call(event.call.id, record.scope)
            return [] if call is None else self._of_call(event, call)
        if record.scope:
            return []  # a sub-agent's own words are between it and its model
        match event:
            case TextDelta() | OutputDelta() | RefusalDelta():
                return self._text(event)
            case TextReplaced(text=text):
                self._held, self._held_chars = [], 0
                return [
                    self._line(self._glyphs.note, "the provider corrected its text, which is now:"),
                    *self._said(text),
                ]
            case TurnEnded(blocked=blocked):
                return self._blocked(blocked) if blocked else self._flush()
            case TurnTorn(message=message):
                broken = f"the response broke off: {one_line(message, LINE_CHARS)}"
                return [*self._flush(), self._line(self._glyphs.failed, broken)]
            case TurnRestarted() | RunStarted() | RunResumed() | RunSteered() | TurnStarted() as event:
                sign, note = self._note(event, agent_before)
                return [*self._flush(), self._line(sign, note)] if note else []
            case _:
                note = _note(event, one_line(self.view.model, LINE_CHARS))
                return [self._line(self._glyphs.note, note)] if note else []

    def _note(
        self, event: TurnRestarted | RunStarted | RunResumed | RunSteered | TurnStarted, agent_before: str
    ) -> tuple[str, str]:
        """The sign and the words of an event that is worth one line; no words where it is not."""
        match event:
            case TurnRestarted():
                return self._glyphs.retry, "the model is asked again; what that response said is void"
            case RunStarted(model=model):
                return self._glyphs.note, f"run started with {one_line(model, LINE_CHARS)}"
            case RunResumed():
                return self._glyphs.note, "the run goes on"
            case RunSteered(text=text):
                return self._glyphs.note, f"you: {one_line(text or '(more)', LINE_CHARS)}"
            case TurnStarted(turn=turn, agent=agent):
                handed_over = agent != agent_before and self.view.turns[0].turn != turn
                note = f"{one_line(agent, LINE_CHARS)} goes on with the conversation" if handed_over else ""
                return self._glyphs.note, note

    def close(self) -> list[str]:
        """The last lines: what was still held back, the answer where it was not streamed, how the run ended."""
        lines = self._flush()
        view = self.view
        if view.output not in (None, "") and not self._streamed():
            lines += self._said(answer(view))
        signs = {"finished": self._glyphs.done, "suspended": self._glyphs.ask, "cancelled": self._glyphs.stopped}
        lines.append(self._line(signs.get(view.state, self._glyphs.failed), end_line(view)))
        overlap = overlap_line(view)
        return [*lines, self._line(self._glyphs.note, overlap)] if overlap else lines

    def _streamed(self) -> bool:
        """Whether the output is the text of the last response, as against a value that a tool made the answer."""
        last = self.view.turns[-1:]
        return any(turn.text and all(call.call.turn != turn.turn for call in self.view.calls) for turn in last)

    def _line(self, sign: str, text: str) -> str:
        return f"{stamp(self.view.last_s)} {sign} {text}".rstrip()

    # --- what the model says ---

    def _text(self, event: TextDelta | OutputDelta | RefusalDelta) -> list[str]:
        lines = self._flush() if self._item != (event.turn, event.item) else []
        self._item = (event.turn, event.item)
        self._held.append(event.text)
        self._held_chars += len(event.text)
        if "\n" in event.text or self._held_chars > MAX_HELD_CHARS:
            whole, _, rest = "".join(self._held).rpartition("\n")
            if len(rest) > MAX_HELD_CHARS:
                whole, rest = f"{whole}\n{rest}" if whole else rest, ""
            self._held, self._held_chars = [rest], len(rest)
            lines += self._said(whole)
        return lines

    def _blocked(self, why: str) -> list[str]:
        """The line of a response that did not pass moderation; what is held back of it is not shown any more."""
        self._held, self._held_chars = [], 0
        return [self._line(self._glyphs.failed, f"{one_line(why, LINE_CHARS)}: what that response said is void")]

    def _flush(self) -> list[str]:
        """The lines of what was held back because its line was not complete."""
        text = "".join(self._held)
        self._held, self._held_chars = [], 0
        return self._said(text) if text.strip() else []

    def _said(self, text: str) -> list[str]:
        return [self._line(self._glyphs.text, line) for line in printable(text).split("\n")]

    # --- calls ---

    def _of_call(self, event: CallEvent, call: CallView) -> list[str]:
        name = self._name(call)
        match event:
            case CallOpened():
                return self._flush()  # what was said before it stands above it
            case ArgsDelta() | ArgsReplaced() | ArgSettled() | CallSealed():
                return []
            case CallQueued() if call.state == "approval":
                return []  # that was said
            case CallQueued(why=why):
                said = f"{name} waits: {one_line(why, LINE_CHARS)}"
            case ApprovalRequested(args=args):
                said = f"{name} needs approval: {arguments_line(args)}"
            case AnswerRequested(args=args):
                said = f"{name} waits for its result: {arguments_line(args)}"
            case ApprovalResolved(answer=resolution, reason=reason):
                said = f"{name} {resolution}{f': {one_line(reason, LINE_CHARS)}' if reason else ''}"
                return [self._line(self._glyphs.note, said)]
            case CallStarted():
                said = f"{name} {self._how_started(event, call)}"
            case CallProgress() | CallLogged() | CallYielded():
                reported = self._report(event, call)
                return [self._line(self._glyphs.note, f"{name} {reported}")] if reported else []
            case CallRetrying(attempt=attempt, delay_s=delay_s, failure=failure):
                said = f"{name} attempt {attempt} failed, again in {short(delay_s)}: {failure_line(failure)}"
            case CallReturned():
                ran = f" {short(call.run_s(self.view.last_s))}" if call.started_s is not None else ""
                said = f"{name}{ran} → {call.result_line}"
            case CallFailed():
                ran = f" after {short(call.run_s(self.view.last_s))}" if call.started_s is not None else ""
                tries = f" ({call.attempt} attempts)" if call.attempt > 1 else ""
                said = f"{name} {call_word(call.state)}{ran}{tries}: {call.failure_line}"
            case _:
                assert_never(event)
        return [self._line(self._glyphs.of(call.state), said)]

    def _name(self, call: CallView) -> str:
        """Its name, behind those of the calls whose sub-agents it belongs to."""
        parents = [self.view.call(call_id, call.scope[:depth]) for depth, call_id in enumerate(call.scope)]
        return "/".join([*(parent.name_line for parent in parents if parent is not None), call.name_line])

    def _how_started(self, event: CallStarted, call: CallView) -> str:
        if event.reused_of is not None:
            return "takes the result that an earlier call had"
        if event.attempt > 1:
            return f"started, attempt {event.attempt}"
        writing = not call.scope and any(turn.ended_s is None for turn in self.view.turns[-1:])
        args = arguments_line(call.settled if call.args is None else call.args)
        return f"started{' while the model writes on' if writing else ''}{f' · {args}' if args else ''}"

    def _report(self, event: CallProgress | CallLogged | CallYielded, call: CallView) -> str:
        if isinstance(event, CallLogged):
            return f"· {one_line(event.text, LINE_CHARS)}"
        now_s = self.view.last_s
        if now_s - self._progress_s.get(call.key, now_s - PROGRESS_EVERY_S) < PROGRESS_EVERY_S:
            return ""
        self._progress_s[call.key] = now_s
        if isinstance(event, CallYielded):
            return f"so far: {json_line(event.value)}"
        share = percent(event.done, event.total)
        done = f"{share} %" if share is not None else f"{event.done:g}" if event.done is not None else ""
        return f"{done} {one_line(event.message, LINE_CHARS)}".strip()


def _note(event: Event, model: str) -> str:
    """What else is worth a line, "" where nothing is."""
    match event:
        case RunStarted():
            return f"run started with {model}"
        case RunResumed():
            return "the run goes on"
        case ProviderEvent(name="request.fallback"):
            return f"{model} is asked instead"
        case _:
            return ""
