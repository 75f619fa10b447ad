from __future__ import annotations

import json
import sys
from typing import Any

import pytest

from millstream.arguments import Assembler, Rejected, Sealed, compile_schema
from millstream.arguments.schema.verdict import Verdict
from millstream.errors import ToolDefinitionError
from millstream.failures import Problem
from tests.outcome import however_cut

CLOSED: dict[str, Any] = {"properties": {"a": {}}, "unevaluatedProperties": False}
UNEXPECTED = "Unevaluated properties are not allowed"


@pytest.mark.parametrize(
    ("schema", "text", "path", "keyword", "message"),
    [
        (CLOSED, '{"a":1,"b":2}', "", "unevaluatedProperties", f"{UNEXPECTED} ('b' was unexpected)"),
        ({"items": CLOSED}, '[{"b":1}]', "/0", "unevaluatedProperties", f"{UNEXPECTED} ('b' was unexpected)"),
        (
            {"$dynamicRef": "#/$defs/n", "$defs": {"n": {"pattern": "^a"}}},
            '"b"',
            "",
            "pattern",
            "'b' does not match '^a'",
        ),
        (
            {"properties": {"a/b": CLOSED}},
            '{"a/b":{"b":1}}',
            "/a~1b",
            "unevaluatedProperties",
            f"{UNEXPECTED} ('b' was unexpected)",
        ),
    ],
)
def test_what_only_the_whole_value_shows_is_refused_at_the_end(
    schema: Any, text: str, path: str, keyword: str, message: str
) -> None:
    compiled = compile_schema(schema)
    outcome = however_cut(text, lambda: Assembler(compiled))
    assert outcome.rejected == Rejected((Problem(path, message, keyword, len(text)),), len(text))
    assert not outcome.early


def test_it_names_at_most_eight_problems_in_at_most_three_hundred_characters_each() -> None:
    verdict = Verdict({"items": {"pattern": "^a"}})
    problems = verdict.problems(["b" * 1000] * 20, 7)
    assert [problem.path for problem in problems] == [f"/{n}" for n in range(8)]
    assert {len(problem.message) for problem in problems} == {301}
    assert {problem.at for problem in problems} == {7}
    assert verdict.problems(["a"], 7) == ()
    for length in (300, 301):
        value = "b" * (length - len("'' does not match '^a'"))
        (problem,) = verdict.problems([value], 7)
        assert problem.message.endswith("\u2026") == (length > 300)


@pytest.mark.parametrize("dialect", [None, "http://json-schema.org/draft-07/schema#"])
def test_the_work_of_comparing_items_is_linear_in_their_number(dialect: str | None) -> None:
    """jsonschema's own way takes minutes for 50 KB of objects. Counted are the calls of Python functions."""
    schema: dict[str, Any] = {"not": {"not": {"uniqueItems": True}}, "properties": {"deeper": {"$ref": "#"}}}
    verdict = Verdict(schema if dialect is None else {"$schema": dialect, **schema})

    def calls(size: int) -> int:
        value: Any = {"deeper": [{"id": n, "on": True} for n in range(size)]}
        count = 0

        def counted(frame: object, event: str, arg: object) -> None:
            del frame, arg
            nonlocal count
            count += event == "call"

        before = sys.getprofile()
        sys.setprofile(counted)
        try:
            assert verdict.problems(value, 0) == ()
        finally:
            sys.setprofile(before)
        return count

    calls(1)
    assert calls(400) < 2.1 * calls(200)


TREE: dict[str, Any] = {"type": "array", "items": {"$ref": "#/$defs/tree"}}
RECURSIVE: dict[str, Any] = {
    "$defs": {"tree": {"allOf": [{"anyOf": [{"oneOf": [TREE]}, {"const": 0}]}]}},
    "$ref": "#/$defs/tree",
}


