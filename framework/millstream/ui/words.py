"""Values in words, for every view of a run: times, sizes, JSON on one line, why a call failed.

Everything a model or a tool wrote passes through `safe_text` here. Knows no view and no layout.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import assert_never, cast

from millstream.events import (
    Cancelled,
    Denied,
    Failure,
    JsonValue,
    Raised,
    Rejected,
    TimedOut,
    Truncated,
    Unknown,
)
from millstream.ui.safe_text import one_line

LINE_CHARS = 200
"""A summary of a result, of arguments or of a failure: more than one row of any view has room for."""

_AT_WORK = ", maybe at work still"

LEAST_SAVED_S = 0.005
"""Time saved by overlap below this is noise of the clock, and not worth a word."""


def seconds(time_s: float) -> str:
    """A length of time with the digits that matter: "4 ms", "0.41 s", "12.3 s", "2 min 05 s"."""
    time_s = max(time_s, 0.0)
    if time_s < 0.0995:  # noqa: PLR2004  from here on two decimals say as much
        return f"{time_s * 1000:.0f} ms"
    if time_s < 9.995:  # noqa: PLR2004  three digits are shown: 9.99 s, then 10.0 s
        return f"{time_s:.2f} s"
    if time_s < 59.95:  # noqa: PLR2004  59.9 s, then 1 min 00 s
        return f"{time_s:.1f} s"
    minutes, rest = divmod(round(time_s), 60)
    return f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"  # noqa: PLR2004


def size(count: int) -> str:
    """A number of bytes: "212 B", "3.4 kB", "1.2 MB"."""
    if count < 1000:  # noqa: PLR2004  the units are decimal
        return f"{count} B"
    return f"{count / 1000:.1f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"  # noqa: PLR2004  as above


def percent(done: float | None, total: float | None) -> int | None:
    """How much is done, 0 to 100; None where that can not be said (no total, or numbers that make no sense)."""
    if done is None or total is None or not (math.isfinite(done) and math.isfinite(total)) or total <= 0:
        return None
    return round(100 * min(max(done / total, 0.0), 1.0))


def json_line(value: JsonValue, limit: int = LINE_CHARS) -> str:
    """A JSON value on one line of at most `limit` characters; a string is shown as its text.

    Only as much of the value is looked at as fits on the line.
    """
    if isinstance(value, str):
        return one_line(value, limit)
    return one_line(_first_of(_pieces(value), limit), limit)


def with_media_named(result: JsonValue, media: Sequence[int]) -> JsonValue:
    """A result with words instead of its images and files, which stand at these places: "[image/png chart.png]"."""
    if not media:
        return result
    items = [_media_words(item) if place in media else item for place, item in enumerate(result)]
    return " ".join(map(json_line, items))


def _media_words(media: Mapping[str, str]) -> str:
    where = media.get("name") or media.get("url") or ""
    kilo = size(len(media["base64"]) * 3 // 4) if "base64" in media else ""
    return f"[{' '.join(filter(None, (media['media_type'], where, kilo)))}]"


def result_line(value: JsonValue, limit: int = LINE_CHARS) -> str:
    """A result on one line: the text of a text, `summary: clear, wind: 3` of an object, a list with its length."""
    if isinstance(value, Mapping):
        return arguments_line(value, limit)
    if isinstance(value, list):
        items = cast("Sequence[JsonValue]", value)
        first = f": {json_line(items[0], limit)}" if items else ""
        return one_line(f"{len(items)} item{'' if len(items) == 1 else 's'}{first}", limit)
    return json_line(value, limit)


def arguments_line(args: JsonValue, limit: int = LINE_CHARS) -> str:
    """The arguments of a call on one line: `city: Paris, days: 3`."""
    if not isinstance(args, Mapping):
        return json_line(args, limit)
    named = cast("Mapping[str, JsonValue]", args).items()
    pieces = (
        f"{', ' if at else ''}{name[:limit]}: {json_line(value, limit)}" for at, (name, value) in enumerate(named)
    )
    return one_line(_first_of(pieces, limit), limit)


def failure_line(failure: Failure, limit: int = LINE_CHARS) -> str:
    """Why a call failed, on one line for people."""
    match failure:
        case Rejected(problems=problems):
            problem = problems[0] if problems else None
            said = f"{problem.path or 'arguments'}: {problem.message}" if problem else "arguments not accepted"
        case Truncated(reason=reason):
            said = f"the response ended before the call did ({reason})"
        case Raised(error=error, message=message, where=where):
            said = f"{error}: {message}" if message else f"{error} at {where}" if where else error
        case TimedOut(after_s=after_s, stopped=stopped):
            said = f"no end within {seconds(after_s)}{'' if stopped else _AT_WORK}"
        case Denied(reason=reason):
            said = reason or "refused"
        case Cancelled(reason=reason, stopped=stopped):
            said = f"{reason or 'cancelled'}{'' if stopped else _AT_WORK}"
        case Unknown(reason=reason):
            said = f"nobody knows how it ended ({reason})"
        case _:
            assert_never(failure)
    return one_line(said, limit)


def _pieces(value: JsonValue) -> Iterator[str]:
    """JSON text of a value in small pieces, so that the start of a large one costs no more than the start."""
    if isinstance(value, Mapping):
        yield "{"
        for number, (key, item) in enumerate(cast("Mapping[str, JsonValue]", value).items()):
            yield f"{', ' if number else ''}{json.dumps(key[:LINE_CHARS], ensure_ascii=False)}: "
            yield from _pieces(item)
        yield "}"
    elif isinstance(value, Sequence) and not isinstance(value, str):
        yield "["
        for number, item in enumerate(cast("Iterable[JsonValue]", value)):
            yield ", " if number else ""
            yield from _pieces(item)
        yield "]"
    elif isinstance(value, str):
        yield json.dumps(value[: 4 * LINE_CHARS], ensure_ascii=False)
    else:
        yield json.dumps(value, default=str)  # a tool's slip, a date say, is not the view's to punish


def _first_of(pieces: Iterator[str], limit: int) -> str:
    text = ""
    for piece in pieces:
        text += piece
        # One piece more than fits, so that the cut shows.
        if len(text) > limit:
            break
    return text
