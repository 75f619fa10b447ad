"""`make_world`: writes the day into a folder and tells what is true of it, so that an answer can be checked."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from millstream_tools.demo_world.day import make_orders
from millstream_tools.demo_world.log_files import HOURS, SERVICES, write_logs
from millstream_tools.demo_world.shop_db import write_database
from millstream_tools.number_text import written


@dataclass(frozen=True, slots=True)
class World:
    """Where the day lies, and what is true of it."""

    folder: Path
    logs: Path
    """The folder of the log files, `SERVICE/HOUR.log`."""
    database: Path
    """The SQLite file; its one table is `orders`."""
    log_files: int
    log_bytes: int
    timeout_lines: int
    """Log lines that contain "payment timeout"."""
    orders: int
    failed_orders: int
    timed_out_orders: int
    """Those of the failed ones whose reason is "payment timeout"."""
    revenue_cents: int
    """The sum of the orders that were paid."""

    @property
    def failed_percent(self) -> str:
        """Failed orders in percent of all, to two places, as `round(failed / orders * 100, 2)` gives it."""
        percent = round(Fraction(self.failed_orders, self.orders) * 100, 2)
        return str(written(percent, rounded=False)["value"])


def make_world(folder: Path, *, lines_per_file: int = 800) -> World:
    """Write the day's logs and database into a folder; it is made where it does not exist, files in it are replaced.

    Args:
        folder: gets `logs/` and `shop.db`.
        lines_per_file: how long the log files are. What is searched and counted in them does not depend on it.
    """
    logs, database = folder / "logs", folder / "shop.db"
    orders = make_orders()
    timeout_lines = write_logs(logs, orders, lines_per_file)
    write_database(database, orders)
    failed = [order for order in orders if order.status == "failed"]
    return World(
        folder=folder,
        logs=logs,
        database=database,
        log_files=len(SERVICES) * HOURS,
        log_bytes=sum(path.stat().st_size for path in logs.glob("*/*.log")),
        timeout_lines=timeout_lines,
        orders=len(orders),
        failed_orders=len(failed),
        timed_out_orders=sum(order.reason == "payment timeout" for order in failed),
        revenue_cents=sum(order.amount_cents for order in orders if order.status == "paid"),
    )
