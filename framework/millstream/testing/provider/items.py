"""The output items of the Responses wire while they are written: messages, reasoning, calls.

Pure. An item knows its own JSON form and the names of the events that it is written in; when they are sent is decided
in `responses`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeAlias

from millstream.testing.provider.play import TextKind
from millstream.testing.provider.steps import CallTool

Item: TypeAlias = dict[str, Any]
"""An output item, as it is sent."""


@dataclass(frozen=True, slots=True)
class TextForm:
    """How one kind of text is sent: its event names and the fields that only it has."""

    id_prefix: str
    channel: str
    part_channel: str
    part_type: str
    text_field: str
    index_field: str
    logprobs: bool = False


TEXT_FORMS: dict[TextKind, TextForm] = {
    "say": TextForm(
        "msg", "response.output_text", "response.content_part", "output_text", "text", "content_index", logprobs=True
    ),
    "refuse": TextForm("msg", "response.refusal", "response.content_part", "refusal", "refusal", "content_index"),
    "think": TextForm(
        "rs",
        "response.reasoning_summary_text",
        "response.reasoning_summary_part",
        "summary_text",
        "text",
        "summary_index",
    ),
}


@dataclass(slots=True)
class TextItem:
    """A message or a reasoning item that is being written. `secret` stands for its encrypted content."""

    kind: TextKind
    phase: str | None
    output_index: int
    item_id: str
    secret: str
    pieces: list[str] = field(default_factory=list[str])

    @property
    def form(self) -> TextForm:
        """The event names of its kind."""
        return TEXT_FORMS[self.kind]

    @property
    def text(self) -> str:
        """What was written so far."""
        return "".join(self.pieces)

    @property
    def place(self) -> dict[str, Any]:
        """The fields that say which part of which item an event is about."""
        return {self.form.index_field: 0, "item_id": self.item_id, "output_index": self.output_index}

    @property
    def extra(self) -> dict[str, Any]:
        """The fields of text events that only some kinds have."""
        return {"logprobs": []} if self.form.logprobs else {}

    def part(self, text: str) -> dict[str, Any]:
        """The content part, or the part of the summary, with this text."""
        answer: dict[str, Any] = {"annotations": [], "logprobs": []} if self.kind == "say" else {}
        return {"type": self.form.part_type} | answer | {self.form.text_field: text}

    def item(self, status: str) -> Item:
        """The item; one "in_progress" has no part yet, and its encrypted content is not the final one."""
        begun = status == "in_progress"
        parts = [] if begun or not self.pieces else [self.part(self.text)]
        if self.kind == "think":
            encrypted = self.secret if begun else self.secret + self.secret
            whole: Item = {"id": self.item_id, "type": "reasoning", "content": []}
            return whole | {"encrypted_content": encrypted, "summary": parts}
        head: Item = {"id": self.item_id, "type": "message", "status": status, "content": parts}
        return head | ({} if self.phase is None else {"phase": self.phase}) | {"role": "assistant"}


@dataclass(slots=True)
class CallItem:
    """A call that is being written, or was; `is_open` until it is closed."""

    call: CallTool
    output_index: int
    item_id: str
    call_id: str
    pieces: list[str] = field(default_factory=list[str])
    is_open: bool = True

    @property
    def custom(self) -> bool:
        """Whether its tool takes free text."""
        return self.call.kind == "custom"

    @property
    def channel(self) -> str:
        """The beginning of the names of its argument events."""
        return "response.custom_tool_call_input" if self.custom else "response.function_call_arguments"

    @property
    def text_field(self) -> str:
        """The field that holds its argument text."""
        return "input" if self.custom else "arguments"

    @property
    def text(self) -> str:
        """The argument text so far."""
        return "".join(self.pieces)

    @property
    def place(self) -> dict[str, Any]:
        """The fields that say which item an event is about."""
        return {"item_id": self.item_id, "output_index": self.output_index}

    def item(self, status: str) -> Item:
        """The item; one "in_progress" has no argument text yet."""
        text = "" if status == "in_progress" else self.text
        head = {"id": self.item_id, "type": "custom_tool_call" if self.custom else "function_call", "status": status}
        if self.custom:
            return head | {"call_id": self.call_id, "input": text, "name": self.call.name}
        return head | {"arguments": text, "call_id": self.call_id, "name": self.call.name}
