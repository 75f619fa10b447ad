"""The OpenAI Responses wire: acts become the events of `POST /v1/responses` with `stream: true`.

Pure. The field sets, their order and the order of events are those of recorded responses: `sequence_number` counts
every event from 0, state hangs on `output_index`, and the terminal event carries the whole output. It must not know
HTTP.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_never

from millstream.events import Usage
from millstream.testing.provider.frames import Asked, Frame, error_object, event, padding, plain, sent_error
from millstream.testing.provider.items import TEXT_FORMS, CallItem, Item, TextItem
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
from millstream.testing.provider.snapshot import snapshot
from millstream.testing.provider.steps import ErrorEvent
from millstream.testing.provider.tally import Tally

ID_CHARS = 50
CALL_ID_CHARS = 24
SECRET_CHARS = 96
INCOMPLETE_REASONS = {"length": "max_output_tokens"}
"""What a finish reason is called on this wire; any other is sent as it is."""


class ResponsesWire:
    """One response on the wire: `start`, then `feed` each act.

    Once `finished`, `response_id` and `output` are what a next request may refer to.

    Args:
        asked: the request.
        usage: the token counts to report; None counts characters.
    """

    def __init__(self, asked: Asked, usage: Usage | None = None) -> None:
        self.response_id = f"resp_{asked.made_id('response', ID_CHARS)}"
        self.finished = False
        self._asked = asked
        self._tally = Tally(asked, usage)
        self._pads = asked.stream_option("include_obfuscation", default=True)
        self._sequence_number = 0
        self._output: list[Item | None] = []
        self._text: TextItem | None = None
        self._calls: list[CallItem] = []
        self._failure = {"code": "server_error", "message": "The model failed to generate a response."}

    @property
    def output(self) -> tuple[Item, ...]:
        """The output items that are closed, in order."""
        return tuple(item for item in self._output if item is not None)

    def start(self) -> list[Frame]:
        """`response.created` and `response.in_progress`; a response in the background is queued in between."""
        begun = snapshot(self._asked, self.response_id, "in_progress")
        names = ("created", "queued", "in_progress") if begun["background"] else ("created", "in_progress")
        return [self._event(0.0, f"response.{name}", response=begun) for name in names]

    def feed(self, act: Act) -> list[Frame]:
        """The events of an act, numbered behind those of the acts before."""
        match act:
            case Wrote():
                return self._wrote(act)
            case Closed(at_s=at_s):
                return self._close_text(at_s, "completed")
            case Opened():
                return self._opened(act)
            case Argued():
                return self._argued(act)
            case Sealed(at_s=at_s, n=n):
                return self._close_call(at_s, self._calls[n], "completed")
            case Finished(at_s=at_s, reason=reason):
                return self._finish(at_s, reason)
            case Failed(at_s=at_s, error=error):
                return [self._error(at_s, error)]
            case Pinged(at_s=at_s, kind="keepalive"):
                return [self._event(at_s, "keepalive")]
            case Pinged() | Sent() | Torn():
                return [plain(act)]
            case Ended():
                return []
            case _:
                assert_never(act)

    # --- text, reasoning, refusals ---

    def _wrote(self, act: Wrote) -> list[Frame]:
        item, frames = self._text, list[Frame]()
        if item is None or (item.kind, item.phase) != (act.kind, act.phase):
            frames = self._close_text(act.at_s, "completed")
            item = self._text = self._new_text(act)
            frames += self._added(act.at_s, item)
        if not act.text:
            return frames
        if not item.pieces:
            frames.append(self._event(act.at_s, f"{item.form.part_channel}.added", part=item.part(""), **item.place))
        item.pieces.append(act.text)
        mark = self._tally.wrote(act)
        return [*frames, self._delta(act.at_s, item.form.channel, act.text, item.place | item.extra, mark)]

    def _new_text(self, act: Wrote) -> TextItem:
        index, prefix = len(self._output), TEXT_FORMS[act.kind].id_prefix
        secret = f"gAAAAA{self._asked.made_id(f'secret/{index}', SECRET_CHARS)}"
        return TextItem(act.kind, act.phase, index, self._item_id(prefix), secret)

    def _close_text(self, at_s: float, status: str) -> list[Frame]:
        item, self._text = self._text, None
        if item is None:
            return []
        if not item.pieces:
            return [self._done(at_s, item, status)]
        text = {item.form.text_field: item.text}
        return [
            self._event(at_s, f"{item.form.channel}.done", **text, **item.place, **item.extra),
            self._event(at_s, f"{item.form.part_channel}.done", part=item.part(item.text), **item.place),
            self._done(at_s, item, status),
        ]

    # --- calls ---

    def _opened(self, act: Opened) -> list[Frame]:
        frames = self._close_text(act.at_s, "completed")
        call, index = act.call, len(self._output)
        call_id = f"call_{self._asked.made_id(f'call/{index}', CALL_ID_CHARS)}" if call.id is None else call.id
        item = CallItem(call, index, self._item_id("ctc" if call.kind == "custom" else "fc"), call_id)
        self._calls.append(item)
        return frames + self._added(act.at_s, item, f"call-opened:{call.name}")

    def _argued(self, act: Argued) -> list[Frame]:
        item = self._calls[act.n]
        if item.is_open:
            item.pieces.append(act.text)
            self._tally.argued(act.text)
        mark = f"args-complete:{item.call.name}" if act.last else ""
        if not act.text:
            return [Frame(act.at_s, mark=mark)]
        return [self._delta(act.at_s, item.channel, act.text, item.place, mark)]

    def _close_call(self, at_s: float, item: CallItem, status: str) -> list[Frame]:
        item.is_open = False
        mark = f"call-sealed:{item.call.name}" if status == "completed" else ""
        return [
            self._event(at_s, f"{item.channel}.done", **{item.text_field: item.text}, **item.place),
            self._done(at_s, item, status, mark),
        ]

    # --- the end ---

    def _finish(self, at_s: float, reason: str | None) -> list[Frame]:
        status = "completed" if reason in GOOD_ENDS else "failed" if reason == "failed" else "incomplete"
        frames = self._close_text(at_s, "completed" if status == "completed" else "incomplete")
        for item in self._calls:
            if item.is_open:
                frames += self._close_call(at_s, item, "completed" if status == "completed" else "incomplete")
        ended: dict[str, Any] = {}
        if status == "failed":
            ended["error"] = self._failure
        elif status == "incomplete":
            ended["incomplete_details"] = {"reason": INCOMPLETE_REASONS.get(str(reason), reason)}
        usage = self._tally.usage
        response = snapshot(self._asked, self.response_id, status, self.output, ended=ended, usage=usage)
        self.finished = True
        return [*frames, self._event(at_s, f"response.{status}", "finish", response=response)]

    def _error(self, at_s: float, error: ErrorEvent) -> Frame:
        if error.shape not in (None, "flat", "nested"):
            return Frame(at_s, sent_error(error), "error", event=True)
        facts = error_object(error.message, error.type, error.code)
        self._failure = {"code": facts["code"], "message": facts["message"]}  # a `response.failed` repeats it
        flat = {key: facts[key] for key in ("code", "message", "param")}
        return self._event(at_s, "error", "error", **(flat if error.shape == "flat" else {"error": facts}))

    # --- events ---

    def _event(self, at_s: float, name: str, mark: str = "", **fields: Any) -> Frame:
        # "type" first, the rest alphabetical: the order of real events
        data = {"type": name} | dict(sorted((fields | {"sequence_number": self._sequence_number}).items()))
        self._sequence_number += 1
        return Frame(at_s, event(data, name), mark, event=True)

    def _delta(self, at_s: float, channel: str, delta: str, place: Mapping[str, Any], mark: str) -> Frame:
        pad = {"obfuscation": padding(self._asked, delta, self._sequence_number)} if self._pads else {}
        return self._event(at_s, f"{channel}.delta", mark, delta=delta, **place, **pad)

    def _added(self, at_s: float, item: TextItem | CallItem, mark: str = "") -> list[Frame]:
        self._output.append(None)
        fields = {"item": item.item("in_progress"), "output_index": item.output_index}
        return [self._event(at_s, "response.output_item.added", mark, **fields)]

    def _done(self, at_s: float, item: TextItem | CallItem, status: str, mark: str = "") -> Frame:
        final = self._output[item.output_index] = item.item(status)
        fields = {"item": final, "output_index": item.output_index}
        return self._event(at_s, "response.output_item.done", mark, **fields)

    def _item_id(self, prefix: str) -> str:
        return f"{prefix}_{self._asked.made_id(f'item/{len(self._output)}', ID_CHARS)}"
