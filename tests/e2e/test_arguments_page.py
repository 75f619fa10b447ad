"""The page about arguments says what the code does: its Python is run, its table is found anew."""

from __future__ import annotations

import contextlib
import io
import re
import runpy
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "arguments.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", re.DOTALL)


def test_the_blocks_of_python_print_what_stands_below_them() -> None:
    blocks = BLOCK.findall(PAGE)
    names: dict[str, Any] = {}
    for source, printed in blocks:
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(source, "arguments.md", "exec"), names)
        assert out.getvalue() == printed
    assert len(blocks) == PAGE.count("```python") == PAGE.count("```text") == 3


def test_the_table_is_what_the_code_says() -> None:
    written = runpy.run_path(str(DOCS / "arguments_table.py"))["written"](PAGE)
    assert written == PAGE, "python docs/arguments_table.py writes it anew"
