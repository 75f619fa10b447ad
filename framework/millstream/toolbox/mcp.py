"""An MCP server as a source of tools: where it is and on which terms its tools are used. A declaration, nothing waits.

The connection is `runtime.mcp`'s; nothing here knows the protocol or imports its package.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import PurePath
from typing import Final
from urllib.parse import urlsplit

from millstream.errors import UsageError
from millstream.toolbox.operations import NameMap

_URLS: Final = ("http://", "https://")


@dataclass(frozen=True, slots=True)
class MCPServer:
    """A server of tools that speaks MCP, given among the tools of an agent: `tools=[MCPServer("uvx notes-server")]`.

    It is connected when the agent is entered (`async with agent:`) and stays so between runs; else when a run begins,
    until that ends. Its list of tools is read then, and again before a turn once the server says that it has changed.
    What it writes to its standard error goes to the logger "millstream.mcp".

    Args:
        address: a command to start, as one text or as a list of words, spoken to over its standard input and output;
            or the URL of a server, spoken to over streamable HTTP.
        prefix: put before the name of each of its tools, so that those of two servers differ ("notes_").
        env: what the command finds in its environment beside PATH, HOME and a few more; nothing else is passed on.
        cwd: the directory in which the command starts.
        headers: sent with every request to a URL, an Authorization above all.
        include: the names of the tools that are used, as the server gives them; all by default.
        exclude: the names of those that are not.
        timeout_s: seconds for one call; `Limits.tool_timeout_s` by default.
        connect_timeout_s: seconds in which the server must have started and told its tools.
        trust_annotations: whether its word counts that a tool is read-only or idempotent, so that it starts earlier and
            may be repeated. By default that of a command, which you let run on your machine, and not that of a URL.
            Its hint that a tool is destructive never has an effect: a tool that is not read-only is taken for one.
        needs_approval: whether a person must agree to each call; or the names of the tools of which that holds.

    Raises:
        UsageError: the address is neither, or an argument is of the other kind of server.
    """

    address: str | Sequence[str]
    prefix: str = ""
    _: KW_ONLY
    env: Mapping[str, str] | None = field(default=None, repr=False)
    cwd: str | None = None
    headers: Mapping[str, str] | None = field(default=None, repr=False)
    include: Collection[str] | None = None
    exclude: Collection[str] = ()
    timeout_s: float | None = None
    connect_timeout_s: float = 30.0
    trust_annotations: bool | None = None
    needs_approval: bool | Collection[str] = False

    def __post_init__(self) -> None:
        if not self.is_remote and not self.command:
            raise UsageError("MCPServer() has no address: write the command that starts it, or its URL")
        if isinstance(self.address, str) and "://" in self.address.split(" ", 1)[0] and not self.is_remote:
            raise UsageError(f"MCPServer({self.label!r}): a server's URL begins with https:// or http://")
        if self.is_remote and (self.env is not None or self.cwd is not None):
            raise UsageError(f"MCPServer({self.label!r}) is at a URL: env= and cwd= are for one that is started here")
        if not self.is_remote and self.headers is not None:
            raise UsageError(f"MCPServer({self.label!r}) is a command: headers= are for a URL, env= is for a command")
        for name, given in (("include", self.include), ("exclude", self.exclude), ("approval", self.needs_approval)):
            if isinstance(given, str):
                word = "needs_approval" if name == "approval" else name
                raise UsageError(f"MCPServer({self.label!r}): {word}= takes a list of names: write [{given!r}]")

    @property
    def is_remote(self) -> bool:
        """Whether it is at a URL."""
        return isinstance(self.address, str) and self.address.startswith(_URLS)

    @property
    def command(self) -> tuple[str, ...]:
        """The words of the command that starts it."""
        return tuple(shlex.split(self.address)) if isinstance(self.address, str) else tuple(self.address)

    @property
    def label(self) -> str:
        """What it is called in messages: its prefix, or else its host or program. Holds nothing that may be secret."""
        if self.prefix.rstrip("_-"):
            return self.prefix.rstrip("_-")
        if self.is_remote:
            return urlsplit(str(self.address)).hostname or "a URL"
        return PurePath(self.command[0]).name if self.command else ""

    @property
    def trusted(self) -> bool:
        """Whether the server's word about its tools counts."""
        return not self.is_remote if self.trust_annotations is None else self.trust_annotations

    @property
    def secrets(self) -> frozenset[str]:
        """What must be in no message: the values of its environment and headers, and the query of its URL."""
        given = [*(self.env or {}).values(), *(self.headers or {}).values()]
        if self.is_remote:
            given.append(urlsplit(str(self.address)).query)
        return frozenset(value for value in given if value)

    def wants(self, name: str) -> bool:
        """Whether a tool of it, by the server's name for it, is used."""
        return (self.include is None or name in self.include) and name not in self.exclude

    def asks_for(self, name: str) -> bool:
        """Whether a person must agree to the calls of a tool of it."""
        return self.needs_approval if isinstance(self.needs_approval, bool) else name in self.needs_approval


@dataclass(frozen=True, slots=True)
class Source:
    """A server within a toolbox, with what the operations of the toolbox do to the names of its tools."""

    server: MCPServer
    changes: tuple[NameMap, ...] = ()

    def then(self, change: Callable[[str], str | None]) -> Source:
        """This source, its names changed once more."""
        return Source(self.server, (*self.changes, change))

    def name(self, name: str) -> str | None:
        """What a tool of it is called in the toolbox, None where it is left out."""
        for change in self.changes:
            changed = change(name)
            if changed is None:
                return None
            name = changed
        return name
