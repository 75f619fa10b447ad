"""`millstream inspect`: a recorded stream through decoder, router and assembler, for people or for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from millstream.codec import dumps
from millstream.errors import UsageError
from millstream.events import (
    ArgsDelta,
    ArgSettled,
    ArgsReplaced,
    CallFailed,
    CallOpened,
    CallSealed,
    Event,
    ProviderEvent,
    ReasoningDelta,
    Record,
    RefusalDelta,
    ServerToolUpdated,
    TextDelta,
    TextReplaced,
    TurnEnded,
)
from millstream.terminal.glyphs import carried
from millstream.testing.summary import Reading
from millstream.ui.safe_text import one_line
from millstream.ui.words import failure_line, json_line
from millstream.wire.formats import DECODINGS
from millstream.wire.guess import api_of_body

View = Literal["timeline", "records", "summary"]


def inspect_stream(file: str, api: str | None, view: View) -> None:
    """Print what a recorded stream says; without `api` its wire format is told from what it says.

    Raises:
        UsageError: the file can not be read, there is no such wire format, or nothing in the stream tells of one.
    """
    data = _read(file)
    reading = Reading(api if api is not None else _guessed(data))
    match view:
        case "summary":
            reading.feed(data)
            reading.end()
            _print_json(json.dumps(reading.summary(), ensure_ascii=False))
        case "records":
            events = (event for _, event in _events(reading, data))
            for seq, event in enumerate(events, 1):
                _print_json(dumps(Record(seq, 0.0, event)))
        case "timeline":
            _print_timeline(reading, data)


def _read(file: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as error:
        raise UsageError(f"{file} can not be read: {error.strerror}") from error


def _guessed(data: bytes) -> str:
    api = api_of_body(data)
    if api is None:
        raise UsageError(f"nothing in it tells of which wire format it is: pass --api, one of {', '.join(DECODINGS)}")
    return api


def _events(reading: Reading, data: bytes) -> Iterator[tuple[int, Event]]:
    """The events of a body, each with the number of bytes that had to come for it."""
    at = 0
    for line in data.splitlines(keepends=True):
        at += len(line)
        for event in reading.feed(line):
            yield at, event
    for event in reading.end():
        yield at, event


def _print_timeline(reading: Reading, data: bytes) -> None:
    """A line for each thing that happened, with the byte at which it was known; deltas of one text are one."""
    held: tuple[int, Event] | None = None
    for at, event in _events(reading, data):
        joined = _joined(held[1], event) if held is not None else None
        if held is not None and joined is None:
            _print_line(*held)
        held = (at, joined if joined is not None else event)
    if held is not None:
        _print_line(*held)
    summary = reading.summary()
    if summary["error"] is not None:
        _print(f"{len(data):>9,}  ✗ {one_line(summary['error']['message'], 200)}")
    counted = reading.usage
    tokens = f" · {counted.input_tokens:,} in · {counted.output_tokens:,} out tokens" if counted is not None else ""
    _print(f"{len(data):>9,}  {len(summary['calls'])} calls · ended: {summary['reason'] or 'it did not'}{tokens}")


def _joined(held: Event, event: Event) -> Event | None:
    """Both as one, where they are deltas of one text."""
    match held, event:
        case (TextDelta(item=first), TextDelta(item=second)) if first == second:
            return TextDelta(held.text + event.text, event.turn, event.item)
        case (ReasoningDelta(item=first), ReasoningDelta(item=second)) if first == second:
            return ReasoningDelta(held.text + event.text, event.turn, event.item)
        case (ArgsDelta(call=one), ArgsDelta(call=other)) if one.id == other.id:
            return ArgsDelta(event.call, held.text + event.text)
        case _:
            return None


def _print_line(at: int, event: Event) -> None:
    _print(f"{at:>9,}  {_line(event)}")


def _print(line: str) -> None:
    print(carried(line, sys.stdout.encoding))


def _print_json(line: str) -> None:
    """JSON for programs is UTF-8, whatever the terminal is."""
    sys.stdout.flush()
    sys.stdout.buffer.write(line.encode() + b"\n")


def _line(event: Event) -> str:  # noqa: PLR0911  one line for each kind of event
    match event:
        case TextDelta(text=text):
            return f"text       {one_line(text, 100)}"
        case TextReplaced(text=text):
            return f"text is    {one_line(text, 100)}"
        case ReasoningDelta(text=text):
            return f"reasoning  {one_line(text, 100)}"
        case RefusalDelta(text=text):
            return f"refusal    {one_line(text, 100)}"
        case CallOpened(call=call):
            return f"▶ {call.name}  {call.provider_id}"
        case ArgsDelta(call=call, text=text):
            return f"  {call.name}  {one_line(text, 100)}"
        case ArgsReplaced(call=call, text=text):
            return f"  {call.name} is  {one_line(text, 100)}"
        case ArgSettled(call=call, path=path, value=value):
            return f"  {call.name}.{'.'.join(map(str, path))} = {json_line(value, 80)}"
        case CallSealed(call=call, args=args):
            return f"✓ {call.name} sealed  {json_line(args, 100)}"
        case CallFailed(call=call, failure=failure):
            return f"✗ {call.name}  {failure_line(failure)}"
        case ServerToolUpdated(tool=tool, status=status):
            return f"  the provider's {tool}: {status}"
        case TurnEnded(reason=reason):
            return f"the response ended: {reason}"
        case ProviderEvent(name=name):
            return f"· {name}"
        case _:
            return type(event).__name__
