"""Where tools run: what each executor can and can not do, and the seam for one of your own.

`@tool(executor=…)` takes

- `"inline"`: on the event loop; the default of async functions. Cancelled, an async tool has `Limits.cancel_grace_s` to
  clean up. One that takes no notice (it swallows the cancellation, or shields itself) can not be killed: the run goes
  on without it, its call ends with `stopped=False`, and it goes on by itself; it then delays the end of the event loop.
  Code that never awaits stops the whole event loop.
- `"thread"`: in a thread of a pool of `Limits.max_threads`; the default of plain functions and generators. A thread can
  not be stopped: it is left alone after the grace (at once, where its time is over), keeps its place until it ends, and
  its call ends with `stopped=False`. It sees the caller's context variables.
- `"process"`: in a child process, of which up to `Limits.max_processes` are at work and kept for the next call. It is
  killed, with what it started, when the call is cancelled, its time is over or this process ends; when it dies by
  itself, only its call fails (`ProcessDied`, which `Retry(on=…)` may name). What it starts in a session of its own
  (`setsid`) escapes that. The function must be one that can be imported: no lambda, nothing defined within a function.
  Its arguments, and `deps` if it takes a `ToolContext`, must be picklable; progress, log lines and yields come back
  while it works. Of the caller's context variables it sees those that the function's module names, where their values
  can be pickled, and no others. A tool defined in the main file needs `if __name__ == "__main__":` there. It is no
  sandbox. Linux and macOS.
- an `Executor`: an object with `submit` and `cancel`.

        class Pool:  # an executor of your own: threads of your own
            def __init__(self) -> None:
                self.threads = ThreadPoolExecutor(2)

            async def submit(self, work: Work) -> object:
                return await asyncio.wrap_future(self.threads.submit(work.run))

            async def cancel(self, work: Work) -> None:
                raise ToolError("a thread can not be stopped")
"""

from __future__ import annotations

from millstream.runtime.executors.child_process import ProcessDied
from millstream.toolbox.executor import Executor, Work

__all__ = ("Executor", "ProcessDied", "Work")
