"""Gemini: the `functionCall` parts of a response -> calls, whole or streamed.

- Usually a call is one part, `{name, args}`, with an `id` or without. Arguments reach the router as compact JSON text.
- Vertex streams: `{name, willContinue: true}`, then parts without a name that have `partialArgs`, then `{}`. A part
  without `willContinue` is the last one; where none came, a new name or a good end closes the call. `{name}` alone is a
  call without arguments.
- What stands beside the arguments (`thoughtSignature`, the `id`) is the echo of the call.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from millstream.wire.fields import objects, text_of
from millstream.wire.gemini.partial_args import PartialArgs
from millstream.wire_events import ArgsPiece, ArgsWhole, CallBegan, CallClosed, Echo, Passed, WireEvent

_ARGUMENTS: Final = frozenset(("args", "partialArgs", "willContinue"))


@dataclass(slots=True)
class _Call:
    item: int
    id: str
    echo: dict[str, Any] = field(default_factory=dict[str, Any])
    args: PartialArgs = field(default_factory=PartialArgs)


class FunctionCalls:
    """The calls of one response: `take` each part that has a `functionCall`; `settle` after a good end.

    Args:
        new_item: gives the number of a call that begins.
    """

    def __init__(self, new_item: Callable[[], int]) -> None:
        self._new_item = new_item
        self._call: _Call | None = None  # the one that is still being written

    def take(self, part: Mapping[str, Any], fields: Mapping[str, Any]) -> list[WireEvent]:
        """What a part says; `fields` is its `functionCall`."""
        events: list[WireEvent] = []
        call = self._call
        if call is None or _begins_another(call, fields):
            if call is None and not fields.keys() - {"willContinue"}:
                return []  # the end of a call that is over
            events += self.settle()
            call = self._call = _Call(self._new_item(), text_of(fields, "id"))
            events.append(CallBegan(call.item, text_of(fields, "name"), call.id))
        events += _echo(call, part, fields)
        goes_on = fields.get("willContinue") is True
        args: object = fields.get("args")
        if args is not None and not (goes_on and args == {}):
            events.append(ArgsWhole(call.item, json.dumps(args, ensure_ascii=False, separators=(",", ":"))))
        events += _pieces(call, fields)
        return events if goes_on else events + self.settle()

    def settle(self) -> list[WireEvent]:
        """The call that is still being written is over."""
        call, self._call = self._call, None
        if call is None:
            return []
        rest, whole = call.args.close()
        events: list[WireEvent] = [ArgsPiece(call.item, rest)] if rest else []
        if whole is not None:
            events.append(ArgsWhole(call.item, whole))
        return [*events, CallClosed(call.item, complete=not call.args.broken)]


def _begins_another(call: _Call, fields: Mapping[str, Any]) -> bool:
    """Whether a part is not of the call that is being written."""
    id_ = text_of(fields, "id")
    if id_ and call.id:
        return id_ != call.id
    return bool(text_of(fields, "name"))


def _echo(call: _Call, part: Mapping[str, Any], fields: Mapping[str, Any]) -> list[WireEvent]:
    """What of a part is to go back beside the arguments, if it says anything new."""
    inner = {key: value for key, value in fields.items() if key not in _ARGUMENTS}
    known: dict[str, Any] = call.echo.get("functionCall", {})
    echo = {**call.echo, **part, "functionCall": {**known, **inner}}
    if echo == call.echo:
        return []
    call.echo = echo
    return [Echo(call.item, echo)]


def _pieces(call: _Call, fields: Mapping[str, Any]) -> list[WireEvent]:
    events: list[WireEvent] = []
    for piece in objects(fields.get("partialArgs")):
        text = call.args.take(piece)
        if text:
            events.append(ArgsPiece(call.item, text))
        elif call.args.broken:
            events.append(Passed("functionCall.partialArgs", piece))
    return events
