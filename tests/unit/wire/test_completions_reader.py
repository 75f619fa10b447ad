"""OpenAI's legacy completions: the chunks of a response."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.events import Usage
from millstream.testing.summary import summarise
from millstream.wire.openai_completions.reader import CompletionsReader
from millstream.wire_events import Broke, Ended, Finished, ItemOpened, Passed, TextPiece, WireEvent
from tests.cuts import bytewise
from tests.response import read as read_response

Chunk = dict[str, Any]


def chunk(text: Any = "", finish: str | None = None, index: int = 0) -> Chunk:
    choice = {"text": text, "index": index, "logprobs": None, "finish_reason": finish}
    return {"id": "cmpl-1", "object": "text_completion", "choices": [choice]}


def read(*chunks: Chunk) -> list[WireEvent]:
    reader = CompletionsReader()
    return [event for one in chunks for event in reader.accept(one)]


def test_text_and_its_end() -> None:
    reader = CompletionsReader()
    events = [event for one in (chunk("Hel"), chunk("lo", "stop")) for event in reader.accept(one)]
    assert events == [ItemOpened(0), TextPiece(0, "Hel"), TextPiece(0, "lo"), Finished("stop", good=True)]
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 1}}
    assert reader.accept({"choices": [], "usage": usage}) == []
    assert reader.done() == [Ended(Usage(3, 2, 1, raw=usage), response_id="cmpl-1")]


def test_usage_beside_the_last_text_as_vllm_sends_it() -> None:
    reader = CompletionsReader()
    reader.accept(chunk("x", "stop") | {"usage": {"prompt_tokens": 3, "completion_tokens": 2}})
    assert reader.usage is not None
    assert reader.usage.total_tokens == 5


@pytest.mark.parametrize("reason", ["length", "content_filter", "eos", "error"])
def test_no_other_reason_is_a_good_end(reason: str) -> None:
    assert read(chunk("x", reason))[-1] == Finished(reason, good=False)


def test_the_first_choice_and_the_first_reason_count() -> None:
    assert read(chunk("other", index=1), chunk("", "stop"), chunk("", "length")) == [Finished("stop", good=True)]


@pytest.mark.parametrize(
    "error", [{"error": {"message": "too long"}}, {"error": "too long"}, chunk() | {"error": "too long"}]
)
def test_an_error_within_the_stream(error: Chunk) -> None:
    (broke,) = read(error)
    assert isinstance(broke, Broke)
    assert "too long" in str(broke.error)


def test_without_a_reason_it_is_torn_also_with_done() -> None:
    for event in (*CompletionsReader().done(), *CompletionsReader().end()):
        assert isinstance(event, Broke)
        assert (event.error.kind, event.error.retryable) == ("torn", True)


@pytest.mark.parametrize("text", [None, 3, ["x"]])
def test_what_is_no_text_says_nothing(text: Any) -> None:
    assert read(chunk(text), {"choices": None}, {"choices": ["x"]}) == []


def test_an_unknown_chunk_is_passed_on() -> None:
    assert read({"object": "ping"}) == [Passed("ping", {"object": "ping"})]


def test_a_body() -> None:
    body = (
        b'data: {"id": "c", "choices": [{"text": "H\xc3\xa9", "index": 0, "finish_reason": null}]}\r\n\r\n'
        b'data: {"id": "c", "choices": [{"text": "!", "index": 0, "finish_reason": "stop"}]}\r\n\r\n'
        b'data: {"choices": [], "usage": {"prompt_tokens": 3}}\r\n\r\ndata: [DONE]\r\n\r\n'
    )
    said = summarise(body, "openai-completions")
    assert (said["text"], said["reason"], said["usage"], said["error"]) == ("Hé!", "stop", {"prompt_tokens": 3}, None)
    whole = read_response([body], "openai-completions").told()
    assert read_response(bytewise(body), "openai-completions").told() == whole
