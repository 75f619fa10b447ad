"""Every schema and instance of JSON-Schema-Test-Suite (draft 2020-12 and 7, the required part), sent as a stream.

The verdict must be the suite's. Left out, and listed below so that none is left out silently: schemas that need a
remote document, which must be refused when they are compiled, and nothing fetched; and the cases in which jsonschema,
the final validator, differs from the suite itself.
"""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any, Final

import pytest

from millstream.arguments import Assembler, compile_schema
from millstream.errors import ToolDefinitionError
from tests.corpus import suite
from tests.oracle import valid
from tests.outcome import assemble

_SUITE: Final = suite("JSON-Schema-Test-Suite") / "tests"
_DRAFT_7: Final = "http://json-schema.org/draft-07/schema#"

_METASCHEMA: Final = {
    "draft2020-12": {
        "defs.json": ["validate definition against metaschema"],
        "ref.json": ["remote ref, containing refs itself"],
    },
    "draft7": {
        "definitions.json": ["validate definition against metaschema"],
        "ref.json": ["remote ref, containing refs itself"],
    },
}
"""They refer to the metaschema, which is a remote document like any other."""

_REMOTE: Final = {
    "draft2020-12": {
        "dynamicRef.json": [
            "strict-tree schema, guards against misspelled properties",
            "tests for implementation dynamic anchor and reference link",
            "$ref and $dynamicAnchor are independent of order - $defs first",
            "$ref and $dynamicAnchor are independent of order - $ref first",
            "$ref to $dynamicRef finds detached $dynamicAnchor",
        ],
    },
    "draft7": {},
}
"""They refer to documents that the suite's runner is meant to serve, as does all of refRemote.json."""

_NO_PYTHON_REGEX: Final = {
    "draft2020-12": {
        "pattern.json": ["pattern with Unicode property escape requires unicode mode"],
        "patternProperties.json": ["patternProperties with Unicode property escape"],
    },
    "draft7": {},
}
r"""Their \p{Letter} is no regular expression of Python's; jsonschema refuses the schema, and so do we, at once."""

_JSONSCHEMA_DIFFERS: Final = {
    "draft2020-12": {"vocabulary.json: no validation: invalid number, but it still validates"},
    "draft7": set[str](),
}
"""jsonschema takes a metaschema it does not know for 2020-12."""

_COUNTS: Final = {"draft2020-12": (1299, 53, 1), "draft7": (927, 27, 0)}
"""Instances there are, of these under a refused schema, and of these judged otherwise by jsonschema."""


def _groups(draft: str) -> list[tuple[str, dict[str, Any]]]:
    files = sorted((_SUITE / draft).glob("*.json"))
    return [(file.name, group) for file in files for group in json.loads(file.read_text("utf-8"))]


def _schema(draft: str, group: dict[str, Any]) -> Any:
    """The group's schema, which in draft 7 does not name its dialect."""
    schema = group["schema"]
    if draft == "draft2020-12":
        return schema
    if isinstance(schema, bool):
        return {"$schema": _DRAFT_7, "allOf": [schema]}
    return {"$schema": _DRAFT_7, **schema}


def _refused(draft: str, file: str, group: dict[str, Any]) -> str | None:
    """Words of the error with which the group's schema is refused; None if it is compiled."""
    if file == "refRemote.json" or group["description"] in {
        *_METASCHEMA[draft].get(file, ()),
        *_REMOTE[draft].get(file, ()),
    }:
        return "leads out of it and nothing is fetched"
    if group["description"] in _NO_PYTHON_REGEX[draft].get(file, ()):
        return "is not a 'regex'"
    return None


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise AssertionError("a schema was fetched", args, kwargs)

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def _files(draft: str) -> list[object]:
    return [pytest.param(draft, file, id=f"{draft}-{file.stem}") for file in sorted((_SUITE / draft).glob("*.json"))]


@pytest.mark.parametrize(("draft", "file"), [*_files("draft2020-12"), *_files("draft7")])
def test_a_stream_is_judged_as_the_suite_judges_the_value(draft: str, file: Path) -> None:
    for group in json.loads(file.read_text("utf-8")):
        schema = _schema(draft, group)
        words = _refused(draft, file.name, group)
        if words is not None:
            with pytest.raises(ToolDefinitionError, match=words):
                compile_schema(schema)
            continue
        compiled = compile_schema(schema)
        for case in group["tests"]:
            whole = assemble(Assembler(compiled), [json.dumps(case["data"])])
            assert assemble(Assembler(compiled), json.dumps(case["data"])) == whole
            expected = case["valid"]
            if f"{file.name}: {case['description']}" in _JSONSCHEMA_DIFFERS[draft]:
                expected = valid(schema, case["data"])
                assert expected != case["valid"]
            assert (whole.rejected is None) == expected, (group["description"], case["description"], whole.rejected)


@pytest.mark.parametrize("draft", ["draft2020-12", "draft7"])
def test_what_is_left_out_is_counted(draft: str) -> None:
    groups = _groups(draft)
    cases = sum(len(group["tests"]) for _, group in groups)
    refused = sum(len(group["tests"]) for file, group in groups if _refused(draft, file, group) is not None)
    names = [f"{file}: {case['description']}" for file, group in groups for case in group["tests"]]
    assert (cases, refused, len(_JSONSCHEMA_DIFFERS[draft] & set(names))) == _COUNTS[draft]
    listed = {
        (file, one)
        for reason in (_METASCHEMA, _REMOTE, _NO_PYTHON_REGEX)
        for file, several in reason[draft].items()
        for one in several
    }
    assert listed <= {(file, group["description"]) for file, group in groups}
