"""The child process of `transport.llama`: one llama.cpp server on a loopback port, until its parent is gone.

Run by path, on the standard library and xllamacpp alone. It reads one line of JSON (the order), says where it listens
with one line that begins with `READY`, and ends when its standard input does or its parent is another one: however the
parent ended, no server outlives it.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from importlib import import_module
from typing import Any, Final

READY: Final = "millstream-llama-ready "
_CHECK_S: Final = 1.0  # a pipe may have been inherited by others than our parent: then only its id tells


def main() -> None:
    """Carry out the order."""
    parent = os.getppid()
    order: dict[str, Any] = json.loads(sys.stdin.readline())
    orphaned = threading.Event()
    threading.Thread(target=_until_parent_leaves, args=(parent, orphaned), daemon=True).start()
    sys.path[:] = order["sys_path"]
    server = _start(order)
    sys.stdout.write(f"{READY}{server.listening_address}\n")
    sys.stdout.flush()
    orphaned.wait()


def _start(order: dict[str, Any]) -> Any:
    llama: Any = import_module("xllamacpp")
    params = llama.CommonParams()
    params.model.path = order["path"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [order["key"]]  # a web page in a browser on this machine can reach a loopback port as well
    params.ui = False
    params.verbosity = 2
    for name, value in order["params"].items():
        *holders, last = name.split(".")
        owner = params
        for holder in holders:
            owner = getattr(owner, holder)
        if not hasattr(owner, last):
            raise SystemExit(f"xllamacpp knows no parameter {name!r}")
        setattr(owner, last, value)
    return llama.Server(params)


def _until_parent_leaves(parent: int, orphaned: threading.Event) -> None:
    closed = threading.Event()

    def read() -> None:
        sys.stdin.read()
        closed.set()

    threading.Thread(target=read, daemon=True).start()
    while not closed.wait(_CHECK_S):
        if os.getppid() != parent:
            break
    orphaned.set()
    os._exit(0)  # at once, in whatever the server is engaged: there is nothing to save


if __name__ == "__main__":
    main()
