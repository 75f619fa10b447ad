"""The wire of Gemini's Interactions: acts become the events of `POST /v1beta/interactions` with `stream: true`.

Pure. Steps follow each other by index, a thought with its signature before anything else; the last event holds the
status and the token counts, and no steps. It must not know HTTP.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias, assert_never

from millstream.events import Usage
from millstream.testing.provider.frames import Asked, Frame, event, plain, sent_error
from millstream.testing.provider.items import Item
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
from millstream.testing.provider.rules.shapes import is_json
from millstream.testing.provider.rules.signature import signature_of
from millstream.testing.provider.sequential import OneAtATime
from millstream.testing.provider.steps import CallTool, ErrorEvent
from millstream.testing.provider.tally import Tally

ID_CHARS = 60
CALL_ID_CHARS = 8
STATUSES = {"length": "incomplete", "content_filter": "failed"}
"""What a finish reason is called on this wire; a good end follows from the calls, any other is sent as it is."""
StepKind: TypeAlias = Literal["thought", "model_output", "function_call"]


class InteractionsWire:
    """One response on the wire: `start`, then `feed` each act.

    Once `finished`, `interaction_id` and `steps` are what a next request may go on from.

    Args:
        asked: the request.
        usage: the token counts to report; None counts characters.
    """

    def __init__(self, asked: Asked, usage: Usage | None = None) -> None:
        self.interaction_id = f"v1_{asked.made_id('response', ID_CHARS)}"
        self.finished = False
        self.steps: list[Item] = []
        self._asked = asked
        self._tally = Tally(asked, usage)
        self._order = OneAtATime()
        self._step: StepKind | None = None
        self._pieces: list[str] = []
        self._calls: dict[int, tuple[CallTool, int]] = {}

    def start(self) -> list[Frame]:
        """`interaction.created` and `interaction.status_update`."""
        begun = {"id": self.interaction_id, "status": "in_progress", "object": "interaction"}
        return [
            _event(0.0, "interaction.created", {"interaction": begun | {"model": self._asked.model}}),
            _event(0.0, "interaction.status_update", {"interaction_id": self.interaction_id, "status": "in_progress"}),
        ]

    def feed(self, act: Act) -> list[Frame]:
        """The events of an act, and of those that waited for it."""
        return [frame for next_act in self._order.feed(act) for frame in self._write(next_act)]

    def _write(self, act: Act) -> list[Frame]:
        match act:
            case Wrote():
                return self._wrote(act)
            case Closed(at_s=at_s):
                return self._stop_step(at_s)
            case Opened():
                return self._opened(act)
            case Argued():
                return self._argued(act)
            case Sealed(at_s=at_s, n=n):
                return self._sealed(at_s, n)
            case Finished(at_s=at_s, reason=reason):
                return self._finish(at_s, reason)
            case Ended(at_s=at_s):
                return [Frame(at_s, b"event: done\ndata: [DONE]\n\n", event=True)]
            case Failed(at_s=at_s, error=error):
                return [Frame(at_s, _error(error), "error", event=True)]
            case Pinged() | Sent() | Torn():
                return [plain(act)]
            case _:
                assert_never(act)

    def _wrote(self, act: Wrote) -> list[Frame]:
        kind: StepKind = "thought" if act.kind == "think" else "model_output"
        frames = [] if self._step == kind else self._start_step(act.at_s, {"type": kind})
        if not act.text:
            return frames
        self._pieces.append(act.text)
        text = {"text": act.text, "type": "text"}
        mark = self._tally.wrote(act)
        if kind == "thought":
            return [*frames, self._delta(act.at_s, {"content": text, "type": "thought_summary"})]
        return [*frames, self._delta(act.at_s, text, mark)]

    def _start_step(self, at_s: float, step: Item, mark: str = "") -> list[Frame]:
        frames = self._stop_step(at_s)
        if not self.steps and step["type"] != "thought":  # a thought comes first, also where nothing of it is shown
            frames += [*self._start_step(at_s, {"type": "thought"}), *self._stop_step(at_s)]
        self._step = step["type"]
        self._pieces = []
        self.steps.append(step)
        return [*frames, _event(at_s, "step.start", {"index": len(self.steps) - 1, "step": dict(step)}, mark)]

    def _stop_step(self, at_s: float, mark: str = "") -> list[Frame]:
        kind, self._step = self._step, None
        if kind is None:
            return []
        step, text, frames = self.steps[-1], "".join(self._pieces), list[Frame]()
        if kind == "thought":
            step["signature"] = signature_of(text)
            frames = [self._delta(at_s, {"signature": step["signature"], "type": "thought_signature"})]
        elif kind == "function_call":
            step["arguments"] = json.loads(text) if is_json(text) else {}
        else:
            step["content"] = [{"type": "text", "text": text}]
        return [*frames, _event(at_s, "step.stop", {"index": len(self.steps) - 1}, mark)]

    def _opened(self, act: Opened) -> list[Frame]:
        call = act.call
        made = self._asked.made_id(f"call/{act.n}", CALL_ID_CHARS)
        step: Item = {"id": made if call.id is None else call.id, "signature": "", "type": "function_call"}
        frames = self._start_step(act.at_s, step | {"name": call.name, "arguments": {}}, f"call-opened:{call.name}")
        self._calls[act.n] = call, len(self.steps) - 1
        return frames

    def _argued(self, act: Argued) -> list[Frame]:
        call, index = self._calls[act.n]
        mark = f"args-complete:{call.name}" if act.last else ""
        if not act.text:
            return [Frame(act.at_s, mark=mark)]
        if index == len(self.steps) - 1 and self._step is not None:
            self._pieces.append(act.text)
        self._tally.argued(act.text)
        return [self._delta(act.at_s, {"arguments": act.text, "type": "arguments_delta"}, mark, index)]

    def _sealed(self, at_s: float, n: int) -> list[Frame]:
        call, index = self._calls[n]
        mark = f"call-sealed:{call.name}"
        is_open = self._step == "function_call" and index == len(self.steps) - 1
        return self._stop_step(at_s, mark) if is_open else [Frame(at_s, mark=mark)]

    def _finish(self, at_s: float, reason: str | None) -> list[Frame]:
        frames = self._stop_step(at_s)
        natural = "requires_action" if self._calls else "completed"
        told = natural if reason in GOOD_ENDS else STATUSES.get(str(reason), str(reason))
        usage = self._tally.usage
        written = datetime.fromtimestamp(self._asked.created, UTC).isoformat().replace("+00:00", "Z")
        ended = {
            "id": self.interaction_id,
            "status": told,
            "usage": usage_object(usage),
            "created": written,
            "updated": written,
            "service_tier": "standard",
            "object": "interaction",
            "model": self._asked.model,
        }
        self.finished = True
        return [*frames, _event(at_s, "interaction.completed", {"interaction": ended}, "finish")]

    def _delta(self, at_s: float, delta: dict[str, Any], mark: str = "", index: int | None = None) -> Frame:
        place = len(self.steps) - 1 if index is None else index
        return _event(at_s, "step.delta", {"index": place, "delta": delta}, mark)


def usage_object(usage: Usage) -> dict[str, Any]:
    """Token counts in the form of this wire, whose output leaves out what was thought."""
    return {
        "total_tokens": usage.total_tokens,
        "total_input_tokens": usage.input_tokens,
        "input_tokens_by_modality": [{"modality": "text", "tokens": usage.input_tokens}],
        "total_cached_tokens": usage.cached_input_tokens,
        "total_output_tokens": usage.output_tokens - usage.reasoning_tokens,
        "total_tool_use_tokens": 0,
        "total_thought_tokens": usage.reasoning_tokens,
    }


def _event(at_s: float, name: str, data: dict[str, Any], mark: str = "") -> Frame:
    return Frame(at_s, event(data | {"event_type": name}, name), mark, event=True)


def _error(error: ErrorEvent) -> bytes:
    if error.shape is not None:
        return sent_error(error)
    return event({"error": {"message": error.message, "code": str(error.code)}, "event_type": "error"}, "error")
