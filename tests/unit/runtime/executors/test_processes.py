from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

from millstream import Limits, ModelRetry, ToolError, UsageError
from millstream.events import CallLogged, CallProgress
from millstream.policy import Policy
from millstream.runtime.executors.child_process import ChildProcess, ProcessDied
from millstream.runtime.executors.elsewhere import Elsewhere
from millstream.runtime.executors.execute import execute
from millstream.runtime.executors.hold import Hold
from millstream.runtime.executors.processes import CHILDREN
from millstream.runtime.outcomes import failure_of
from millstream.toolbox.results import NotJson
from tests.unit.runtime.executors import process_tools as tools
from tests.unit.runtime.executors.pieces import Heard, is_there, until, work_of

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module", autouse=True)
def _no_children_left() -> Iterator[None]:
    yield
    CHILDREN.close()


async def run(tool: Any, heard: Heard | None = None, *, limits: Limits | None = None, **kwargs: Any) -> Any:
    return await execute(work_of(tool, heard, **kwargs), Hold(limits or Limits()))


async def test_arguments_and_context_are_there(capfd: pytest.CaptureFixture[str]) -> None:
    CHILDREN.close()  # those that were started before write to where our output went then
    name, pid, *rest = await run(tools.facts, city=tools.City(name="Paris"), deps={"a": 1})
    assert (name, rest) == ("Paris", [{"a": 1}, "call-1-0", "run", "run:call-1-0", 1, True])
    assert pid != os.getpid()
    assert capfd.readouterr().out == "printed in the child\n"


async def test_a_process_is_kept_for_the_next_call() -> None:
    pids = [await run(tool) for tool in (tools.pid, tools.async_pid, tools.pid)]
    assert len(set(pids)) == 1


async def test_so_many_at_a_time() -> None:
    pids: list[int] = []

    async def one() -> None:
        pids.append(await run(tools.pid, limits=Limits(max_processes=1)))

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(one)
    assert len(pids) == 4
    assert len(set(pids)) == 1


async def test_what_it_says_and_yields_comes_back() -> None:
    heard = Heard()
    assert await run(tools.says, heard) == "said"
    progress, line = heard.said
    assert isinstance(progress, CallProgress)
    assert (progress.done, progress.total, progress.message, progress.data) == (1, 2, "half", {"a": [1]})
    assert isinstance(line, CallLogged)
    assert line.text == "a line"
    assert await run(tools.words, heard) == "result"
    assert heard.yielded == ["one", {"name": "Paris"}]
    assert await run(tools.async_words, heard) == "two"
    assert heard.yielded[2:] == ["one", "two"]


async def test_the_late_word_of_a_call_is_not_that_of_the_next() -> None:
    heard = Heard()
    assert await run(tools.says_late) == "returned"
    await anyio.sleep(0.1)
    assert await run(tools.words, heard) == "result"
    assert heard.said == []


async def test_context_variables_that_the_module_names_are_seen() -> None:
    assert await run(tools.who) == "nobody, changed"
    tools.WHO.set("me")
    assert await run(tools.who) == "me, changed"
    assert tools.WHO.get() == "me"
    tools.WHO.set(threading.Lock())
    assert await run(tools.who) == "nobody, changed"


@pytest.mark.parametrize(
    ("how", "kind", "name", "message"),
    [
        ("ToolError", ToolError, "ToolError", "no such city"),
        ("ModelRetry", ModelRetry, "ModelRetry", "name the city"),
        ("ValueError", ValueError, "ValueError", ""),
        ("group", KeyError, "KeyError", ""),
        ("Odd", Exception, "Odd", ""),
        ("OddForTheModel", ToolError, "OddForTheModel", "one and two"),
        ("exit", SystemExit, "SystemExit", ""),
        ("object", NotJson, "NotJson", "its result, of type object, is no JSON value"),
        ("large", ToolError, "ToolError", "its result is too large: "),
    ],
)
async def test_what_it_raises(how: str, kind: type[BaseException], name: str, message: str) -> None:
    with pytest.raises(kind) as caught:
        await run(tools.fails, how=how, limits=Limits(max_process_message_bytes=9_000))
    failure: Any = failure_of(caught.value, Policy())
    assert failure.error == name
    assert failure.message.startswith(message)
    assert bool(failure.message) == bool(message)
    if how not in ("object", "large", "group"):
        assert failure.where.startswith("process_tools.py:")
        assert failure.where.endswith(" in fails")
    assert isinstance(caught.value.__cause__, Elsewhere)
    assert failure.error in str(caught.value.__cause__)


