"""The optional format tests of JSON-Schema-Test-Suite, sent as streams with `assert_formats=True`.

A format is checked as far as jsonschema can with what is installed, so the verdict must be jsonschema's; the suite's it
must be for the formats that need nothing more. What passes of each is printed.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from millstream.arguments import Assembler, compile_schema
from tests.corpus import suite
from tests.oracle import valid
from tests.outcome import assemble

_SUITE: Final = suite("JSON-Schema-Test-Suite") / "tests"
_DIALECT: Final = {
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
    "draft7": "http://json-schema.org/draft-07/schema#",
}
_COMPLETE: Final = {"date", "idn-email", "ipv4", "ipv6", "regex", "unknown"}


@pytest.mark.parametrize("draft", ["draft2020-12", "draft7"])
def test_a_format_that_is_asserted_is_judged_as_the_final_validator_judges_it(draft: str) -> None:
    complete: set[str] = set()
    for file in sorted((_SUITE / draft / "optional" / "format").glob("*.json")):
        passed = cases = 0
        for group in json.loads(file.read_text("utf-8")):
            schema = {"$schema": _DIALECT[draft], **group["schema"]}
            compiled = compile_schema(schema, assert_formats=True)
            for case in group["tests"]:
                text = json.dumps(case["data"])
                whole = assemble(Assembler(compiled), [text])
                assert assemble(Assembler(compiled), text) == whole
                accepted = whole.rejected is None
                assert accepted == valid(schema, case["data"], formats=True), (file.stem, case)
                passed += accepted == case["valid"]
                cases += 1
        print(f"{draft} {file.stem}: {passed} of {cases}")
        if passed == cases:
            complete.add(file.stem)
    assert complete >= _COMPLETE


def test_a_format_is_an_annotation_unless_it_is_asserted() -> None:
    schema: dict[str, Any] = {"format": "date"}
    text = '"2024-13-01"'
    assert assemble(Assembler(compile_schema(schema)), [text]).rejected is None
    rejected = assemble(Assembler(compile_schema(schema, assert_formats=True)), [text]).rejected
    assert rejected is not None
    assert rejected.at == len(text) - 1
    assert rejected.problems[0].message == 'expected a string of the format date, found "2024-13-01"'
