"""The legacy Completions wire of OpenAI: acts become the chunks of `POST /v1/completions` with `stream: true`.

Pure. It has text and nothing else: calls and thoughts of a scenario are not sent. It must not know HTTP.
"""

from __future__ import annotations

from typing import Any, assert_never

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
from millstream.testing.provider.tally import Tally

ID_CHARS = 29


class CompletionsWire:
    """One response on the wire: `start`, then `feed` each act.

    Args:
        asked: the request.
        usage: the token counts to report; None counts characters.
    """

    def __init__(self, asked: Asked, usage: Usage | None = None) -> None:
        self._asked = asked
        self._tally = Tally(asked, usage)
        self._counts = asked.stream_option("include_usage", default=False)
        self._id = f"cmpl-{asked.made_id('response', ID_CHARS)}"

    def start(self) -> list[Frame]:
        """Nothing: the first chunk comes with the first text."""
        return []

    def feed(self, act: Act) -> list[Frame]:
        """The chunks of an act."""
        match act:
            case Wrote(kind="think"):
                return []
            case Wrote(at_s=at_s, text=text):
                mark = self._tally.wrote(act)
                return [self._chunk(at_s, text, None, mark)] if text else []
            case Finished(at_s=at_s, reason=reason):
                told = "stop" if reason in (None, "completed", "tool_calls", "function_call") else reason
                return [self._chunk(at_s, "", told, "finish")]
            case Ended(at_s=at_s):
                return [*self._usage_chunk(at_s), Frame(at_s, b"data: [DONE]\n\n", event=True)]
            case Failed(at_s=at_s, error=error):
                return [Frame(at_s, sent_error(error), "error", event=True)]
            case Pinged() | Sent() | Torn():
                return [plain(act)]
            case Closed() | Opened() | Argued() | Sealed():
                return []
            case _:
                assert_never(act)

    def _usage_chunk(self, at_s: float) -> list[Frame]:
        if not self._counts:
            return []
        usage = self._tally.usage
        counts = {
            "prompt_tokens": usage.input_tokens,
            "completion_tokens": usage.output_tokens,
            "total_tokens": usage.total_tokens,
        }
        return [Frame(at_s, event(self._head() | {"choices": [], "usage": counts}), event=True)]

    def _chunk(self, at_s: float, text: str, finish_reason: str | None, mark: str) -> Frame:
        choice = {"text": text, "index": 0, "logprobs": None, "finish_reason": finish_reason}
        usage: dict[str, Any] = {"usage": None} if self._counts else {}
        return Frame(at_s, event(self._head() | {"choices": [choice]} | usage), mark, event=True)

    def _head(self) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": "text_completion",
            "created": self._asked.created,
            "model": self._asked.model,
        }
