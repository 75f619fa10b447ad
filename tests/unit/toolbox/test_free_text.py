"""Tools of free text: what can be one, and how a call of one is bound."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from pydantic import Field

from millstream import Grammar, Limits, Tool, Toolbox, ToolContext, ToolDefinitionError, UsageError, tool
from millstream.arguments.assembler import Assembler
from millstream.arguments.free_text import FreeText
from millstream.arguments.outcomes import Sealed
from millstream.events import CallKind, JsonValue, Problem, Rejected


@tool(free_text=True)
def shell(ctx: ToolContext, command: str) -> str:
    """Run a command."""
    del ctx
    return command


@tool(free_text=Grammar("regex", "[a-z]+"))
async def short(word: Annotated[str, Field(max_length=3)]) -> str:
    """Say a short word."""
    return word


@tool
def plain(word: str) -> str:
    """Say a word."""
    return word


def close(made: Tool[..., Any], kind: CallKind, text: str) -> Sealed | Rejected:
    arguments = made.arguments(kind, Limits(), coerce=True)
    arguments.feed(text)
    return arguments.close()


def test_what_a_tool_says_of_itself() -> None:
    assert (shell.takes_text, shell.grammar) == (True, None)
    assert (short.takes_text, short.grammar) == (True, Grammar("regex", "[a-z]+"))
    assert (plain.takes_text, plain.grammar) == (False, None)
    assert shell.function is not None
    assert plain("x") == "x"


@pytest.mark.parametrize(("kind", "text"), [("custom", 'ls "a"'), ("function", '{"input": "ls \\"a\\""}')])
def test_the_text_becomes_the_one_argument_on_every_wire(kind: CallKind, text: str) -> None:
    outcome = close(shell, kind, text)
    assert isinstance(outcome, Sealed)
    bound: Any = outcome.bound
    assert (bound.args, bound.kwargs) == ((), {"command": 'ls "a"'})
    assert shell.named(outcome.value) == {"command": 'ls "a"'}
    assert plain.named({"word": "x"}) == {"word": "x"}


@pytest.mark.parametrize(("kind", "text", "at"), [("custom", "four", 4), ("function", '{"input": "four"}', 17)])
def test_what_the_parameter_does_not_take_is_rejected_as_a_whole(kind: CallKind, text: str, at: int) -> None:
    message = "String should have at most 3 characters"
    assert close(short, kind, text) == Rejected((Problem("", message, "string_too_long", at),), at)


def test_as_a_function_other_arguments_are_rejected_at_once() -> None:
    arguments = shell.arguments("function", Limits(), coerce=True)
    (rejected,) = arguments.feed('{"command"')
    assert isinstance(rejected, Rejected)


@pytest.mark.parametrize(
    ("name", "kind", "custom_tools", "opened"),
    [
        ("shell", "custom", True, FreeText),
        ("shell", "function", False, Assembler),
        ("plain", "function", True, Assembler),
        ("plain", "function", False, Assembler),
        ("shell", "function", True, "shell takes free text, not JSON arguments"),
        ("shell", "custom", False, "shell takes JSON arguments, not free text"),
        ("plain", "custom", True, "plain takes JSON arguments, not free text"),
        ("plain", "custom", False, "plain takes JSON arguments, not free text"),
    ],
)
def test_a_call_of_the_kind_that_was_offered_is_taken_and_of_the_other_refused(
    name: str, kind: CallKind, custom_tools: bool, opened: Any
) -> None:
    box = Toolbox([shell, plain])
    found = box.open_arguments(name, kind, limits=Limits(), coerce=True, custom_tools=custom_tools)
    if isinstance(opened, str):
        assert found == Problem("", opened, "kind", 0)
    else:
        assert type(found) is opened


def no_parameter() -> None: ...
def only_a_context(ctx: ToolContext) -> None: ...
def two(a: str, b: str = "") -> None: ...
def a_number(a: int) -> None: ...
def perhaps(a: str | None) -> None: ...


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (no_parameter, "its parameters are none: leave one, of the type str"),
        (only_a_context, "its parameters are none"),
        (two, "its parameters are a, b"),
        (a_number, 'the parameter "a" is of another type: write a: str'),
        (perhaps, 'the parameter "a" is of another type'),
    ],
)
def test_a_function_that_does_not_take_one_text(function: Any, message: str) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        tool(free_text=True)(function)
    assert message in str(caught.value)
    assert str(caught.value).startswith(f"{function.__name__}(): free_text= gives it ")


def test_a_grammar_that_is_none() -> None:
    syntax: Any = "ebnf"
    with pytest.raises(UsageError, match='there are "lark" and "regex"'):
        Grammar(syntax, "start: x")
    with pytest.raises(UsageError, match="has no definition: leave it out for any text, free_text=True"):
        Grammar("lark", " \n")


def test_the_argument_of_a_name_that_json_has_too() -> None:
    def run(input: str) -> JsonValue:  # noqa: A002  what people call it
        return input

    made = tool(free_text=True)(run)
    assert made.named("x") == made.named({"input": "x"}) == {"input": "x"}
