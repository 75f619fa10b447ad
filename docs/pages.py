"""Runs the Python of the documentation's pages, and writes what it prints below it.

python docs/pages.py
"""

from __future__ import annotations

import contextlib
import io
import re
from pathlib import Path
from typing import Any, Final

HERE: Final = Path(__file__).parent
PAGES: Final = (
    "agents.md",
    "api.md",
    "arguments.md",
    "failures.md",
    "moving.md",
    "starting.md",
    "testing.md",
    "tools.md",
)
"""The pages whose blocks of Python are run, from first to last in one process; each is followed by what it prints."""
BLOCK: Final = re.compile(r"(```python\n(.*?)```\n\n```text\n)(.*?)(```\n)", re.DOTALL)


def written(page: str, name: str = "page") -> str:
    """The page with what its blocks print."""
    names: dict[str, Any] = {"__name__": name}

    def run(block: re.Match[str]) -> str:
        above = "\n" * page.count("\n", 0, block.start(2))  # so that a traceback names the line of the page
        with contextlib.redirect_stdout(io.StringIO()) as out:
            exec(compile(above + block[2], name, "exec"), names)  # noqa: S102  our own pages
        return f"{block[1]}{out.getvalue()}{block[4]}"

    return BLOCK.sub(run, page)


if __name__ == "__main__":
    for page in PAGES:
        path = HERE / page
        path.write_text(written(path.read_text(encoding="utf-8"), page), encoding="utf-8")
