"""A run waits for a person, its process ends, and another process goes on with it.

The first process asks: deleting a file needs approval, and only the user can say where the backup goes. Looking at the
files needs neither and runs at once. What is left is written to a file, authenticated with a key that both processes
share; a second process, a real one, reads it with the person's answers. Offline: the model is scripted.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from millstream import Agent, Answer, Approve, RunState, Tool, tool
from millstream.testing import ScriptedModel, call


@tool(read_only=True)
def list_files(folder: str) -> list[str]:
    """List the files of a folder."""
    return [f"{folder}/old.log", f"{folder}/new.log"]


@tool(needs_approval=True)
def delete_file(path: str) -> str:
    """Delete a file."""
    return f"deleted {path}"


@tool(deferred=True)
def ask_user(question: str) -> str:
    """Ask the user a question."""
    raise NotImplementedError  # its results come from outside


TOOLS: list[Tool[..., Any]] = [list_files, delete_file, ask_user]


def first(state_file: Path) -> None:
    calls = [
        call("list_files", folder="logs"),
        call("delete_file", path="logs/old.log"),
        call("ask_user", question="Where shall the backup go?"),
    ]
    result = Agent(ScriptedModel([calls]), TOOLS).run_sync("Tidy up the logs.")
    assert result.state is not None
    print(f"process {os.getpid()} did list_files: {result.calls['call-1-0'].result}")
    for waiting in result.state.calls.values():
        print(f"  waits for {waiting.waits_for}: {waiting.call.name} {waiting.args}")
    state_file.write_text(result.state.dump(), encoding="utf-8")


def second(state_file: Path) -> None:
    state = RunState.load(state_file.read_text(encoding="utf-8"))
    answers = {
        waiting.call.id: Approve() if waiting.waits_for == "approval" else Answer("to the attic")
        for waiting in state.calls.values()
    }
    agent = Agent(ScriptedModel(["Done: the old log is gone, the backup is in the attic."]), TOOLS)
    result = agent.run_sync(resume=state, answers=answers)
    print(f"process {os.getpid()} went on: {[handle.result for handle in result.calls.values()]}")
    print(result.output)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        second(Path(sys.argv[1]))
    else:
        os.environ["MILLSTREAM_STATE_KEY"] = secrets.token_hex(32)
        with tempfile.TemporaryDirectory() as folder:
            first(Path(folder, "run.json"))
            sys.stdout.flush()
            subprocess.run([sys.executable, __file__, str(Path(folder, "run.json"))], check=True)  # noqa: S603  itself
