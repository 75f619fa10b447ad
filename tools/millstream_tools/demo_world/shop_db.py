"""Writes the database of the day: a SQLite file with its orders."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from millstream_tools.demo_world.day import DATE, Order, clock


def write_database(path: Path, orders: Sequence[Order]) -> None:
    """Write the orders into the table `orders` of a new file; one that exists is replaced."""
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA synchronous=OFF")  # made again in a moment if the power fails
        database.execute(
            "CREATE TABLE orders (id INTEGER PRIMARY KEY, placed_at TEXT NOT NULL, country TEXT NOT NULL,"
            " amount_cents INTEGER NOT NULL, status TEXT NOT NULL CHECK (status IN ('paid', 'failed')),"
            " failure_reason TEXT)"
        )
        database.executemany(
            "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?)",
            [
                (o.id, f"{DATE} {clock(o.second)}", o.country, o.amount_cents, o.status, o.reason or None)
                for o in orders
            ],
        )
        database.commit()
