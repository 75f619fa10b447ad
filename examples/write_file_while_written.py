"""A tool whose body runs while the model still writes one of its arguments: an annotation, `ArgStream[str]`, does it.

The file grows with every piece and gets its name only once the call is complete. The second model breaks off in the
middle: `ArgsAborted` is raised where the tool reads, the half-written file goes, and the model is told. Runs offline;
for a real model write `Agent("openai:gpt-5.1", tools=[write_file])`.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from millstream import Agent, ArgsAborted, ArgStream, Model, ToolContext, tool
from millstream.events import ArgsDelta, CallEnded, CallSealed
from millstream.testing import CallTool, Finish, Response, ScriptedModel

POEM = "\n".join(f"{line}. The mill goes round, the water runs." for line in range(1, 9))
ARGS = {"name": "poem.txt", "text": POEM}


@tool
async def write_file(name: str, text: ArgStream[str], ctx: ToolContext[Path]) -> str:
    """Write a text file."""
    part = ctx.deps / f"{name}.part"
    try:
        with part.open("w", encoding="utf-8", buffering=1) as file:
            async for piece in text:  # begins once `name` is known, goes on while the model writes
                file.write(piece)
                file.flush()
    except ArgsAborted:
        ctx.log("undone")
        part.unlink()
        raise
    part.rename(ctx.deps / name)  # reached only if the provider has closed the call, and its arguments hold
    return f"wrote {name}"


def names_in(folder: Path) -> list[str]:
    """What is there."""
    return [path.name for path in folder.iterdir()]


async def run(model: Model, folder: Path) -> None:
    """Let the model write, and look into the folder meanwhile."""
    written, sizes = 0, set[int]()
    async with Agent(model, tools=[write_file]).stream("Write a poem about mills.", deps=folder) as run:
        async for event in run:
            match event:
                case ArgsDelta(text=text):
                    written += len(text)
                    part = folder / "poem.txt.part"
                    size = part.stat().st_size if part.exists() else 0
                    if size and size // 100 not in sizes:
                        sizes.add(size // 100)
                        print(f"  {written} characters of the call have come, {size} bytes are in {part.name}")
                case CallSealed():
                    print("  the call is complete")
                case CallEnded(ok=ok):
                    print("  the tool returned" if ok else "  the call failed")
                case _:
                    pass
    print(f"  {run.output}")


async def main() -> None:
    """A model that writes to the end, and one that is cut off."""
    call = CallTool("write_file", ARGS, until_s=0.4)
    whole = Response((call,))
    cut = Response((CallTool("write_file", raw=call.text[:300], until_s=0.4, seal=False), Finish("length")))
    for title, response in (("written to the end", whole), ("cut off", cut)):
        print(title)
        with TemporaryDirectory() as folder:
            await run(ScriptedModel([response, "That was it."]), Path(folder))
            print(f"  the folder holds {names_in(Path(folder))}")


if __name__ == "__main__":
    asyncio.run(main())
