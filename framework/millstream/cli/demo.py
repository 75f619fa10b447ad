"""`millstream demo`: tools of `millstream_tools` at work while a scripted model writes, over real HTTP, offline.

A fake provider on a loopback port plays the model from a script; everything else is real: the HTTP, the parsing, the
tools, their data, a status page that answers only the second time. What the model says is true of the data.
"""

from __future__ import annotations

import sys
from collections.abc import AsyncIterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import anyio

from millstream.agent import Agent
from millstream.codec import dumps
from millstream.events import Record
from millstream.models import Model
from millstream.terminal import show
from millstream.testing import CallTool, FakeProvider, Response, Say, Scenario
from millstream_tools.archive import Archiver
from millstream_tools.calc import calculate
from millstream_tools.demo_world import StatusServer, World, make_world
from millstream_tools.fetch import Fetch
from millstream_tools.search import TextSearch
from millstream_tools.sql import Database

TOKENS_PER_S: Final = 80
PROMPT: Final = "Customers say that payments failed yesterday. What happened, and how bad was it?"
_BY_STATUS: Final = "SELECT status, count(*) AS orders FROM orders GROUP BY status"
_BY_REASON: Final = "SELECT failure_reason, count(*) AS orders FROM orders WHERE status = 'failed' GROUP BY 1"
_BEFORE: Final = "I pack the logs for the team, and meanwhile look at the logs, the orders and the status page. "
_MEANWHILE: Final = (
    "All five are at work while I write this. Payments fail for many small reasons every day: cards are declined, "
    "items are sold out, customers close the page. One number therefore says little. I compare the share of failed "
    "orders with the reasons that the shop noted, look in the logs for an hour in which timeouts cluster, and ask the "
    "payment service's own status page what it knew. If the three agree, we have a cause; if not, the logs are packed "
    "and somebody can look closer. Only then do I say what happened, how many orders it cost, and how many of those "
    "were lost to timeouts rather than to ordinary declines, which are there every day."
)


def run_demo(*, plain: bool, as_json: bool) -> None:
    """Run the demo and show it: live, as lines, or as one record a line."""
    with TemporaryDirectory(prefix="millstream-demo-") as folder, StatusServer() as status:
        world = make_world(Path(folder))
        with FakeProvider(_scenario(world, status.url)) as provider:
            model = Model("openai:demo", base_url=provider.base_url, api_key="demo")
            agent = Agent(model, _tools(world, status.url))
            anyio.run(_follow, agent, plain, as_json)


async def _follow(agent: Agent, plain: bool, as_json: bool) -> None:
    async with agent.stream(PROMPT) as run:
        if as_json:
            await _print_records(run.follow())
        else:
            print(f"> {PROMPT}\n", flush=True)
            await show(run.follow(), plain=True if plain else None)


async def _print_records(records: AsyncIterable[Record]) -> None:
    async for record in records:
        sys.stdout.buffer.write(dumps(record).encode() + b"\n")
        sys.stdout.buffer.flush()


def _tools(world: World, status_url: str) -> list[Any]:
    out = world.folder / "archives"
    out.mkdir()
    packing = Archiver(world.folder, out, preset=1)
    return [TextSearch(world.logs), Database(world.database), Fetch([status_url]), packing, calculate]


def _scenario(world: World, status_url: str) -> Scenario:
    """What the model says: three responses, the numbers in them true of the world."""
    first = _response(
        Say(_BEFORE),
        CallTool("pack_folder", {"folder": "logs"}),
        CallTool("search_text", {"pattern": "payment timeout", "max_matches": 3}),
        CallTool("query_sql", {"sql": _BY_STATUS}),
        CallTool("fetch", {"url": f"{status_url}/status"}),
        CallTool("query_sql", {"sql": _BY_REASON}),
        Say(_MEANWHILE),
    )
    second = _response(
        Say("The three agree. I work out how bad it was. "),
        CallTool("calculate", {"expression": f"round({world.failed_orders} / {world.orders} * 100, 2)"}),
        CallTool("calculate", {"expression": f"round({world.timed_out_orders} / {world.failed_orders} * 100, 1)"}),
    )
    third = _response(
        Say(
            "Between 14:00 and 15:00 the payment provider was slow, and its status page agrees. "
            f"{world.failed_orders} of {world.orders:,} orders failed, {world.failed_percent} %; "
            f"{world.timed_out_orders} of them timed out while paying. "
            f"The logs hold {world.timeout_lines} lines about it and are packed for the team."
        )
    )
    return Scenario.of(first, second, third)


def _response(*steps: Say | CallTool) -> Response:
    return Response(steps, tokens_per_s=TOKENS_PER_S)
