"""Whether a function of the user's can be called with what it will be given: told where it is passed, not in a run."""

from __future__ import annotations

from inspect import Signature, signature

from millstream.errors import UsageError


def check_takes(where: str, function: object, *names: str) -> None:
    """Check that a function takes so many arguments by their position.

    Args:
        where: what the function is for ("a guard on text").
        function: the function.
        names: what the arguments are.

    Raises:
        UsageError: it is no function, or takes more or fewer.
    """
    if not callable(function):
        raise UsageError(f"{where} is a function of ({', '.join(names)}), not {function!r}")
    shape = _shape(function)
    if shape is None:
        return
    try:
        shape.bind(*names)
    except TypeError:
        name = getattr(function, "__qualname__", type(function).__qualname__)
        raise UsageError(f"{where} is called with ({', '.join(names)}): {name}{shape} can not be") from None


def _shape(function: object) -> Signature | None:
    """Its parameters; None for what does not tell, as some functions written in C."""
    if not callable(function):
        return None
    try:
        return signature(function)
    except (TypeError, ValueError):
        return None
