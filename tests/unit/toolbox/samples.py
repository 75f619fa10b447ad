"""Functions and callables of every kind, to make tools of."""

from __future__ import annotations

from pydantic import BaseModel

from millstream.toolbox.decorator import tool


class City(BaseModel):
    name: str


@tool
async def weather(city: City, days: int = 3) -> str:
    """What the weather will be."""
    return f"{city.name} for {days} days"


class Service:
    """A service."""

    def __init__(self, answer: str) -> None:
        self.answer = answer

    def lookup(self, key: str) -> str:
        """Look a key up."""
        return f"{self.answer} {key}"

    async def fetch(self, key: str) -> str:
        return f"{self.answer} {key}"

    @classmethod
    def make(cls, answer: str) -> Service:
        return cls(answer)

    @staticmethod
    def double(x: int) -> int:
        return 2 * x

    def __call__(self, key: str) -> str:
        """Answer a key."""
        return f"{self.answer} {key}"


def plain(a: int, b: str = "b", *, c: float = 1.0) -> str:
    """Put three together.

    Args:
        a: the first
        c: the third
    """
    return f"{a}{b}{c}"
