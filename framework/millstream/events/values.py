"""The values that events are made of: the identity of a call, token counts, JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeGuard

JsonValue: TypeAlias = Any
"""None, bool, int, float, str, list of JSON values or dict from str to JSON value."""
JsonObject: TypeAlias = Mapping[str, Any]
Path: TypeAlias = tuple[str | int, ...]
"""Keys and indexes from the root of a JSON document to one of its values; () is the root."""
CallKind: TypeAlias = Literal["function", "custom"]
"""Arguments that are JSON ("function") or free text ("custom")."""
StartState: TypeAlias = Literal["eager", "safe", "end", "streaming"]
"""How far a call had come when its tool was started: sealed; and the model had moved on; and the response had ended
well; or arguments still arriving."""


@dataclass(frozen=True, slots=True)
class Call:
    """The identity of one tool call, the same in every event and on every transport.

    `id` is millstream's own and unique in the run; `turn` counts responses from 1, torn ones included; `index` counts
    the calls of that response from 0; `provider_id` is the id that the provider knows, made up or changed where the
    provider sent none or one it had used before.
    """

    id: str
    turn: int
    index: int
    name: str
    provider_id: str
    kind: CallKind = "function"


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them; `raw` is the provider's own object. Add two to sum over turns."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0
    raw: JsonObject | None = None

    @property
    def total_tokens(self) -> int:
        """Input and output together."""
        return self.input_tokens + self.output_tokens

    def __add__(self, other: Usage) -> Usage:
        """The sum of both; `raw` is dropped, it belongs to one response."""
        return Usage(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cached_input_tokens + other.cached_input_tokens,
            self.reasoning_tokens + other.reasoning_tokens,
        )


def is_object(value: object) -> TypeGuard[dict[str, Any]]:
    """Whether a JSON value is an object."""
    return isinstance(value, dict)


def is_array(value: object) -> TypeGuard[list[Any]]:
    """Whether a JSON value is an array."""
    return isinstance(value, list)
