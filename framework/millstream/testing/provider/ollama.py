"""The Ollama wire: acts become the lines of `POST /api/chat`.

Pure. One JSON object a line, calls whole, token counts and times in the last line. It must not know HTTP.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, assert_never

from millstream.events import Usage
from millstream.testing.provider.frames import Asked, Frame, json_bytes, plain
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
from millstream.testing.provider.sequential import OneAtATime
from millstream.testing.provider.tally import Tally
from millstream.testing.provider.whole import WholeCall, WholeCalls, with_text

ID_CHARS = 8
NANOSECONDS = 1_000_000_000
MARKER_CHARS = 32


class OllamaWire:
    """One response on the wire: `start`, then `feed` each act.

    Args:
        asked: the request.
        usage: the token counts to report; None counts characters.
    """

    def __init__(self, asked: Asked, usage: Usage | None = None) -> None:
        self._asked = asked
        self._tally = Tally(asked, usage)
        self._order = OneAtATime()
        self._calls = WholeCalls()
        self._failed = False

    def start(self) -> list[Frame]:
        """Nothing: the first line comes with the first thing the model writes."""
        return []

    def feed(self, act: Act) -> list[Frame]:
        """The lines of an act, and of those that waited for it; none behind an error of the server's own."""
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
                return [_line(at_s, {"error": error.message}, "error")]
            case Pinged(at_s=at_s):
                return [Frame(at_s)]  # a line has no comment
            case Sent() | Torn():
                return [plain(act)]
            case Closed() | Ended():
                return []
            case _:
                assert_never(act)

    def _wrote(self, act: Wrote) -> list[Frame]:
        if not act.text:
            return []
        mark = self._tally.wrote(act)
        if act.kind == "think":
            return self._message(act.at_s, {"content": "", "thinking": act.text})
        return self._message(act.at_s, {"content": act.text}, mark)

    def _called(self, at_s: float, whole: WholeCall) -> list[Frame]:
        """The line of a call. Arguments that are no JSON end the response: the server can not read them."""
        call, text = whole.call, whole.text
        if not whole.is_json:
            frames = [] if self._failed else [_line(at_s, {"error": f"error parsing tool call: raw='{text}'"}, "error")]
            self._failed = True
            return frames
        self._tally.argued(text)
        placeholder = self._asked.made_id(f"arguments/{whole.n}", MARKER_CHARS)
        function = {"index": whole.n, "name": call.name, "arguments": placeholder}
        made = f"call_{self._asked.made_id(f'call/{whole.n}', ID_CHARS)}"
        called: dict[str, Any] = {} if call.id == "" else {"id": made if call.id is None else call.id}
        message = {"content": "", "tool_calls": [called | {"function": function}]}
        sealed = self._message(at_s, message, f"call-sealed:{call.name}")
        return [Frame(at_s, with_text(f.data, placeholder, text), f.mark, event=True) for f in sealed]

    def _finish(self, at_s: float, reason: str | None) -> list[Frame]:
        frames: list[Frame] = []
        for call in self._calls.take_all() if reason in GOOD_ENDS else ():
            frames += self._called(at_s, call)
        if self._failed:
            return frames
        usage = self._tally.usage
        last = {
            "done": True,
            "done_reason": "stop" if reason in GOOD_ENDS else reason,
            "total_duration": int(at_s * NANOSECONDS),
            "load_duration": 0,
            "prompt_eval_count": usage.input_tokens,
            "prompt_eval_duration": 0,
            "eval_count": usage.output_tokens,
            "eval_duration": int(at_s * NANOSECONDS),
        }
        return [
            *frames,
            _line(at_s, self._head(at_s) | {"message": {"role": "assistant", "content": ""}} | last, "finish"),
        ]

    def _message(self, at_s: float, fields: dict[str, Any], mark: str = "") -> list[Frame]:
        if self._failed:
            return []
        message = {"role": "assistant"} | fields
        return [_line(at_s, self._head(at_s) | {"message": message, "done": False}, mark)]

    def _head(self, at_s: float) -> dict[str, Any]:
        written = datetime.fromtimestamp(self._asked.created, UTC) + timedelta(seconds=at_s)
        return {"model": self._asked.model, "created_at": written.isoformat().replace("+00:00", "Z")}


def _line(at_s: float, data: dict[str, Any], mark: str) -> Frame:
    return Frame(at_s, json_bytes(data) + b"\n", mark, event=True)
