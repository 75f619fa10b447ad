"""The Bedrock wire: acts become the binary frames of `ConverseStream`.

Pure. Blocks follow each other by index, a text has no start, the token counts come behind the end. It must not know
HTTP.
"""

from __future__ import annotations

import string
from typing import Any, Literal, TypeAlias, assert_never

from millstream.events import Usage
from millstream.testing.provider.eventstream import encode_frame
from millstream.testing.provider.frames import Asked, Frame, json_bytes, plain
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
    "completed": "end_turn",
    "tool_calls": "tool_use",
    "function_call": "tool_use",
    "length": "max_tokens",
    "content_filter": "content_filtered",
}
"""What a finish reason is called on this wire; any other is sent as it is."""
EXCEPTIONS = {
    "server_error": "internalServerException",
    "rate_limit_error": "throttlingException",
    "overloaded_error": "serviceUnavailableException",
}
"""What a type of error is called on this wire; any other is sent as it is."""
PADDING = string.ascii_letters
BlockKind: TypeAlias = Literal["text", "reasoning", "call"]


class BedrockWire:
    """One response on the wire: `start`, then `feed` each act.

    Args:
        asked: the request.
        usage: the token counts to report; None counts characters.
    """

    def __init__(self, asked: Asked, usage: Usage | None = None) -> None:
        self._asked = asked
        self._tally = Tally(asked, usage)
        self._order = OneAtATime()
        self._block: BlockKind | None = None
        self._blocks = 0
        self._thought: list[str] = []
        self._calls: dict[int, tuple[CallTool, int]] = {}
        self._sent = 0

    def start(self) -> list[Frame]:
        """`messageStart`."""
        return [self._event(0.0, "messageStart", {"role": "assistant"})]

    def feed(self, act: Act) -> list[Frame]:
        """The frames of an act, and of those that waited for it."""
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
                return self._sealed(at_s, n)
            case Finished(at_s=at_s, reason=reason):
                natural = "tool_use" if self._calls else "end_turn"
                told = natural if reason is None else STOP_REASONS.get(reason, reason)
                stop = self._event(at_s, "messageStop", {"stopReason": told}, "finish")
                return [*self._stop_block(at_s), stop]
            case Ended(at_s=at_s):
                return [self._metadata(at_s)]
            case Failed(at_s=at_s, error=error):
                return [_exception(at_s, error)]
            case Pinged(at_s=at_s):
                return [Frame(at_s)]  # these streams have no sign of life
            case Sent() | Torn():
                return [plain(act)]
            case _:
                assert_never(act)

    def _wrote(self, act: Wrote) -> list[Frame]:
        kind: BlockKind = "reasoning" if act.kind == "think" else "text"
        frames = [] if self._block == kind else self._start_block(act.at_s, kind)
        if not act.text:
            return frames
        mark = self._tally.wrote(act)
        if kind == "reasoning":
            self._thought.append(act.text)
            return [*frames, self._delta(act.at_s, {"reasoningContent": {"text": act.text}})]
        return [*frames, self._delta(act.at_s, {"text": act.text}, mark)]

    def _start_block(self, at_s: float, kind: BlockKind) -> list[Frame]:
        frames = self._stop_block(at_s)
        self._block = kind
        self._blocks += 1
        return frames

    def _stop_block(self, at_s: float, mark: str = "") -> list[Frame]:
        kind, self._block = self._block, None
        if kind is None:
            return []
        frames: list[Frame] = []
        if kind == "reasoning":
            signature = signature_of("".join(self._thought))
            self._thought = []
            frames = [self._delta(at_s, {"reasoningContent": {"signature": signature}})]
        return [*frames, self._event(at_s, "contentBlockStop", {"contentBlockIndex": self._blocks - 1}, mark)]

    def _opened(self, act: Opened) -> list[Frame]:
        frames = self._start_block(act.at_s, "call")
        index, call = self._blocks - 1, act.call
        self._calls[act.n] = call, index
        made = f"tooluse_{self._asked.made_id(f'call/{act.n}', ID_CHARS)}"
        start = {"toolUse": {"name": call.name, "toolUseId": made if call.id is None else call.id}}
        opening = {"contentBlockIndex": index, "start": start}
        return [*frames, self._event(act.at_s, "contentBlockStart", opening, f"call-opened:{call.name}")]

    def _argued(self, act: Argued) -> list[Frame]:
        call, index = self._calls[act.n]
        mark = f"args-complete:{call.name}" if act.last else ""
        if not act.text:
            return [Frame(act.at_s, mark=mark)]
        self._tally.argued(act.text)
        return [self._delta(act.at_s, {"toolUse": {"input": act.text}}, mark, index)]

    def _sealed(self, at_s: float, n: int) -> list[Frame]:
        call, index = self._calls[n]
        mark = f"call-sealed:{call.name}"
        is_open = self._block == "call" and index == self._blocks - 1
        return self._stop_block(at_s, mark) if is_open else [Frame(at_s, mark=mark)]

    def _metadata(self, at_s: float) -> Frame:
        usage = self._tally.usage
        counts = {
            "inputTokens": usage.input_tokens - usage.cached_input_tokens,
            "outputTokens": usage.output_tokens,
            "totalTokens": usage.total_tokens,
        }
        if usage.cached_input_tokens:
            counts["cacheReadInputTokens"] = usage.cached_input_tokens
        return self._event(at_s, "metadata", {"metrics": {"latencyMs": int(at_s * 1000)}, "usage": counts})

    def _delta(self, at_s: float, delta: dict[str, Any], mark: str = "", index: int | None = None) -> Frame:
        place = self._blocks - 1 if index is None else index
        return self._event(at_s, "contentBlockDelta", {"contentBlockIndex": place, "delta": delta}, mark)

    def _event(self, at_s: float, name: str, data: dict[str, Any], mark: str = "") -> Frame:
        self._sent += 1
        padded = data | {"p": PADDING[: 1 + int(self._asked.made_id(f"padding/{self._sent}", 4), 16) % len(PADDING)]}
        headers = {":event-type": name, ":content-type": "application/json", ":message-type": "event"}
        payload = json_bytes(dict(sorted(padded.items())))
        return Frame(at_s, encode_frame(headers, payload), mark, event=True)


def _exception(at_s: float, error: ErrorEvent) -> Frame:
    headers = {
        ":exception-type": EXCEPTIONS.get(error.type, error.type),
        ":content-type": "application/json",
        ":message-type": "exception",
    }
    return Frame(at_s, encode_frame(headers, json_bytes({"message": error.message})), "error", event=True)
