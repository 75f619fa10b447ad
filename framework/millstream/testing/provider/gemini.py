"""The Gemini wire: acts become the messages of `streamGenerateContent`.

Pure. Server-sent events with CRLF where the URL says `alt=sse`, else one JSON array that grows. Calls are whole parts,
the first of them signed; every message carries the token counts so far. There is no end mark: the last message has the
finish reason. It must not know HTTP.
"""

from __future__ import annotations

from typing import Any, assert_never

from millstream.events import Usage
from millstream.testing.provider.frames import Asked, Frame, event, json_bytes, plain, sent_error
from millstream.testing.provider.play import (
    GOOD_ENDS,
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
from millstream.testing.provider.rules.gemini import signed_part, status_word
from millstream.testing.provider.rules.signature import signature_of
from millstream.testing.provider.sequential import OneAtATime
from millstream.testing.provider.steps import ErrorEvent
from millstream.testing.provider.tally import Tally
from millstream.testing.provider.whole import WholeCall, WholeCalls, with_text

ID_CHARS = 22
CALL_ID_CHARS = 8
FINISH_REASONS = {"length": "MAX_TOKENS", "content_filter": "SAFETY", "failed": "OTHER"}
"""What a finish reason is called on this wire; a good end is STOP, any other is sent as it is."""
WITHOUT_CONTENT = frozenset({"SAFETY", "MALFORMED_FUNCTION_CALL", "PROHIBITED_CONTENT", "BLOCKLIST"})
MALFORMED = "MALFORMED_FUNCTION_CALL"


class GeminiWire:
    """One response on the wire: `start`, then `feed` each act.

    Args:
        asked: the request.
        usage: the token counts to report; None counts characters.
    """

    def __init__(self, asked: Asked, usage: Usage | None = None) -> None:
        self._asked = asked
        self._tally = Tally(asked, usage)
        self._is_sse = asked.query.get("alt") == "sse"
        self._order = OneAtATime()
        self._calls = WholeCalls()
        self._signed = False
        self._malformed = False
        self._begun = False

    def start(self) -> list[Frame]:
        """Nothing: the first message comes with the first thing the model writes."""
        return []

    def feed(self, act: Act) -> list[Frame]:
        """The messages of an act, and of those that waited for it."""
        return [frame for next_act in self._order.feed(act) for frame in self._write(next_act)]

    def _write(self, act: Act) -> list[Frame]:
        match act:
            case Wrote():
                return self._wrote(act)
            case Opened():
                return self._calls.opened(act)
            case Argued():
                return self._calls.argued(act)
            case Sealed(at_s=at_s, n=n):
                call = self._calls.take(n)
                return [] if call is None else self._called(at_s, call)
            case Finished(at_s=at_s, reason=reason):
                return self._finish(at_s, reason)
            case Failed(at_s=at_s, error=error):
                return [self._error(at_s, error)]
            case Ended(at_s=at_s):
                return [] if self._is_sse else [Frame(at_s, b"\n]\n" if self._begun else b"[]\n", event=True)]
            case Pinged(at_s=at_s) if not self._is_sse:
                return [Frame(at_s)]  # an array has no place for a sign of life
            case Pinged() | Sent() | Torn():
                return [plain(act)]
            case Closed():
                return []
            case _:
                assert_never(act)

    def _wrote(self, act: Wrote) -> list[Frame]:
        if not act.text:
            return []
        mark = self._tally.wrote(act)
        if act.kind == "think":
            return [self._message(act.at_s, [{"text": act.text, "thought": True}])]
        return [self._message(act.at_s, [{"text": act.text}], mark)]

    def _called(self, at_s: float, whole: WholeCall) -> list[Frame]:
        """The part of a call. Arguments that are no JSON never come: the response ends as malformed."""
        if not whole.is_json:
            self._malformed = True
            return []
        call, text = whole.call, whole.text
        self._tally.argued(text)
        placeholder = self._asked.made_id(f"arguments/{whole.n}", ID_CHARS)
        made = self._asked.made_id(f"call/{whole.n}", CALL_ID_CHARS)
        function: dict[str, Any] = {"name": call.name, "args": placeholder}
        if call.id != "":
            function["id"] = made if call.id is None else call.id
        part: dict[str, Any] = {"functionCall": function}
        if not self._signed:
            self._signed = True
            part["thoughtSignature"] = signature_of(signed_part(call.name, text))
        frame = self._message(at_s, [part], f"call-sealed:{call.name}")
        return [Frame(at_s, with_text(frame.data, placeholder, text), frame.mark, event=True)]

    def _finish(self, at_s: float, reason: str | None) -> list[Frame]:
        frames: list[Frame] = []
        for call in self._calls.take_all() if reason in GOOD_ENDS else ():
            frames += self._called(at_s, call)
        told = "STOP" if reason in GOOD_ENDS else FINISH_REASONS.get(str(reason), str(reason))
        told = MALFORMED if self._malformed else told
        last: dict[str, Any] = {"text": ""}
        if self._tally.thought_chars and not self._calls.count:
            last["thoughtSignature"] = signature_of("")
        parts = None if told in WITHOUT_CONTENT else [last]
        return [*frames, self._message(at_s, parts, "finish", told)]

    def _message(
        self, at_s: float, parts: list[dict[str, Any]] | None, mark: str = "", finish_reason: str | None = None
    ) -> Frame:
        candidate: dict[str, Any] = {} if parts is None else {"content": {"parts": parts, "role": "model"}}
        if finish_reason is not None:
            candidate["finishReason"] = finish_reason
        candidate["index"] = 0
        if finish_reason == MALFORMED:
            candidate["finishMessage"] = "Malformed function call"
        usage = self._tally.usage
        data = {
            "candidates": [candidate],
            "usageMetadata": usage_object(usage),
            "modelVersion": self._asked.model,
            "responseId": self._asked.made_id("response", ID_CHARS),
        }
        return self._sent(at_s, data, mark)

    def _sent(self, at_s: float, data: dict[str, Any], mark: str) -> Frame:
        if self._is_sse:
            return Frame(at_s, event(data), mark, event=True)
        head = b"\n,\n" if self._begun else b"["
        self._begun = True
        return Frame(at_s, head + json_bytes(data), mark, event=True)

    def _error(self, at_s: float, error: ErrorEvent) -> Frame:
        if error.shape is not None:
            return Frame(at_s, sent_error(error), "error", event=True)
        code = error.code if isinstance(error.code, int) else 500
        return self._sent(
            at_s, {"error": {"code": code, "message": error.message, "status": status_word(code)}}, "error"
        )


def usage_object(usage: Usage) -> dict[str, Any]:
    """Token counts in the form of this wire, whose candidates leave out what was thought."""
    counts: dict[str, Any] = {
        "promptTokenCount": usage.input_tokens,
        "candidatesTokenCount": usage.output_tokens - usage.reasoning_tokens,
        "totalTokenCount": usage.input_tokens + usage.output_tokens,
        "promptTokensDetails": [{"modality": "TEXT", "tokenCount": usage.input_tokens}],
    }
    if usage.cached_input_tokens:
        counts["cachedContentTokenCount"] = usage.cached_input_tokens
    if usage.reasoning_tokens:
        counts["thoughtsTokenCount"] = usage.reasoning_tokens
    return counts
