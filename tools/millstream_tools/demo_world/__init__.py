"""A day of a web shop, for demos and first steps: logs, a database and a status page, the same each time.

world = make_world(Path("world"))
with StatusServer() as status:
    tools = [TextSearch(world.logs), Database(world.database), Fetch([status.url]), calculate]
"""

from __future__ import annotations

from millstream_tools.demo_world.status_server import StatusServer
from millstream_tools.demo_world.world import World, make_world

__all__ = ("StatusServer", "World", "make_world")
