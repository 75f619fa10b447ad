"""The wheel as a user gets it: what is in it, and what works where only it and its core dependencies are installed.

It is built and installed by pip, from the package index: hence `real`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from email.message import Message
from email.parser import Parser
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {"millstream": ROOT / "framework" / "millstream", "millstream_tools": ROOT / "tools" / "millstream_tools"}
CORE = {"anyio", "httpx2", "jsonschema", "partial-json-parser", "pydantic", "tenacity"}
EXTRAS = ("openai", "rich", "starlette", "trio", "typer", "uvicorn")
PIP = ["-m", "pip", "--disable-pip-version-check", "--no-input"]

pytestmark = [pytest.mark.real, pytest.mark.timeout(300)]


def run(command: Sequence[str | Path], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing of this checkout on the path."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return subprocess.run(
        command,
        env={**own, "PYTHONIOENCODING": "utf-8", **environment},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )


def checked(command: Sequence[str | Path], **environment: str) -> str:
    """What a command prints; it must succeed."""
    done = run(command, **environment)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    checked([sys.executable, *PIP, "wheel", "-q", "--no-deps", "--wheel-dir", folder, ROOT])
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of a fresh environment with the wheel and nothing else asked for."""
    folder = tmp_path_factory.mktemp("fresh") / "venv"
    checked([sys.executable, "-m", "venv", folder])
    checked([folder / "bin" / "python", *PIP, "install", "-q", wheel])
    return folder / "bin"


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    with ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return Parser().parsestr(archive.read(name).decode())


# --- what is in it ---


def test_it_holds_both_packages_whole_and_nothing_else(wheel: Path) -> None:
    here = {
        f"{package}/{file.relative_to(folder).as_posix()}"
        for package, folder in PACKAGES.items()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    with ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert held == here
    assert {f"{package}/py.typed" for package in PACKAGES} <= held
    assert "millstream/record.schema.json" in held
    strays = [name for name in held if not name.endswith((".py", "/py.typed", "/record.schema.json"))]
    assert strays == []
    assert [name for name in held if re.search(r"(^|/)(tests?_|conftest)", name)] == []


def test_beside_them_is_only_what_describes_them(wheel: Path) -> None:
    with ZipFile(wheel) as archive:
        described = {name.partition(".dist-info/")[2] for name in archive.namelist() if ".dist-info/" in name}
        (entries,) = (archive.read(name).decode() for name in archive.namelist() if name.endswith("entry_points.txt"))
    assert described == {"METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"}
    assert entries.split() == ["[console_scripts]", "millstream", "=", "millstream.cli:main"]


def test_what_it_says_of_itself(metadata: Message) -> None:
    assert (metadata["Name"], metadata["License-Expression"]) == ("millstream", "MIT")
    assert metadata["Requires-Python"] == ">=3.11"
    required: list[str] = metadata.get_all("Requires-Dist") or []
    assert {re.split("[<>=]", one)[0] for one in required if "extra ==" not in one} == CORE
    extras = {"all", "bedrock", "cli", "demo", "fake", "fast", "llama", "mcp", "otel", "prices", "websocket"}
    assert set(metadata.get_all("Provides-Extra") or []) == extras
    assert "Your tools start while the model is still writing" in str(metadata.get_payload())


# --- what works with it alone ---


def test_only_the_core_dependencies_come_with_it(installed: Path) -> None:
    listed = json.loads(checked([installed / "python", *PIP, "list", "--format=json"]))
    names = {one["name"].lower().replace("_", "-") for one in listed}
    assert CORE | {"millstream"} <= names
    assert names & set(EXTRAS) == set()
    checked([installed / "python", *PIP, "check"])


def test_importing_it_is_light_and_every_public_name_is_there(installed: Path) -> None:
    code = """
import sys, json, pathlib
import millstream
heavy = [n for n in ("pydantic", "jsonschema", "httpx2", "tenacity", "partial_json_parser") if n in sys.modules]
import millstream.events, millstream.testing, millstream_tools
names = [getattr(m, n) for m in (millstream, millstream.events, millstream.testing) for n in m.__all__]
typed = [pathlib.Path(m.__file__).with_name("py.typed").is_file() for m in (millstream, millstream_tools)]
schema = json.loads(pathlib.Path(millstream.__file__).with_name("record.schema.json").read_text("utf-8"))
print(json.dumps([heavy, len(names) > 50, typed, millstream.__file__, "$defs" in schema]))
"""
    heavy, named, typed, place, has_schema = json.loads(checked([installed / "python", "-W", "error", "-c", code]))
    assert (heavy, named, typed, has_schema) == ([], True, [True, True], True)
    assert Path(place).is_relative_to(installed.parent), "it is the installed one"


def test_the_first_example_of_the_readme_runs(installed: Path) -> None:
    block = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    assert block is not None
    script, changed = re.subn(r'Agent\("openai:gpt-5\.1"', "Agent(_scripted", block[1])
    assert changed == 1
    model = (
        "from millstream.testing import ScriptedModel, call\n"
        "two = [call('weather', city='Paris'), call('weather', city='Rome')]\n"
        "_scripted = ScriptedModel([two, 'A light jacket.'])\n"
    )
    said = checked([installed / "python", "-W", "error", "-c", model + script], MILLSTREAM_OFFLINE="1")
    assert said.count("▶ weather started while the model is still writing") == 2
    assert "✓ weather: 21 °C and clear in Paris" in said
    assert "A light jacket." in said


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["millstream"], "pip install 'millstream[cli]'"),
        (["millstream", "demo"], "'millstream[demo]' for the demo"),
        (["python", "-m", "millstream.cli", "chat"], "pip install 'millstream[cli]'"),
        (["python", "-m", "millstream.testing.provider", "scenario.json"], "pip install 'millstream[fake]'"),
    ],
)
def test_a_program_whose_extra_is_missing_says_what_to_install(
    installed: Path, tmp_path: Path, command: list[str], says: str
) -> None:
    (tmp_path / "scenario.json").write_text('["Hello"]', encoding="utf-8")
    program, *args = command
    done = run([installed / program, *(str(tmp_path / one) if one.endswith(".json") else one for one in args)])
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert says in line


def test_the_official_sdk_can_be_installed_beside_it_and_changes_nothing(installed: Path) -> None:
    ask = ["install", "-q", "--dry-run", "--report", "-", "openai>=3.54,<4"]
    report: Mapping[str, list[Mapping[str, Mapping[str, str]]]] = json.loads(
        checked([installed / "python", *PIP, *ask])
    )
    added = {one["metadata"]["name"].lower() for one in report["install"]}
    assert "openai" in added
    assert added & (CORE | {"pydantic_core", "pydantic-core", "httpcore2"}) == set()
