"""What a server's list becomes, and what its answers become, without a server."""

from __future__ import annotations

from typing import Any

import pytest

from millstream import MCPServer, ToolError
from millstream.toolbox.mcp import Source
from millstream.toolbox.mcp_listing import Listing, fit_name, read_listing
from millstream.toolbox.mcp_result import read_result
from millstream.transcript import MediaPart


async def nobody(args: dict[str, Any], context: Any) -> Any:
    raise AssertionError((args, context))


def listing(server: MCPServer, *described: dict[str, Any]) -> Listing:
    return read_listing(Source(server), described, lambda _: nobody)


@pytest.mark.parametrize(
    ("name", "fit"),
    [("add", "add"), ("a.b/c d", "a_b_c_d"), ("1st", "_1st"), ("-x", "_-x"), ("", "_"), ("höhe", "h_he")],
)
def test_names_are_made_fit(name: str, fit: str) -> None:
    assert fit_name(name) == fit


def test_long_names_stay_different() -> None:
    one, two = fit_name("n" * 80), fit_name("n" * 81)
    assert len(one) == len(two) == 64
    assert one != two


def test_names_that_become_one_are_numbered_within_the_bound() -> None:
    same = [{"name": "n" * 64}, {"name": "n" * 63 + "."}, {"name": "a.b"}, {"name": "a/b"}, {"name": "a_b"}]
    names = [tool.name for tool in listing(MCPServer("x"), *same).tools]
    assert len(set(names)) == 5
    assert max(map(len, names)) == 64
    assert names[2:] == ["a_b", "a_b_2", "a_b_3"]


@pytest.mark.parametrize(
    ("server", "read_only"),
    [
        (MCPServer("x"), True),
        (MCPServer("https://x/mcp"), False),
        (MCPServer("x", trust_annotations=False), False),
        (MCPServer("https://x/mcp", trust_annotations=True), True),
    ],
)
def test_hints_count_where_the_server_is_trusted(server: MCPServer, read_only: bool) -> None:
    entry = {"name": "a", "annotations": {"readOnlyHint": True, "idempotentHint": 1}}
    (tool,) = listing(server, entry).tools
    assert tool.options.read_only is read_only
    assert not tool.options.idempotent, "only the word true is one"


def test_what_is_asked_of_the_tools() -> None:
    server = MCPServer("x", needs_approval=["a"], timeout_s=3, exclude=["c"])
    one, other = listing(server, {"name": "a", "title": "Called A"}, {"name": "b"}, {"name": "c"}).tools
    assert (one.options.needs_approval, other.options.needs_approval) == (True, False)
    assert one.options.timeout_s == 3
    assert one.description == "Called A"


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ({"content": []}, ""),
        ({"content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}, "a\nb"),
        ({"content": [{"type": "text", "text": "a"}], "structuredContent": {"result": "a"}}, "a"),
        ({"content": [{"type": "text", "text": "3"}], "structuredContent": {"result": 3}}, 3),
        ({"content": [{"type": "text", "text": "x"}], "structuredContent": {"result": 3}}, {"result": 3}),
        ({"content": [], "structuredContent": {"n": 1}}, {"n": 1}),
        ({"content": [{"type": "image", "data": "YQ==", "mimeType": "image/png"}]}, MediaPart("image/png", "YQ==")),
        (
            {"content": [{"type": "audio", "data": "YQ==", "mimeType": "audio/wav"}], "structuredContent": {"n": 1}},
            [{"n": 1}, MediaPart("audio/wav", "YQ==")],
        ),
        ({"content": [{"type": "hologram", "data": 1}]}, '{"type": "hologram", "data": 1}'),
    ],
)
def test_what_an_answer_becomes(answer: dict[str, Any], value: Any) -> None:
    assert read_result(answer, "x") == value


def test_an_answer_that_failed() -> None:
    with pytest.raises(ToolError, match=r"^no disk$"):
        read_result({"isError": True, "content": [{"type": "text", "text": "no disk"}]}, "x")
    with pytest.raises(ToolError, match="x says that the call failed, and not why"):
        read_result({"isError": True, "content": []}, "x")


def test_what_a_server_is_called_holds_no_secret() -> None:
    assert MCPServer("https://user:pw@host.example/mcp?key=k").label == "host.example"
    assert MCPServer(["/usr/bin/notes", "--token", "k"]).label == "notes"
    assert MCPServer("uvx notes", "docs_").label == "docs"
    assert MCPServer("https://h/mcp?key=k", headers={"X": "y"}).secrets == {"key=k", "y"}
