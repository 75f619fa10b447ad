"""What became of one attempt of a tool, as values: exceptions as failures, and the model's copy of every end."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Final

from millstream.errors import ModelRetry, ToolError
from millstream.events import CallEnded, CallFailed, CallReturned, Failure, Raised, Rejected, Truncated
from millstream.failures import explain
from millstream.policy import Policy
from millstream.routing.surrogates import printable
from millstream.runtime.executors.elsewhere import Elsewhere
from millstream.runtime.groups import only_leaf
from millstream.toolbox.output import Output, parts_of
from millstream.toolbox.results import NotJson
from millstream.transcript import Part, TextPart, ToolResult

_BEGUN: Final = " It had begun while they were written, and was told to undo it: it may have had part of its effect."
_MARK: Final = "\n… {left_out} characters left out here …\n"


def failure_of(error: BaseException, policy: Policy) -> Failure:
    """The failure that an exception of a tool stands for; its text only where the model may read it.

    Half characters, which the names of files may hold, become U+FFFD: no request and no log can carry them.
    """
    error = only_leaf(error)
    where = error.__cause__.where if isinstance(error.__cause__, Elsewhere) else _where(error.__traceback__)
    name = type(error).__name__
    if isinstance(error, ToolError | ModelRetry | NotJson):
        return Raised(name, printable(str(error)) or name, where)
    message = printable(f"{name}: {error}") if policy.tool_errors == "message" else ""
    return Raised(name, message, where)


def tool_result(end: CallEnded, limits_max_chars: int, *, begun: bool = False) -> ToolResult:
    """The answer that goes to the model for a call that ended, cut to at most so many characters.

    Where `begun`, its tool had been started: if its arguments were refused, it read them while they were written.
    """
    if isinstance(end, CallReturned):
        parts = parts_of(Output(end.result, end.media))
        return ToolResult(end.call, _cut_texts(parts, limits_max_chars), ok=True)
    assert isinstance(end, CallFailed)
    text = explain(end.failure, end.call.name)
    if begun and isinstance(end.failure, Rejected | Truncated):
        text += _BEGUN
    return ToolResult(end.call, (TextPart(cut(text, limits_max_chars)),), ok=False)


def _cut_texts(parts: tuple[Part, ...], max_chars: int) -> tuple[Part, ...]:
    """The parts, with as much of each text as is its share of `max_chars`; images and files have a limit of their own.

    The mark stands even where the share is smaller than it.
    """
    total = sum(len(part.text) for part in parts if isinstance(part, TextPart))
    if total <= max_chars:
        return parts
    return tuple(
        TextPart(cut(part.text, max_chars * len(part.text) // total)) if isinstance(part, TextPart) else part
        for part in parts
    )


def cut(text: str, max_chars: int) -> str:
    """`text`, or its head and its tail with a mark between that says how much is missing."""
    if len(text) <= max_chars:
        return text
    room = max(0, max_chars - len(_MARK.format(left_out=len(text))))
    head = room * 2 // 3
    tail = room - head
    mark = _MARK.format(left_out=len(text) - room)
    return text[:head] + mark + (text[-tail:] if tail else "")


def _where(traceback: TracebackType | None) -> str:
    """The place an exception came from: file, line and function of the innermost frame."""
    if traceback is None:
        return ""
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    code = traceback.tb_frame.f_code
    return f"{Path(code.co_filename).name}:{traceback.tb_lineno} in {code.co_name}"
