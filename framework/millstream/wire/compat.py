"""How servers that imitate OpenAI's wires deviate from them, by name, and which server is known to do what.

A leniency is a deviation that the readers of the two wires put up with. It is named because a guess is made, or a fact
is missing, where the wire is clear; a server that is not known for it and does it is broken, and is told so. What is
no deviation: fields that the wire does not have, token counts wherever they stand, and errors. However a server writes
that it failed, that is reported in its own words.

Data and pure functions; nothing here reads a message.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from millstream.errors import WireError

Leniency: TypeAlias = Literal[
    # --- calls ---
    "missing_index",
    "index_always_0",
    "index_restarts",
    "missing_id",
    "duplicate_id",
    "rotating_ids",
    "id_in_function",
    "empty_id_or_name",
    "null_fields",
    "null_literal",
    "repeated_name",
    "late_name",
    "args_object",
    "args_repeated_whole",
    # --- text and the end, on the Chat wire ---
    "content_list",
    "content_after_finish",
    "finish_reason_outside_enum",
    "finish_reason_twice",
    "no_done_marker",
    # --- items, on the Responses wire ---
    "missing_output_index",
    "shared_output_index",
    "missing_item_events",
]
"""The name of a deviation that is tolerated; `MEANINGS` says what each is."""

MEANINGS: Final[Mapping[Leniency, str]] = {
    "missing_index": "a piece of a tool call without its index",
    "index_always_0": "one index for several tool calls",
    "index_restarts": "an index that no tool call has, on a piece that begins none",
    "missing_id": "a tool call without an id",
    "duplicate_id": "one id for two tool calls of a response",
    "rotating_ids": "another id with a later piece of the same tool call or item",
    "id_in_function": "the id of a tool call within its function",
    "empty_id_or_name": 'an id or a name that is ""',
    "null_fields": "an id, a name or arguments that are null, or an id or a name that is no text",
    "null_literal": 'an id or a name that is the text "null"',
    "repeated_name": "the id or the name of a tool call again with a later piece",
    "late_name": "the name of a tool call in pieces, or behind its beginning",
    "args_object": "arguments that are a JSON value instead of text",
    "args_repeated_whole": "the whole arguments once more behind themselves",
    "content_list": "text as a list of parts",
    "content_after_finish": "text or tool calls behind the finish_reason",
    "finish_reason_outside_enum": "a finish_reason that the wire does not have",
    "finish_reason_twice": "a second finish_reason",
    "no_done_marker": "an end without [DONE]",
    "missing_output_index": "an event of an item without its output_index",
    "shared_output_index": "one output_index for two items",
    "missing_item_events": "an event of an item that nothing opened",
}

ALL: Final[frozenset[Leniency]] = frozenset(get_args(Leniency))
"""Every leniency: how a server is read that nothing is known of."""

Lenient: TypeAlias = Literal["auto"] | bool | Iterable[Leniency]
"""What a `Model` is told: what is known of the server, everything, nothing, or exactly these."""


Words: TypeAlias = Literal["always", "alone", "never"]
"""Whether a schema for the answer's text can be asked for: also beside tools, only without them, or not at all."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one server makes of OpenAI's wires. The defaults are OpenAI's own.

    Args:
        leniencies: how its responses deviate.
        max_tokens: the field of a Chat request that bounds the answer.
        custom_tools: whether tools may take free text; where not, they are offered as functions.
        hosted_tools: whether a Chat request may hold tools that the provider runs.
        moderation: whether a request may ask for moderation.
        output: whether a request may ask for text of a schema, on the Chat wire.
        forced_calls: whether every model there can be made to call a tool.
        cache_key: whether a request may name a key for the cache of prompts.
    """

    leniencies: frozenset[Leniency] = frozenset()
    max_tokens: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"
    custom_tools: bool = True
    hosted_tools: bool = False
    moderation: bool = True
    output: Words = "always"
    forced_calls: bool = True
    cache_key: bool = True


class Tolerance:
    """Puts up with the deviations that are allowed, and with no other. Asked only where a message deviates.

    Args:
        allowed: what the server may do.
    """

    __slots__ = ("_allowed",)

    def __init__(self, allowed: frozenset[Leniency]) -> None:
        self._allowed = allowed

    def bear(self, leniency: Leniency) -> None:
        """A message deviates.

        Raises:
            WireError: that was not to be expected of this server; the hint says what to write so that it is.
        """
        if leniency in self._allowed:
            return
        names = ", ".join(f'"{name}"' for name in sorted({*self._allowed, leniency}))
        raise WireError(
            f"the provider sent {MEANINGS[leniency]}, which is not its wire ({leniency})",
            kind="protocol",
            hint=f"If this server is like that, write Model(…, lenient={{{names}}}), or lenient=True for everything.",
        )
