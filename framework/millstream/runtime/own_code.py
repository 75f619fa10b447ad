"""Functions of the run's user that are no tools: how messages name them, and what becomes of what they raise."""

from __future__ import annotations

from millstream.errors import RunError


def name_of(function: object) -> str:
    """How messages name a function or an object that is called."""
    return str(getattr(function, "__qualname__", None) or type(function).__qualname__).replace("<locals>.", "")


def failed(what: str, function: object, error: Exception) -> RunError:
    """The error of a run whose own function raised. The text of that exception may hold secrets: it is the cause only.

    Args:
        what: what the function is for the run ("the stop rule").
        function: the function.
        error: what it raised.
    """
    raised = RunError(f"{what} {name_of(function)} raised {type(error).__name__}, which is the cause of this error")
    raised.__cause__ = error
    return raised
