"""What a toolbox can be made into: fewer tools, or other names. Pure; the toolbox it comes from stays as it is.

An operation is a function from a tool's name to its new one, None for a tool that is left out, so that it can be
applied to tools that are known only later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from millstream.errors import UsageError

NameMap: TypeAlias = Callable[[str], str | None]
"""A tool's name -> its new name, None where it is left out."""


def only(names: tuple[str, ...]) -> NameMap:
    """Keep these."""
    kept = frozenset(names)
    return lambda name: name if name in kept else None


def without(names: tuple[str, ...]) -> NameMap:
    """Leave these out."""
    left_out = frozenset(names)
    return lambda name: None if name in left_out else name


def renamed(names: Mapping[str, str]) -> NameMap:
    """Give these other names."""
    return lambda name: names.get(name, name)


def prefixed(prefix: str) -> NameMap:
    """Put `prefix` before every name."""
    return lambda name: prefix + name


def check_known(given: Iterable[str], known: Iterable[str]) -> None:
    """Check that there are tools of these names.

    Raises:
        UsageError: there is no tool of a name; the message names those that there are.
    """
    there = list(known)
    for name in given:
        if name not in there:
            raise UsageError(f'there is no tool named "{name}"; there are: {", ".join(there) or "none"}')
