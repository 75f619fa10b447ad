"""Anthropic Messages: the events of one response -> wire events.

Source: the event types of anthropic-python 2.12 (`RawMessageStreamEvent`), recorded streams, and what others do:

- Blocks come one after the other, but it is their `index` that counts. Some servers leave out an opening or a stop.
- `content_block_stop` closes a call as complete if its text is a whole document. If it is not, the next block or the
  reason decides: the API closes a block that `max_tokens` cut like any other, and with eager streaming also one whose
  JSON is wrong. No text at all is `{}` once the model has moved on.
- Programmatic tool calling puts whole blocks and the reason into `message_start`.
- A second `message_start` is a proxy's second attempt (or a repetition, while nothing has come). What was shown can not
  be unsaid and what was started can not be undone, so it is for the policy to say what becomes of a torn response.
- Token counts are cumulative, and those of the start hold until others come.
- What has no meaning here is passed through, and goes back as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from millstream.events.values import Usage, is_object
from millstream.wire.anthropic.blocks import SERVER_TOOLS, Block
from millstream.wire.anthropic.server_tools import ServerTools
from millstream.wire.fields import objects, text_of
from millstream.wire.refusal import error_from_object, error_in, torn
from millstream.wire.texts import count
from millstream.wire_events import (
    AnnotationPiece,
    ArgsPiece,
    ArgsWhole,
    Broke,
    CallBegan,
    CallClosed,
    CallLeft,
    Echo,
    Ended,
    Finished,
    ItemOpened,
    Passed,
    ReasoningPiece,
    RefusalPiece,
    ServerToolMoved,
    TextPiece,
    WireEvent,
)

PAUSES: Final = frozenset({"pause_turn", "compaction"})
"""Ends at which the provider waits to be asked to go on: its own loop grew long, or it made its summary of the past."""
GOOD_ENDS: Final = frozenset({"end_turn", "tool_use", "stop_sequence"}) | PAUSES
"""The reasons after which calls may run; every other is a cut, a refusal or unknown.

