"""Programs with tools in processes: where a tool can be defined, and what is left when the program is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from millstream import Agent, ToolRunner, UsageError, tool
from millstream.testing import ScriptedModel
from tests.unit.runtime.executors.pieces import is_there

HEAD = """
import os, sys
from dataclasses import dataclass
from millstream import Agent, ToolContext, ToolError, tool
from millstream.testing import ScriptedModel, call

class Mine(ToolError):
    pass

@dataclass
class Deps:
    name: str

@tool(executor="process")
def work(ctx: ToolContext[Deps]) -> str:
    "Work."
    if ctx.deps.name == "raise":
        raise Mine("mine")
    return f"{ctx.deps.name} in {__name__}"

def main(name):
    agent = Agent(ScriptedModel([[call("work")], "Done."]), [work])
    result = agent.run_sync("Go.", deps=Deps(name))
    handle = result.calls["call-1-0"]
    print(handle.result, type(handle.exception) is Mine)
"""
GUARDED = 'if __name__ == "__main__":\n    main("deps")\n    main("raise")\n'


def program(folder: Path, text: str, *how: str) -> subprocess.CompletedProcess[str]:
    file = folder / "program.py"
    file.write_text(text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, *(how or (str(file),))], cwd=folder, capture_output=True, text=True, timeout=90, check=False
    )


@pytest.mark.parametrize("how", [(), ("-m", "program")])
def test_a_tool_of_the_main_file(tmp_path: Path, how: tuple[str, ...]) -> None:
    done = program(tmp_path, HEAD + GUARDED, *how)
    assert (done.stdout, done.stderr) == ("deps in __mp_main__ False\nNone True\n", "")


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ((), "work() is defined in program.py, which a child process has to import, and which would do everything"),
        (("-c", HEAD + "main('deps')\n"), "work() is defined in an interactive session, which no other process can"),
    ],
)
def test_a_main_file_that_would_do_everything_again(tmp_path: Path, how: tuple[str, ...], words: str) -> None:
    done = program(tmp_path, HEAD + "main('deps')\n", *how)
    assert done.stdout == ""
    assert f'UsageError: work, with executor="process", can not be sent to a process: {words}' in done.stderr


def within() -> Callable[[], str]:
    def inner() -> str:
        """Work."""
        return "never"

    return inner


def renamed() -> str:
    """Work."""
    return "never"


OTHER: Any = renamed
del renamed


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda: "never", "a lambda has no name by which another process could find it"),
        (within(), r"within.<locals>.inner\(\) is defined within a function"),
        (OTHER, r"another process looks for renamed\(\) in .*, where something else or nothing has that name"),
    ],
)
def test_functions_that_no_other_process_finds(function: Any, words: str) -> None:
    work = tool(name="work", executor="process")(function)
    for make in (lambda: Agent(ScriptedModel([]), [work]), lambda: ToolRunner([work])):
        with pytest.raises(UsageError, match=f"^work, with .* can not be sent to a process: {words}"):
            make()


def test_deps_are_looked_at_before_anything_is_asked() -> None:
    from tests.unit.runtime.executors.process_tools import facts, pid

    with pytest.raises(UsageError, match=r"deps, of type lock, for facts, with .*; pass what can be pickled, or"):
        Agent(ScriptedModel([]), [pid, facts]).stream("Go.", deps=threading.Lock())
    with pytest.raises(UsageError, match="deps, of type lock, for facts"):
        ToolRunner([facts], deps=threading.Lock())
    Agent(ScriptedModel([]), [pid]).stream("Go.", deps=threading.Lock())


KILLED = """
import anyio, json, os, sys, threading, time
from millstream import Limits
from millstream.events import CallProgress
from millstream.runtime.executors.execute import execute
from millstream.runtime.executors.hold import Hold
from tests.unit.runtime.executors.pieces import work_of, Heard
from tests.unit.runtime.executors.process_tools import never, pid

async def main():
    async with anyio.create_task_group() as tasks:
        for deps in ("GIL", None):
            heard = Heard()
            tasks.start_soon(execute, work_of(never, heard, deps=deps), Hold(Limits()))
            while not heard.said:
                await anyio.sleep(0.01)
            print(json.dumps(heard.said[0].data), flush=True)

if __name__ == "__main__":
    anyio.run(main)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_no_process_outlives_its_parent(tmp_path: Path, number: int) -> None:
    (tmp_path / "program.py").write_text(KILLED, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in (str(Path.cwd()), *sys.path) if path)}
    parent = subprocess.Popen(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        stderr=subprocess.DEVNULL,
    )
    with parent:
        assert parent.stdout is not None
        pids = [pid for _ in range(2) for pid in json.loads(parent.stdout.readline())]
        assert len(pids) == 4
        assert all(map(is_there, pids))
        parent.send_signal(number)
        parent.wait(30)
        end = time.monotonic() + 20
        while any(map(is_there, pids)):
            assert time.monotonic() < end, "they live on"
            time.sleep(0.01)
