"""The OpenAI Chat Completions wire: acts become the chunks of `POST /v1/chat/completions` with `stream: true`.

Pure. The chunks have the fields and the order of recorded ones: a role chunk, deltas, the finish chunk, the usage chunk
where `stream_options.include_usage` asks for it, `[DONE]`. This wire has no end of a call. It must not know HTTP.
"""

from __future__ import annotations

from typing import Any, assert_never

from millstream.events import Usage
from millstream.testing.provider.frames import Asked, Frame, event, padding, plain, sent_error
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
from millstream.testing.provider.steps import CallTool
from millstream.testing.provider.tally import Tally

ID_CHARS = 29
CALL_ID_CHARS = 24
TEXT_FIELDS = {"say": "content", "refuse": "refusal", "think": "reasoning_content"}
"""Where a delta holds text; reasoning is streamed by servers that follow DeepSeek, not by OpenAI itself."""


class ChatWire:
    """One response on the wire: `start`, then `feed` each act.

    Args:
        asked: the request.
        usage: the token counts to report; None counts characters.
        lone_call: the response is one call and nothing before it, whose opening shares the role chunk then.
    """

    def __init__(self, asked: Asked, usage: Usage | None = None, *, lone_call: bool = False) -> None:
        self._asked = asked
        self._tally = Tally(asked, usage)
        self._lone_call = lone_call
        self._counts = asked.stream_option("include_usage", default=False)
        self._pads = asked.stream_option("include_obfuscation", default=True)
        self._id = f"chatcmpl-{asked.made_id('response', ID_CHARS)}"
        self._chunks = 0
        self._role_sent = False
        self._calls: list[CallTool] = []

    def start(self) -> list[Frame]:
        """Nothing: the role chunk comes with the first thing the model writes."""
        return []

    def feed(self, act: Act) -> list[Frame]:
        """The chunks of an act."""
        match act:
            case Wrote():
                return self._wrote(act)
            case Opened():
                return self._opened(act)
            case Argued():
                return self._argued(act)
            case Finished(at_s=at_s, reason=reason):
                natural = "tool_calls" if self._calls else "stop"
                return [*self._role(at_s), self._chunk(at_s, {}, "finish", reason or natural)]
            case Ended(at_s=at_s):
                return [*self._usage_chunk(at_s), Frame(at_s, b"data: [DONE]\n\n", event=True)]
            case Failed(at_s=at_s, error=error):
                return [Frame(at_s, sent_error(error), "error", event=True)]
            case Pinged() | Sent() | Torn():
                return [plain(act)]
            case Closed() | Sealed():
                return []
            case _:
                assert_never(act)

    def _role(self, at_s: float, content: str | None = "") -> list[Frame]:
        """The role chunk, unless it was sent."""
        if self._role_sent:
            return []
        self._role_sent = True
        refusal = {} if content is None else {"refusal": None}
        return [self._chunk(at_s, {"role": "assistant", "content": content} | refusal)]

    def _wrote(self, act: Wrote) -> list[Frame]:
        mark = self._tally.wrote(act)
        deltas = [{TEXT_FIELDS[act.kind]: act.text}] if act.text else []
        return [*self._role(act.at_s), *(self._chunk(act.at_s, delta, mark) for delta in deltas)]

    def _opened(self, act: Opened) -> list[Frame]:
        call, mark = act.call, f"call-opened:{act.call.name}"
        self._calls.append(call)
        made = f"call_{self._asked.made_id(f'call/{act.n}', CALL_ID_CHARS)}"
        head = {"index": self._index(act.n), "id": made if call.id is None else call.id}
        if call.kind == "custom":
            delta = head | {"type": "custom", "custom": {"name": call.name, "input": ""}}
        else:
            delta = head | {"type": "function", "function": {"name": call.name, "arguments": ""}}
        if self._lone_call and not self._role_sent:
            self._role_sent = True
            merged = {"role": "assistant", "content": None, "tool_calls": [delta], "refusal": None}
            return [self._chunk(act.at_s, merged, mark)]
        return [*self._role(act.at_s, None), self._chunk(act.at_s, {"tool_calls": [delta]}, mark)]

    def _argued(self, act: Argued) -> list[Frame]:
        call = self._calls[act.n]
        mark = f"args-complete:{call.name}" if act.last else ""
        if not act.text:
            return [Frame(act.at_s, mark=mark)]
        self._tally.argued(act.text)
        body = {"custom": {"input": act.text}} if call.kind == "custom" else {"function": {"arguments": act.text}}
        return [self._chunk(act.at_s, {"tool_calls": [{"index": self._index(act.n)} | body]}, mark)]

    def _usage_chunk(self, at_s: float) -> list[Frame]:
        if not self._counts:
            return []
        usage = self._tally.usage
        return [self._frame(at_s, [], usage_object(usage))]

    def _chunk(self, at_s: float, delta: dict[str, Any], mark: str = "", finish_reason: str | None = None) -> Frame:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._frame(at_s, [choice], None, mark)

    def _frame(self, at_s: float, choices: list[Any], usage: dict[str, Any] | None, mark: str = "") -> Frame:
        self._chunks += 1
        chunk: dict[str, Any] = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._asked.created,
            "model": self._asked.model,
            "service_tier": "default",
            "system_fingerprint": None,
            "choices": choices,
        }
        if self._counts:
            chunk["usage"] = usage
        if self._pads:
            content = choices[0]["delta"].get("content") if choices else None
            chunk["obfuscation"] = padding(self._asked, content or "", self._chunks)
        return Frame(at_s, event(chunk), mark, event=True)

    def _index(self, n: int) -> int:
        index = self._calls[n].index
        return n if index is None else index


def usage_object(usage: Usage) -> dict[str, Any]:
    """Token counts in the form of the Chat wire."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.total_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cached_input_tokens, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }
