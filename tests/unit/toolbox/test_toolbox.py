"""Tools by name."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.arguments.assembler import Assembler
from millstream.errors import ToolDefinitionError, UsageError
from millstream.failures import Problem
from millstream.limits import Limits
from millstream.toolbox.decorator import tool
from millstream.toolbox.toolbox import Toolbox


@tool
def weather(city: str) -> str:
    return city


def plain(x: int) -> int:
    return x


def test_tools_in_the_order_given_functions_made_into_tools() -> None:
    box = Toolbox([weather, plain])
    assert list(box) == ["weather", "plain"]
    assert len(box) == 2
    assert box["weather"] is weather
    assert box["plain"].function is plain
    assert "weather" in box
    assert "other" not in box


def test_none() -> None:
    assert dict(Toolbox()) == {}
    assert dict(Toolbox(iter([]))) == {}


def test_of_other_toolboxes() -> None:
    inner = Toolbox([weather])
    assert list(Toolbox([inner, plain])) == ["weather", "plain"]
    assert Toolbox(inner)["weather"] is weather


@pytest.mark.parametrize("second", [weather, tool(name="weather")(plain), Toolbox([weather])])
def test_two_tools_of_one_name(second: Any) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        Toolbox([weather, second])
    assert 'two tools are named "weather"' in str(caught.value)
    assert '@tool(name="…")' in str(caught.value)


@pytest.mark.parametrize(
    ("given", "name"), [(weather, "weather"), (plain, "plain"), ("weather", "'weather'"), (3, "3")]
)
def test_a_single_tool_where_a_list_is_wanted(given: Any, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        Toolbox(given)
    assert str(caught.value) == f"tools are given as a list: write [{name}], not {name}"


def test_something_else_among_the_tools() -> None:
    wrong: list[Any] = [weather, 3]
    with pytest.raises(ToolDefinitionError, match="a tool is made of a function, not of 3"):
        Toolbox(wrong)


def test_a_call_of_a_tool_gets_what_checks_its_arguments() -> None:
    opened = Toolbox([weather]).open_arguments("weather", "function", limits=Limits(), coerce=True)
    assert isinstance(opened, Assembler)


def test_a_call_of_no_tool_is_told_which_there_are() -> None:
    opened = Toolbox([weather, plain]).open_arguments("wether", "function", limits=Limits(), coerce=True)
    assert opened == Problem("", 'there is no tool named "wether"; there are: weather, plain', "name", 0)
    opened = Toolbox().open_arguments("x" * 500, "function", limits=Limits(), coerce=True)
    assert opened == Problem("", f'there is no tool named "{"x" * 80}"; there are: none', "name", 0)


def test_of_many_tools_only_some_are_told() -> None:
    box = Toolbox([tool(name=f"t{i}")(plain) for i in range(60)])
    opened = box.open_arguments("t60", "function", limits=Limits(), coerce=True)
    assert isinstance(opened, Problem)
    assert opened.message.endswith("t48, t49 and 10 more")


def test_free_text_for_a_tool_that_takes_json() -> None:
    opened = Toolbox([weather]).open_arguments("weather", "custom", limits=Limits(), coerce=True)
    assert opened == Problem("", "weather takes JSON arguments, not free text", "kind", 0)
