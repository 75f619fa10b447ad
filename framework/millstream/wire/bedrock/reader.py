"""Bedrock Converse: the events of one response -> wire events.

Source: botocore's service model (`ConverseStreamOutput`) and recorded streams.

- An event is named by its frame; the models of InvokeModel and botocore's client give `{name: event}` instead.
- Blocks come one after another but are told by `contentBlockIndex`; calls are closed by `contentBlockStop`.
- `messageStop` says why the model stopped, `metadata` with the usage comes after it and is the end.
- `p` is padding against those who measure lengths, and says nothing.
- A failure within the stream is an exception event; nothing follows it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from millstream.events.values import Usage, is_object
from millstream.wire.bedrock.blocks import (
    Block,
    CallBlock,
    Kind,
    ReasoningBlock,
    ServerCallBlock,
    ServerResultBlock,
    TextBlock,
    kind_of,
)
from millstream.wire.bedrock_errors import error_object
from millstream.wire.fields import int_of, text_of
from millstream.wire.refusal import error_from_object, torn
from millstream.wire_events import Broke, CallBegan, Ended, Finished, ItemOpened, Passed, WireEvent

GOOD_ENDS: Final = frozenset({"end_turn", "tool_use", "stop_sequence"})
"""The reasons after which calls may run; every other is a cut, a guardrail, malformed output or unknown."""

_CLIENT_TOOL: Final = frozenset(("", "tool_use"))


class ConverseReader:
    """Decodes one response. See `wire.reading.Reader` for how it is driven."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.usage: Usage | None = None
        self._moderation: Mapping[str, Any] | None = None
        self._count = 0
        self._blocks: dict[int, Block] = {}
        self._server_calls: dict[str, tuple[int, str]] = {}
        self._handlers: dict[str, Callable[[Mapping[str, Any]], list[WireEvent]]] = {
            "messageStart": lambda _: [],
            "contentBlockStart": self._on_start,
            "contentBlockDelta": self._on_delta,
            "contentBlockStop": self._on_stop,
            "messageStop": self._on_message_stop,
            "metadata": self._on_metadata,
        }

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one event says."""
        if event == "error":
            return self._broke(message)
        if event in self._handlers:
            return self._handle(event, message)
        for name, inner in message.items():
            if is_object(inner) and name in self._handlers:
                return self._handle(name, inner)
            if is_object(inner) and name.endswith("Exception"):
                return self._broke({**inner, "type": name})
        return [Passed(event or next(iter(message), ""), message)]

    def done(self) -> list[WireEvent]:
        """`[DONE]`, which this wire does not have: it ends nothing."""
        return []

    def end(self) -> list[WireEvent]:
        """The body is over; the usage may be missing, the reason not."""
        if self.reason is None:
            return [Broke(torn("the stream ended before the model said why it stopped"), None, self.usage)]
        return [Ended(self.usage, self._moderation)]

    def _handle(self, name: str, message: Mapping[str, Any]) -> list[WireEvent]:
        if self.reason is not None and name != "metadata":  # the message is over
            return [Passed(name, message)]
        return self._handlers[name](message)

    def _broke(self, said: Mapping[str, Any]) -> list[WireEvent]:
        return [Broke(error_from_object(error_object(said)), self.reason, self.usage)]

    def _on_start(self, message: Mapping[str, Any]) -> list[WireEvent]:
        start: object = message.get("start")
        use: object = start.get("toolUse") if is_object(start) else None
        result: object = start.get("toolResult") if is_object(start) else None
        if is_object(use):
            return self._open(message, "tool", use)[1]
        if is_object(result):
            return self._open(message, "result", result)[1]
        return [Passed("contentBlockStart", message)] if start else []

    def _on_delta(self, message: Mapping[str, Any]) -> list[WireEvent]:
        delta: object = message.get("delta")
        if not is_object(delta):
            return []
        kind = kind_of(delta)
        if kind is None:
            return [] if "text" in delta else [Passed("contentBlockDelta", message)]
        block, events = self._blocks.get(int_of(message, "contentBlockIndex")), list[WireEvent]()
        if block is None or block.kind != kind:
            block, events = self._open(message, kind, {})
        return events + block.take(delta)

    def _on_stop(self, message: Mapping[str, Any]) -> list[WireEvent]:
        block = self._blocks.pop(int_of(message, "contentBlockIndex"), None)
        return [] if block is None else block.stop()

    def _open(self, message: Mapping[str, Any], kind: Kind, start: Mapping[str, Any]) -> tuple[Block, list[WireEvent]]:
        """A new block; one that its index stood for so far is over."""
        before = self._on_stop(message)
        item = self._count
        self._count += 1
        block, opening = self._new(item, kind, start)
        self._blocks[int_of(message, "contentBlockIndex")] = block
        return block, [*before, *opening]

    def _new(self, item: int, kind: Kind, start: Mapping[str, Any]) -> tuple[Block, list[WireEvent]]:
        opened = ItemOpened(item)
        id_, name, type_ = (text_of(start, field) for field in ("toolUseId", "name", "type"))
        match kind:
            case "text":
                return TextBlock(item), [opened]
            case "reasoning":
                return ReasoningBlock(item), [opened]
            case "result":
                call = self._server_calls.get(id_, (item, type_ or "tool"))
                return ServerResultBlock(item, start, call), [opened]
            case "tool" if type_ in _CLIENT_TOOL:
                return CallBlock(item), [CallBegan(item, name, id_)]
            case "tool":
                self._server_calls[id_] = (item, name)
                block = ServerCallBlock(item, id_, name, type_)
                return block, [opened, *block.start()]

    def _on_message_stop(self, message: Mapping[str, Any]) -> list[WireEvent]:
        self.reason = text_of(message, "stopReason") or None
        if self.reason is None:
            return []
        # Calls that nothing closed are closed by a good end only.
        events = [
            event for block in self._blocks.values() if not isinstance(block, CallBlock) for event in block.stop()
        ]
        self._blocks.clear()
        more: object = message.get("additionalModelResponseFields")
        if is_object(more) and more:
            events.append(Passed("additionalModelResponseFields", more))
        return [*events, Finished(self.reason, self.reason in GOOD_ENDS)]

    def _on_metadata(self, message: Mapping[str, Any]) -> list[WireEvent]:
        usage, trace = message.get("usage"), message.get("trace")
        if is_object(usage):
            self.usage = _usage(usage)
        guardrail: object = trace.get("guardrail") if is_object(trace) else None
        if is_object(guardrail):
            self._moderation = guardrail
        return self.end() if self.reason is not None else []


def _usage(raw: Mapping[str, Any]) -> Usage:
    """The token counts. Bedrock's `inputTokens` are without those that were read from a cache or written to it.

    Converse says `cacheReadInputTokens`, Nova's own events `cacheReadInputTokenCount`.
    """
    read = int_of(raw, "cacheReadInputTokens") or int_of(raw, "cacheReadInputTokenCount")
    written = int_of(raw, "cacheWriteInputTokens") or int_of(raw, "cacheWriteInputTokenCount")
    return Usage(
        input_tokens=int_of(raw, "inputTokens") + read + written,
        output_tokens=int_of(raw, "outputTokens"),
        cached_input_tokens=read,
        raw=raw,
    )
