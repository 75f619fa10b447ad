"""Guards: what may go in, what a tool may be asked, and what is shown. Runs offline, with a scripted model.

Text is held back until it has passed, a sentence at a time; of what a guard blocks nothing is shown or remembered.
"""

from __future__ import annotations

import anyio

from millstream import Agent, GuardBlocked, SoFar, tool
from millstream.events import Call, CallFailed, JsonValue, TextDelta
from millstream.guards import Block, Guards
from millstream.testing import Say, ScriptedModel, call


@tool(read_only=True)
async def read_file(path: str) -> str:
    """Read a file."""
    return f"the text of {path}"


def about_files(run: SoFar) -> Block | None:
    """Look at the prompt, before anything is asked."""
    return None if "file" in run.prompt else Block("this agent only knows files")


async def own_files_only(asked: Call, args: JsonValue, run: SoFar[str]) -> Block | None:
    """Look at a call, before its tool may start; `run.deps` is whoever asks."""
    if args["path"].startswith(f"/home/{run.deps}/"):
        return None
    return Block(f"{asked.name} is for your own files")


def no_keys(text: str, run: SoFar) -> Block | None:
    """Look at a message so far, before its newest sentence is shown."""
    del run
    return Block("it holds a key") if "sk-" in text else None


async def main() -> None:
    calls = [call("read_file", path="/etc/shadow"), call("read_file", path="/home/ann/notes")]
    answer = Say("I have read your notes. The key in them is sk-1234. Keep it safe.", chunk_chars=5)
    guards = Guards(input=about_files, call=own_files_only, text=no_keys)
    agent = Agent(ScriptedModel([calls, answer]), [read_file], guards=guards)
    try:
        await agent.run("What is the weather?")
    except GuardBlocked as error:
        print(error)
    try:
        async with agent.stream("Read my files.", deps="ann") as run:
            async for event in run:
                match event:
                    case CallFailed(call=asked, failure=failure):
                        print(f"✗ {asked.id}: {failure}")
                    case TextDelta(text=text):
                        print(text, end="", flush=True)
                    case _:
                        pass
    except GuardBlocked as error:
        print(f"\n{error}")


anyio.run(main)
