"""llama.cpp servers in child processes: one for a model and its parameters, shared, stopped by the last who leaves.

Blocking, and free of any event loop, so that runs in different loops and threads share a server. It must not know of
requests.
"""

from __future__ import annotations

import json
import re
import secrets
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Final

from millstream.errors import WireError
from millstream.transport import llama_child

_START_TIMEOUT_S: Final = 600.0  # tens of gigabytes from a slow disk
_MAX_LINES: Final = 200  # of what a server says, to tell why it ended
_SAID: Final = re.compile(r"[0-9.]+ E +(.*)")
_lock: Final = threading.Lock()
_servers: Final[dict[str, LlamaServer]] = {}


class LlamaServer:
    """One server. `acquire` gives it, and each who has it gives it back with `release`."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        self.key = secrets.token_urlsafe(24)
        self.users = 1
        self._url: Future[str] = Future()
        self._said: deque[str] = deque(maxlen=_MAX_LINES)
        self._stopped = False
        self._process = subprocess.Popen(  # noqa: S603  our own program, run by this Python
            [sys.executable, "-P", str(Path(llama_child.__file__))],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
        self._listener = threading.Thread(target=self._listen, args=({**order, "key": self.key},), daemon=True)
        self._listener.start()

    def url(self) -> str:
        """Where it listens, "http://127.0.0.1:PORT"; waits until it does.

        Raises:
            WireError: it ended before, or took too long.
        """
        try:
            return self._url.result(_START_TIMEOUT_S)
        except TimeoutError:
            raise self._failed(f"took more than {_START_TIMEOUT_S:g} s to load the model") from None

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self._process.pid

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self._process.poll() is not None

    def check(self) -> None:
        """Whether it still runs.

        Raises:
            WireError: it has ended.
        """
        if self.ended:
            raise self._failed(f"ended with status {self._process.returncode}")

    def stop(self) -> None:
        """End it, at once."""
        self._stopped = True
        self._process.kill()
        self._process.wait()
        self._listener.join()

    def _listen(self, order: Mapping[str, Any]) -> None:
        """Give the order, and take what the server says until it ends."""
        process = self._process
        assert process.stdin is not None, "it was opened as a pipe"
        assert process.stdout is not None, "it was opened as a pipe"
        try:
            process.stdin.write(json.dumps(order) + "\n")
            process.stdin.flush()
        except OSError as error:  # it is gone already, and its last words say why
            self._said.append(str(error))
        with process.stdout:
            for line in process.stdout:
                if line.startswith(llama_child.READY):
                    self._url.set_result(line.removeprefix(llama_child.READY).strip())
                self._said.append(line.strip())
        status = process.wait()
        process.stdin.close()
        if not self._url.done():
            what = "was stopped" if self._stopped else f"did not start (status {status})"
            self._url.set_exception(self._failed(what))

    def _failed(self, what: str) -> WireError:
        errors = [said[1] for line in self._said if (said := _SAID.match(line))]
        words = list(dict.fromkeys(errors))[:3] or [line for line in self._said if line][-1:]
        told = f": {'; '.join(words)}"[:600] if words else ""
        hint = "Check that it is a whole GGUF file of a model, and that it fits into memory."
        return WireError(f"the llama.cpp server {what}{told}", phase="connect", hint=hint)


def acquire(path: Path, params: Mapping[str, Any]) -> tuple[str, LlamaServer]:
    """The server of this model, started unless there is one, and the name to `release` it by."""
    name = json.dumps([str(path), dict(params)], sort_keys=True)
    with _lock:
        server = _servers.get(name)
        if server is not None and not server.ended:
            server.users += 1
        else:
            server = _servers[name] = LlamaServer({"path": str(path), "params": dict(params), "sys_path": sys.path})
    return name, server


def release(name: str, server: LlamaServer) -> None:
    """Give a server back; the last one stops it."""
    with _lock:
        server.users -= 1
        over = server.users == 0
        if over and _servers.get(name) is server:
            del _servers[name]
    if over:
        server.stop()


def running() -> list[LlamaServer]:
    """The servers of this process that somebody uses."""
    with _lock:
        return list(_servers.values())
