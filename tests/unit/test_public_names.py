"""The public names: exactly those agreed on, each documented, and light until they are used."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from types import ModuleType
from typing import Any

import pytest

import millstream
import millstream.events
import millstream.executors
import millstream.testing

AGREED = (
    "Agent",
    "Answer",
    "Approve",
    "ArgStream",
    "ArgsAborted",
    "Deny",
    "Final",
    "Grammar",
    "GuardBlocked",
    "Handoff",
    "Limits",
    "MCPServer",
    "MediaPart",
    "MillstreamError",
    "Model",
    "ModelError",
    "ModelRetry",
    "ModerationBlocked",
    "OutputInvalid",
    "OutputSchema",
    "Policy",
    "Result",
    "Retry",
    "Run",
    "RunClosed",
    "RunError",
    "RunState",
    "Settings",
    "SoFar",
    "Tool",
    "ToolContext",
    "ToolDefinitionError",
    "ToolError",
    "ToolRunner",
    "Toolbox",
    "Transcript",
    "TurnLimit",
    "UsageError",
    "UseTool",
    "WireError",
    "schema_tool",
    "tool",
)
HEAVY = (
    "openai",  # never: an SDK is the user's own
    "pydantic",
    "pydantic_core",
    "jsonschema",
    "referencing",
    "partial_json_parser",
    "tenacity",
    "httpx2",
    "httpcore2",
    "trio",
    "rich",
    "typer",
    "starlette",
    "uvicorn",
    "mcp",
    "mcp_types",
    "opentelemetry",
    "sqlite3",
)
"""What is loaded in its home, on first use; the extras only by what needs them."""
MODULES = [millstream, millstream.events, millstream.executors, millstream.testing]


def loaded_by(code: str, names: tuple[str, ...] = HEAVY) -> list[str]:
    """Which of these modules a fresh interpreter has loaded after `code`."""
    ask = f"import sys, json; print(json.dumps([name for name in {names!r} if name in sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{ask}"], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    found: list[str] = json.loads(done.stdout)
    return found


def public(module: ModuleType) -> dict[str, Any]:
    """The names of a module and what they stand for; unions and other aliases are left out, they can say nothing."""
    named = {name: getattr(module, name) for name in module.__all__}
    return {name: value for name, value in named.items() if inspect.isclass(value) or inspect.isroutine(value)}


def test_the_names_are_those_agreed_on_and_sorted() -> None:
    assert millstream.__all__ == AGREED
    assert list(AGREED) == sorted(AGREED)
    assert len(AGREED) <= 45, "a feature that needs a new word earns it"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_name_is_there_and_listed_once(module: ModuleType) -> None:
    listed: list[str] = list(module.__all__)
    assert len(set(listed)) == len(listed)
    assert [name for name in listed if not hasattr(module, name)] == []


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_name_says_in_a_sentence_what_it_is(module: ModuleType) -> None:
    for name, value in public(module).items():
        told = inspect.getdoc(value) or ""
        first = told.partition("\n\n")[0]
        assert first.rstrip().endswith((".", ":")), f"{name} has no sentence: {first!r}"
        assert not told.startswith(f"{name}("), f"{name} has only what dataclasses write by themselves"


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_so_does_each_of_their_methods_and_properties(module: ModuleType) -> None:
    for name, value in public(module).items():
        for inner, member in vars(value).items() if inspect.isclass(value) else ():
            function = member.fget if isinstance(member, property) else getattr(member, "__func__", member)
            if not inner.startswith("_") and inspect.isfunction(function):
                assert function.__doc__, f"{name}.{inner} is not documented"


def test_importing_it_loads_nothing_heavy_and_neither_does_naming_what_is_in_it() -> None:
    assert loaded_by("import millstream") == []
    assert loaded_by("from millstream import *") == []
    assert loaded_by("import millstream.events, millstream.testing, millstream.codec") == []


def test_what_tests_need_and_what_draws_are_loaded_by_those_who_ask_for_them() -> None:
    inner = ("millstream.testing", "millstream.terminal", "millstream.cli", "millstream.ui", "millstream_tools")
    assert loaded_by("import millstream", inner) == []


def test_a_whole_run_needs_none_of_the_extras() -> None:
    code = (
        "from millstream import Agent\nfrom millstream.testing import ScriptedModel\n"
        "assert Agent(ScriptedModel(['Hi'])).run_sync('Hello').output == 'Hi'"
    )
    extras = ("openai", "trio", "rich", "typer", "starlette", "uvicorn", "mcp", "opentelemetry")
    assert loaded_by(code, extras) == []
