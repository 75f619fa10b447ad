"""How a generator tool says which of its values is the result."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Final:
    """Yielded by a generator tool: `value` is the result. Without one, the value yielded last is."""

    value: Any
