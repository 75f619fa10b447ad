"""Every schema and instance of JSON-Schema-Test-Suite (draft 2020-12 and 7, the required part), sent as a stream.

The verdict must be the suite's. The documents that its schemas refer to are given as resources; nothing is fetched.
Left out, and listed below so that none is left out silently: patterns that Python's `re` does not know, which must be
refused by name when the schema is compiled; and the cases in which jsonschema, the final validator, differs from the
suite itself.
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

_COUNTS: Final = {"draft2020-12": (1299, 5, 1), "draft7": (927, 0, 0)}
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


def _remotes(draft: str) -> dict[str, Any]:
    """The documents that the suite's schemas refer to by URI: those of the draft, and those of none."""
    folder = _SUITE.parent / "remotes"
    return {
        f"http://localhost:1234/{path.as_posix()}": json.loads((folder / path).read_text("utf-8"))
        for path in (file.relative_to(folder) for file in folder.rglob("*.json"))
        if path.parts[0] == draft or not path.parts[0].startswith(("draft", "v1"))
    }


_REMOTES: Final = {draft: _remotes(draft) for draft in ("draft2020-12", "draft7")}


def _refused(draft: str, file: str, group: dict[str, Any]) -> bool:
    return group["description"] in _NO_PYTHON_REGEX[draft].get(file, ())


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
        if _refused(draft, file.name, group):
            with pytest.raises(ToolDefinitionError, match=r"\\p\{Letter\}, which Python's re does not know"):
                compile_schema(schema)
            continue
        compiled = compile_schema(schema, _REMOTES[draft])
        for case in group["tests"]:
            text = json.dumps(case["data"])
            whole = assemble(Assembler(compiled), [text])
            assert assemble(Assembler(compiled), text) == whole
            expected = case["valid"]
            if f"{file.name}: {case['description']}" in _JSONSCHEMA_DIFFERS[draft]:
                expected = valid(schema, case["data"], _REMOTES[draft])
                assert expected != case["valid"]
            assert (whole.rejected is None) == expected, (group["description"], case["description"], whole.rejected)


@pytest.mark.parametrize("draft", ["draft2020-12", "draft7"])
def test_what_is_left_out_is_counted(draft: str) -> None:
    groups = _groups(draft)
    cases = sum(len(group["tests"]) for _, group in groups)
    refused = sum(len(group["tests"]) for file, group in groups if _refused(draft, file, group))
    names = [f"{file}: {case['description']}" for file, group in groups for case in group["tests"]]
    assert (cases, refused, len(_JSONSCHEMA_DIFFERS[draft] & set(names))) == _COUNTS[draft]
    listed = {(file, one) for file, several in _NO_PYTHON_REGEX[draft].items() for one in several}
    assert listed <= {(file, group["description"]) for file, group in groups}


def test_a_schema_of_another_document_is_refused_where_that_is_not_given() -> None:
    groups = [group for file, group in _groups("draft2020-12") if file == "refRemote.json"]
    assert groups
    for group in groups:
        with pytest.raises(ToolDefinitionError, match="leads out of it and nothing is fetched"):
            compile_schema(group["schema"])
