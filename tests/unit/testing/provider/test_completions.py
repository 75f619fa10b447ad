"""The legacy Completions wire: its chunks, checked against the official types."""

from typing import Any

from openai.types import Completion
from pydantic import TypeAdapter

from millstream.events import Usage
from millstream.testing import CallTool, ErrorEvent, Finish, Ping, Say, Think
from millstream.testing.provider.steps import Step
from tests.unit.testing.provider.wires import EVERYTHING, data_of, frames, marks_of

OFFICIAL: TypeAdapter[Any] = TypeAdapter(Completion)
COUNTED = {"stream_options": {"include_usage": True}}


def chunks(*steps: Step, body: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    return data_of(frames("openai-completions", *steps, body=body, usage=Usage(7, 3, 0, 0)))


def test_every_chunk_is_one_of_the_official_client() -> None:
    """But for the reason, which is null until the end: the type leaves that out, the client takes it."""
    for chunk in chunks(*EVERYTHING, body=COUNTED):
        for choice in chunk["choices"]:
            choice["finish_reason"] = choice["finish_reason"] or "stop"
        parsed = OFFICIAL.validate_python(chunk)
        assert parsed.model_extra in (None, {})


def test_text_and_the_end() -> None:
    made = chunks(Say("Hello"), body=COUNTED)
    assert [choice["text"] for chunk in made for choice in chunk["choices"]] == ["Hell", "o", ""]
    assert [choice["finish_reason"] for chunk in made for choice in chunk["choices"]] == [None, None, "stop"]
    assert made[-1]["usage"] == {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}
    assert frames("openai-completions", Say("x"))[-1].data == b"data: [DONE]\n\n"
    assert marks_of(frames("openai-completions", Say("x"))) == ["first-text", "finish"]


def test_it_has_no_calls_and_no_thoughts() -> None:
    assert len(chunks(Think("hm"), CallTool("a", {"x": 1}))) == 1


def test_reasons_errors_and_signs_of_life() -> None:
    assert chunks(Say("x"), Finish("length"))[-1]["choices"][0]["finish_reason"] == "length"
    assert chunks(ErrorEvent("boom"))[-1]["error"]["message"] == "boom"
    assert frames("openai-completions", Ping(1, 1))[0].data == b": ping\n\n"
