"""Questions that somebody thinks about until a test answers them: those of an approver, or of a guard."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import anyio

from millstream.events import Call


@dataclass
class _Question:
    call: Call
    answer: Any = None
    answered: anyio.Event = field(default_factory=anyio.Event)


class Questions:
    """What is asked and not answered yet."""

    def __init__(self) -> None:
        self._open: list[_Question] = []

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for an answer."""
        return bool(self._open)

    async def ask(self, call: Call) -> Any:
        """Wait for the answer."""
        question = _Question(call)
        self._open.append(question)
        try:
            await question.answered.wait()
        finally:
            self._open.remove(question)
        return question.answer

    def answer(self, number: int, answer: Any) -> None:
        """Answer one of them."""
        question = self._open[number % len(self._open)]
        question.answer = answer
        question.answered.set()
