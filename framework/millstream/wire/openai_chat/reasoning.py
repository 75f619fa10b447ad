"""OpenAI Chat Completions: what of a model's reasoning the server wants back with the calls that followed it.

DeepSeek refuses a history in which the `reasoning_content` of a turn that called tools is missing; OpenRouter wants
`reasoning_details` back in order, its fragments merged by their `index` (a signature often comes alone).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from millstream.events.values import is_array, is_object

_GROWING = ("text", "summary", "data")


class ReasoningEcho:
    """Collects over one response; `data` is what to send back, None where nothing is asked for."""

    def __init__(self) -> None:
        self._content: list[str] = []
        self._details: list[dict[str, Any]] = []

    def take(self, content: object, details: object) -> None:
        """One delta's `reasoning_content` and `reasoning_details`."""
        if isinstance(content, str) and content:
            self._content.append(content)
        for detail in details if is_array(details) else ():
            if is_object(detail):
                self._merge(detail)

    @property
    def data(self) -> dict[str, Any] | None:
        """The fields of the assistant message."""
        data: dict[str, Any] = {}
        if self._content:
            data["reasoning_content"] = "".join(self._content)
        if self._details:
            data["reasoning_details"] = self._details
        return data or None

    def _merge(self, detail: Mapping[str, Any]) -> None:
        last = self._details[-1] if self._details else None
        index = detail.get("index")
        if last is None or index is None or last.get("index") != index or last.get("type") != detail.get("type"):
            self._details.append(dict(detail))
            return
        for key, value in detail.items():
            if key in _GROWING and isinstance(value, str) and isinstance(last.get(key), str):
                last[key] += value
            elif value is not None:
                last[key] = value
