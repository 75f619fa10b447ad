"""Gemini Interactions: one step of a response as it grows from its start and its deltas, and what of it goes back.

A step that has ended goes back verbatim, so it is put together here as the server stores it; its text is told piece by
piece meanwhile. The older revision of the API calls a step's content `content` and knows no `model_output`: text comes
as a content of its own. Both become the same steps.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

from millstream.events.values import is_array, is_object
from millstream.wire.fields import objects, text_of

Kind: TypeAlias = Literal["output", "thought", "call", "input", "server"]

_KINDS: Final[Mapping[str, Kind]] = {
    "model_output": "output",
    "text": "output",
    "image": "output",
    "audio": "output",
    "video": "output",
    "document": "output",
    "text_annotation_delta": "output",
    "thought": "thought",
    "thought_summary": "thought",
    "thought_signature": "thought",
    "function_call": "call",
    "arguments_delta": "call",
    "user_input": "input",
}
_TYPES: Final[Mapping[Kind, str]] = {"output": "model_output", "thought": "thought", "call": "function_call"}


def kind_of(type_: str) -> Kind:
    """What a step is, by its own type or that of a delta; all that is not known is the server's."""
    return _KINDS.get(type_, "server")


@dataclass(slots=True)
class Step:
    """A step, put together from its parts."""

    item: int
    kind: Kind
    raw: dict[str, Any] = field(default_factory=dict[str, Any])
    begun: bool = False  # a call, told of
    wrote: bool = False  # a call, arguments
    done: bool = False
    _text: list[str] = field(default_factory=list[str])  # of the last content, while it grows

    def start(self, given: Mapping[str, Any]) -> list[str]:
        """Take the step as it starts; the texts in it, which are told at once."""
        type_ = text_of(given, "type")
        if self.kind == "output" and type_ != "model_output":  # the older revision: the content itself
            self.raw = {"type": "model_output"}
            return self.add(given) if given.keys() - {"type"} else []
        self.raw = {key: list(value) if is_array(value) else value for key, value in given.items()}
        self.raw["type"] = _TYPES.get(self.kind, type_)
        parts = objects(self.raw.get("content" if self.kind == "output" else "summary"))
        return [text for part in parts if (text := text_of(part, "text"))]

    def add(self, delta: Mapping[str, Any]) -> list[str]:
        """Take one delta; the texts in it."""
        match self.kind:
            case "output":
                return self._add_output(delta)
            case "thought":
                return self._add_thought(delta)
            case "call":
                self.raw |= {key: value for key, value in delta.items() if key not in ("type", "arguments") and value}
            case _:
                self._add_fields(delta)
        return []

    @property
    def echo(self) -> dict[str, Any]:
        """What goes back; the arguments of a call stand in its text."""
        self._settle()
        left_out = {"arguments"} if self.kind == "call" else set[str]()
        if self.raw.get("signature") == "":
            left_out.add("signature")
        return {key: value for key, value in self.raw.items() if value is not None and key not in left_out}

    def _add_output(self, delta: Mapping[str, Any]) -> list[str]:
        content = self._list("content")
        if delta.get("type") == "text_annotation_delta":
            self._settle()
            if content and is_object(content[-1]):
                marks = [*objects(content[-1].get("annotations")), *objects(delta.get("annotations"))]
                content[-1] = {**content[-1], "annotations": marks}
            return []
        text = text_of(delta, "text")
        if delta.get("type") != "text" or delta.keys() - {"type", "text"}:
            self._settle()
            content.append(dict(delta))
        elif text and (self._text or (content and is_object(content[-1]) and content[-1].get("type") == "text")):
            self._text.append(text)
        elif text:
            content.append({"type": "text", "text": ""})
            self._text.append(text)
        return [text] if text else []

    def _settle(self) -> None:
        """Put the text that has grown where it belongs."""
        if self._text:
            content = self._list("content")
            content[-1] = {**content[-1], "text": text_of(content[-1], "text") + "".join(self._text)}
            self._text.clear()

    def _add_thought(self, delta: Mapping[str, Any]) -> list[str]:
        signature = text_of(delta, "signature")
        if signature:
            self.raw["signature"] = signature
        content: object = delta.get("content")
        text = text_of(delta, "text") or text_of(delta, "thought")  # the older revision
        if not is_object(content) and not text:
            return []
        summary = dict(content) if is_object(content) else {"type": "text", "text": text}
        self._list("summary").append(summary)
        return [text_of(summary, "text")]

    def _add_fields(self, delta: Mapping[str, Any]) -> None:
        for key, value in delta.items():
            there: object = self.raw.get(key)
            if key == "type" or value in (None, ""):
                continue
            if is_array(there) and is_array(value):
                there.extend(value)
            elif is_array(value):
                self.raw[key] = list(value)
            else:
                self.raw[key] = {**there, **value} if is_object(there) and is_object(value) else value

    def _list(self, name: str) -> list[Any]:
        """A list of the step, to be added to."""
        there: object = self.raw.get(name)
        if not is_array(there):
            there = self.raw[name] = list[Any]()
        return there


def arguments_text(given: object) -> str:
    """Arguments that came whole as JSON text, "" where there are none."""
    if isinstance(given, str):
        return given
    return json.dumps(given, ensure_ascii=False, separators=(",", ":")) if given else ""
