"""Arguments one of which is handed out as it comes: when the others are bound, what is taken, what rejects."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import pytest
from pydantic import AfterValidator, AliasChoices, BeforeValidator, Field

from millstream import ArgStream, Limits, Tool, tool
from millstream.arguments import Rejected, Sealed
from millstream.toolbox.signature import BoundArguments
from millstream.toolbox.streamed_arguments import StreamedArguments


@tool
async def write(path: str, text: ArgStream[str], mode: int = 1) -> None: ...


@tool
async def add(rows: ArgStream[list[int]]) -> None: ...


def arguments(of: Tool[..., Any] = write, text: str = "", *, coerce: bool = True, **limits: int) -> StreamedArguments:
    made = of.arguments("function", Limits(**limits), coerce=coerce)
    assert isinstance(made, StreamedArguments)
    made.feed(text)
    return made


def taken(streamed: StreamedArguments) -> list[Any]:
    pieces: list[Any] = []
    while piece := streamed.take():
        pieces += piece
    return pieces


def is_bound(streamed: StreamedArguments) -> bool:
    return streamed.bound is not None


def rejected(of: Tool[..., Any], text: str, *, coerce: bool = True) -> Rejected:
    """How a text is rejected, the same whole and one character at a time."""
    outcomes: list[Any] = []
    for pieces in ([text], list(text)):
        streamed = arguments(of, coerce=coerce)
        outcomes.append(next(one for piece in pieces for one in streamed.feed(piece) if isinstance(one, Rejected)))
        assert streamed.close() is outcomes[-1]
    assert outcomes[0] == outcomes[1]
    assert isinstance(outcomes[0], Rejected)
    return outcomes[0]


def test_the_others_are_bound_once_all_of_them_are_settled() -> None:
    streamed = arguments(text='{"path":"a","mode":')
    assert not is_bound(streamed)
    streamed.feed('"2"')
    bound = streamed.bound
    assert bound is not None
    assert (bound.args, bound.kwargs, bound.source) == ((), {"path": "a", "mode": 2}, streamed)
    assert streamed.others == {"path": "a", "mode": "2"}


def test_a_default_holds_at_the_end_of_the_object() -> None:
    streamed = arguments(text='{"path":"a","text":"b"')
    assert not is_bound(streamed)
    streamed.feed("}")
    assert streamed.bound is not None
    assert streamed.bound.kwargs == {"path": "a"}  # the function has its own


def test_without_others_it_is_bound_when_the_object_begins() -> None:
    assert arguments(add).bound is None
    assert arguments(add, "{").bound is not None


def test_text_is_taken_in_the_pieces_in_which_it_was_asked_for() -> None:
    streamed = arguments(text='{"text":"a\\n')
    assert taken(streamed) == ["a\n"]
    assert taken(streamed) == []
    streamed.feed("b\\ud83d")
    streamed.feed('\\ude00c","path":"text"')
    assert taken(streamed) == ["b😀c"]


def test_items_are_taken_once_they_are_complete() -> None:
    streamed = arguments(add, '{"rows":[1,"2",3')
    assert taken(streamed) == [1, 2]
    streamed.feed("]")
    assert taken(streamed) == [3]


def test_nested_keys_and_items_of_the_same_name_are_not_meant() -> None:
    @tool
    async def nested(deep: dict[str, list[int]], rows: ArgStream[list[dict[str, list[int]]]]) -> None: ...

    streamed = arguments(nested, '{"deep":{"rows":[1,2]},"rows":[{"rows":[3]},{"deep":[4]}]}')
    assert taken(streamed) == [{"rows": [3]}, {"deep": [4]}]


def test_a_sealed_call_says_where_it_is_read() -> None:
    streamed = arguments(text='{"path":"a","text":"b"}')
    outcome = streamed.close()
    assert isinstance(outcome, Sealed)
    assert outcome.value == {"path": "a", "text": "b"}
    assert outcome.bound == BoundArguments((), {"path": "a"}, streamed)
    assert streamed.parameter == "text"


def even(number: int) -> int:
    if number % 2:
        raise ValueError("must be even")
    return number


Even: TypeAlias = Annotated[int, AfterValidator(even)]


@tool
async def evens(number: Even, rows: ArgStream[list[Even]], more: int = 0) -> None: ...


def test_what_pydantic_refuses_of_the_others_rejects_once_all_are_there() -> None:
    text = '{"number":1,"more":2,"rows":[]}'
    verdict = rejected(evens, text)
    assert (verdict.at, verdict.problems[0].path) == (text.index("2") + 1, "/more")
    assert verdict.problems[0].message == "/number: must be even"


def test_what_pydantic_refuses_of_an_item_rejects_at_the_item() -> None:
    text = '{"number":2,"rows":[2,3,4]}'
    verdict = rejected(evens, text)
    assert (verdict.at, verdict.problems[0].path) == (text.index("3") + 1, "/rows/1")


@pytest.mark.parametrize("coerce", [True, False])
def test_what_is_wrong_within_an_item_is_told_with_its_place(coerce: bool) -> None:
    @tool
    async def add(rows: ArgStream[list[dict[str, Even]]]) -> None: ...

    verdict = rejected(add, '{"rows":[{"a":2},{"b":3}]}', coerce=coerce)
    assert [(one.path, one.message) for one in verdict.problems] == [("/rows/1", "/b: must be even")]


def test_without_coercion_the_schema_rules() -> None:
    assert rejected(add, '{"rows":["2"]}', coerce=False).problems[0].path == "/rows/0"
    assert taken(arguments(add, '{"rows":["2"]}')) == [2]


def test_another_kind_of_value_is_rejected_even_where_a_validator_would_take_it() -> None:
    @tool
    async def lenient(text: Annotated[ArgStream[str], BeforeValidator(str)]) -> None: ...

    text = '{"text":5}'
    verdict = rejected(lenient, text)
    assert (verdict.at, verdict.problems[0].message) == (text.index("5"), "expected a string")


def test_an_argument_under_another_name_that_pydantic_knows_can_not_be_streamed() -> None:
    @tool
    async def named(text: Annotated[ArgStream[str], Field(validation_alias=AliasChoices("a", "b"))]) -> None: ...

    assert isinstance(arguments(named, '{"a":"x"}').close(), Sealed)
    assert rejected(named, '{"b":"x"}').problems[0].path == "/b"


def test_constraints_of_the_whole_are_checked_at_the_end() -> None:
    def few(rows: list[int]) -> list[int]:
        return rows[: even(len(rows) + 1)]

    @tool
    async def short(rows: ArgStream[Annotated[list[int], AfterValidator(few)]]) -> None: ...

    streamed = arguments(short, '{"rows":[5,6]}')
    assert taken(streamed) == [5, 6]
    assert isinstance(streamed.close(), Rejected)


def test_it_takes_up_behind_what_was_read_of_another_text_that_says_the_same() -> None:
    first = arguments(text='{"path":"a","mode":1,"text":"one ')
    assert taken(first) == ["one "]
    second = arguments(text='{ "mode": 1, "path": "a", "text": "one two"}')
    assert second.take_up(first)
    assert taken(second) == ["two"]


def test_it_takes_up_behind_items() -> None:
    first = arguments(add, '{"rows":[1,2,3')
    assert taken(first) == [1, 2]
    second = arguments(add, '{"rows": [1, 2, 3]}')
    assert second.take_up(first)
    assert taken(second) == [3]


@pytest.mark.parametrize(
    "text",
    ['{"path":"b","mode":1,"text":"one two"}', '{"path":"a","mode":1,"text":"on"}', '{"path":"a","text":"one two"'],
)
def test_it_does_not_take_up_what_says_something_else(text: str) -> None:
    first = arguments(text='{"path":"a","mode":1,"text":"one ')
    first.take()
    assert not arguments(text=text).take_up(first)


def test_items_of_another_kind_are_something_else() -> None:
    first = arguments(add, '{"rows":[1,2')
    first.take()
    assert not arguments(add, '{"rows":[true,2]}').take_up(first)
    assert not arguments(add, '{"rows":[]}').take_up(first)


def test_what_waits_is_bound_by_the_limit_of_arguments() -> None:
    streamed = arguments(text='{"text":"' + "a" * 50, max_args_chars=40)
    assert isinstance(streamed.close(), Rejected)


def test_work_is_linear_and_what_was_written_is_not_kept_twice() -> None:
    streamed = arguments(text='{"text":"')
    for _ in range(1000):
        streamed.feed("abc")
        assert streamed.take() == ("abc",)
    assert streamed.take() == ()
    partial: Any = streamed.partial
    assert partial == {"text": "abc" * 1000}
