"""The orders of one day of the shop: made up, and the same each time. Pure.

From two until three in the afternoon the payment provider is slow: many payments time out at the first try, and some at
the second too, which fails the order.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final, Literal, TypeAlias

DATE: Final = "2025-03-14"
DAY_S: Final = 24 * 60 * 60
ORDERS: Final = 4812
_FIRST_ID: Final = 100_001
_INCIDENT: Final = range(14 * 60 * 60, 15 * 60 * 60)
_COUNTRIES: Final = ("DE", "FR", "ES", "IT", "NL", "PL", "SE", "PT")
_CALM = (0.004, 0.001, 0.012)
_SLOW = (0.75, 0.45, 0.012)
"""How likely: a first payment times out; the second too; the order fails for another reason."""

Status: TypeAlias = Literal["paid", "failed"]


@dataclass(frozen=True, slots=True)
class Order:
    """One order. `timeouts` is how many tries to pay timed out; `reason` is why it failed, "" where it did not."""

    id: int
    second: int
    country: str
    amount_cents: int
    status: Status
    reason: str
    timeouts: int


def make_orders() -> list[Order]:
    """All orders of the day, in the order of their time."""
    # random() and getrandbits() give the same numbers in every version of Python; choice() and the like need not.
    random = Random(20250314)  # noqa: S311  made-up data, no secrets
    seconds = sorted(int(random.random() * DAY_S) for _ in range(ORDERS))
    return [_order(_FIRST_ID + i, second, random) for i, second in enumerate(seconds)]


def clock(second: int) -> str:
    """A second of the day as HH:MM:SS."""
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"


def _order(number: int, second: int, random: Random) -> Order:
    once, again, otherwise = _SLOW if second in _INCIDENT else _CALM
    country = _COUNTRIES[random.getrandbits(3)]
    amount_cents = 500 + int(random.random() ** 3 * 30_000)
    timeouts, reason = 0, ""
    if random.random() < once:
        timeouts = 1
        if random.random() < again:
            timeouts, reason = 2, "payment timeout"
    elif random.random() < otherwise:
        reason = "card declined" if random.random() < 0.7 else "out of stock"  # noqa: PLR2004  a made-up share
    return Order(number, second, country, amount_cents, "failed" if reason else "paid", reason, timeouts)
