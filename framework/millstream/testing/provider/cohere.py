"""The Cohere wire: acts become the events of `POST /v2/chat` with `stream: true`.

Pure. Contents and calls have indexes of their own; what the model plans before it calls is a `tool-plan-delta`, other
thoughts are a content. It must not know HTTP.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, assert_never

from millstream.events import Usage
from millstream.testing.provider.frames import Asked, Frame, event, plain, sent_error
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
from millstream.testing.provider.sequential import OneAtATime
from millstream.testing.provider.steps import CallTool, ErrorEvent
from millstream.testing.provider.tally import Tally

CALL_ID_CHARS = 12
FINISH_REASONS = {
    "stop": "COMPLETE",
    "completed": "COMPLETE",
    "tool_calls": "TOOL_CALL",
    "function_call": "TOOL_CALL",
    "length": "MAX_TOKENS",
    "content_filter": "ERROR_TOXIC",
    "failed": "ERROR",
}
"""What a finish reason is called on this wire; any other is sent as it is."""
ContentKind: TypeAlias = Literal["text", "thinking"]


class CohereWire:
    """One response on the wire: `start`, then `feed` each act.

    Args:
        asked: the request.
        usage: the token counts to report; None counts characters.
        plans: the response calls tools, so that its thoughts are the plan for them.
    """

    def __init__(self, asked: Asked, usage: Usage | None = None, *, plans: bool = False) -> None:
        self._asked = asked
        self._tally = Tally(asked, usage)
        self._plans = plans
        self._order = OneAtATime()
        self._content: ContentKind | None = None
        self._contents = 0
        self._calls: dict[int, tuple[CallTool, int]] = {}
        self._open_call: int | None = None

    def start(self) -> list[Frame]:
        """`message-start`."""
        made = self._asked.made_id("response", 32)
        parts = made[:8], made[8:12], made[12:16], made[16:20], made[20:]
        empty: dict[str, Any] = {"role": "assistant", "content": [], "tool_plan": "", "tool_calls": [], "citations": []}
        return [_event(0.0, {"id": "-".join(parts), "type": "message-start", "delta": {"message": empty}})]

    def feed(self, act: Act) -> list[Frame]:
        """The events of an act, and of those that waited for it."""
        return [frame for next_act in self._order.feed(act) for frame in self._write(next_act)]

    def _write(self, act: Act) -> list[Frame]:
        match act:
            case Wrote():
                return self._wrote(act)
            case Closed(at_s=at_s):
                return self._end_content(at_s)
            case Opened():
                return self._opened(act)
            case Argued():
                return self._argued(act)
            case Sealed(at_s=at_s, n=n):
                return self._sealed(at_s, n)
            case Finished(at_s=at_s, reason=reason):
                return self._finish(at_s, reason)
            case Ended(at_s=at_s):
                return [Frame(at_s, b"data: [DONE]\n\n", event=True)]
            case Failed(at_s=at_s, error=error):
                return [Frame(at_s, _error(error), "error", event=True)]
            case Pinged() | Sent() | Torn():
                return [plain(act)]
            case _:
                assert_never(act)

    def _wrote(self, act: Wrote) -> list[Frame]:
        if not act.text:
            return []
        mark = self._tally.wrote(act)
        if act.kind == "think" and self._plans:
            return [_event(act.at_s, {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": act.text}}})]
        kind: ContentKind = "thinking" if act.kind == "think" else "text"
        frames = [] if self._content == kind else self._start_content(act.at_s, kind)
        return [*frames, self._content_event(act.at_s, "content-delta", {kind: act.text}, mark)]

    def _start_content(self, at_s: float, kind: ContentKind) -> list[Frame]:
        frames = [*self._end_call(at_s), *self._end_content(at_s)]
        self._content = kind
        self._contents += 1
        return [*frames, self._content_event(at_s, "content-start", {"type": kind, kind: ""})]

    def _end_content(self, at_s: float) -> list[Frame]:
        if self._content is None:
            return []
        self._content = None
        return [_event(at_s, {"type": "content-end", "index": self._contents - 1})]

    def _content_event(self, at_s: float, name: str, content: dict[str, Any], mark: str = "") -> Frame:
        data = {"type": name, "index": self._contents - 1, "delta": {"message": {"content": content}}}
        return _event(at_s, data, mark)

    def _opened(self, act: Opened) -> list[Frame]:
        frames = [*self._end_content(act.at_s), *self._end_call(act.at_s)]
        call, index = act.call, len(self._calls)
        self._calls[act.n] = call, index
        self._open_call = act.n
        made = f"{call.name}_{self._asked.made_id(f'call/{act.n}', CALL_ID_CHARS)}"
        head = {"id": made if call.id is None else call.id, "type": "function"}
        called = head | {"function": {"name": call.name, "arguments": ""}}
        return [*frames, _call_event(act.at_s, "tool-call-start", index, called, f"call-opened:{call.name}")]

    def _argued(self, act: Argued) -> list[Frame]:
        call, index = self._calls[act.n]
        mark = f"args-complete:{call.name}" if act.last else ""
        if not act.text:
            return [Frame(act.at_s, mark=mark)]
        self._tally.argued(act.text)
        return [_call_event(act.at_s, "tool-call-delta", index, {"function": {"arguments": act.text}}, mark)]

    def _sealed(self, at_s: float, n: int) -> list[Frame]:
        mark = f"call-sealed:{self._calls[n][0].name}"
        return self._end_call(at_s, mark) if n == self._open_call else [Frame(at_s, mark=mark)]

    def _end_call(self, at_s: float, mark: str = "") -> list[Frame]:
        if self._open_call is None:
            return []
        index, self._open_call = self._calls[self._open_call][1], None
        return [_event(at_s, {"type": "tool-call-end", "index": index}, mark)]

    def _finish(self, at_s: float, reason: str | None) -> list[Frame]:
        natural = "TOOL_CALL" if self._calls else "COMPLETE"
        told = natural if reason is None else FINISH_REASONS.get(reason, reason)
        usage = self._tally.usage
        tokens = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
        counts = {"billed_units": tokens, "tokens": tokens, "cached_tokens": usage.cached_input_tokens}
        data = {"type": "message-end", "delta": {"finish_reason": told, "usage": counts}}
        return [*self._end_content(at_s), *self._end_call(at_s), _event(at_s, data, "finish")]


def _event(at_s: float, data: dict[str, Any], mark: str = "") -> Frame:
    return Frame(at_s, event(data, data["type"]), mark, event=True)


def _call_event(at_s: float, name: str, index: int, call: dict[str, Any], mark: str) -> Frame:
    return _event(at_s, {"type": name, "index": index, "delta": {"message": {"tool_calls": call}}}, mark)


def _error(error: ErrorEvent) -> bytes:
    if error.shape is not None:
        return sent_error(error)
    return event({"type": "message-end", "delta": {"error": error.message, "finish_reason": "ERROR"}}, "message-end")
