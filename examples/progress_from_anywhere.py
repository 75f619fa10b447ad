"""Progress from async code, from threads and from code that knows nothing of tools; however often, people hear enough.

python examples/progress_from_anywhere.py            offline
"""

import time

import anyio
import anyio.to_thread

from millstream import Agent, ToolContext, tool
from millstream.events import CallLogged, CallProgress
from millstream.testing import ScriptedModel, call


def crunch(steps: int) -> int:
    """Deep within your own code: nobody handed it a context."""
    total = 0
    for step in range(1, steps + 1):
        total += step
        ToolContext.current().progress(step, steps, "crunching")
    return total


@tool(read_only=True)
async def in_async_code(pages: int, ctx: ToolContext) -> str:
    """Read pages."""
    for page in range(1, pages + 1):
        await anyio.sleep(0.02)
        ctx.progress(page, pages, f"page {page}", data={"page": page})
    return f"read {pages} pages"


@tool(read_only=True)
def in_a_thread(steps: int, ctx: ToolContext) -> int:
    """Crunch numbers: a plain function runs in a thread."""
    ctx.log(f"{steps} steps to go")
    return crunch(steps)


@tool(read_only=True)
async def in_a_thread_of_ones_own(steps: int) -> int:
    """Crunch numbers in a thread that the tool starts itself."""
    return await anyio.to_thread.run_sync(crunch, steps)


async def main() -> None:
    calls = [call("in_async_code", pages=12), call("in_a_thread", steps=100_000)]
    model = ScriptedModel([[*calls, call("in_a_thread_of_ones_own", steps=100_000)], "All read, all crunched."])
    heard: dict[str, list[CallProgress]] = {}
    begun = time.monotonic()
    async with Agent(model, tools=[in_async_code, in_a_thread, in_a_thread_of_ones_own]).stream("Go") as run:
        async for event in run:
            match event:
                case CallProgress(call=one):
                    heard.setdefault(one.name, []).append(event)
                case CallLogged(text=text):
                    print(f"log: {text}")
                case _:
                    pass
    took_s = time.monotonic() - begun
    for name, events in heard.items():
        last = events[-1]
        few = len(events) <= 20 * took_s + 3
        print(f"{name}: {last.message}, {last.done:,} of {last.total:,}; {'few' if few else 'too many'} events")
    print(run.text)


if __name__ == "__main__":
    anyio.run(main)
