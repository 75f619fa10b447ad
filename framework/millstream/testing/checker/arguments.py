"""From argument text to sealed arguments: 2 (as far as a log shows it), 3 and 5.

The provider's own bytes are not in a log, so of 2 only this is seen: that text arrives while its response is open, and,
through 3, that the text of a sealed call is the text of its arguments. Text after the seal is no fault by itself: white
space means nothing, and other text ends the call as `Rejected`, or its response as torn if the tool had started.
Settled values of a call that was never sealed are compared with one another only. A carried call is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from millstream.events import (
    ArgsDelta,
    ArgSettled,
    ArgsReplaced,
    CallKind,
    CallSealed,
    CallStarted,
    JsonValue,
    Path,
    TurnEnded,
    TurnTorn,
)
from millstream.testing.checker.run_log import CallStory, RunLog, Step, TurnStory
from millstream.testing.checker.strict_json import Missing, is_blank, read_strictly, same_json, same_text, value_at
from millstream.testing.checker.violation import Violation


def check_arguments(run: RunLog) -> Iterator[Violation]:
    """Violations of how arguments came about, call by call."""
    for story in run.calls.values():
        if story.opened:
            yield from _check_call(story, run.turns.get(story.call.turn))


@dataclass(slots=True)
class _Arguments:
    """What is known of the arguments of one call so far; `sealed_text` is the text as it was at the seal."""

    kind: CallKind
    pieces: list[str] = field(default_factory=list[str])
    settled: dict[Path, tuple[int, JsonValue]] = field(default_factory=dict[Path, tuple[int, JsonValue]])
    sealed_text: str | None = None
    document: JsonValue = None

    @property
    def changed(self) -> bool:
        """Whether text that came after the seal makes it another document."""
        if self.sealed_text is None:
            return False
        text = "".join(self.pieces)
        return text != self.sealed_text if self.kind == "custom" else not same_text(text, self.sealed_text)


def _check_call(story: CallStory, turn: TurnStory | None) -> Iterator[Violation]:
    arguments = _Arguments(story.call.kind)
    late = False
    for step in story.steps:
        match step.event:
            case ArgsDelta(text=text) | ArgsReplaced(text=text) as event:
                if isinstance(event, ArgsReplaced):
                    arguments.pieces.clear()
                    arguments.settled.clear()
                arguments.pieces.append(text)
                if not late and turn is not None and turn.closed_before(step.at):
                    late = True
                    yield Violation(2, f"text for {story.label} after its response was over", step.seq)
            case ArgSettled(path=path, value=value):
                yield from _settle(story, arguments, step.seq, (path, value))
            case CallSealed(args=args):
                yield from _seal(story, arguments, step, args)
                if turn is not None and turn.closed_before(step.at) and isinstance(turn.closed_by, TurnTorn):
                    yield Violation(3, f"{story.label} was sealed after its response broke off", step.seq)
            case CallStarted() if arguments.changed:
                yield Violation(3, f"{story.label} started after more text had come than was sealed", step.seq)
                return
            case _:
                pass
    started = any(isinstance(step.event, CallStarted) for step in story.steps)
    if started and arguments.changed and turn is not None and isinstance(turn.closed_by, TurnEnded):
        message = f"{story.label} had started when more text came than was sealed, yet its response ended as if whole"
        yield Violation(3, message, story.steps[-1].seq)


def _seal(story: CallStory, arguments: _Arguments, step: Step, args: JsonValue) -> Iterator[Violation]:
    if arguments.sealed_text is not None:
        yield Violation(3, f"{story.label} was sealed twice", step.seq)
        return
    arguments.sealed_text = text = "".join(arguments.pieces)
    try:
        arguments.document = _document(arguments.kind, text)
    except ValueError as error:
        yield Violation(3, f"{story.label} was sealed, but its text is not strict JSON: {error}", step.seq)
        arguments.document = args
    else:
        if not same_json(arguments.document, args):
            yield Violation(3, f"{story.label} was sealed with other arguments than its text says", step.seq)
    for path, (seq, value) in arguments.settled.items():
        yield from _compare(story, arguments.document, seq, (path, value))


def _document(kind: CallKind, text: str) -> JsonValue:
    if kind == "custom":
        return text
    return {} if is_blank(text) else read_strictly(text)


def _settle(story: CallStory, arguments: _Arguments, seq: int, settled: tuple[Path, JsonValue]) -> Iterator[Violation]:
    path, value = settled
    if arguments.sealed_text is not None:
        yield from _compare(story, arguments.document, seq, settled)
    elif path in arguments.settled and not same_json(arguments.settled[path][1], value):
        yield Violation(5, f"{story.label} settled the argument at {list(path)} twice, with different values", seq)
    else:
        arguments.settled[path] = (seq, value)


def _compare(story: CallStory, document: JsonValue, seq: int, settled: tuple[Path, JsonValue]) -> Iterator[Violation]:
    path, value = settled
    try:
        same = same_json(value_at(document, path), value)
    except Missing:
        yield Violation(5, f"{story.label} settled an argument at {list(path)}, where its arguments hold nothing", seq)
    else:
        if not same:
            yield Violation(
                5, f"{story.label} settled the argument at {list(path)} with another value than it has", seq
            )
