"""What a recorded response says, as one JSON object: decoder, router and assembler over bytes, without a run.

Any tool name is accepted and no schema is asked, so that a stream can be looked at by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

from millstream.arguments.assembler import Assembler
from millstream.arguments.free_text import FreeText
from millstream.arguments.outcomes import Sealed
from millstream.errors import WireError
from millstream.events import (
    CallKind,
    Event,
    JsonObject,
    RefusalDelta,
    ServerToolUpdated,
    TextDelta,
    TextReplaced,
    Usage,
)
from millstream.limits import Limits
from millstream.routing.routed_call import Arguments, RoutedCall
from millstream.routing.router import Router
from millstream.wire.format import ReadOptions, decoder
from millstream.wire.formats import decoding_named
from millstream.wire_events import WireEvent

_NO_CALLS: Final = ("mcp_list_tools", "compaction")


class Reading:
    """One response being read: `feed` it bytes, `end` it, then look at `summary`.

    Args:
        api: the wire format, by its name ("openai-responses", "openai-chat").
        limits: caps on messages and arguments.

    Raises:
        UsageError: there is no such format.
    """

    def __init__(self, api: str, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        max_bytes = self._limits.max_message_bytes
        self._decoder = decoder(decoding_named(api), ReadOptions(), max_message_bytes=max_bytes)
        self._router = Router(
            1,
            self._open,
            max_calls=self._limits.max_calls_per_turn,
            max_args_chars=self._limits.max_args_chars,
        )
        self._texts: dict[int, list[str]] = {}
        self._refusals: list[str] = []
        self._server: dict[int, ServerToolUpdated] = {}
        self._error: WireError | None = None

    def feed(self, chunk: bytes) -> list[Event]:
        """The events that `chunk` completes."""
        return self._route(self._decoder.feed(chunk))

    def end(self) -> list[Event]:
        """The body is over: the last events, the ends of calls that were cut among them."""
        events = self._route(self._decoder.end())
        if self._router.broke is not None:
            self._error = self._router.broke.error
            events += self._router.cut("stream cut")
        return events

    @property
    def usage(self) -> Usage | None:
        """The token counts, as far as they came."""
        broke, ended = self._router.broke, self._router.ended
        return ended.usage if ended is not None else broke.usage if broke is not None else None

    def summary(self) -> dict[str, Any]:
        """The object that `summarise` describes."""
        broke, finished, usage = self._router.broke, self._router.finished, self.usage
        return {
            "text": "".join(piece for texts in self._texts.values() for piece in texts),
            "refusal": "".join(self._refusals) or None,
            "calls": [_call(routed) for routed in self._router.calls.values()],
            "server_calls": [_server_call(update) for update in self._server.values() if _is_call(update.tool)],
            "reason": finished.reason if finished is not None else broke.reason if broke is not None else None,
            "usage": None if usage is None or usage.raw is None else dict(usage.raw),
            "error": None if self._error is None else _error(self._error),
        }

    def _open(self, name: str, kind: CallKind) -> Arguments:
        del name
        return FreeText(self._limits) if kind == "custom" else Assembler(limits=self._limits)

    def _route(self, wire_events: Iterable[WireEvent]) -> list[Event]:
        events: list[Event] = []
        for wire_event in wire_events:
            events += self._router.feed(wire_event)
        for event in events:
            self._note(event)
        return events

    def _note(self, event: Event) -> None:
        match event:
            case TextDelta(text=text, item=item):
                self._texts.setdefault(item, []).append(text)
            case TextReplaced(text=text, item=item):
                self._texts[item] = [text]
            case RefusalDelta(text=text):
                self._refusals.append(text)
            case ServerToolUpdated(item=item):
                known = self._server.get(item)
                if known is None or "id" in event.data:  # the item itself, not one of its small updates
                    self._server[item] = event
            case _:
                pass


def summarise(data: bytes, api: str) -> dict[str, Any]:
    """What a recorded response says.

    Args:
        data: the whole body.
        api: its wire format ("openai-responses", "openai-chat").

    Returns:
        `{"text", "refusal", "calls", "server_calls", "reason", "usage", "error"}`. A call is `{"id", "name", "kind",
        "arguments", "arguments_raw", "state"}`: `kind` is "function" or "custom", `state` "sealed", "rejected" or
        "torn"; `arguments` is None where the call was rejected, is a custom one, or its text is no JSON document.
        `reason` and `usage` are the provider's own.

    Raises:
        UsageError: there is no such format.
    """
    reading = Reading(api)
    reading.feed(data)
    reading.end()
    return reading.summary()


def _call(routed: RoutedCall) -> dict[str, Any]:
    if routed.sealed is not None:
        state, arguments = "sealed", routed.sealed.value
    else:
        assembler = Assembler()
        assembler.feed(routed.args_text)
        outcome = assembler.close()
        rejected = routed.rejected is not None
        state = "rejected" if rejected else "torn"
        arguments = outcome.value if isinstance(outcome, Sealed) and not rejected else None
    return {
        "id": routed.call.provider_id,
        "name": routed.call.name,
        "kind": routed.call.kind,
        "arguments": None if routed.call.kind == "custom" else arguments,
        "arguments_raw": routed.args_text,
        "state": state,
    }


def _is_call(tool: str) -> bool:
    return tool not in _NO_CALLS and not tool.endswith(("_output", "_result"))


def _server_call(update: ServerToolUpdated) -> dict[str, Any]:
    data: JsonObject = update.data
    raw = data.get("arguments")
    try:
        arguments = json.loads(raw) if isinstance(raw, str) else raw
    except (ValueError, RecursionError):
        arguments = None
    return {
        "id": data.get("call_id") or data.get("id"),
        "name": data.get("name") or update.tool,
        "kind": f"server:{update.tool}",
        "arguments": data.get("input", arguments or data.get("action") or data.get("operation")),
        "status": update.status,
    }


def _error(error: WireError) -> dict[str, Any]:
    return {"type": error.kind, "code": error.code, "message": str(error), "retryable": error.retryable}
