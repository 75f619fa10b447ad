"""Writes the log files of the day: one for each service and hour, with a line for each payment that timed out."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import Final

from millstream_tools.demo_world.day import DATE, DAY_S, Order, clock

SERVICES: Final = ("cart", "checkout", "gateway", "inventory", "mailer", "payment", "search", "shipping")
HOURS: Final = 24
_MESSAGES: Final = (
    "GET /products/",
    "GET /basket/",
    "POST /basket/items/",
    "cache miss product:",
    "cache hit product:",
    "db query shop.items page=",
    "session renewed user=",
    "queue drained job=",
)


def write_logs(folder: Path, orders: Sequence[Order], lines_per_file: int) -> int:
    """Write `folder/SERVICE/HOUR.log` for every service and hour; how many lines say "payment timeout"."""
    timeouts: list[list[tuple[int, str]]] = [[] for _ in range(HOURS)]
    for order in orders:
        for attempt in range(1, order.timeouts + 1):
            second = min(order.second + 30 * attempt, DAY_S - 1)
            said = f"ERROR payment order={order.id} payment timeout after 30000 ms, attempt {attempt}"
            timeouts[second // 3600].append((second, said))
    for service in SERVICES:
        (folder / service).mkdir(parents=True, exist_ok=True)
    random = Random(1)  # noqa: S311  made-up data, no secrets
    for hour in range(HOURS):
        seconds = [hour * 3600 + i * 3600 // lines_per_file for i in range(lines_per_file)]
        stamps = [f"{DATE}T{clock(second)}." for second in seconds]
        for service in SERVICES:
            lines = [_line(stamp, service, random.getrandbits(96)) for stamp in stamps]
            if service == "payment":
                _put_in(lines, seconds, sorted(timeouts[hour]))
            (folder / service / f"{hour:02}.log").write_text("".join(lines), encoding="utf-8", newline="\n")
    return sum(len(hour) for hour in timeouts)


def _line(stamp: str, service: str, dice: int) -> str:
    """An ordinary line."""
    what = f"{_MESSAGES[dice & 7]}{dice >> 3 & 0xFFFF}"
    return f"{stamp}{dice % 1000:03}Z INFO  {service} {what} trace={dice >> 32:016x} took={dice % 97} ms\n"


def _put_in(lines: list[str], seconds: Sequence[int], special: Sequence[tuple[int, str]]) -> None:
    """Put lines in where their time belongs, the last first, so that the places before them stay what they are."""
    for second, said in reversed(special):
        lines.insert(bisect_right(seconds, second), f"{DATE}T{clock(second)}.999Z {said}\n")
