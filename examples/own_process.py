"""A tool that keeps a processor busy, in a process of its own: it says how far it is, and one call is stopped half-way.

python examples/own_process.py            offline
"""

import os

import anyio

from millstream import Agent, ToolContext, tool
from millstream.events import CallFailed, CallProgress, CallReturned
from millstream.testing import ScriptedModel, call


@tool(read_only=True, executor="process")
def count_primes(below: int, ctx: ToolContext) -> int:
    """Count the prime numbers below a number."""
    found = 0
    for n in range(2, below):
        found += all(n % divisor for divisor in range(2, int(n**0.5) + 1))
        if n % 5_000 == 0:
            ctx.progress(n, below, data={"process": os.getpid()})  # is there at once, while the process works on
    return found


def is_there(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


async def main() -> None:
    both = [call("count_primes", below=20_000), call("count_primes", below=2_000_000_000)]
    model = ScriptedModel([both, "2262 below 20,000. Two thousand million are too many to look at."])
    agent = Agent(model, tools=[count_primes])
    async with agent.stream("How many primes are there?") as run:
        endless = 0
        async for event in run:
            match event:
                case CallProgress(call=its, done=done, total=total, data={"process": process}):
                    print(f"{its.id}: {done} of {total}, {'here' if process == os.getpid() else 'in another process'}")
                    if total == 2_000_000_000 and not endless:
                        endless = process
                        run.cancel(its.id, "that would take hours")
                case CallReturned(call=its, result=result):
                    print(f"{its.id}: {result}")
                case CallFailed(call=its, failure=failure):
                    print(f"{its.id}: {failure}, its process is {'there' if is_there(endless) else 'gone'}")
                case _:
                    pass
    print(run.text)


if __name__ == "__main__":  # a child process imports this file
    anyio.run(main)
