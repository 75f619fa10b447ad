"""Images and files in what a tool gave, on every wire: sent, or named with a word that they are not there."""

from __future__ import annotations

import json

import pytest

from millstream.events import CallReturned
from millstream.limits import Limits
from millstream.runtime.outcomes import tool_result
from millstream.toolbox.output import output_of
from millstream.transcript import CallItem, MediaPart, Transcript, user
from millstream.wire.formats import FORMATS
from tests.unit.wire.transcripts import call, reply

DATA = "aGVsbG8gaW1hZ2U="
SENT = {
    "openai-responses": '"image_url":"data:image/png;base64,',
    "openai-chat": '"url":"data:image/png;base64,',
    "anthropic-messages": '"media_type":"image/png","data":"',
    "bedrock-converse": '"format":"png","source":{"bytes":"',
    "gemini-generate": '"mimeType":"image/png","data":"',
    "gemini-interactions": '"mime_type":"image/png","data":"',
}
"""The wires that carry an image in a result, and how."""


def body(wire: str, *parts: object) -> str:
    """The next request of a conversation in which a tool returned that."""
    output = output_of(list(parts), Limits())
    one = call(name="draw")
    told = tool_result(CallReturned(one, output.value, output.media), 1000)
    transcript = Transcript((user("Draw"), reply(CallItem(one, "{}"), wire=wire), told))
    return json.dumps(FORMATS[wire].entries(transcript), ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize("wire", FORMATS)
def test_an_image_is_sent_or_named_with_the_text_around_it(wire: str) -> None:
    sent = body(wire, "before it", MediaPart("image/png", base64=DATA, name="a.png"), "behind it")
    assert "before it" in sent
    assert "behind it" in sent
    if wire in SENT:
        assert sent.count(f"{SENT[wire]}{DATA}") == 1
        assert "can not be shown" not in sent
    else:
        assert DATA not in sent
        assert "[image/png a.png: it can not be shown to you here]" in sent


@pytest.mark.parametrize("wire", FORMATS)
@pytest.mark.parametrize("media_type", ["image/tiff", "application/pdf", "text/csv", "audio/wav", "video/mp4", "x/y"])
@pytest.mark.parametrize("url", [None, "https://example.org/a"])
def test_no_kind_of_file_makes_a_request_fail_before_it_is_sent(wire: str, media_type: str, url: str | None) -> None:
    part = MediaPart(media_type, url=url) if url else MediaPart(media_type, base64=DATA)
    assert "here" in body(wire, "here", part)


@pytest.mark.parametrize("wire", ["openai-responses", "openai-chat"])
def test_an_image_that_the_api_refuses_is_named_instead(wire: str) -> None:
    sent = body(wire, MediaPart("image/svg+xml", base64=DATA, name="a.svg"))
    assert DATA not in sent
    assert "[image/svg+xml a.svg: it can not be shown to you here]" in sent
