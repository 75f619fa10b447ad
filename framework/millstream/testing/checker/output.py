"""The structured output of a run (5): what settled of it is in it, and it is what its text says.

Only the last response is looked at, because the outputs before it were not accepted. Its text may lie in a fence or in
a field of its own, or go on from a response that the provider interrupted: where it is no JSON document by itself,
nothing is said of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

from millstream.events import JsonValue, OutputDelta, OutputSettled, Record, RunFinished, TextReplaced, TurnStarted
from millstream.testing.checker.run_log import RunLog
from millstream.testing.checker.strict_json import Missing, read_strictly, same_json, value_at
from millstream.testing.checker.violation import Violation


def check_output(run: RunLog) -> Iterator[Violation]:
    """Violations of what a run says of its structured output."""
    last = next((record for record in reversed(run.records) if isinstance(record.event, RunFinished)), None)
    if last is None or not isinstance(last.event, RunFinished):
        return
    said = _last_response(run.records)
    if not any(isinstance(record.event, OutputDelta | OutputSettled) for record in said):
        return
    yield from _check_settled(said, last.event.output)
    text = _text(said)
    try:
        document = read_strictly(text)
    except ValueError:
        return
    alone = _alone(document)
    if not same_json(document, last.event.output) and not (alone and same_json(alone[0], last.event.output)):
        yield Violation(5, "the output of the run is not what the text of its last response says", last.seq)


def _last_response(records: Sequence[Record]) -> list[Record]:
    """What was said in it."""
    turn = max((record.event.turn for record in records if isinstance(record.event, TurnStarted)), default=0)
    return [
        record
        for record in records
        if isinstance(record.event, OutputDelta | OutputSettled | TextReplaced) and record.event.turn == turn
    ]


def _check_settled(said: Sequence[Record], output: JsonValue) -> Iterator[Violation]:
    settled: set[tuple[str | int, ...]] = set()
    replaced = max((at for at, record in enumerate(said) if isinstance(record.event, TextReplaced)), default=-1)
    for at, record in enumerate(said):
        event = record.event
        if not isinstance(event, OutputSettled) or at < replaced:
            continue
        if event.path in settled:
            yield Violation(5, f"{list(event.path)} of the output settled twice", record.seq)
        settled.add(event.path)
        try:
            same = same_json(value_at(output, event.path), event.value)
        except Missing:
            same = False
        if not same:
            yield Violation(5, f"what settled at {list(event.path)} is not in the output of the run", record.seq)


def _text(said: Sequence[Record]) -> str:
    texts: dict[int, list[str]] = {}
    for record in said:
        match record.event:
            case OutputDelta(text=text, item=item):
                texts.setdefault(item, []).append(text)
            case TextReplaced(text=text, item=item) if item in texts:
                texts[item] = [text]
            case _:
                pass
    return "".join("".join(texts[item]) for item in sorted(texts))


def _alone(document: JsonValue) -> list[JsonValue]:
    """The value of the only field of an object, in a list; [] where it is none."""
    if not isinstance(document, dict):
        return []
    values = list(cast("dict[str, JsonValue]", document).values())
    return values if len(values) == 1 else []
