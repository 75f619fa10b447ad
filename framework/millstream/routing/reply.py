"""Collects a response into the `Reply` that goes into the transcript: items in order, with what goes back of them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from millstream.events.values import JsonObject
from millstream.routing.json_safe import safe_object
from millstream.routing.routed_call import RoutedCall
from millstream.routing.router import Router
from millstream.routing.surrogates import printable
from millstream.transcript import CallItem, ReasoningItem, Reply, ReplyItem, ServerItem, TextItem
from millstream.wire_events import Echo, ReasoningPiece, RefusalPiece, TextPiece, TextWhole, WireEvent


@dataclass(slots=True)
class _Said:
    kind: str  # text, refusal, reasoning, or "" while only an echo has come
    text: list[str] = field(default_factory=list[str])
    echo: JsonObject | None = None


class ReplyBuilder:
    """Feed it every wire event of a response; `reply` makes the entry of the transcript."""

    def __init__(self, turn: int, wire: str, model: str) -> None:
        self._turn = turn
        self._wire = wire
        self._model = model
        self._said: dict[int, _Said] = {}

    def feed(self, event: WireEvent) -> None:
        """Note what one wire event adds."""
        match event:
            case TextPiece(item=item, text=text):
                self._add(item, "text", text)
            case TextWhole(item=item, text=text):
                self._add(item, "text", "").text[:] = [text]
            case RefusalPiece(item=item, text=text):
                self._add(item, "refusal", text)
            case ReasoningPiece(item=item, text=text):
                self._add(item, "reasoning", text)
            case Echo(item=item, data=data):
                self._said.setdefault(item, _Said("")).echo = safe_object(data)
            case _:
                pass

    @property
    def text(self) -> str:
        """The text of the answer so far; where the model has only refused, that."""
        return self._text_of("text") or self._text_of("refusal")

    def reply(self, router: Router, kept: Collection[str] | None = None) -> Reply:
        """The reply as it stands; with `kept`, a torn one: only those calls, with the reasoning that leads to them.

        Reasoning leads to the calls after it, up to a message or another thing that is left out. Where it is no item of
        the provider's own but belongs to the whole message (Chat), it stays wherever it stands.
        """
        calls = {routed.item: routed for routed in router.calls.values()}
        items: list[ReplyItem] = []
        waiting: list[ReplyItem] = []  # reasoning, which stays only with the item it leads to
        for item in sorted({*self._said, *calls}):
            written = self._written(item, calls.get(item))
            if kept is None:
                items += written
            elif item in calls:
                if calls[item].call.id in kept:
                    items += [*waiting, *written]
                    waiting = []
            elif isinstance(written[0] if written else None, ReasoningItem):
                echo = self._said[item].echo
                if echo is not None and "type" not in echo:
                    items += written
                else:
                    waiting += written
            else:
                waiting = []
        response_id = router.ended.response_id if router.ended is not None else None
        return Reply(self._turn, tuple(items), self._wire, self._model, response_id and printable(response_id))

    def _text_of(self, kind: str) -> str:
        return printable("".join(piece for said in self._said.values() if said.kind == kind for piece in said.text))

    def _add(self, item: int, kind: str, text: str) -> _Said:
        said = self._said.get(item)
        if said is None:
            said = self._said[item] = _Said(kind)
        said.kind = said.kind or kind
        said.text.append(text)
        return said

    def _written(self, item: int, routed: RoutedCall | None) -> list[ReplyItem]:
        said = self._said.get(item, _Said(""))
        text = printable("".join(said.text))
        if routed is not None:
            return [CallItem(routed.call, routed.args_text, said.echo)]
        if said.kind == "reasoning":
            return [ReasoningItem(text, said.echo)]
        if said.kind in ("text", "refusal"):
            return [TextItem(text, said.kind == "refusal", said.echo)]
        if said.echo is None:
            return []
        kind = said.echo.get("type")  # an item without a word of text
        if kind == "reasoning":
            return [ReasoningItem("", said.echo)]
        return [TextItem("", echo=said.echo)] if kind == "message" else [ServerItem(said.echo)]
