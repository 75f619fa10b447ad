"""A tool's terms, and what checks the arguments of its calls."""

from __future__ import annotations

import pytest

from millstream.arguments.outcomes import Sealed
from millstream.arguments.schema import compile as compile_module
from millstream.failures import Rejected
from millstream.limits import Limits
from millstream.policy import Start
from millstream.toolbox import tool as tool_module
from millstream.toolbox.context import ToolContext
from millstream.toolbox.decorator import tool
from millstream.toolbox.signature import BoundArguments
from millstream.toolbox.tool import ToolOptions


def weather(city: str, days: int = 3, *, ctx: ToolContext) -> str:
    """Weather."""
    return f"{city} {days} {ctx.attempt}"


@pytest.mark.parametrize(
    ("options", "override", "start"),
    [
        (ToolOptions(), None, "safe"),
        (ToolOptions(idempotent=True), None, "safe"),
        (ToolOptions(read_only=True), None, "eager"),
        (ToolOptions(read_only=True, start="end"), None, "end"),
        (ToolOptions(start="eager"), None, "eager"),
        (ToolOptions(start="eager"), "end", "end"),
        (ToolOptions(read_only=True), "safe", "safe"),
    ],
)
def test_when_a_call_may_start(options: ToolOptions, override: Start | None, start: Start) -> None:
    made = tool(read_only=options.read_only, idempotent=options.idempotent, start=options.start)(weather)
    assert made.start(override) == start


@pytest.mark.parametrize(
    ("options", "repeatable"),
    [(ToolOptions(), False), (ToolOptions(read_only=True), True), (ToolOptions(idempotent=True), True)],
)
def test_what_may_be_repeated(options: ToolOptions, repeatable: bool) -> None:
    assert options.repeatable is repeatable


def test_what_a_tool_tells_of_itself() -> None:
    made = tool(weather)
    assert repr(made) == "<tool weather>"
    assert made.context_parameter == "ctx"
    assert made.function is weather
    assert list(made.parameters["properties"]) == ["city", "days"]
    assert made.bind('{"city": "Paris"}') == BoundArguments((), {"city": "Paris"})


def test_arguments_are_bound_when_they_are_sealed() -> None:
    assembler = tool(weather).assembler(Limits(), coerce=True)
    assert assembler.feed('{"city": "Paris", "days": "4"}')
    sealed = assembler.close()
    assert sealed == Sealed({"city": "Paris", "days": "4"}, BoundArguments((), {"city": "Paris", "days": 4}))


def test_without_coercion_the_schema_rules() -> None:
    assembler = tool(weather).assembler(Limits(), coerce=False)
    assembler.feed('{"city": "Paris", "days": "4"}')
    rejected = assembler.close()
    assert isinstance(rejected, Rejected)
    assert rejected.problems[0].path == "/days"
    assert rejected.problems[0].keyword == "type"


@pytest.mark.parametrize("coerce", [True, False])
def test_pydantics_verdict_ends_the_call_with_words_for_the_model(coerce: bool) -> None:
    def function(day: int, city: str = "") -> None: ...

    assembler = tool(function).assembler(Limits(), coerce=coerce)
    assembler.feed('{"day": 1.5}')
    rejected = assembler.close()
    assert isinstance(rejected, Rejected)
    assert rejected.problems[0].path == "/day"


def test_the_limits_of_the_run_hold() -> None:
    assembler = tool(weather).assembler(Limits(max_args_chars=10), coerce=True)
    (rejected,) = assembler.feed('{"city": "Paris"}')
    assert isinstance(rejected, Rejected)
    assert rejected.problems[0].keyword == "limit"


@pytest.mark.parametrize("coerce", [True, False])
def test_the_schema_is_compiled_once_for_a_tool(monkeypatch: pytest.MonkeyPatch, coerce: bool) -> None:
    compiled: list[object] = []

    def counting(schema: dict[str, object]) -> compile_module.CompiledSchema:
        compiled.append(schema)
        return compile_module.compile_schema(schema)

    monkeypatch.setattr(tool_module, "compile_schema", counting)
    made = tool(weather)
    assert compiled == []
    assemblers = [made.assembler(Limits(), coerce=coerce) for _ in range(3)]
    assert len(compiled) == 1
    assemblers[0].feed('{"city": 1')
    assemblers[1].feed('{"city": "Paris"}')
    assert isinstance(assemblers[0].close(), Rejected)
    assert isinstance(assemblers[1].close(), Sealed)
