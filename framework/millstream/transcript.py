"""What has been said so far, in no provider's form: the model's replies, the results of its calls, the user's words.

A `Transcript` is a value: adding gives a new one, and a run's can be passed on as `history=`. Data that only one
provider understands travels beside an item as `echo` and is sent back to the wire it came from, unchanged, and to no
other. Nothing here knows a wire format.
"""

from __future__ import annotations

import os
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from mimetypes import guess_type
from pathlib import Path
from typing import Literal, TypeAlias

from millstream.errors import UsageError
from millstream.events.values import Call, JsonObject, JsonValue


@dataclass(frozen=True, slots=True)
class TextPart:
    """Text for the model."""

    text: str
    type: Literal["text"] = field(default="text", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class JsonPart:
    """A JSON value for the model, written as compact JSON text."""

    value: JsonValue
    type: Literal["json"] = field(default="json", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class MediaPart:
    """An image or a file for the model: either `url`, or `base64` data, of the given media type ("image/png").

    Said by the user in a prompt, or returned by a tool, alone or in a list with text. `MediaPart.of_bytes` and
    `MediaPart.of_path` make one of data that is at hand.
    """

    media_type: str
    base64: str | None = field(default=None, repr=False)
    url: str | None = None
    name: str | None = None
    type: Literal["media"] = field(default="media", init=False, repr=False)

    @classmethod
    def of_bytes(cls, data: bytes, media_type: str, name: str | None = None) -> MediaPart:
        """An image or a file of its bytes; `name` is what the model is told that it is called."""
        return cls(media_type, base64=b64encode(data).decode("ascii"), name=name)

    @classmethod
    def of_path(cls, path: str | os.PathLike[str], media_type: str | None = None) -> MediaPart:
        """An image or a file that is read now, and waited for; its media type is told from the ending of its name.

        Raises:
            UsageError: the ending tells no media type.
            OSError: the file can not be read.
        """
        path = Path(path)
        told = media_type or guess_type(path.name, strict=False)[0]
        if told is None:
            raise UsageError(f'{path.name} does not say what it is: add its media type, of_path(…, "image/png")')
        return cls.of_bytes(path.read_bytes(), told, path.name)


Part: TypeAlias = TextPart | JsonPart | MediaPart


@dataclass(frozen=True, slots=True)
class UserMessage:
    """What the user said."""

    parts: tuple[Part, ...]
    type: Literal["user"] = field(default="user", init=False, repr=False)

    @property
    def text(self) -> str | None:
        """Its text, None where it holds something else as well, or only that."""
        texts = [part.text for part in self.parts if isinstance(part, TextPart)]
        return "".join(texts) if len(texts) == len(self.parts) else None


@dataclass(frozen=True, slots=True)
class SystemMessage:
    """An instruction within the history; those of the agent itself are not part of a transcript."""

    text: str
    type: Literal["system"] = field(default="system", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class TextItem:
    """Text the model wrote; a `refusal` is text instead of an answer."""

    text: str
    refusal: bool = False
    echo: JsonObject | None = None
    type: Literal["text"] = field(default="text", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class ReasoningItem:
    """Reasoning of the model; what a provider wants back of it is in `echo`."""

    text: str
    echo: JsonObject | None = None
    type: Literal["reasoning"] = field(default="reasoning", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class CallItem:
    """A call the model made, with its argument text as the model wrote it (it may be torn or wrong)."""

    call: Call
    args_text: str
    echo: JsonObject | None = None
    type: Literal["call"] = field(default="call", init=False, repr=False)


@dataclass(frozen=True, slots=True)
class ServerItem:
    """Something the provider did itself (a search, code it ran), in its own form."""

    echo: JsonObject
    type: Literal["server"] = field(default="server", init=False, repr=False)


ReplyItem: TypeAlias = TextItem | ReasoningItem | CallItem | ServerItem


@dataclass(frozen=True, slots=True)
class Reply:
    """One response of the model, its items in order. `wire` and `model` say who may read the items' `echo`."""

    turn: int
    items: tuple[ReplyItem, ...]
    wire: str
    model: str
    response_id: str | None = None
    type: Literal["reply"] = field(default="reply", init=False, repr=False)

    @property
    def text(self) -> str:
        """The answer's text, refusals left out."""
        return "".join(item.text for item in self.items if isinstance(item, TextItem) and not item.refusal)

    @property
    def calls(self) -> tuple[Call, ...]:
        """The calls in it, in call order."""
        return tuple(item.call for item in self.items if isinstance(item, CallItem))


@dataclass(frozen=True, slots=True)
class ToolResult:
    """The one answer to a call; `ok` is False where it tells of a failure."""

    call: Call
    parts: tuple[Part, ...]
    ok: bool = True
    type: Literal["result"] = field(default="result", init=False, repr=False)


Entry: TypeAlias = UserMessage | SystemMessage | Reply | ToolResult


@dataclass(frozen=True, slots=True)
class Transcript:
    """Everything said so far, oldest first."""

    entries: tuple[Entry, ...] = ()

    def __add__(self, more: Transcript | tuple[Entry, ...]) -> Transcript:
        """This transcript with `more` behind it."""
        return Transcript(self.entries + (more.entries if isinstance(more, Transcript) else more))

    def __iter__(self) -> Iterator[Entry]:
        """The entries, oldest first."""
        return iter(self.entries)

    def __len__(self) -> int:
        """How many entries there are."""
        return len(self.entries)

    @property
    def unanswered(self) -> tuple[Call, ...]:
        """Calls without a result, in call order: a provider refuses a history that holds one."""
        answered = {entry.call.id for entry in self.entries if isinstance(entry, ToolResult)}
        calls = (call for entry in self.entries if isinstance(entry, Reply) for call in entry.calls)
        return tuple(call for call in calls if call.id not in answered)

    @property
    def unasked(self) -> tuple[Call, ...]:
        """Calls that have a result though no reply before it made them: nobody but a forger has those."""
        made: set[Call] = set()
        unasked: list[Call] = []
        for entry in self.entries:
            if isinstance(entry, Reply):
                made.update(entry.calls)
            elif isinstance(entry, ToolResult) and entry.call not in made:
                unasked.append(entry.call)
        return tuple(unasked)

    @property
    def text(self) -> str:
        """The text of the last reply, "" before there is one."""
        return next((entry.text for entry in reversed(self.entries) if isinstance(entry, Reply)), "")


def user(text: str) -> UserMessage:
    """The user's words as an entry."""
    return UserMessage((TextPart(text),))
