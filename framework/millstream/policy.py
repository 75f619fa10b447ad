"""What to do when a model, a stream or a tool does not behave: declared once, in one frozen record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Start: TypeAlias = Literal["eager", "safe", "end"]
"""When a tool may start: its call is sealed; and the model has moved on; and the whole response has ended well."""


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
    """

    start: Start | None = None
    on_torn: Literal["salvage", "retry", "raise"] = "salvage"
    on_reject: Literal["drain", "abort"] = "drain"
    on_truncated: Literal["answer", "raise"] = "answer"
    coerce: bool = True
    tool_errors: Literal["sentence", "message"] = "sentence"
