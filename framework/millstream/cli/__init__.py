"""The program `millstream`. Its libraries are extras: without them it says what to install."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the program; the entry point of the package."""
    try:
        from millstream.cli.app import app
    except ModuleNotFoundError as error:
        if error.name not in ("typer", "rich"):
            raise
        needs = "the program needs typer and rich: pip install 'millstream[cli]', or 'millstream[demo]' for the demo"
        sys.stderr.write(f"millstream: {needs}\n")
        sys.exit(2)
    app()
