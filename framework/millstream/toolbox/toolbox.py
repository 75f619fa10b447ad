"""The tools of a run, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from millstream.arguments.assembler import Assembler
from millstream.arguments.free_text import FreeText
from millstream.errors import ToolDefinitionError, UsageError
from millstream.events import CallKind, Problem
from millstream.limits import Limits
from millstream.toolbox.decorator import as_tool
from millstream.toolbox.mcp import MCPServer, Source
from millstream.toolbox.operations import NameMap, check_known, only, prefixed, renamed, without
from millstream.toolbox.streamed_arguments import StreamedArguments
from millstream.toolbox.tool import Tool

_MAX_NAMED: Final = 50
"""Names told to a model that called a tool which does not exist; it has the list of all in the request."""


class Toolbox(Mapping[str, Tool[..., Any]]):
    """Tools by name, in the order given. Plain functions are made into tools, other toolboxes give theirs.

    The tools of an `MCPServer` are there once a run has connected it; until then it is one of `sources`.

    Raises:
        ToolDefinitionError: two tools have one name, or a function can not be a tool.
        UsageError: a single tool was given where a list is wanted.
    """

    def __init__(
        self, tools: Toolbox | Iterable[Callable[..., Any] | Tool[..., Any] | Toolbox | MCPServer] = ()
    ) -> None:
        self._tools: dict[str, Tool[..., Any]] = {}
        self.sources: tuple[Source, ...] = ()
        """The servers whose tools come later."""
        for candidate in _listed(tools):
            if isinstance(candidate, MCPServer):
                self.sources += (Source(candidate),)
                continue
            self.sources += candidate.sources if isinstance(candidate, Toolbox) else ()
            for tool in candidate.values() if isinstance(candidate, Toolbox) else (as_tool(candidate),):
                if tool.name in self._tools:
                    raise ToolDefinitionError(
                        f'two tools are named "{tool.name}": leave one out, or name one otherwise with @tool(name="…")'
                    )
                tool.prepare()
                self._tools[tool.name] = tool

    def __getitem__(self, name: str) -> Tool[..., Any]:
        return self._tools[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tools)

    def __len__(self) -> int:
        return len(self._tools)

    def only(self, *names: str) -> Toolbox:
        """A toolbox of these tools alone.

        Raises:
            UsageError: there is no tool of a name (and no server that may yet bring it).
        """
        self._check_known(names)
        return self._changed(only(names))

    def exclude(self, *names: str) -> Toolbox:
        """A toolbox without these tools. Raises as `only`."""
        self._check_known(names)
        return self._changed(without(names))

    def rename(self, names: Mapping[str, str]) -> Toolbox:
        """A toolbox in which tools have other names, new name by old. Raises as `only`, and if two get one name."""
        self._check_known(names)
        return self._changed(renamed(names))

    def prefix(self, prefix: str) -> Toolbox:
        """A toolbox in which every name begins with `prefix`: `Toolbox([query]).prefix("db_")` has `db_query`."""
        return self._changed(prefixed(prefix))

    def _check_known(self, names: Iterable[str]) -> None:
        if not self.sources:
            check_known(names, self)

    def _changed(self, change: NameMap) -> Toolbox:
        named = ((tool, change(name)) for name, tool in self.items())
        other = Toolbox([tool.with_name(name) for tool, name in named if name is not None])
        other.sources = tuple(source.then(change) for source in self.sources)
        return other

    def open_arguments(
        self, name: str, kind: CallKind, *, limits: Limits, coerce: bool, custom_tools: bool = True
    ) -> Assembler | FreeText | StreamedArguments | Problem:
        """What checks the arguments of a call of that name, or why there can be no such call.

        Where there are no `custom_tools` on the wire, those that take free text were offered as functions.
        """
        tool = self._tools.get(name)
        if tool is None:
            known = ", ".join(list(self._tools)[:_MAX_NAMED]) or "none"
            more = len(self._tools) - _MAX_NAMED
            known += f" and {more} more" if more > 0 else ""
            return Problem("", f'there is no tool named "{name[:80]}"; there are: {known}', "name", 0)
        if kind != ("custom" if tool.takes_text and custom_tools else "function"):
            wanted = "JSON arguments, not free text" if kind == "custom" else "free text, not JSON arguments"
            return Problem("", f"{name} takes {wanted}", "kind", 0)
        return tool.arguments(kind, limits, coerce=coerce)


def _listed(tools: Iterable[Any]) -> Iterable[Any]:
    """What was given as tools, one by one."""
    if isinstance(tools, Toolbox):
        return (tools,)
    _check_list(tools)
    return tools


def _check_list(given: object) -> None:
    if callable(given) or isinstance(given, str) or not isinstance(given, Iterable):
        name = str(getattr(given, "name", None) or getattr(given, "__name__", repr(given)))
        raise UsageError(f"tools are given as a list: write [{name}], not {name}")
