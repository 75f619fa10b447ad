"""Draws the pictures of `docs/starting.md`: one conversation, once for each time at which its tools may start.

python docs/starting.py
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal, cast

import anyio

from millstream import Agent, Policy, tool
from millstream.events import Record
from millstream.testing import Pause, Response, Say, ScriptedModel, call
from millstream.ui.timeline_svg import timeline_svg

HERE: Final = Path(__file__).parent
STARTS: Final = cast("tuple[Literal['eager', 'safe', 'end'], ...]", ("eager", "safe", "end"))


@tool
async def search(words: str) -> str:
    """Search."""
    await anyio.sleep(0.6)
    return f"3 notes about {words}"


@tool
async def weather(city: str) -> str:
    """Look up the weather of a city."""
    await anyio.sleep(0.4)
    return f"21 °C in {city}"


def script() -> ScriptedModel:
    """A model that calls both, pauses before it moves on, and goes on writing."""
    first = Response(
        (
            Say("Let me look that up. "),
            call("search", words="mills and streams"),
            Pause(0.35),
            call("weather", city="Paris"),
            Pause(0.45),
            Say("One moment, please."),
            Pause(0.3),
        ),
        tokens_per_s=60,
    )
    return ScriptedModel([first, Response((Say("It is 21 °C, and there are notes."),), tokens_per_s=120)])


async def play(start: Literal["eager", "safe", "end"]) -> list[Record]:
    """The log of the conversation under that policy."""
    result = await Agent(script(), [search, weather], policy=Policy(start=start)).run("Go.")
    return result.records


def main() -> None:
    for start in STARTS:
        path = HERE / f"start_{start}.svg"
        path.write_text(timeline_svg(anyio.run(play, start)), encoding="utf-8")


if __name__ == "__main__":
    main()
