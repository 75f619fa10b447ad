"""`Agent("llama:model.gguf")`: a child process that starts with the first who needs it and never outlives us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import anyio
import pytest

from millstream import Agent, Model, WireError
from millstream.transport import llama_process
from millstream.transport.llama import LlamaTransport
from tests.alive import nothing_left
from tests.real.llama_server import MODEL, PARAMS, requires_llama

pytestmark = [pytest.mark.real, pytest.mark.anyio, pytest.mark.timeout(300), requires_llama]

WORDS = {"temperature": 0, "max_tokens": 4}


def gguf() -> Path:
    assert MODEL is not None
    return MODEL


def children() -> list[int]:
    """The servers of this process."""
    return [server.pid for server in llama_process.running()]


def runs(pid: int) -> bool:
    """Whether a process is at work; a dead one that nobody has waited for is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_gone(pid: int, patience_s: float = 20) -> None:
    """Wait until a process is at work no more."""
    end = time.monotonic() + patience_s
    while runs(pid):
        assert time.monotonic() < end, f"process {pid} still runs"
        time.sleep(0.02)


async def test_a_model_file_by_its_path() -> None:
    with nothing_left():
        result = await Agent(Model(f"llama:{gguf()}", settings=WORDS)).run("Hi")
        assert result.text
    assert children() == []


async def test_runs_share_one_server_that_ends_with_the_last() -> None:
    model = Model("llama:smol", transport=LlamaTransport(gguf(), PARAMS), settings=WORDS)
    with nothing_left():
        async with Agent(model) as agent, Agent(model) as other:
            (pid,) = children()
            async with anyio.create_task_group() as runs_:
                runs_.start_soon(agent.run, "Hi")
                runs_.start_soon(other.run, "Hi")
            await Agent(model).run("Hi")
            assert children() == [pid]
    assert children() == []
    assert not runs(pid)


async def test_a_file_that_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "bad.gguf").write_bytes(b"nothing" * 100)
    with nothing_left(), pytest.raises(WireError, match=r"llama\.cpp server did not start .*invalid magic") as caught:
        await Agent(f"llama:{tmp_path / 'bad.gguf'}").run("Hi")
    assert (caught.value.phase, caught.value.retryable) == ("connect", False)
    assert "a whole GGUF file" in caught.value.hint


async def test_a_parameter_that_there_is_not() -> None:
    with pytest.raises(WireError, match="knows no parameter 'n_cxt'"):
        async with LlamaTransport(gguf(), {"n_cxt": 1}):
            pass


async def test_cancelled_while_it_loads() -> None:
    with nothing_left():
        with anyio.move_on_after(0.01) as scope:
            async with LlamaTransport(gguf()):
                pytest.fail("it did not take so little time")
        assert scope.cancelled_caught
    assert children() == []


async def test_a_server_that_dies_says_so_and_the_next_run_has_another() -> None:
    model = Model("llama:smol", transport=LlamaTransport(gguf(), PARAMS), settings=WORDS)
    async with Agent(model) as agent:
        (pid,) = children()
        os.kill(pid, signal.SIGKILL)
        await anyio.to_thread.run_sync(wait_gone, pid)
        with pytest.raises(WireError, match=r"the llama\.cpp server ended with status -9"):
            await agent.run("Hi")
    assert (await Agent(model).run("Hi")).text


@pytest.mark.parametrize("how", ["os.kill(os.getpid(), 9)", "os._exit(0)", "raise SystemExit"])
def test_however_we_end_no_server_is_left(how: str) -> None:
    program = f"""
import anyio, os
from millstream.transport import llama_process
from millstream.transport.llama import LlamaTransport

async def main():
    async with LlamaTransport({str(gguf())!r}):
        print(llama_process.running()[0].pid, flush=True)
        {how}

anyio.run(main)
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        wait_gone(int(parent.stdout.readline()), patience_s=5)