A stop sequence is an end that was asked for; a call that it cuts is no whole document.
"""
_WAITS_FOR_US: Final = PAUSES | {"tool_use"}
_SILENT: Final = frozenset(
    (
        "ping",
        *("text", "thinking", "signature", "citation", "input_json", "compaction"),  # the SDK's helper says all twice
    )
)


class MessagesReader:
    """Decodes one response. See `wire.reading.Reader` for how it is driven."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.usage: Usage | None = None
        self._counts: dict[str, Any] = {}
        self._response_id: str | None = None
        self._count = 0
        self._blocks: dict[int, Block] = {}
        self._last: Block | None = None
        self._left: list[Block] = []  # calls that were closed, and after which nothing has come
        self._server = ServerTools()
        self._finished = False
        self._handlers: dict[str, Callable[[Mapping[str, Any]], list[WireEvent]]] = {
            "message_start": self._on_message_start,
            "content_block_start": self._on_start,
            "content_block_delta": self._on_delta,
            "content_block_stop": self._on_stop,
            "message_delta": self._on_message_delta,
            "message_stop": self._on_message_stop,
        }

    def accept(self, message: Mapping[str, Any], event: str = "") -> list[WireEvent]:
        """What one event says."""
        error = error_in(message, event)
        if error is not None:
            return [Broke(error_from_object(error), self.reason, self.usage)]
        name = text_of(message, "type") or event
        if handler := self._handlers.get(name):
            return handler(message)
        return [] if name in _SILENT else [Passed(name, message)]

    def done(self) -> list[WireEvent]:
        """`[DONE]`, which some proxies send: it ends nothing."""
        return []

    def end(self) -> list[WireEvent]:
        """The body is over: complete if the reason was told, for `message_stop` adds nothing to it."""
        if self.reason is None:
            return [Broke(torn("the stream ended before the model said why it stopped"), None, self.usage)]
        return [*self._finish({}), Ended(self.usage, None, self._response_id)]

    def _on_message_start(self, message: Mapping[str, Any]) -> list[WireEvent]:
        raw: object = message.get("message")
        if not is_object(raw):
            return []
        if self._count:
            return [Broke(torn("another message began within the response"), self.reason, self.usage)]
        self._response_id = text_of(raw, "id") or self._response_id
        self._note_usage(raw.get("usage"))
        events: list[WireEvent] = []
        for i, content in enumerate(objects(raw.get("content"))):
            events += self._open(i, content)
            if content.get("type") == "tool_use" and not content.get("input"):
                events.append(ArgsWhole(self._blocks[i].item, "{}"))  # no text will come
            events += self._close(self._blocks[i])
        self.reason = text_of(raw, "stop_reason") or None
        return events + self._container(raw.get("container"))

    def _on_start(self, message: Mapping[str, Any]) -> list[WireEvent]:
        content: object = message.get("content_block")
        if self._finished or not is_object(content):
            return []
        return self._open(message.get("index"), content)

    def _open(self, index: object, content: dict[str, Any]) -> list[WireEvent]:
        place = index if isinstance(index, int) else self._count
        before = self._blocks.get(place)
        events = self._close(before) if before is not None else []
        events += [CallClosed(block.item) for block in self._left]
        self._left.clear()
        block = self._blocks[place] = self._last = Block(self._count, dict(content))
        self._count += 1
        return events + self._begin(block)

    def _begin(self, block: Block) -> list[WireEvent]:
        opened, raw = ItemOpened(block.item), block.raw
        match block.type:
            case "tool_use":
                return [CallBegan(block.item, text_of(raw, "name"), text_of(raw, "id"))]
            case "text":
                return [opened, *self._text(block, raw), *self._cite(block, objects(raw.get("citations")))]
            case "thinking":
                return [opened, *self._think(block, raw)]
            case "redacted_thinking":
                return [opened, ReasoningPiece(block.item, "")]
            case "compaction":
                return [opened, ServerToolMoved(block.item, block.type, "in_progress", raw)]
            case type_ if type_ in SERVER_TOOLS:
                return [opened, *self._server.began(block)]
            case _ if block.is_result:
                return [opened, *self._server.answered(block)]
            case type_:
                return [opened, Passed(type_, raw)]

    def _on_delta(self, message: Mapping[str, Any]) -> list[WireEvent]:
        delta: object = message.get("delta")
        if self._finished or not is_object(delta):
            return []
        block = self._block(message)
        if block is not None:
            return self._more(block, delta, message)
        implied = {"text_delta": "text", "thinking_delta": "thinking"}.get(text_of(delta, "type"))
        if implied is None:
            return [Passed("content_block_delta", message)]
        events = self._open(message.get("index"), {"type": implied})  # nothing else opened it
        assert self._last is not None, "just opened"
        return events + self._more(self._last, delta, message)

    def _more(self, block: Block, delta: dict[str, Any], message: Mapping[str, Any]) -> list[WireEvent]:
        match text_of(delta, "type"), block.type:
            case "text_delta", "text":
                return self._text(block, delta)
            case "input_json_delta", "tool_use":
                piece = text_of(delta, "partial_json")
                block.streamed = block.streamed or piece != ""
                return [ArgsPiece(block.item, piece)] if piece else []
            case "thinking_delta", "thinking":
                return self._think(block, delta)
            case "citations_delta", "text":
                return self._cite(block, objects([delta.get("citation")]))
            case "signature_delta", "thinking":
                block.extend(delta)
                return []
            case "input_json_delta", type_ if type_ in SERVER_TOOLS:
                block.texts.append(text_of(delta, "partial_json"))
                return self._server.more_input(block, delta)
            case _, type_:
                if type_ not in ("text", "thinking", "tool_use"):
                    block.extend(delta)
                return [Passed("content_block_delta", message)]

    def _block(self, message: Mapping[str, Any]) -> Block | None:
        """The block an event is about; the last one where it does not say."""
        index: object = message.get("index")
        return self._blocks.get(index) if isinstance(index, int) else self._last

    def _text(self, block: Block, fields: Mapping[str, Any]) -> list[WireEvent]:
        text = text_of(fields, "text")
        return [TextPiece(block.item, text)] if text else []

    def _think(self, block: Block, fields: Mapping[str, Any]) -> list[WireEvent]:
        """More thinking; also none at all, which a model may be set to show, has its place among the items."""
        text = text_of(fields, "thinking")
        block.texts.append(text)
        return [ReasoningPiece(block.item, text)]

    def _cite(self, block: Block, citations: list[dict[str, Any]]) -> list[WireEvent]:
        block.citations += citations
        return [AnnotationPiece(block.item, citation) for citation in citations]

    def _on_stop(self, message: Mapping[str, Any]) -> list[WireEvent]:
        block = self._block(message)
        return [] if block is None or self._finished else self._close(block)

    def _close(self, block: Block) -> list[WireEvent]:
        if block.done:
            return []
        block.done = True
        if block.is_result:
            return []
        if block.type in SERVER_TOOLS:
            return self._server.called(block)
        echo = block.echo()
        events: list[WireEvent] = [] if echo is None else [Echo(block.item, echo)]
        if block.type == "compaction":
            return [ServerToolMoved(block.item, block.type, "completed", block.raw), *events]
        if block.type != "tool_use":
            return events
        self._left.append(block)
        ready = block.ready_input
        return [*([] if ready is None else [ArgsWhole(block.item, ready)]), *events, CallLeft(block.item)]

    def _on_message_delta(self, message: Mapping[str, Any]) -> list[WireEvent]:
        self._note_usage(message.get("usage"))
        raw: object = message.get("delta")
        delta: Mapping[str, Any] = raw if is_object(raw) else {}
        events = self._container(delta.get("container"))
        if delta.get("stop_details") or message.get("context_management"):
            events.append(Passed("message_delta", message))
        reason = text_of(delta, "stop_reason")
        if not reason:
            return events
        self.reason = self.reason if self._finished else reason
        return events + self._finish(delta)

    def _on_message_stop(self, message: Mapping[str, Any]) -> list[WireEvent]:
        del message  # says no more than its name
        if self.reason is None:
            return [Broke(torn("the message stopped without saying why"), None, self.usage)]
        return self.end()

    def _finish(self, delta: Mapping[str, Any]) -> list[WireEvent]:
        """The model stopped, which is said once; of a refusal with the API's own explanation.

        That is no item that the model moved on to: nothing may start by it.
        """
        if self._finished or self.reason is None:
            return []
        self._finished = True
        good = self.reason in GOOD_ENDS
        events = self._server.rest() if self.reason in _WAITS_FOR_US else []
        details: object = delta.get("stop_details")
        if self.reason == "refusal" and is_object(details) and text_of(details, "explanation"):
            events.append(RefusalPiece(self._count, text_of(details, "explanation")))
            self._count += 1
        return [*events, Finished(self.reason, good, goes_on=self.reason in PAUSES)]

    def _container(self, container: object) -> list[WireEvent]:
        """Where the provider ran code: the next request must name it while a program waits for our results."""
        if not is_object(container) or not text_of(container, "id"):
            return []
        self._count += 1
        return [Echo(self._count - 1, {"type": "container", "id": text_of(container, "id")})]

    def _note_usage(self, usage: object) -> None:
        if not is_object(usage):
            return
        self._counts |= {key: value for key, value in usage.items() if value is not None}
        raw = dict(self._counts)
        cached = count(raw, "cache_read_input_tokens")
        self.usage = Usage(
            input_tokens=count(raw, "input_tokens") + count(raw, "cache_creation_input_tokens") + cached,
            output_tokens=count(raw, "output_tokens"),
            cached_input_tokens=cached,
            reasoning_tokens=count(raw, "thinking_tokens", "output_tokens_details"),
            raw=raw,
        )
