"""A benchmark's processes: a provider that plays a scenario, clients that take orders; each ends with its block."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, cast

from tests.benchmarks.clients.serving import READY

ROOT = Path(__file__).parents[2]
START_TIMEOUT_S = 60.0
ANSWER_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 5.0


class Failed(Exception):
    """A process did not do what it was started for; the text says why in one line."""


class Provider:
    """A fake provider in a process of its own; made by `provider`."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def requests(self) -> list[dict[str, Any]]:
        """Every request so far, oldest first, with the marks of its response."""
        with urllib.request.urlopen(self.base_url.removesuffix("/v1") + "/requests", timeout=START_TIMEOUT_S) as body:
            return cast("list[dict[str, Any]]", json.load(body))


@contextmanager
def provider(folder: Path, name: str, scenario: object) -> Generator[Provider]:
    """A provider that plays `scenario`, which is kept as `folder/scenario-NAME.json`."""
    file = folder / f"scenario-{name}.json"
    file.write_text(json.dumps(scenario), encoding="utf-8")
    command = [sys.executable, "-m", "millstream.testing.provider", str(file)]
    with _process(command, folder / f"log-provider-{name}.txt", ours=True) as process:
        yield Provider(_line(process, START_TIMEOUT_S))


class Client:
    """A process that answers orders."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self._process = process
        self._log = log

    def wait_ready(self) -> None:
        """Wait until it has started.

        Raises:
            Failed: it ended, or took too long.
        """
        with self._explained():
            while _line(self._process, START_TIMEOUT_S) != READY:
                pass

    def ask(self, order: Mapping[str, object]) -> dict[str, Any]:
        """Have an order carried out.

        Raises:
            Failed: the process ended, or took too long.
        """
        with self._explained():
            assert self._process.stdin is not None, "it was opened as a pipe"
            print(json.dumps(order), file=self._process.stdin, flush=True)
            return cast("dict[str, Any]", json.loads(_line(self._process, ANSWER_TIMEOUT_S)))

    @contextmanager
    def _explained(self) -> Generator[None]:
        """Tell a failure in the process's own last words."""
        try:
            yield
        except (Failed, OSError) as error:
            lines = self._log.read_text(encoding="utf-8").split("\n")
            said = next((line for line in reversed(lines) if line.strip()), str(error))
            raise Failed(said.strip()[:160]) from error


@contextmanager
def client(python: Path | None, module: str, log: Path) -> Generator[Client]:
    """A client program, in the environment of a peer or, without `python`, in this one; its errors go into `log`."""
    command = [str(python or sys.executable), "-m", f"tests.benchmarks.clients.{module}"]
    with _process(command, log, ours=python is None) as process:
        yield Client(process, log)


@contextmanager
def _process(command: list[str], log: Path, *, ours: bool) -> Generator[subprocess.Popen[str]]:
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment(ours=ours),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
    with process:
        try:
            yield process
        finally:
            assert process.stdin is not None, "it was opened as a pipe"
            process.stdin.close()
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()


def environment(*, ours: bool) -> dict[str, str]:
    """The environment of a process: no proxies, no tracing, and for a peer nothing of ours on its path."""
    inherited = dict(os.environ)
    if not ours:
        inherited.pop("PYTHONPATH", None)
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its bytecode
    return inherited | {"NO_PROXY": "127.0.0.1,localhost", "OPENAI_AGENTS_DISABLE_TRACING": "1"}


def _line(process: subprocess.Popen[str], timeout_s: float) -> str:
    """The next line a process prints; it is killed where that takes too long."""
    timer = threading.Timer(timeout_s, process.kill)
    timer.start()
    try:
        line = cast("IO[str]", process.stdout).readline()
    finally:
        timer.cancel()
    if not line:
        raise Failed(f"it ended, or did not answer within {timeout_s:g} s")
    return line.strip()
