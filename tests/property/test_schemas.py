"""Invariant 4: an early rejection is one that the final validator makes of every completion, and the final verdict is
the final validator's; for random schemas and random values, most of which fit. There are two validators to agree with:
jsonschema, and jsonschema-rs, which shares no code with it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millstream.arguments import Assembler, CompiledSchema, Sealed, compile_schema
from millstream.arguments.preview import preview
from millstream.errors import ToolDefinitionError
from tests.oracle import valid, valid_in_rust
from tests.outcome import assemble
from tests.property.documents import at_path, paths
from tests.property.schemas import VALUES, instances, schemas

pytestmark = pytest.mark.timeout(1800)  # with --hypothesis-profile=long it takes minutes

SCHEMAS_AND_VALUES = schemas().flatmap(
    lambda schema: st.tuples(st.just(schema), st.lists(instances(schema), min_size=6, max_size=6))
)


def completions(begun: str) -> list[Any]:
    """Values that a text which begins with `begun` can still become: it, closed in a few ways."""
    found: list[Any] = []
    for more in ("", '"', ":1", '":1', "1", ",1", ',"z":1', ',"a":{},"b":[],"c":null'):
        text = preview(begun + more)
        if text is not None and text.startswith(begun):
            found.append(json.loads(text))
    return found


def test_a_rejection_is_sound_and_the_verdict_is_the_final_validators() -> None:
    counts = {"pairs": 0, "right": 0, "early": 0, "late": 0, "completions": 0, "disputed": 0, "unjudged": 0}

    @settings(max_examples=settings().max_examples * 7 // 10)
    @given(SCHEMAS_AND_VALUES)
    def check(drawn: tuple[dict[str, Any], list[Any]]) -> None:
        schema, values = drawn
        compiled = compile_schema(schema)
        for value in values:
            counts["pairs"] += 1
            counts[judged(schema, compiled, value, counts)] += 1

    check()
    print(counts)
    assert counts["pairs"] >= 2000
    assert min(counts["right"], counts["early"], counts["completions"]) > counts["pairs"] / 8
    assert counts["late"] > 0
    assert max(counts["disputed"], counts["unjudged"]) < counts["pairs"] / 200


def judged(schema: dict[str, Any], compiled: CompiledSchema, value: Any, counts: dict[str, int]) -> str:
    text = json.dumps(value)
    outcome = assemble(Assembler(compiled), [text + " "])
    assert assemble(Assembler(compiled), text + " ") == outcome
    try:
        right = valid(schema, value)
    except TypeError:  # jsonschema breaks at a bool for items under unevaluatedItems
        assert "2019-09" in schema["$schema"]
        return "unjudged"
    if valid_in_rust(schema, value) != right:  # jsonschema does not see everything that 2019-09 calls evaluated
        assert '"unevaluated' in json.dumps(schema), (schema, text)
        counts["disputed"] += 1
    assert (outcome.rejected is None) == right, (schema, text, outcome.rejected)
    if outcome.rejected is None:
        return "right"
    if not outcome.early:
        return "late"
    for completion in completions(text[: outcome.rejected.at + 1]):
        counts["completions"] += 1
        try:
            right = valid(schema, completion)
        except TypeError:  # as above
            continue
        assert not right, (schema, outcome.rejected, completion)
    return "early"


REFERENCES = st.sampled_from(["#", "#/$defs/a", "#/$defs/b", "#/x-unknown", "#/$defs/nowhere", "#a", "b.json"])
JUNK: st.SearchStrategy[Any] = (
    st.booleans()
    | st.builds(dict[str, Any])
    | VALUES
    | REFERENCES
    | st.sampled_from(["object", "[", "http://json-schema.org/draft-07/schema#"])
)
EXTRA = st.sampled_from(
    ["$id", "$schema", "$anchor", "$ref", "$dynamicRef", "$recursiveRef", "definitions", "not", "else"]
)


@st.composite
def damaged(draw: st.DrawFn) -> Any:
    """A schema with something in it replaced, or a keyword put into it, that was not meant to be there."""
    schema = draw(schemas())
    *steps, last = draw(st.sampled_from(paths(schema)[1:]))
    box = at_path(schema, tuple(steps))
    if isinstance(box, dict) and draw(st.booleans()):
        last = draw(EXTRA)
    box[last] = draw(JUNK | REFERENCES if last in {"$ref", "$dynamicRef"} else JUNK)
    return schema


def test_whatever_is_given_for_a_schema_is_compiled_or_the_callers_error() -> None:
    counts = {"compiled": 0, "refused": 0, "unjudged": 0}

    @settings(max_examples=settings().max_examples // 4)
    @given(damaged(), VALUES)
    def check(schema: Any, value: Any) -> None:
        try:
            compiled = compile_schema(schema)
        except ToolDefinitionError:
            counts["refused"] += 1
            return
        counts["compiled"] += 1
        assembler = Assembler(compiled)
        assembler.feed(json.dumps(value))
        sealed = isinstance(assembler.close(), Sealed)
        try:
            assert sealed == valid(schema, value)
        except RecursionError:  # a schema that is its own condition: jsonschema can not judge it
            assert '"$' in json.dumps(schema)
            counts["unjudged"] += 1

    check()
    print(counts)
    assert min(counts["compiled"], counts["refused"]) > 20
    assert counts["unjudged"] < counts["compiled"] / 10
