"""Exception groups: what task groups raise, back to the one exception that a person wrote."""

from __future__ import annotations


def only_leaf(error: BaseException) -> BaseException:
    """The one exception within groups of one; a group of several stays what it is."""
    inner: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    return only_leaf(inner[0]) if len(inner) == 1 else error
