"""What `ArgStream` says in a signature: the schema a model is told, and what can not be streamed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, TypeAlias

import pytest
from pydantic import Field

from millstream import ArgStream, Grammar, Retry, ToolContext, ToolDefinitionError, UsageError, tool

Text: TypeAlias = ArgStream[str]


async def both(text: ArgStream[str], more: ArgStream[str]) -> None: ...
async def number(text: ArgStream[int]) -> None: ...
async def optional(text: ArgStream[str] | None) -> None: ...
async def within(text: list[ArgStream[str]]) -> None: ...
async def given(text: ArgStream[str] = ArgStream[str](None)) -> None: ...  # type: ignore[arg-type]  # noqa: B008
async def positional(text: ArgStream[str], /) -> None: ...
async def of_objects(text: ArgStream[list[ToolDefinitionError]]) -> None: ...
async def bare(text: Any) -> None: ...
def sync(text: ArgStream[str]) -> None: ...
async def right(text: ArgStream[str]) -> None: ...


bare.__annotations__["text"] = ArgStream


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (both, "streams two parameters, text and more"),
        (bare, "does not say what it streams: write ArgStream[str]"),
        (number, "streams int, which has no parts: write ArgStream[str]"),
        (optional, "but an ArgStream stands alone"),
        (within, "but an ArgStream stands alone"),
        (given, "leave the default out"),
        (positional, "move it behind the /"),
        (of_objects, 'the parameter "text" is of a type that JSON can not fill'),
        (sync, "write async def sync"),
    ],
)
def test_what_can_not_be_streamed_is_told_where_it_is_defined(function: Callable[..., Any], words: str) -> None:
    with pytest.raises(ToolDefinitionError) as raised:
        tool(function)
    assert words in str(raised.value)
    assert function.__name__ in str(raised.value)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"needs_approval": True}, "leave needs_approval= out"),
        ({"needs_approval": bool}, "leave needs_approval= out"),
        ({"start": "end"}, 'leave start="end" out'),
        ({"retry": Retry(), "read_only": True}, "leave retry= out"),
        ({"free_text": True}, "leave free_text= out"),
        ({"free_text": Grammar("regex", "a+")}, "leave free_text= out"),
    ],
)
def test_terms_that_do_not_go_with_it_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError) as raised:
        tool(**options)(right)
    assert words in str(raised.value)


def test_the_streamed_parameter_is_last_in_the_schema_and_of_its_plain_type() -> None:
    @tool
    async def write(
        content: Annotated[Text, Field(description="What to write.", max_length=9, alias="body")],
        context: ToolContext,
        path: str,
        mode: str = "w",
    ) -> None: ...

    assert list(write.parameters["properties"]) == ["path", "mode", "body"]
    assert write.parameters["properties"]["body"] == {
        "type": "string",
        "description": "What to write.",
        "maxLength": 9,
    }
    assert write.parameters["required"] == ["path", "body"]
    assert write.context_parameter == "context"
    assert write.reads_stream


def test_a_list_is_streamed_item_by_item_with_its_own_constraints() -> None:
    @tool
    async def add(rows: ArgStream[Annotated[list[int], Field(min_length=1)]]) -> None:
        """Add rows.

        Args:
            rows: what to add.
        """

    assert add.parameters["properties"]["rows"] == {
        "type": "array",
        "items": {"type": "integer"},
        "minItems": 1,
        "description": "what to add.",
    }


def test_a_bare_list_streams_whatever_comes() -> None:
    async def add(rows: Any) -> None: ...

    add.__annotations__["rows"] = "ArgStream[list]"
    assert tool(add).parameters["properties"]["rows"]["type"] == "array"


def test_a_method_and_an_object_stream_too() -> None:
    class Disk:
        async def write(self, text: ArgStream[str]) -> None: ...

        async def __call__(self, text: ArgStream[str]) -> AsyncIterator[str]:
            async for piece in text:
                yield piece

    assert tool(Disk().write).reads_stream
    assert tool(name="disk")(Disk()).reads_stream
