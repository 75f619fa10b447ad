"""`@tool` on everything that can be called. What it refuses is in `test_definition_errors`."""

from __future__ import annotations

import asyncio
import functools
import gc
import weakref
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import BaseModel

from millstream.arguments.assembler import Unbindable
from millstream.toolbox.decorator import as_tool, tool
from millstream.toolbox.tool import Tool
from tests.unit.toolbox.samples import City, Service, plain, weather

if TYPE_CHECKING:
    from decimal import Decimal as OnlyForTypeCheckers


def properties(made: Tool[..., Any]) -> dict[str, Any]:
    found: dict[str, Any] = made.parameters["properties"]
    return found


def call(made: Tool[..., Any], text: str) -> Any:
    bound = made.bind(text)
    return made.function(*bound.args, **bound.kwargs)


class TestWhatCanBeATool:
    def test_bare_the_name_the_words_and_the_schema_come_from_the_function(self) -> None:
        assert (weather.name, weather.description, weather.body) == ("weather", "What the weather will be.", "async")
        assert properties(weather)["days"] == {"type": "integer", "default": 3}

    def test_a_tool_still_calls_its_function(self) -> None:
        assert asyncio.run(weather(City(name="Paris"), days=1)) == "Paris for 1 days"

    def test_called_with_options(self) -> None:
        @tool(name="other", description="Said otherwise.", read_only=True, timeout_s=5, limit=2, exclusive="db")
        def function(x: int) -> int:
            """Not this."""
            return x

        assert (function.name, function.description) == ("other", "Said otherwise.")
        assert (function.options.timeout_s, function.options.limit, function.options.exclusive) == (5, 2, "db")
        assert function.options.read_only
        assert function(7) == 7

    def test_called_without_options(self) -> None:
        @tool()
        def function() -> None: ...

        assert function.name == "function"
        assert function.parameters == {"type": "object", "properties": {}, "additionalProperties": False}

    def test_an_empty_description_is_kept(self) -> None:
        assert tool(description="")(plain).description == ""

    def test_the_four_bodies(self) -> None:
        def sync(x: int) -> int:
            return x

        async def coroutine(x: int) -> int:
            return x

        def generator(x: int) -> Iterator[int]:
            yield x

        async def async_generator(x: int) -> AsyncIterator[int]:
            yield x

        bodies = [tool(sync).body, tool(coroutine).body, tool(generator).body, tool(async_generator).body]
        assert bodies == ["sync", "async", "generator", "async generator"]

    def test_a_bound_method(self) -> None:
        made = tool(Service("it is").lookup)
        assert (made.name, made.description, list(properties(made))) == ("lookup", "Look a key up.", ["key"])
        assert call(made, '{"key": "k"}') == "it is k"
        assert tool(Service("").fetch).body == "async"

    def test_a_class_method_and_a_static_method(self) -> None:
        assert list(properties(tool(Service.make))) == ["answer"]
        assert call(tool(Service.double), '{"x": 4}') == 8

    def test_under_staticmethod(self) -> None:
        class Tools:
            @staticmethod
            @tool
            def triple(x: int) -> int:
                return 3 * x

        assert Tools.triple(2) == 6
        assert Tools.triple.name == "triple"

    def test_an_object_that_can_be_called_is_named_after_its_class(self) -> None:
        made = tool(Service("it is"))
        assert (made.name, made.description, made.body) == ("Service", "Answer a key.", "sync")
        assert call(made, '{"key": "k"}') == "it is k"

    def test_an_object_whose_call_is_a_coroutine_function(self) -> None:
        class Ask:
            """Ask someone."""

            async def __call__(self, whom: str) -> str:
                return whom

        made = tool(name="ask")(Ask())
        assert (made.name, made.description, made.body) == ("ask", "Ask someone.", "async")

    def test_a_partial_asks_only_for_what_is_left(self) -> None:
        made = tool(functools.partial(plain, 1, c=9.0))
        assert (made.name, made.description) == ("plain", "Put three together.")
        assert list(properties(made)) == ["b"]
        assert call(made, '{"b": "x"}') == "1x9.0"

    def test_what_a_partial_has_set_can_not_be_set_by_a_model(self) -> None:
        made = tool(functools.partial(plain, c=9.0))
        with pytest.raises(Unbindable, match="Extra inputs are not permitted"):
            made.bind('{"a": 1, "c": 2.0}')

    def test_partials_keep_the_kind_of_their_function(self) -> None:
        async def coroutine(x: int, y: int) -> int:
            return x + y

        assert tool(functools.partial(functools.partial(coroutine, 1), y=2)).body == "async"
        assert tool(functools.partial(Service("it is").fetch, key="k")).body == "async"
        assert tool(functools.partial(Service("it is"))).name == "Service"

    def test_a_wrapped_function_keeps_its_parameters(self) -> None:
        def logged(function: Callable[..., Any]) -> Callable[..., Any]:
            @functools.wraps(function)
            def wrapper(*args: Any, **kwargs: Any) -> Any:
                return function(*args, **kwargs)

            return wrapper

        made = tool(logged(plain))
        assert list(properties(made)) == ["a", "b", "c"]
        assert properties(made)["a"]["description"] == "the first"

    def test_a_lambda_with_a_name_and_no_parameters(self) -> None:
        assert tool(name="now")(lambda: "now").name == "now"


class TestAnnotationsAsStrings:
    def test_a_model_defined_within_the_function(self) -> None:
        class Local(BaseModel):
            x: int

        @dataclass
        class Other:
            y: str

        @tool
        def bare(local: Local, other: Other | None = None) -> Local:
            assert other == Other("a")
            return local

        @tool(read_only=True)
        def called(local: list[Local]) -> int:
            return len(local)

        assert call(bare, '{"local": {"x": 1}, "other": {"y": "a"}}') == Local(x=1)
        assert call(called, '{"local": [{"x": 1}]}') == 1

    def test_local_names_of_another_function_are_not_taken_for_those_of_the_module(self) -> None:
        class City(BaseModel):
            zip_code: int

        assert City(zip_code=1)
        made = tool(weather.function)  # weather was defined at the top of the module, with the City there
        assert made.parameters["$defs"]["City"]["required"] == ["name"]

    def test_a_method_of_a_class_within_a_function(self) -> None:
        class Local(BaseModel):
            x: int

        class Holder:
            def take(self, local: Local) -> int:
                return local.x

        assert call(tool(Holder().take), '{"local": {"x": 3}}') == 3
        assert call(tool(functools.partial(Holder().take)), '{"local": {"x": 3}}') == 3

    def test_a_result_no_one_can_resolve_is_no_trouble(self) -> None:
        @tool
        def function(x: int) -> OnlyForTypeCheckers:
            raise NotImplementedError

        assert list(properties(function)) == ["x"]

    @pytest.mark.parametrize("called", [False, True])
    def test_nothing_of_the_caller_is_kept_alive(self, called: bool) -> None:
        class Large:
            pass

        def define() -> tuple[Tool[..., Any], weakref.ref[Large]]:
            large = Large()

            def function(x: int) -> int:
                return x

            return (tool()(function) if called else tool(function)), weakref.ref(large)

        gc.disable()  # what only the collector could free would stay alive
        try:
            made, alive = define()
            assert alive() is None
            assert made(1) == 1
        finally:
            gc.enable()


class TestAsTool:
    def test_a_tool_stays_what_it_is(self) -> None:
        assert as_tool(weather) is weather

    def test_a_function_becomes_one(self) -> None:
        made = as_tool(plain)
        assert made.name == "plain"
        assert not made.options.read_only
