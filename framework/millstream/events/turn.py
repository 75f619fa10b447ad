"""Events about one response of the model. Its text, reasoning and annotations belong to numbered items."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from millstream.events.values import JsonObject, JsonValue, Path, Usage


@dataclass(frozen=True, slots=True)
class TurnStarted:
    """A request went to the model; `answers` are the ids of the calls whose results it carries.

    `agent` is the name of the agent that asks: another one than before after a handoff.
    """

    turn: int
    answers: tuple[str, ...] = ()
    agent: str = "agent"
    type: Literal["TurnStarted"] = field(default="TurnStarted", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class TextDelta:
    """New text of the answer. `item` counts the parts of the response from 0: text of two items is two messages.

    No text is moderated before the `TurnEnded` of its response.
    """

    text: str
    turn: int
    item: int
    type: Literal["TextDelta"] = field(default="TextDelta", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class TextReplaced:
    """The provider's own final text of `item` differs from the deltas it sent: `text` is the whole of it."""

    text: str
    turn: int
    item: int
    type: Literal["TextReplaced"] = field(default="TextReplaced", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """New text of the model's reasoning, or of the provider's summary of it."""

    text: str
    turn: int
    item: int
    type: Literal["ReasoningDelta"] = field(default="ReasoningDelta", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class RefusalDelta:
    """New text of a refusal, which a provider sends instead of an answer."""

    text: str
    turn: int
    item: int
    type: Literal["RefusalDelta"] = field(default="RefusalDelta", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class AnnotationAdded:
    """A citation or other mark on the text of `item`, in the provider's form."""

    annotation: JsonObject
    turn: int
    item: int
    type: Literal["AnnotationAdded"] = field(default="AnnotationAdded", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class OutputDelta:
    """New text of a structured output, instead of `TextDelta`."""

    text: str
    turn: int
    item: int
    type: Literal["OutputDelta"] = field(default="OutputDelta", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class OutputSettled:
    """A value of the structured output that will not change any more."""

    path: Path
    value: JsonValue
    turn: int
    type: Literal["OutputSettled"] = field(default="OutputSettled", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class ServerToolUpdated:
    """A tool that the provider runs changed its state: shown, never dispatched. `data` is in the provider's form."""

    tool: str
    status: str
    data: JsonObject
    turn: int
    item: int
    type: Literal["ServerToolUpdated"] = field(default="ServerToolUpdated", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class TurnEnded:
    """The response is complete. `reason` is the provider's word ("stop", "tool_calls", "completed", "length" …).

    `moderation` holds the scores where they were asked for, in the provider's form. `blocked` says why the response did
    not pass, where `Policy.moderation` asks that it does: what it said is void then, and its calls are denied.
    """

    turn: int
    reason: str
    usage: Usage | None = None
    moderation: JsonObject | None = None
    blocked: str = ""
    type: Literal["TurnEnded"] = field(default="TurnEnded", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class TurnTorn:
    """The response broke off. The calls in `kept` stand with their results; those in `dropped` were closed unrun."""

    turn: int
    message: str
    kept: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    reason: str | None = None
    usage: Usage | None = None
    type: Literal["TurnTorn"] = field(default="TurnTorn", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class TurnRestarted:
    """The torn response `turn` is asked for again: drop its shown text. The new response has a number of its own."""

    turn: int
    type: Literal["TurnRestarted"] = field(default="TurnRestarted", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """Something the provider sent that has no word here: passed through as it came. `name` is the provider's."""

    name: str
    data: JsonObject
    turn: int
    type: Literal["ProviderEvent"] = field(default="ProviderEvent", init=False, repr=False)
