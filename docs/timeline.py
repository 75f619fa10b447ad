"""Draws the README's picture: runs the demo once and writes its timeline to docs/timeline.svg.

python docs/timeline.py
"""

import subprocess
import sys
from pathlib import Path

from millstream.codec import read_log
from millstream.ui.timeline_svg import timeline_svg


def main() -> None:
    demo = [sys.executable, "-m", "millstream.cli", "demo", "--json"]
    log = subprocess.run(demo, capture_output=True, check=True, timeout=60).stdout.decode()  # noqa: S603  our own program
    Path(__file__).with_suffix(".svg").write_text(timeline_svg(list(read_log(log.splitlines()))), encoding="utf-8")


if __name__ == "__main__":
    main()