@pytest.mark.parametrize(
    ("how", "words"), [("_exit", "(status 3)"), ("segv", "(killed by SIGSEGV)"), ("closes", "(killed by SIGKILL)")]
)
async def test_one_that_dies_is_replaced_and_the_others_go_on(how: str, words: str) -> None:
    limits = Limits(max_processes=2)
    others: list[int] = []

    async def other() -> None:
        others.append(await run(tools.pid, limits=limits))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(other)
        with pytest.raises(ProcessDied, match=re.escape(words)):
            await run(tools.dies, how=how, limits=limits)
    assert len(others) == 1
    assert await run(tools.pid, limits=limits)


async def test_who_is_cancelled_leaves_it_dead_with_what_it_started() -> None:
    heard = Heard()
    hold = Hold(Limits())
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(execute, work_of(tools.never, heard), hold)
            await until(lambda: heard.said)
            scope.cancel()
    assert not hold.let_go
    (progress,) = heard.said
    assert isinstance(progress, CallProgress)
    ours, its = progress.data
    assert not is_there(ours)
    await until(lambda: not is_there(its))


async def test_who_is_cancelled_while_it_waits_or_starts_takes_no_place() -> None:
    CHILDREN.close()
    for n in range(6):
        with anyio.move_on_after(n * 0.01):
            await run(tools.pid, limits=Limits(max_processes=1))
    assert await run(tools.pid, limits=Limits(max_processes=1))


async def test_the_time_counts_from_when_the_body_begins() -> None:
    CHILDREN.close()
    hold = Hold(Limits(), timeout_s=0.2)
    heard = Heard()
    with anyio.move_on_after(0.2) as hold.time_limit:
        await execute(work_of(tools.never, heard), hold)
    assert hold.time_limit.cancelled_caught
    assert heard.said, "it had begun, however long its process took to start"


async def test_one_that_does_not_start_in_time() -> None:
    CHILDREN.close()
    with pytest.raises(ProcessDied, match=r"did not start within 0.001 s"):
        await run(tools.pid, limits=Limits(process_start_timeout_s=0.001))


async def test_one_without_work_ends_by_itself_and_another_is_asked() -> None:
    CHILDREN.close()
    limits = Limits(process_idle_s=0.05)
    pid = await run(tools.pid, limits=limits)
    await until(lambda: not is_there(pid))
    assert await run(tools.pid, limits=limits) != pid


async def test_one_that_was_killed_while_it_had_nothing_to_do() -> None:
    pid = await run(tools.pid)
    os.kill(pid, signal.SIGKILL)
    await until(lambda: not is_there(pid))
    assert await run(tools.pid) != pid


async def test_a_fork_of_this_process_leaves_them_alone() -> None:
    child: Any = ChildProcess(60.0)
    pool = type(CHILDREN)()
    pool.give_back(child, 1)
    copies = [os.dup(child._parent.fileno()), os.dup(child._lifeline)]
    pool.forget()
    pool.close()
    assert is_there(child.pid)
    os.kill(child.pid, signal.SIGKILL)
    child._process.wait()
    for copy in copies:
        os.close(copy)


async def test_deps_that_can_not_be_sent() -> None:
    with pytest.raises(UsageError, match=r"deps, for facts can not be sent to a process: .*lock"):
        await run(tools.facts, city=tools.City(name="Paris"), deps=threading.Lock())
    with pytest.raises(UsageError, match=r"can not be pickled, so deps.name is not known in a process"):
        await run(tools.deps_of_current, deps=threading.Lock())


async def test_arguments_that_can_not_be_sent() -> None:
    with pytest.raises(UsageError, match="the arguments of fails can not be sent to a process"):
        await run(tools.fails, how=threading.Lock())
