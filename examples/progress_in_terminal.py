"""Tools that say how far they are, shown live in the terminal: progress, log lines, partial results, a retry.

python examples/progress_in_terminal.py            offline; appended lines where the output is no terminal
"""

import time
from collections.abc import AsyncGenerator

import anyio

from millstream import Agent, Final, Retry, ToolContext, tool
from millstream.terminal import show
from millstream.testing import Response, Say, ScriptedModel, call


@tool(read_only=True)
def count_words(folder: str, ctx: ToolContext) -> int:
    """Count the words of all files in a folder."""
    for done in range(1, 6):  # a plain function: it runs in a thread, and progress works from there too
        time.sleep(0.15)
        ctx.progress(done, 5, f"{folder}/part-{done}.txt")
    return 12_806


@tool(read_only=True)
async def search(query: str) -> AsyncGenerator[str | Final]:
    """Search the notes; every hit is shown as it is found."""
    for hit in ("mill", "stream", "millstream"):
        await anyio.sleep(0.2)
        yield hit
    yield Final(f"3 notes about {query}")


@tool(idempotent=True, retry=Retry(attempts=3, first_wait_s=0.1, jitter_s=0))
async def publish(title: str, ctx: ToolContext) -> str:
    """Publish a note; the server behind it is not always there."""
    if ctx.attempt < 3:
        ctx.log(f"attempt {ctx.attempt}: the server did not answer")
        raise ConnectionError("no answer")
    return f"published {title} under the key {ctx.idempotency_key[-8:]}"


SCRIPT = [
    Response(
        (
            Say("Counting, searching and publishing at the same time. "),
            call("count_words", folder="notes"),
            call("search", query="mills"),
            call("publish", title="Mills and streams"),
            Say("I wait for all three."),
        ),
        tokens_per_s=60,
    ),
    Response((Say("12,806 words, 3 notes about mills, and the note is published."),), tokens_per_s=60),
]


async def main() -> None:
    agent = Agent(ScriptedModel(SCRIPT), tools=[count_words, search, publish])
    async with agent.stream("Count the words, search for mills, publish the note.") as run:
        await show(run.follow())


if __name__ == "__main__":
    anyio.run(main)
