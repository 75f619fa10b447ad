"""Tools that take free text instead of JSON arguments: `@tool(free_text=…)`, and the grammar their text may have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from millstream.errors import ToolDefinitionError, UsageError


@dataclass(frozen=True, slots=True)
class Grammar:
    """What a provider lets a model write for a tool of free text: `@tool(free_text=Grammar("lark", …))`.

    Args:
        syntax: "lark" for a context-free grammar in Lark's notation, "regex" for a regular expression (of Rust's kind).
        definition: the grammar; a text that a model writes matches the whole of it.

    OpenAI's wires enforce it. Elsewhere the model is told of it, and the text may be anything: check it in the tool.

    Raises:
        UsageError: there is no such syntax, or the definition is blank.
    """

    syntax: Literal["lark", "regex"]
    definition: str

    def __post_init__(self) -> None:
        if self.syntax not in ("lark", "regex"):
            raise UsageError(f'Grammar({self.syntax!r}, …) is not known; there are "lark" and "regex"')
        if not self.definition.strip():
            raise UsageError(f"Grammar({self.syntax!r}) has no definition: leave it out for any text, free_text=True")


def text_parameter(name: str, parameters: Mapping[str, Any]) -> str:
    """The parameter of a tool that takes the text, by the JSON Schema of its arguments.

    Raises:
        ToolDefinitionError: it has none, another one beside it, or one that takes no text.
    """
    properties: Mapping[str, Any] = parameters["properties"]
    if len(properties) != 1:
        told = ", ".join(properties) or "none"
        raise ToolDefinitionError(
            f"{name}(): free_text= gives it one text, and its parameters are {told}: leave one, of the type str, "
            "beside the context"
        )
    ((parameter, schema),) = properties.items()
    if schema.get("type") != "string":
        raise ToolDefinitionError(
            f'{name}(): free_text= gives it a text, and the parameter "{parameter}" is of another type: write '
            f"{parameter}: str"
        )
    return str(parameter)
