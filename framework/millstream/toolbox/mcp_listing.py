"""What an MCP server says of its tools -> tools. Decisions only: how calls reach the server is the caller's.

The list comes from outside and is read as such: names are made fit for providers, descriptions are cut, hints count
only where the server is trusted, and what no tool can be made of is left out with the reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from millstream.errors import ToolDefinitionError
from millstream.events import JsonObject
from millstream.toolbox.mcp import Source
from millstream.toolbox.schema_tool import Caller, made_of_schema
from millstream.toolbox.tool import Tool, ToolOptions

MAX_NAME_CHARS: Final = 64
MAX_DESCRIPTION_CHARS: Final = 8 * 1024
"""Of one description: a page of text fits; a server must not fill every request with its words."""
_UNFIT: Final = re.compile(r"[^a-zA-Z0-9_-]")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A tool that can not be used, by the server's name for it, and why."""

    name: str
    why: str


@dataclass(frozen=True, slots=True)
class Listing:
    """The tools of a server, and those that are left out."""

    tools: tuple[Tool[..., Any], ...] = ()
    left_out: tuple[LeftOut, ...] = ()


def read_listing(source: Source, described: Sequence[JsonObject], calls: Callable[[str], Caller]) -> Listing:
    """The tools that a server's list stands for.

    Args:
        source: the server, and the names its tools get.
        described: the entries of the list, in the protocol's form.
        calls: the server's name for a tool -> what calls it.
    """
    tools: dict[str, Tool[..., Any]] = {}
    left_out: list[LeftOut] = []
    taken: set[str] = set()
    for entry in described:
        remote = str(entry["name"])
        if not source.server.wants(remote):
            continue
        fit = _unique(fit_name(source.server.prefix + remote), taken)
        taken.add(fit)
        name = source.name(fit)
        if name is None:
            continue
        if name in tools:
            left_out.append(LeftOut(remote, f'another tool of the server has become "{name}"'))
            continue
        try:
            tools[name] = _tool(source, name, entry, calls(remote))
        except ToolDefinitionError as error:
            left_out.append(LeftOut(remote, str(error)))
    return Listing(tuple(tools.values()), tuple(left_out))


def fit_name(name: str) -> str:
    """A name that every provider takes: letters, digits, _ and -, at most 64; a longer one ends in its digest."""
    fit = _UNFIT.sub("_", name) or "_"
    if not (fit[0].isalpha() or fit[0] == "_"):
        fit = "_" + fit
    if len(fit) <= MAX_NAME_CHARS:
        return fit
    mark = sha256(name.encode()).hexdigest()[:8]
    return f"{fit[: MAX_NAME_CHARS - len(mark) - 1]}_{mark}"


def _unique(name: str, taken: set[str]) -> str:
    """The name, with a number behind it where another tool of the server has become the same."""
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name[: MAX_NAME_CHARS - len(str(number)) - 1]}_{number}"
    return unique


def _tool(source: Source, name: str, entry: JsonObject, call: Caller) -> Tool[..., Any]:
    server, remote = source.server, str(entry["name"])
    hints: JsonObject = (entry.get("annotations") or {}) if server.trusted else {}
    options = ToolOptions(
        read_only=hints.get("readOnlyHint") is True,
        idempotent=hints.get("idempotentHint") is True,
        needs_approval=server.asks_for(remote),
        timeout_s=server.timeout_s,
    )
    words = str(entry.get("description") or entry.get("title") or "")
    if len(words) > MAX_DESCRIPTION_CHARS:
        words = words[:MAX_DESCRIPTION_CHARS] + "…"
    return made_of_schema(name, entry.get("inputSchema") or {}, call, description=words, options=options)
