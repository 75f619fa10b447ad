"""What to do when a model, a stream or a tool does not behave: declared once, in frozen records."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import Literal, TypeAlias, cast

from millstream.errors import UsageError

Start: TypeAlias = Literal["eager", "safe", "end"]
"""When a tool may start: its call is sealed; and the model has moved on; and the whole response has ended well."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often something that is safe to repeat is tried, and how long to wait in between.

    Args:
        attempts: how often in all, the first try included.
        first_wait_s: the pause before the second try; it doubles with every further one.
        max_wait_s: the longest pause.
        jitter_s: up to so many seconds are added to each pause at random, so that many do not try at once.
        on: the exceptions that another try may mend; all others end the call at once.

    Raises:
        UsageError: it would never try, would wait for ever or less than no time, or `on` holds something else.
    """

    attempts: int = 3
    first_wait_s: float = 0.2
    max_wait_s: float = 10.0
    jitter_s: float = 0.1
    on: tuple[type[Exception], ...] = (Exception,)

    def __post_init__(self) -> None:
        if self.attempts < 1:
            raise UsageError(f"Retry(attempts={self.attempts}) never tries: write 1 for one try, 2 for one more")
        for name in ("first_wait_s", "max_wait_s", "jitter_s"):
            wait_s: float = getattr(self, name)
            if not (wait_s >= 0 and isfinite(wait_s)):
                raise UsageError(f"Retry({name}={wait_s:g}) is no time to wait: write seconds, 0 or more")
        _check_mendable(self.on)


def _check_mendable(on: object) -> None:
    if not isinstance(on, tuple):
        raise UsageError(f"Retry(on={_written(on)}) is no tuple: write on=({_written(on)},)")
    for one in cast("tuple[object, ...]", on):
        if not _is_exception(one):
            message = f"Retry(on=…) holds {_written(one)}, which no other try can mend: write subclasses of Exception"
            raise UsageError(message)


def _is_exception(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, Exception)


def _written(value: object) -> str:
    return str(getattr(value, "__name__", repr(value)))


@dataclass(frozen=True, slots=True)
class Policy:
    """The rules of a run.

    Args:
        start: the earliest start of *every* tool, over what the tools say; None lets each tool decide
            (`read_only=True` starts eager, any other safe).
        on_torn: when a response breaks off. "salvage" keeps the calls that were sealed or started and goes on from
            their results, else asks again, else raises; "retry" asks again unless that could repeat an effect, else
            raises; "raise" raises.
        on_reject: when a call's arguments are rejected. "drain" reads on, other calls may be good; "abort" closes the
            response at once, which saves the tokens, and answers what was begun.
        on_truncated: when the response hit its length limit within a call. "answer" tells the model that the call was
            cut and goes on; "raise" ends the run with a `RunError`.
        coerce: accept what pydantic's lax mode accepts ("7" for an integer); False lets the schema rule.
        tool_errors: what the model reads of an exception that is neither `ToolError` nor `ModelRetry`: a fixed
            sentence, or its "message", which may hold secrets.
        moderation: "block" asks the provider to moderate each response and lets nothing come of one that did not pass:
            tools start only after the whole response has passed, and otherwise their calls end as `Denied`; its text
            goes into no history and no result. It needs a wire that moderates, which is OpenAI's. The scores come last,
            so text is shown before: hold it until `TurnEnded` if nobody may see what is blocked.
    """

    start: Start | None = None
    on_torn: Literal["salvage", "retry", "raise"] = "salvage"
    on_reject: Literal["drain", "abort"] = "drain"
    on_truncated: Literal["answer", "raise"] = "answer"
    coerce: bool = True
    tool_errors: Literal["sentence", "message"] = "sentence"
    moderation: Literal["block"] | None = None
