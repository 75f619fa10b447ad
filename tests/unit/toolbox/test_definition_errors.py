"""What no tool can be made of, and the words in which a newcomer learns what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from pydantic import BaseModel, Field, create_model

from millstream.errors import ToolDefinitionError, UsageError
from millstream.policy import Retry
from millstream.toolbox.context import ToolContext
from millstream.toolbox.decorator import tool
from tests.unit.toolbox.samples import City, Service, plain, weather

if TYPE_CHECKING:
    from decimal import Decimal as OnlyForTypeCheckers


class WithMethod:
    def method(self, key: str) -> str:
        return key


def unannotated(city: str) -> str:
    return city


def unannotated_default(days: int = 3) -> str:
    return str(days)


def unresolvable(amount: OnlyForTypeCheckers) -> str:
    return str(amount)


def no_attribute(amount: int) -> str:
    return str(amount)


del unannotated.__annotations__["city"]
del unannotated_default.__annotations__["days"]
no_attribute.__annotations__["amount"] = "Service.Nothing"


def many(*cities: str) -> str:
    return " ".join(cities)


def keywords(**options: str) -> str:
    return " ".join(options)


def two_contexts(one: ToolContext, other: ToolContext[int]) -> str:
    return f"{one}{other}"


def positional_context(ctx: ToolContext, /, x: int) -> str:
    return f"{ctx}{x}"


class Unreadable:
    pass


def takes_object(thing: Unreadable) -> str:
    return str(thing)


def takes_objects(x: int, things: list[Unreadable]) -> str:
    return f"{x}{things}"


def takes_broken_pattern(code: Annotated[str, Field(pattern="(")]) -> str:
    return code


def takes_function(then: Callable[[int], int]) -> str:
    return str(then)


def takes_class(kind: type[int]) -> str:
    return str(kind)


class NeedsAnother(BaseModel):
    other: int


def takes_unfinished(thing: NeedsAnother) -> str:
    return str(thing)


unfinished: dict[str, Any] = {"other": ("Undefined", ...)}
takes_unfinished.__annotations__["thing"] = create_model("NeedsAnother", **unfinished)

REFUSED: list[tuple[Any, list[str]]] = [
    (unannotated, ['unannotated(): the parameter "city" has no annotation', "add one, city: str"]),
    (unannotated_default, ['the parameter "days" has no annotation', "add one, days: int"]),
    (unresolvable, ['the annotation of "amount" names "OnlyForTypeCheckers"', "TYPE_CHECKING", "import it"]),
    (no_attribute, ['the annotation of "amount"', "Service.Nothing", "can not be evaluated", "no attribute"]),
    (many, ["many() takes *cities", "take a list, cities: list[str]"]),
    (keywords, ["keywords() takes **options", "options: dict[str, str]"]),
    (two_contexts, ["two_contexts() takes two contexts, one and other", "leave one of them out"]),
    (positional_context, ['"ctx" is positional-only', "move it behind the /"]),
    (takes_object, ['the parameter "thing" is of a type that JSON can not fill', "Unreadable", "a dataclass"]),
    (takes_objects, ['the parameter "things"', "list[", "Unreadable", "a pydantic model"]),
    (takes_broken_pattern, ['no argument can be made of the parameter "code"', "regex parse error", "unclosed group"]),
    (takes_function, ['the parameter "then" is of a type that JSON can not fill', "Callable[[int], int]"]),
    (takes_class, ['the parameter "kind" is of a type that JSON can not fill, type[int]', "use str"]),
    (takes_unfinished, ['the parameter "thing" needs "Undefined", which is not defined', "define it above"]),
    (WithMethod.method, ['method() is a method, "self" would be left empty', "tool(obj.method)"]),
    (lambda: 1, ["a lambda has no name", "pass name=, or write a function"]),
    (Service, ["Service is a class", "write a function that takes what Service needs"]),
    (City, ["City is a class", "returns one"]),
    (int, ["int is a class"]),
    (Service.__dict__["double"], ["double() is a static method already", "write @staticmethod above @tool"]),
    (Service.__dict__["make"], ["make() has no class yet", "tool(TheClass.make)"]),
    (max, ["max() does not tell its parameters", "write a function that does"]),
    (weather, ["<tool weather> is a tool already", "pass its .function"]),
    ("weather", ['"weather" is a name, not a function', 'write @tool(name="weather") above']),
    (3, ["a tool is made of a function, not of 3"]),
]


class TestRefused:
    """Each with the words a newcomer reads: they name the parameter, and say what to do."""

    @pytest.mark.parametrize(("function", "says"), REFUSED)
    def test_what_can_not_be_a_tool(self, function: Any, says: list[str]) -> None:
        with pytest.raises(ToolDefinitionError) as caught:
            tool(function)
        for words in says:
            assert words in str(caught.value)
        with pytest.raises(ToolDefinitionError):
            tool(read_only=True)(function)

    def test_an_unannotated_lambda(self) -> None:
        double: Callable[[int], int] = lambda x: 2 * x  # noqa: E731  a lambda is what this is about
        with pytest.raises(ToolDefinitionError, match='a lambda can not say what kind of value its "x" takes'):
            tool(name="double")(double)

    @pytest.mark.parametrize("name", ["", "a b", "1st", "-x", "é", "x" * 65, "ends\n", "a.b"])
    def test_names_a_provider_would_refuse(self, name: str) -> None:
        with pytest.raises(ToolDefinitionError, match="can not be the name of a tool: use letters, digits") as caught:
            tool(name=name)(plain)
        assert repr(name) in str(caught.value)
        assert '@tool(name="…")' in str(caught.value)

    @pytest.mark.parametrize("name", ["a", "_x", "a-b_C9", "x" * 64])
    def test_names_that_every_provider_takes(self, name: str) -> None:
        assert tool(name=name)(plain).name == name

    @pytest.mark.parametrize(
        ("options", "says"),
        [
            ({"retry": Retry()}, "plain: retry= repeats what the tool does; say read_only=True or idempotent=True"),
            ({"retry": 3, "read_only": True}, "plain: retry=3 is no Retry; write retry=Retry(attempts=3)"),
            ({"start": "now"}, 'plain: start="now" is not known; there are "eager", "safe", "end"'),
            (
                {"executor": "threads"},
                'plain: executor="threads" is not known; there are "inline", "thread", "process"',
            ),
            ({"executor": object()}, "can not run tools; there are"),
            ({"executor": dict}, "objects with the async methods"),
            ({"timeout_s": -1}, "plain: timeout_s=-1 leaves no time; leave it out for the run's limit"),
            ({"timeout_s": 0}, "plain: timeout_s=0 leaves no time"),
            ({"timeout_s": float("nan")}, "plain: timeout_s=nan leaves no time"),
            ({"exclusive": ""}, "plain: exclusive='' names no group; write the name of one, or True"),
            ({"exclusive": 7}, "plain: exclusive=7 names no group"),
            ({"priority": "high"}, "plain: priority='high' is no number; write an int"),
            ({"priority": True}, "plain: priority=True is no number"),
            ({"limit": 0}, "plain: limit=0 lets no call run; leave it out for no limit"),
            ({"readonly": True}, "@tool has no option readonly=; there are: name, description, read_only"),
        ],
    )
    def test_options_that_can_not_hold(self, options: dict[str, Any], says: str) -> None:
        with pytest.raises(UsageError) as caught:
            tool(**options)(plain)
        assert says in str(caught.value)

    def test_a_coroutine_function_in_a_thread(self) -> None:
        with pytest.raises(UsageError, match='executor="thread" is for plain functions; weather is async, leave it'):
            tool(executor="thread")(weather.function)
        assert tool(executor="thread")(plain).options.executor == "thread"

    def test_an_unknown_option_beside_the_function(self) -> None:
        options: dict[str, Any] = {"readonly": True}
        with pytest.raises(UsageError, match="no option readonly="):
            tool(plain, **options)

    @pytest.mark.parametrize("safe", ["read_only", "idempotent"])
    def test_a_tool_that_may_be_repeated_may_retry(self, safe: str) -> None:
        terms: dict[str, Any] = {safe: True}
        assert tool(retry=Retry(attempts=2), **terms)(plain).options.retry == Retry(attempts=2)
