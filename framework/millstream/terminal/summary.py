"""What a run came to, in sentences: tokens, how it ended, what overlap was worth. Knows no layout and no colours."""

from __future__ import annotations

from millstream.events import Usage
from millstream.ui.call_view import CallState
from millstream.ui.reducer import RunView
from millstream.ui.safe_text import one_line, printable
from millstream.ui.words import LEAST_SAVED_S, LINE_CHARS, json_line, seconds

_CALL_WORDS: dict[CallState, str] = {
    "args": "arguments",
    "queued": "waiting",
    "approval": "needs approval",
    "timeout": "timed out",
    "truncated": "cut off",
}


def short(time_s: float) -> str:
    """A length of time without spaces, for columns: "0.41s", "2min05s"."""
    return seconds(time_s).replace(" ", "")


def tokens_line(usage: Usage) -> str:
    """The tokens, "" where the provider counted none: "1,204 in · 311 out tokens"."""
    if not usage.total_tokens:
        return ""
    return f"{usage.input_tokens:,} in · {usage.output_tokens:,} out tokens"


def counts_line(view: RunView) -> str:
    """How many calls there are, run and wait: "5 calls · 2 running · 1 waiting · 1 needs approval"."""
    states = [call.state for call in view.calls]
    counts = (
        (states.count("running"), "running"),
        (states.count("queued") + states.count("retrying"), "waiting"),
        (states.count("approval"), "needs approval" if states.count("approval") == 1 else "need approval"),
        (sum(state in {"failed", "timeout", "rejected", "truncated"} for state in states), "failed"),
    )
    total = f"{len(states)} call{'' if len(states) == 1 else 's'}"
    return " · ".join([total, *(f"{count} {word}" for count, word in counts if count)])


def overlap_line(view: RunView) -> str:
    """What overlap was worth, in words for people who are new to it; "" before the end and without tools."""
    if view.first_call_s is None or view.ended_s is None:
        return ""
    saved_s = view.saved_s
    if saved_s >= LEAST_SAVED_S:
        worth = f"saved {seconds(saved_s)} by overlap (against tools that wait for the response to end)"
    else:
        worth = "no time saved by overlap"
    return f"{worth} · {view.most_at_once} at once · first call after {seconds(view.first_call_s)}"


def call_word(state: CallState) -> str:
    """The state of a call in a word or two."""
    return _CALL_WORDS.get(state, state)


def end_line(view: RunView) -> str:
    """How the run ended, on one line: "finished in 4.21 s · 5 calls · 1,204 in · 311 out tokens"."""
    if view.ended_s is None:
        how = "left before the run had ended"
    elif view.state == "suspended":
        how = f"waits for {', '.join(one_line(call.name, LINE_CHARS) for call in view.pending)}"
    else:
        how = f"{view.state} {'in' if view.state == 'finished' else 'after'} {seconds(view.ended_s - view.started_s)}"
        how += f": {one_line(view.error, LINE_CHARS)}" if view.error else ""
    return " · ".join(part for part in (how, counts_line(view), tokens_line(view.usage)) if part)


def answer(view: RunView) -> str:
    """The answer, safe to show: the run's output, or the text of its last turn where it came to none; it may be "".

    An output that is not text is one line of JSON, cut after 2,000 characters.
    """
    if isinstance(view.output, str) and view.output:
        return printable(view.output).strip("\n")
    if view.output not in (None, ""):
        return json_line(view.output, 2000)
    said = next((str(turn.text) for turn in reversed(view.shown_turns) if turn.text), "")
    return printable(said).strip("\n")
