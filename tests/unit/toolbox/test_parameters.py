"""What a function takes: its annotations, what `partial` has filled, and the context wherever it stands."""

import functools
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Generic, Optional, TypeVar

import pytest
from typing_extensions import TypeAliasType

from millstream.errors import ToolDefinitionError
from millstream.toolbox.context import ToolContext
from millstream.toolbox.parameters import docstring_of, implementation, name_of, read_parameters

T = TypeVar("T")
Context = TypeAliasType("Context", ToolContext[int])
ContextOf = TypeAliasType("ContextOf", ToolContext[T], type_params=(T,))


class Own(Generic[T]):
    """Not a context."""


def first(ctx: ToolContext, x: int) -> None: ...
def last(x: int, ctx: ToolContext[dict[str, int]]) -> None: ...
def otherwise_named(x: int, self_: "ToolContext[int]", y: int = 1) -> None: ...
def keyword_only(x: int, *, where: ToolContext) -> None: ...
def behind_positional(x: int, /, ctx: ToolContext) -> None: ...
def optional(x: int, ctx: ToolContext | None = None) -> None: ...
def old_optional(x: int, ctx: Optional[ToolContext[int]] = None) -> None: ...  # noqa: UP045  people write it
def annotated(x: int, ctx: Annotated[ToolContext[int], "the context"]) -> None: ...
def aliased(x: int, ctx: Context) -> None: ...
def generic_alias(x: int, ctx: ContextOf[int]) -> None: ...


@pytest.mark.parametrize(
    ("function", "context"),
    [
        (first, "ctx"),
        (last, "ctx"),
        (otherwise_named, "self_"),
        (keyword_only, "where"),
        (behind_positional, "ctx"),
        (optional, "ctx"),
        (old_optional, "ctx"),
        (annotated, "ctx"),
        (aliased, "ctx"),
        (generic_alias, "ctx"),
        (functools.partial(first, x=1), "ctx"),
    ],
)
def test_the_context_is_found_by_its_annotation(function: Callable[..., Any], context: str) -> None:
    found = read_parameters(function, {})
    assert found.context == context
    assert context not in [parameter.name for parameter in found.fillable]


def test_what_is_not_the_context() -> None:
    def function(ctx: int, own: Own[int], union: int | ToolContext, nested: list[ToolContext]) -> None: ...

    found = read_parameters(function, {})
    assert found.context is None
    assert [parameter.name for parameter in found.fillable] == ["ctx", "own", "union", "nested"]


def test_a_context_that_partial_has_filled_is_not_asked_for() -> None:
    found = read_parameters(functools.partial(optional, ctx=None), {})
    assert found.context is None
    assert [parameter.name for parameter in found.fillable] == ["x"]


def test_annotations_are_resolved_and_keep_what_is_annotated() -> None:
    def function(a: int, b: int, c: int, d: None) -> int:
        raise NotImplementedError

    function.__annotations__ |= {"a": "Decimal", "b": "Annotated[Local, 'kept']", "c": "list[Local]"}
    function.__annotations__["return"] = "Missing"

    class Local:
        pass

    hints = {one.name: one.annotation for one in read_parameters(function, {"Local": Local}).fillable}
    assert hints == {"a": Decimal, "b": Annotated[Local, "kept"], "c": list[Local], "d": type(None)}


@pytest.mark.parametrize("written", ["1 +", "list[", "undefined.attribute", "[][1]", "1 / 0"])
def test_an_annotation_that_can_not_be_evaluated_is_the_definitions_fault(written: str) -> None:
    def function(x: int, city: int) -> None: ...

    function.__annotations__["city"] = written
    with pytest.raises(ToolDefinitionError, match=r'function\(\): the annotation of "city"') as caught:
        read_parameters(function, {})
    assert caught.value.__cause__ is not None


class Callable_:  # noqa: N801  an object that can be called
    """Of the class."""

    def __call__(self, x: int) -> None: ...


def test_names_docstrings_and_implementations_of_what_stands_for_a_function() -> None:
    thing = Callable_()
    assert name_of(functools.partial(functools.partial(first), x=1)) == "first"
    assert name_of(thing) == "Callable_"
    assert implementation(functools.partial(first)) is first
    assert implementation(thing) is Callable_.__call__
    assert docstring_of(thing) == "Of the class."
    assert docstring_of(functools.partial(thing)) == "Of the class."
    assert docstring_of(functools.partial(first)) is None
