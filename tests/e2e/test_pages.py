"""The pages of the documentation say what the code does: their Python is run, what it prints stands below it."""

from __future__ import annotations

import re
import runpy
from importlib import import_module
from pathlib import Path

import pytest

import millstream

DOCS = Path(__file__).parents[2] / "docs"
PAGES = runpy.run_path(str(DOCS / "pages.py"))


@pytest.mark.parametrize("name", PAGES["PAGES"])
def test_the_blocks_of_python_print_what_stands_below_them(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    assert len(PAGES["BLOCK"].findall(page)) == page.count("```python") == page.count("```text") > 0
    assert PAGES["written"](page, name) == page, "python docs/pages.py writes it anew"


@pytest.mark.parametrize("path", sorted(DOCS.glob("*.md")), ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    for link in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
        assert link.startswith("https://") or (DOCS / link).exists(), link


def test_the_table_of_arguments_is_what_the_code_says() -> None:
    page = (DOCS / "arguments.md").read_text(encoding="utf-8")
    written = runpy.run_path(str(DOCS / "arguments_table.py"))["written"](page)
    assert written == page, "python docs/arguments_table.py writes it anew"


def test_each_picture_is_shown_and_drawn_by_a_script() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in [*DOCS.glob("*.md"), DOCS.parent / "README.md"])
    for path in DOCS.glob("*.svg"):
        assert path.name in text


def test_the_page_of_the_api_names_everything_public() -> None:
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    assert [name for name in millstream.__all__ if f"`{name}`" not in page] == []


def test_the_modules_on_the_page_of_the_api_hold_the_names_beside_them() -> None:
    page = (DOCS / "api.md").read_text(encoding="utf-8")
    rows = [line for line in page.split("## Modules beside it")[1].splitlines() if line.startswith("| ")][1:]
    module, seen = millstream, set[str]()
    for row in rows:
        _, first, names, _ = row.split("|")
        if named := re.findall(r"`(millstream[\w.]+)`", first):
            module = import_module(named[0])
            seen.add(named[0])
        for name in re.findall(r"`(\w+)`", names):
            assert hasattr(module, name), f"{module.__name__} has no {name}"
    for name in re.findall(r"`(millstream(?:\.\w+)+)`", page):
        import_module(name)
    beside = "events testing sessions guards stop executors telemetry prices mcp_server arguments codec"
    assert {f"millstream.{name}" for name in beside.split()} <= seen


@pytest.mark.parametrize("name", ["events", "testing", "sessions", "executors", "telemetry", "arguments"])
def test_the_page_of_the_api_names_all_that_a_module_gives(name: str) -> None:
    page = (DOCS / "api.md").read_text(encoding="utf-8").split("## Modules beside it")[1]
    module = import_module(f"millstream.{name}")
    assert [public for public in module.__all__ if f"`{public}`" not in page] == []
