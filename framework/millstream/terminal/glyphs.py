"""The signs in front of a line, in Unicode and in ASCII. Knows nothing else."""

from __future__ import annotations

from dataclasses import dataclass

from millstream.ui.call_view import CallState


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One sign, one cell wide, for each thing that can happen."""

    start: str
    done: str
    failed: str
    stopped: str
    ask: str
    wait: str
    retry: str
    note: str
    text: str

    def of(self, state: CallState) -> str:
        """The sign of a call in `state`; for one that runs or whose arguments arrive, that of a start."""
        match state:
            case "args" | "running":
                return self.start
            case "queued":
                return self.wait
            case "approval":
                return self.ask
            case "retrying":
                return self.retry
            case "done":
                return self.done
            case "cancelled" | "unknown":
                return self.stopped
            case "failed" | "rejected" | "truncated" | "denied" | "timeout":
                return self.failed


UNICODE = Glyphs("▶", "✓", "✗", "■", "?", "◦", "↻", "·", "│")
ASCII = Glyphs(">", "+", "x", "#", "?", "o", "~", "-", "|")

_IN_ASCII = str.maketrans({"·": "-", "→": "->", "…": "...", "€": "EUR", "°": " deg"})


def glyphs_for(encoding: str) -> Glyphs:
    """The signs that text in `encoding` can carry."""
    try:
        "".join(getattr(UNICODE, name) for name in Glyphs.__dataclass_fields__).encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return ASCII
    return UNICODE


def carried(text: str, encoding: str) -> str:
    """The text as `encoding` can carry it: itself, or with stand-ins and "?" for what it has no character for."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return text.translate(_IN_ASCII).encode(encoding, "replace").decode(encoding)
    except LookupError:
        return text.translate(_IN_ASCII).encode("ascii", "replace").decode("ascii")
    return text
