"""OpenAI Chat Completions: what of a model's reasoning the server wants back with the calls that followed it.

DeepSeek refuses a history in which the `reasoning_content` of a turn that called tools is missing; OpenRouter wants
`reasoning_details` back in order, its fragments merged by their `index` (a signature often comes alone).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from millstream.wire.fields import objects

_GROWING: Final = frozenset(("text", "summary", "data"))


@dataclass(slots=True)
class _Detail:
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    growing: dict[str, list[str]] = field(default_factory=dict[str, list[str]])

    def add(self, fragment: Mapping[str, Any]) -> None:
        for key, value in fragment.items():
            if key in _GROWING and isinstance(value, str):
                self.growing.setdefault(key, []).append(value)
                self.fields[key] = ""  # keeps its place
            elif value is not None or key not in self.fields:
                self.fields[key] = value

    def whole(self) -> dict[str, Any]:
        return self.fields | {key: "".join(pieces) for key, pieces in self.growing.items()}


class ReasoningEcho:
    """Collects over one response; `data` is what to send back, None where nothing is asked for."""

    def __init__(self) -> None:
        self._content: list[str] = []
        self._details: list[_Detail] = []
        self._by_key: dict[tuple[int, str], _Detail] = {}

    def take(self, content: object, details: object) -> None:
        """One delta's `reasoning_content` and `reasoning_details`."""
        if isinstance(content, str) and content:
            self._content.append(content)
        for fragment in objects(details):
            self._detail(fragment).add(fragment)

    @property
    def data(self) -> dict[str, Any] | None:
        """The fields of the assistant message."""
        data: dict[str, Any] = {}
        if self._content:
            data["reasoning_content"] = "".join(self._content)
        if self._details:
            data["reasoning_details"] = [detail.whole() for detail in self._details]
        return data or None

    def _detail(self, fragment: Mapping[str, Any]) -> _Detail:
        """The detail that a fragment continues: the one of its index and type, else a new one."""
        index, type_ = fragment.get("index"), str(fragment.get("type"))
        if isinstance(index, int) and (index, type_) in self._by_key:
            return self._by_key[index, type_]
        detail = _Detail()
        self._details.append(detail)
        if isinstance(index, int):
            self._by_key[index, type_] = detail
        return detail
