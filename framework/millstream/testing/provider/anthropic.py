"""The Anthropic Messages wire: acts become the events of `POST /v1/messages` with `stream: true`.

Pure. The fields and the order of events are those of recorded responses: blocks one after the other by `index`, a
signature before the end of what was thought, a ping behind the first block's start. It must not know HTTP.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias, assert_never

from millstream.events import Usage
from millstream.testing.provider.bursts import Bursts
from millstream.testing.provider.frames import Asked, Frame, event, plain, sent_error
from millstream.testing.provider.picking import objects
from millstream.testing.provider.play import (
    Act,
    Argued,
    Closed,
    Ended,
    Failed,
    Finished,
    Opened,
    Pinged,
    Sealed,
    Sent,
    Torn,
    Wrote,
)
from millstream.testing.provider.rules.signature import signature_of
from millstream.testing.provider.sequential import OneAtATime
from millstream.testing.provider.steps import CallTool, ErrorEvent
from millstream.testing.provider.tally import Tally

ID_CHARS = 22
STOP_REASONS = {
    "stop": "end_turn",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "completed": "end_turn",
    "length": "max_tokens",
    "content_filter": "refusal",
}
"""What a finish reason is called on this wire; any other is sent as it is."""
BlockKind: TypeAlias = Literal["text", "thinking", "tool_use"]


@dataclass(slots=True)
class _Block:
    """The block that is being written."""

    kind: BlockKind
    index: int
    pieces: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class _CallBlock:
    """A call, at the index of its block; `bursts` is None where its input streams as it is made."""

    call: CallTool
    index: int
    bursts: Bursts | None


class AnthropicWire:
    """One response on the wire: `start`, then `feed` each act.

    Args:
        asked: the request.
        usage: the token counts to report; None counts characters.
    """

    def __init__(self, asked: Asked, usage: Usage | None = None) -> None:
        self._asked = asked
        self._tally = Tally(asked, usage)
        self._order = OneAtATime()
        tools = objects(asked.body.get("tools"))
        self._eager = {str(tool.get("name")) for tool in tools if tool.get("eager_input_streaming") is True}
        self._block: _Block | None = None
        self._blocks = 0
        self._failed = False
        self._calls: dict[int, _CallBlock] = {}

    def start(self) -> list[Frame]:
        """`message_start`."""
        usage = _usage(self._tally.usage)
        begun = usage | {"output_tokens": 1, "service_tier": "standard", "inference_geo": "not_available"}
        message: dict[str, Any] = {
            "model": self._asked.model,
            "id": f"msg_01{self._asked.made_id('response', ID_CHARS)}",
            "type": "message",
            "role": "assistant",
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "stop_details": None,
            "usage": begun,
        }
        return [_event(0.0, {"type": "message_start", "message": message})]

    def feed(self, act: Act) -> list[Frame]:
        """The events of an act, and of those that waited for it."""
        return [frame for next_act in self._order.feed(act) for frame in self._write(next_act)]

    def _write(self, act: Act) -> list[Frame]:
        match act:
            case Wrote():
                return self._wrote(act)
            case Closed(at_s=at_s):
                return self._stop_block(at_s)
            case Opened():
                return self._opened(act)
            case Argued():
                return self._argued(act)
            case Sealed(at_s=at_s, n=n):
                return self._sealed(at_s, self._calls[n])
            case Finished(at_s=at_s, reason=reason):
                return self._finish(at_s, reason)
            case Ended(at_s=at_s):
                return [] if self._failed else [_event(at_s, {"type": "message_stop"})]
            case Failed(at_s=at_s, error=error):
                return self._fail(at_s, error)
            case Pinged(at_s=at_s, kind="keepalive"):
                return [_event(at_s, {"type": "ping"})]
            case Pinged() | Sent() | Torn():
                return [plain(act)]
            case _:
                assert_never(act)

    # --- text and thinking ---

    def _wrote(self, act: Wrote) -> list[Frame]:
        kind: BlockKind = "thinking" if act.kind == "think" else "text"
        block, frames = self._block, list[Frame]()
        if block is None or block.kind != kind:
            empty = {"thinking": "", "signature": ""} if kind == "thinking" else {"text": ""}
            frames = self._start_block(act.at_s, kind, empty)
            block = self._current
        if not act.text:
            return frames
        block.pieces.append(act.text)
        mark = self._tally.wrote(act)
        return [*frames, _delta(act.at_s, block.index, f"{kind}_delta", kind, act.text, mark)]

    @property
    def _current(self) -> _Block:
        if self._block is None:
            raise RuntimeError("no block is open")
        return self._block

    def _start_block(self, at_s: float, kind: BlockKind, content: dict[str, Any], mark: str = "") -> list[Frame]:
        frames = self._stop_block(at_s)
        block = self._block = _Block(kind, self._blocks)
        self._blocks += 1
        data = {"type": "content_block_start", "index": block.index, "content_block": {"type": kind} | content}
        frames.append(_event(at_s, data, mark))
        if not block.index:
            frames.append(_event(at_s, {"type": "ping"}))
        return frames

    def _stop_block(self, at_s: float, mark: str = "") -> list[Frame]:
        block, self._block = self._block, None
        if block is None:
            return []
        frames: list[Frame] = []
        if block.kind == "thinking":
            signature = signature_of("".join(block.pieces))
            frames = [_delta(at_s, block.index, "signature_delta", "signature", signature)]
        return [*frames, _event(at_s, {"type": "content_block_stop", "index": block.index}, mark)]

    # --- calls ---

    def _opened(self, act: Opened) -> list[Frame]:
        call = act.call
        made = f"toolu_01{self._asked.made_id(f'call/{act.n}', ID_CHARS)}"
        content: dict[str, Any] = {"id": made if call.id is None else call.id, "name": call.name, "input": {}}
        frames = self._start_block(
            act.at_s, "tool_use", content | {"caller": {"type": "direct"}}, f"call-opened:{call.name}"
        )
        index = self._current.index
        self._calls[act.n] = _CallBlock(call, index, None if call.name in self._eager else Bursts())
        return [*frames, _delta(act.at_s, index, "input_json_delta", "partial_json", "")]

    def _argued(self, act: Argued) -> list[Frame]:
        block = self._calls[act.n]
        pieces = [act.text] if block.bursts is None else block.bursts.feed(act.text, last=act.last)
        mark = f"args-complete:{block.call.name}" if act.last else ""
        self._tally.argued(act.text)
        frames = [_delta(act.at_s, block.index, "input_json_delta", "partial_json", piece) for piece in pieces if piece]
        return [*frames, Frame(act.at_s, mark=mark)] if mark or not frames else frames

    def _sealed(self, at_s: float, block: _CallBlock) -> list[Frame]:
        mark = f"call-sealed:{block.call.name}"
        if self._block is not None and self._block.index == block.index:
            return self._stop_block(at_s, mark)
        return [Frame(at_s, mark=mark)]

    # --- the end ---

    def _fail(self, at_s: float, error: ErrorEvent) -> list[Frame]:
        """An error, behind which nothing follows by itself; a response that fails is one."""
        self._failed = True
        return [Frame(at_s, _error(error), "error", event=True)]

    def _finish(self, at_s: float, reason: str | None) -> list[Frame]:
        if reason == "failed":
            return [] if self._failed else self._fail(at_s, ErrorEvent("Internal server error"))
        natural = "tool_use" if self._calls else "end_turn"
        told = natural if reason is None else STOP_REASONS.get(reason, reason)
        details = {"type": "refusal", "category": None, "explanation": None} if told == "refusal" else None
        usage = _usage(self._tally.usage)
        usage.pop("cache_creation")
        delta = {"stop_reason": told, "stop_sequence": None, "stop_details": details}
        data = {"type": "message_delta", "delta": delta, "usage": usage}
        return [*self._stop_block(at_s), _event(at_s, data, "finish")]


def _usage(usage: Usage) -> dict[str, Any]:
    """Token counts in the form of this wire, whose input leaves out what was cached."""
    return {
        "input_tokens": usage.input_tokens - usage.cached_input_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": usage.cached_input_tokens,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "output_tokens": usage.output_tokens,
    }


def _event(at_s: float, data: dict[str, Any], mark: str = "") -> Frame:
    return Frame(at_s, event(data, data["type"]), mark, event=True)


def _delta(at_s: float, index: int, kind: str, name: str, text: str, mark: str = "") -> Frame:
    return _event(at_s, {"type": "content_block_delta", "index": index, "delta": {"type": kind, name: text}}, mark)


def _error(error: ErrorEvent) -> bytes:
    if error.shape is not None:
        return sent_error(error)
    kind = "api_error" if error.type == "server_error" else error.type
    return event({"type": "error", "error": {"type": kind, "message": error.message}}, "error")
