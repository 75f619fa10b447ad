"""One child process as its parent sees it: started, given orders, killed. Blocking, and free of any event loop."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from millstream.errors import ToolError
from millstream.limits import Limits
from millstream.runtime.executors import child, messages
from millstream.runtime.executors.messages import Begun, Failed, Message, Order, Returned


class ProcessDied(ToolError):
    """The process of a tool ended before the tool did; the text, which the model may read, says how."""


class NotBegun(Exception):
    """The process ended before it began: another one can be asked."""


class ChildProcess:
    """A child process: `carry_out` orders one after the other, `kill` it from any thread, then `close` it.

    Raises:
        OSError: the system starts no process any more.
    """

    def __init__(self, idle_s: float) -> None:
        self.used = False
        """Whether it has carried out an order, and so may have ended since, for want of another."""
        ours, theirs = socket.socketpair()
        lifeline, self._lifeline = os.pipe()
        self._parent = ours
        self._lock = threading.Lock()
        self._closed = False
        with theirs:
            fds = (theirs.fileno(), lifeline)
            program = [sys.executable, "-P", str(Path(child.__file__))]
            try:
                self._process = subprocess.Popen(  # noqa: S603  our own program, run by this Python
                    [*program, *map(str, fds), str(idle_s), json.dumps(sys.path)],
                    stdin=subprocess.DEVNULL,
                    pass_fds=fds,
                    process_group=0,  # what it starts is killed with it; a Ctrl-C in the terminal is for the parent
                )
            except BaseException:
                self._let_go()
                raise
            finally:
                os.close(lifeline)

    @property
    def pid(self) -> int:
        """The id of its process."""
        return self._process.pid

    def carry_out(self, order: Order, hear: Callable[[Message], None], limits: Limits) -> Returned | Failed:
        """Have an order carried out; `hear` is told what the tool says meanwhile.

        Raises:
            NotBegun: it ended before.
            ProcessDied: it ended, or was killed, within; or it did not begin in time.
        """
        self._parent.settimeout(limits.process_start_timeout_s)
        begun = False
        try:
            messages.write(self._parent, messages.packed(order))
            while True:
                message = messages.read(self._parent, limits.max_process_message_bytes + messages.MAX_FAILED)
                if message.number != order.number:
                    continue  # a late word of the tool before
                if isinstance(message, Begun):
                    begun = True
                    self._parent.settimeout(None)
                elif isinstance(message, Returned | Failed):
                    self.used = True
                    return message
                hear(message)
        except TimeoutError:
            self.close()
            raise ProcessDied(f"its process did not start within {limits.process_start_timeout_s:g} s") from None
        except (EOFError, OSError) as error:
            if not begun:
                raise NotBegun(self.close()) from error
            ended = f"its process ended before it did ({self.close()})"
            raise ProcessDied(f"{ended}; it may have had part of its effect") from error
        except BaseException:  # what it says can not be heard, and nobody waits for it any more
            self.close()
            raise

    def kill(self) -> None:
        """Kill it and what it started, at once and without waiting; whoever waits for it in `carry_out` goes on."""
        with self._lock:
            if self._closed or self._process.returncode is not None:
                return
            with suppress(ProcessLookupError, PermissionError):  # it has ended; macOS says so in the second way
                os.killpg(self.pid, signal.SIGKILL)
            with suppress(OSError):
                self._parent.shutdown(socket.SHUT_RDWR)  # a process that left the group may hold the other end

    def close(self) -> str:
        """Kill it, wait until it is gone, and give back what it took; how it ended."""
        self.kill()  # which changes nothing about one that has ended; not reaped, it keeps the number of its group
        code = self._process.wait()
        with self._lock:
            if not self._closed:
                self._closed = True
                self._let_go()
        return f"status {code}" if code >= 0 else f"killed by {_signal_name(-code)}"

    def forget(self) -> None:
        """In a fork of the parent: it is none of our business."""
        self._closed = True
        self._let_go()

    def _let_go(self) -> None:
        self._parent.close()
        os.close(self._lifeline)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