def test_a_value_too_deep_for_the_final_validator_is_refused_not_raised() -> None:
    """It recurses once for each keyword and level, and may be called from deep within another program."""
    compiled = compile_schema({**RECURSIVE, "unevaluatedItems": True})

    def outcome(depth: int) -> Sealed | Rejected:
        assembler = Assembler(compiled)
        assembler.feed("[" * depth + "]" * depth)
        return assembler.close()

    assert isinstance(outcome(20), Sealed)
    message = "nested too deeply to be checked: send a flatter value"
    assert outcome(128) == Rejected((Problem("", message, "limit", 256),), 256)


def test_what_is_decided_while_it_arrives_may_be_as_deep_as_the_limits_allow() -> None:
    compiled = compile_schema(RECURSIVE)
    assembler = Assembler(compiled)
    assembler.feed("[" * 128 + "]" * 128)
    assert isinstance(assembler.close(), Sealed)
    rejected = Assembler(compiled).feed("[" * 127 + "1 ")[-1]
    assert isinstance(rejected, Rejected)
    assert rejected.at == 128


def test_a_number_too_large_for_the_final_validator_is_refused_not_raised() -> None:
    assembler = Assembler(compile_schema({"multipleOf": 0.5}))
    assembler.feed("1" + "0" * 350)
    message = "holds a number too large to be checked: send a smaller one"
    assert assembler.close() == Rejected((Problem("", message, "limit", 351),), 351)


def test_a_value_at_which_the_final_validator_breaks_is_refused_not_raised() -> None:
    schema = {"$schema": "https://json-schema.org/draft/2019-09/schema", "items": True, "unevaluatedItems": False}
    assembler = Assembler(compile_schema(schema))
    assembler.feed("[1]")
    message = "can not be checked, the tool's schema is at fault: object of type 'bool' has no len()"
    assert assembler.close() == Rejected((Problem("", message, "schema", 3),), 3)


@pytest.mark.parametrize(
    ("schema", "dialect"),
    [
        ({}, "https://json-schema.org/draft/2020-12/schema"),
        (True, "https://json-schema.org/draft/2020-12/schema"),
        ({"$schema": "http://json-schema.org/draft-07/schema"}, "http://json-schema.org/draft-07/schema#"),
        ({"$schema": "http://json-schema.org/draft-07/schema#"}, "http://json-schema.org/draft-07/schema#"),
        ({"$schema": "https://json-schema.org/draft/2019-09/schema"}, "https://json-schema.org/draft/2019-09/schema"),
        ({"$schema": "https://example.com/draft-07/ours"}, "https://json-schema.org/draft/2020-12/schema"),
    ],
)
def test_a_schema_is_read_in_its_dialect_and_in_2020_12_where_that_is_unknown(schema: Any, dialect: str) -> None:
    assert Verdict(schema).dialect == dialect


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ({"type": "text"}, "the schema is not valid at #/type: 'text' is not valid under any of the given schemas"),
        ({"properties": {"a": {"minimum": "1"}}}, "at #/properties/a/minimum: '1' is not of type 'number'"),
        ({"pattern": "("}, 'at #/pattern: the pattern "(" is none that Python\'s re knows: missing ), unterminated'),
        (
            {"properties": {"a": {"pattern": r"a\p{L}"}}},
            r'at #/properties/a/pattern: the pattern "a\p{L}" has \p{L}, which',
        ),
        ({"patternProperties": {r"\PN": {}}}, r'at #/patternProperties: the pattern "\PN" has \PN, which'),
        ({"required": "a"}, "at #/required: 'a' is not of type 'array'"),
        ([], "a JSON Schema is a dict or a bool, this is a list"),
        (None, "a JSON Schema is a dict or a bool, this is a NoneType"),
        ({"$schema": 7}, 'the schema\'s "$schema" must be a string, the URI of a dialect'),
        ({"$schema": []}, 'the schema\'s "$schema" must be a string, the URI of a dialect'),
    ],
)
def test_a_schema_that_is_none_is_refused_with_its_place(schema: Any, message: str) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        Verdict(schema)
    assert message in str(caught.value)
    assert json.dumps(str(caught.value))
