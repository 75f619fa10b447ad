from __future__ import annotations

from millstream.arguments.assembler import Unbindable
from millstream.arguments.free_text import FreeText, input_schema
from millstream.arguments.outcomes import Sealed
from millstream.arguments.schema.compile import compile_schema
from millstream.failures import Problem, Rejected
from millstream.limits import Limits


def test_text_is_sealed_as_it_is_however_it_was_cut() -> None:
    for pieces in (['{"a": 1', "\n€"], ['{"a": 1\n€'], list('{"a": 1\n€')):
        free_text = FreeText()
        assert [free_text.feed(piece) for piece in pieces] == [[]] * len(pieces)
        assert (free_text.partial, free_text.complete, free_text.open_path) == ('{"a": 1\n€', False, ())
        assert free_text.close() == Sealed('{"a": 1\n€', '{"a": 1\n€')
        assert free_text.feed("more") == []
        assert free_text.close() == Sealed('{"a": 1\n€', '{"a": 1\n€')


def test_no_text_is_a_text_too() -> None:
    assert FreeText().close() == Sealed("", "")


def test_it_is_bound_once_and_refused_as_a_whole() -> None:
    bound: list[str] = []

    def bind(text: str) -> str:
        bound.append(text)
        if text == "no":
            problem = ((), "not that", "value_error")
            raise Unbindable((problem,))
        return text.upper()

    good, bad = FreeText(bind=bind), FreeText(bind=bind)
    good.feed("yes")
    bad.feed("no")
    assert [good.close(), good.close()] == [Sealed("yes", "YES")] * 2
    assert [bad.close(), bad.close()] == [Rejected((Problem("", "not that", "value_error", 2),), 2)] * 2
    assert bound == ["yes", "no"]


def test_longer_text_than_the_limit_is_rejected_at_once_and_given_up() -> None:
    free_text = FreeText(Limits(max_args_chars=3))
    rejected = Rejected((Problem("", "longer than 3 characters", "limit", 3),), 3)
    assert free_text.feed("abc") == []
    assert free_text.feed("d") == [rejected]
    assert (free_text.feed("e"), free_text.partial, free_text.close()) == ([], "", rejected)


def test_as_a_function_it_takes_one_text() -> None:
    verdict = compile_schema(input_schema("All of it.")).verdict
    assert verdict.problems({"input": "ls"}, 0) == ()
    for wrong in ({}, {"input": 1}, {"input": "ls", "more": 1}):
        assert verdict.problems(wrong, 0)
