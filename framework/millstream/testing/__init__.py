"""For tests of your own agents, and for looking at what a provider really sent."""

from __future__ import annotations

from millstream.testing.summary import summarise

__all__ = ("summarise",)
