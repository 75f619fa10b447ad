"""Tools over MCP, both ways: this file is a server of tools and an agent that starts it, in another process.

python examples/mcp_tools.py           offline: the model is a script, the server is real
python examples/mcp_tools.py serve     the server alone, as an editor or another agent would start it
"""

import os
import sys
from collections.abc import Iterable

import anyio

from millstream import Agent, MCPServer, ToolContext, tool
from millstream.events import CallFailed, CallLogged, CallProgress, CallReturned, CallStarted, TextDelta
from millstream.mcp_server import MCPTools
from millstream.testing import ScriptedModel, call
from millstream.toolbox.turn_tools import TurnContext

NOTES = {"mills.txt": "A millstream drives a mill.", "tools.txt": "Here it drives tools."}


@tool(read_only=True)
async def search(word: str, ctx: ToolContext) -> list[str]:
    """Find the notes that hold a word."""
    found: list[str] = []
    for number, (name, text) in enumerate(NOTES.items(), 1):
        ctx.progress(number, len(NOTES), name)
        found += [name] if word in text else []
    ctx.log(f"{len(found)} of {len(NOTES)}")
    return found


@tool
async def delete(name: str) -> str:
    """Delete a note."""
    return f"deleted {name}"


def tools_of_turn(context: TurnContext) -> Iterable[str]:
    """Nothing is deleted before something was looked up."""
    return context.toolbox if context.turn > 1 else ["notes_search"]


async def main() -> None:
    script = ScriptedModel(
        [
            [call("notes_search", word="drives"), call("notes_delete", name="mills.txt")],
            [call("notes_delete", name="mills.txt"), call("notes_search", word=7)],
            "Done: one note is deleted.",
        ]
    )
    environment = {"PYTHONPATH": os.pathsep.join(sys.path)}  # a server's environment holds what it is given
    server = MCPServer([sys.executable, __file__, "serve"], prefix="notes_", env=environment)
    async with Agent(script, [server], tools_for_turn=tools_of_turn) as agent, agent.stream("Tidy up.") as run:
        async for event in run:
            match event:
                case CallStarted(call=call_, state=state):
                    print(f"▶ {call_.name} ({state})")
                case CallProgress(done=done, total=total, message=message):
                    print(f"  {done} of {total}: {message}")
                case CallLogged(text=text):
                    print(f"  log: {text}")
                case CallReturned(call=call_, result=result):
                    print(f"✓ {call_.name}: {result}")
                case CallFailed(call=call_, failure=failure):
                    print(f"✗ {call_.name}: {failure}")
                case TextDelta(text=text):
                    print(text, end="")
                case _:
                    pass
    print()


if __name__ == "__main__":
    if "serve" in sys.argv:
        MCPTools([search, delete], name="notes").serve()
    else:
        anyio.run(main)
