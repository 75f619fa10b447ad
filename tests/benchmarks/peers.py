"""The environments of the peers: each in a virtual environment of its own under `.bench/`, made on first use."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PINS = Path(__file__).parent / "peers"
INSTALL_TIMEOUT_S = 300.0
_UNBUILT = "could not be installed"


class Missing(Exception):
    """A peer is not here; the text says why in one line."""


class Peers:
    """Python interpreters that have a peer installed.

    Args:
        folder: where the environments are kept between benchmarks.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._missing: dict[str, str] = {}

    def python(self, peer: str) -> Path:
        """The interpreter of a peer, its environment made if it is not there or has other pins.

        Raises:
            Missing: it can not be installed; asked again, it is not tried again.
        """
        if peer in self._missing:
            raise Missing(self._missing[peer])
        pins = PINS / f"{peer}.txt"
        place = self._folder / f"venv-{peer}"
        python = place / ("Scripts" if sys.platform == "win32" else "bin") / "python"
        stamp = place / "installed.txt"
        wanted = f"{sys.version}\n{pins.read_text(encoding='utf-8')}"
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
            return python
        print(f"{peer}: installing into {place} …", file=sys.stderr)
        try:
            _do(sys.executable, "-m", "venv", "--clear", str(place))
            _do(str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(pins))
        except (OSError, subprocess.SubprocessError) as error:
            self._missing[peer] = f"{' '.join(pins.read_text(encoding='utf-8').split())} {_UNBUILT}: {_why(error)}"
            raise Missing(self._missing[peer]) from error
        stamp.write_text(wanted, encoding="utf-8")
        return python


def _do(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S)


def _why(error: OSError | subprocess.SubprocessError) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = [line for line in str(error.stderr).splitlines() if line.strip()]
        return lines[-1].strip() if lines else f"exit status {error.returncode}"
    return str(error)
