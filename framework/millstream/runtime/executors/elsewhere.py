"""The cause of an exception that was raised in another process: where, and the traceback there."""

from __future__ import annotations


class Elsewhere(Exception):
    """Shown with the exception as its cause. `where` is the place of the raise ("weather.py:12 in lookup")."""

    def __init__(self, where: str, traceback: str) -> None:
        super().__init__(f"\n{traceback}")
        self.where = where
