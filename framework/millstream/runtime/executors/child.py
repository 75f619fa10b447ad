"""The program of a child process: sets itself up so that it can not outlive its parent, then carries out orders.

Run by its path, so that it starts on the standard library alone: with the socket to the parent, the reading end of a
pipe that nobody writes to, how long to wait for an order in seconds, and the parent's `sys.path` as arguments. Standard
output and standard error are the parent's, for tools that print.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading


def main() -> None:
    """Carry out orders until the parent is gone or has none for some time."""
    parent, lifeline = socket.socket(fileno=int(sys.argv[1])), int(sys.argv[2])
    for held in (parent.fileno(), lifeline):
        os.set_inheritable(held, False)  # what the tools start must not keep our parent from seeing our end
    _die_with_parent(lifeline)
    sys.path[:] = json.loads(sys.argv[4])
    idle_s, sys.argv = float(sys.argv[3]), [""]
    from millstream.runtime.executors.serving import serve

    serve(parent, idle_s)
    _kill_all()


def _die_with_parent(lifeline: int) -> None:
    """Have this process and what it started killed when the parent has ended and so has closed the pipe."""
    if sys.platform == "linux":  # by the kernel, so that a tool which never lets another thread run ends as well
        import fcntl

        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, _F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)

    def wait() -> None:
        os.read(lifeline, 1)  # returns at the end of the pipe
        _kill_all()

    threading.Thread(target=wait, name="lifeline", daemon=True).start()


def _kill_all() -> None:
    """End this process and what it started."""
    os.killpg(os.getpgrp(), signal.SIGKILL)


_F_SETSIG = 10  # fcntl has no name for it before Python 3.12

if __name__ == "__main__":
    main()
