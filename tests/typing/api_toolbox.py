"""What type checkers see of tools: the function's own types, kept; and its mistakes, found.

Not collected by pytest: mypy and pyright read it (`make types`). Where a line must be an error it is marked as one, and
both checkers complain of a mark that is not needed.
"""

# pyright: reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from typing import Any, assert_type

from millstream import MediaPart
from millstream.policy import Retry
from millstream.toolbox.argstream import ArgStream
from millstream.toolbox.context import ToolContext
from millstream.toolbox.decorator import as_tool, tool
from millstream.toolbox.free_text import Grammar
from millstream.toolbox.signature import BoundArguments
from millstream.toolbox.tool import Tool
from millstream.toolbox.toolbox import Toolbox


@tool
def plain(a: int, b: str = "") -> list[str]:
    return [b] * a


@tool(read_only=True, retry=Retry(attempts=2), timeout_s=3, start="eager", limit=1, exclusive="db", executor="inline")
async def coroutine(a: int, *, b: str = "") -> list[str]:
    return [b] * a


@tool(exclusive=True, priority=2)
def alone(path: str) -> list[str | MediaPart]:
    return ["here it is", MediaPart.of_path(path), MediaPart.of_bytes(b"", "image/png", "a.png")]


@tool()
def generator(a: int) -> Iterator[int]:
    yield a


@tool
async def async_generator(a: int) -> AsyncIterator[int]:
    yield a


@tool
def with_context(ctx: ToolContext) -> object:
    assert_type(ctx, ToolContext[Any])
    return ctx.deps


@tool
def with_deps(a: int, ctx: ToolContext[dict[str, int]]) -> int:
    assert_type(ctx.deps, dict[str, int])
    ctx.progress(1, 2, "half", data={"a": a})
    ctx.log("a line")
    return ctx.deps["a"] + ctx.attempt


@tool(free_text=True)
async def of_text(code: str, ctx: ToolContext) -> int:
    return len(code) + ctx.attempt


@tool(free_text=Grammar("lark", 'start: "ls"'))
def of_grammar(command: str) -> str:
    return command


@tool(idempotent=True)
async def reads_text(path: str, content: ArgStream[str]) -> str:
    async for piece in content:
        assert_type(piece, str)
    return path


@tool
async def reads_items(rows: ArgStream[list[dict[str, int]]]) -> int:
    return sum([len(assert_type(row, dict[str, int])) async for row in rows])


async def own_pieces() -> AsyncIterator[str]:
    yield "a"


async def called_with_own_pieces() -> None:
    pieces: ArgStream[str] = ArgStream(own_pieces())
    assert_type(await reads_text("a", pieces), str)
    await reads_items(pieces)  # type: ignore[arg-type]


class Service:
    def lookup(self, key: str) -> str:
        return key

    async def __call__(self, key: str) -> bytes:
        return key.encode()


assert_type(plain(1), list[str])
assert_type(plain(1, b="x"), list[str])
assert_type(alone("a.png"), list[str | MediaPart])
assert_type(generator(1), Iterator[int])
assert_type(async_generator(1), AsyncIterator[int])
assert_type(tool(Service().lookup)("k"), str)
assert_type(tool(partial(Service().lookup, "k"))(), str)
assert_type(of_grammar("ls"), str)
assert_type(of_grammar.grammar, Grammar | None)
assert_type(plain.parameters, Mapping[str, Any])
assert_type(plain.bind("{}"), BoundArguments)
assert_type(as_tool(plain), Tool[..., Any])
assert_type(Toolbox([plain, coroutine, Service().lookup, Toolbox([generator])])["plain"], Tool[..., Any])


def mistakes() -> None:
    plain("1")  # type: ignore[arg-type]
    plain(1, c=2)  # type: ignore[call-arg]
    plain()  # type: ignore[call-arg]
    tool("weather")  # type: ignore[call-overload]
    tool(start="now")  # type: ignore[call-overload]
    tool(free_text="lark")  # type: ignore[call-overload]
    Grammar("ebnf", "x")  # type: ignore[arg-type]
    of_grammar(3)  # type: ignore[arg-type]
    tool(retry=3)  # type: ignore[call-overload]
    tool(exclusive=3)  # type: ignore[call-overload]
    tool(priority="high")  # type: ignore[call-overload]
    MediaPart.of_bytes("text", "text/plain")  # type: ignore[arg-type]
    tool(readonly=True)  # type: ignore[call-overload]
    with_deps(1, with_deps)  # type: ignore[arg-type]


async def awaited() -> None:
    assert_type(await coroutine(1), list[str])
    assert_type(await tool(Service())("k"), bytes)
    async for one in async_generator(1):
        assert_type(one, int)
