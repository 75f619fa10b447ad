from __future__ import annotations

from typing import Any

from millstream.wire.format import ReadOptions
from millstream.wire.formats import FORMATS
from millstream.wire.openai_responses import OpenAIResponses
from millstream.wire.openai_responses.reader import ResponsesReader
from millstream.wire.reading import StreamDecoder
from millstream.wire.resuming import Cursor, ResumableReader, Resuming
from millstream.wire.sse import SseParser
from millstream.wire_events import Ended, TextPiece


def begun(*, background: bool = True, number: int | None = 0) -> dict[str, Any]:
    response = {"id": "resp_1", "status": "queued", "background": background}
    numbered = {} if number is None else {"sequence_number": number}
    return {"type": "response.created", "response": response} | numbered


def text(number: int, delta: str) -> dict[str, Any]:
    fields = {"output_index": 0, "content_index": 0, "delta": delta, "sequence_number": number}
    return {"type": "response.output_text.delta"} | fields


def said(reader: ResponsesReader, *messages: dict[str, Any]) -> str:
    events = [event for message in messages for event in reader.accept(message)]
    return "".join(event.text for event in events if isinstance(event, TextPiece))


def test_a_background_response_can_be_read_on_behind_its_last_event() -> None:
    assert ResponsesReader().cursor is None
    reader = ResponsesReader()
    said(reader, begun())
    assert reader.cursor == Cursor("resp_1", 0)
    said(reader, text(4, "x"))
    assert reader.cursor == Cursor("resp_1", 4)


def test_another_can_not() -> None:
    reader = ResponsesReader()
    said(reader, begun(background=False), text(4, "x"))
    assert reader.cursor is None


def test_nor_one_whose_events_are_not_numbered() -> None:
    reader = ResponsesReader()
    said(reader, begun(number=None))
    assert reader.cursor is None


def test_what_comes_again_is_passed_over() -> None:
    """Trap 24: handlers are idempotent on the number."""
    reader = ResponsesReader()
    assert said(reader, begun(), text(1, "a"), text(2, "b")) == "ab"
    reader.resume()
    assert said(reader, begun(), text(1, "a"), text(2, "b")) == ""
    assert reader.cursor == Cursor("resp_1", 2)
    assert said(reader, text(3, "c")) == "c"


def test_without_a_second_connection_numbers_are_not_what_decides() -> None:
    """Some servers number every event alike."""
    reader = ResponsesReader()
    assert said(reader, begun(), text(0, "a"), text(0, "b")) == "ab"


def test_half_an_event_of_the_first_body_does_not_reach_into_the_second() -> None:
    format_ = OpenAIResponses()
    decoder = StreamDecoder(format_.reader(ReadOptions(frozenset())), SseParser(10_000))
    decoder.feed(b'data: {"type":"response.created","sequence_number":0,"response":{"id":"r","background":true}}\n\n')
    decoder.feed(b'data: {"type":"response.outp')
    assert decoder.last() == []
    assert decoder.cursor == Cursor("r", 0)
    decoder.resume(SseParser(10_000))
    body = b'data: {"type":"response.completed","sequence_number":1,"response":{"id":"r","status":"completed"}}\n\n'
    assert isinstance(decoder.feed(body)[-1], Ended)
    assert decoder.cursor is None


def test_the_last_event_may_lack_its_blank_line() -> None:
    decoder = StreamDecoder(ResponsesReader(), SseParser(10_000))
    decoder.feed(b'data: {"type":"response.completed","sequence_number":1,"response":{"id":"r","status":"completed"}}')
    assert isinstance(decoder.last()[-1], Ended)


def test_paths_hold_the_id_of_a_server_as_it_may_be() -> None:
    format_ = OpenAIResponses()
    assert format_.resume_path(Cursor("resp_1", 7)) == "/responses/resp_1?stream=true&starting_after=7"
    assert format_.cancel_path(Cursor("a/../b?c", 7)) == "/responses/a%2F..%2Fb%3Fc/cancel"


def test_who_can() -> None:
    assert isinstance(FORMATS["openai-responses"], Resuming)
    assert isinstance(ResponsesReader(), ResumableReader)
    assert not isinstance(FORMATS["openai-chat"], Resuming)
    assert not isinstance(FORMATS["openai-chat"].reader(ReadOptions(frozenset())), ResumableReader)
