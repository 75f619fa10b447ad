"""From each recorded response the next request: what was said goes back as the providers demand it."""

from __future__ import annotations

import json
import re
from typing import Any, cast

import pytest

from millstream.events.values import is_array, is_object
from millstream.testing.provider.endpoints import ENDPOINTS, Api, Posted
from millstream.testing.provider.picking import Memory
from millstream.transcript import Reply, Transcript, user
from millstream.wire.fields import objects, text_of
from millstream.wire.format import Ask, ToolSchema
from millstream.wire.formats import FORMATS, format_named
from millstream.wire.texts import valid_args
from tests.conformance.rules import OUTPUTS, RULES
from tests.conformance.streams import Stream, streams
from tests.corpus import requires_corpus
from tests.response import answered, boundaries, read

pytestmark = requires_corpus

_STREAMS = [stream for stream in streams() if stream.request is not None or "constructed" in stream.path.parts]

every_stream = pytest.mark.parametrize("stream", _STREAMS, ids=lambda stream: f"{stream.api}/{stream.name}")
every_stream_of_a_format = pytest.mark.parametrize(
    "stream", [stream for stream in _STREAMS if stream.api in FORMATS], ids=lambda stream: f"{stream.api}/{stream.name}"
)


_STRICTER_THAN = {
    "writer": "Invalid 'messages[1].tool_calls[0].id': string too long.",
    "resp-rotating-item-id": "Invalid 'input[1].id': 'DDDD'. Expected an ID that begins with 'fc'.",
}
"""What OpenAI refuses, and these servers gave out themselves: it goes back as it came."""


def request(transcript: Transcript, api: str, tools: tuple[ToolSchema, ...] = ()) -> dict[str, Any]:
    """The body of the next request, as it goes over the wire."""
    body = format_named(api).request(Ask("a-model", transcript, tools=tools))
    text = json.dumps(body, ensure_ascii=False, allow_nan=False)
    data: dict[str, Any] = json.loads(text.encode())
    return data


def history(body: dict[str, Any]) -> list[dict[str, Any]]:
    said: list[dict[str, Any]] = next(body[name] for name in ("input", "messages", "contents") if name in body)
    return said


def is_answer(item: dict[str, Any]) -> bool:
    return item.get("type") in (*OUTPUTS, "function_result") or item.get("role") == "tool"


def answers_in(value: object) -> list[str]:
    """What is said of the calls, in order, wherever a wire has its results: they all say of whom they are."""
    if isinstance(value, str):
        return [value] if value.startswith("of ") else []
    inner = value.values() if is_object(value) else value if is_array(value) else ()
    return [answer for one in inner for answer in answers_in(one)]


def conversation(*replies: Reply) -> Transcript:
    """The replies, each with the results of its calls, between the words of a user."""
    whole = Transcript((user("Go on."),))
    for reply in replies:
        whole = whole + answered(reply) + (user("Go on."),)
    return whole


@every_stream
def test_the_next_request_is_one_that_is_accepted_by_its_own_wire_and_by_every_other(stream: Stream) -> None:
    reply = read([stream.body], stream.api).reply()
    for api in RULES:
        body = request(conversation(reply), api)
        assert RULES[api](body) == []
        assert body.get("model") == "a-model" or "a-model" in format_named(api).path("a-model")
        assert answers_in(history(body)) == [f"of {call.name}" for call in reply.calls]


@every_stream_of_a_format
def test_the_next_request_is_accepted_by_the_rules_of_the_testing_kit(stream: Stream) -> None:
    reply = read([stream.body], stream.api).reply()
    tools = tuple(ToolSchema(name, f"does {name}", {"type": "object"}) for name in {call.name for call in reply.calls})
    valid = tuple(tool for tool in tools if re.fullmatch("[A-Za-z_][A-Za-z0-9_-]{0,63}", tool.name))
    body = request(conversation(reply), stream.api, tools=valid)
    refusal = ENDPOINTS[cast("Api", stream.api)].check(Posted(body), Memory())
    said = refusal.message if refusal is not None else ""
    assert not said or said.startswith(_STRICTER_THAN.get(stream.name.partition("__")[0], said + "!")), said


@every_stream_of_a_format
def test_so_it_is_with_the_same_ids_in_the_next_turn(stream: Stream) -> None:
    first = read([stream.body], stream.api).reply()
    taken = frozenset(call.provider_id for call in first.calls)
    second = read([stream.body], stream.api, turn=2, taken_ids=taken).reply()
    wrong = RULES[stream.api](request(conversation(first, second), stream.api))
    assert [one for one in wrong if not one.startswith("item ids")] == []  # the same bytes twice, so they are the same
    assert len({call.provider_id for reply in (first, second) for call in reply.calls}) == 2 * len(first.calls)


@every_stream_of_a_format
def test_so_it_is_of_a_response_that_broke_off(stream: Stream) -> None:
    body = stream.body
    ends = boundaries(body)
    for place in ends[:: max(1, len(ends) // 20)]:
        reply = read([body[:place]], stream.api).reply()
        assert RULES[stream.api](request(conversation(reply), stream.api)) == []


def data_of(stream: Stream) -> list[dict[str, Any]]:
    """The JSON messages of a stream, read as simply as can be."""
    lines = stream.body.decode("utf-8", "replace").replace("\r", "\n").split("\n")
    data = [line.removeprefix("data:").strip() for line in lines if line.startswith("data:")]
    return [json.loads(one) for one in data if one.startswith("{") and one.endswith("}")]


@pytest.mark.parametrize(
    "stream", [stream for stream in _STREAMS if stream.api == "openai-responses"], ids=lambda stream: stream.name
)
def test_items_go_back_verbatim_in_their_order_without_nulls(stream: Stream) -> None:
    response = read([stream.body], stream.api)
    events = [event for event in data_of(stream) if str(event.get("type")).startswith("response.output_item.")]
    closed = {event["output_index"]: event["item"] for event in events if event["type"].endswith("done")}
    if response.router.broke is not None or len(closed) < len({event["output_index"] for event in events}):
        pytest.skip("not every item of it was closed")
    items = [item for _, item in sorted(closed.items())]
    said = [item for item in items if item["type"] != "reasoning" or item.get("encrypted_content")]
    dropped = (
        {"id"} if len(said) < len(items) else set[str]()
    )  # where reasoning stays out, what follows gives up its id
    written = [
        item for item in history(request(conversation(response.reply()), stream.api))[1:-1] if not is_answer(item)
    ]
    for item, its in zip(written, said, strict=True):
        verbatim = {key: value for key, value in its.items() if value is not None}
        if stream.name == "resp-incomplete-partial-call":  # cut within its arguments, which are made valid
            verbatim["arguments"] += '"}'
        assert item in (verbatim, {key: value for key, value in verbatim.items() if key not in dropped})


@pytest.mark.parametrize(
    "stream", [stream for stream in _STREAMS if stream.api == "openai-chat"], ids=lambda stream: stream.name
)
def test_reasoning_goes_back_with_calls_where_the_server_wants_it(stream: Stream) -> None:
    choices = [choice for chunk in data_of(stream) for choice in objects(chunk.get("choices"))]
    deltas: list[dict[str, Any]] = [choice.get("delta") or {} for choice in choices]
    content = "".join(text_of(delta, "reasoning_content") for delta in deltas)
    details = [detail for delta in deltas for detail in objects(delta.get("reasoning_details"))]
    reply = read([stream.body], stream.api).reply()
    said = [one for one in history(request(conversation(reply), stream.api)) if one["role"] == "assistant"]
    for message in said:
        assert message.get("reasoning_content", "") == (content if reply.calls else "")
        merged = objects(message.get("reasoning_details"))
        for name in ("text", "summary", "data", "signature"):
            assert "".join(text_of(one, name) for one in merged) == "".join(text_of(one, name) for one in details)


@pytest.mark.parametrize(
    "stream", [stream for stream in _STREAMS if stream.api == "anthropic-messages"], ids=lambda stream: stream.name
)
def test_blocks_go_back_verbatim_in_their_order(stream: Stream) -> None:
    response = read([stream.body], stream.api)
    if response.router.broke is not None:
        pytest.skip("it broke off")
    came: dict[int, dict[str, Any]] = {}
    for event in data_of(stream):
        delta: dict[str, Any] = event.get("delta") or {}
        if event["type"] == "content_block_start":
            came[event["index"]] = event["content_block"]
        for key, part in delta.items() if "index" in event else ():
            block = came[event["index"]]
            if key == "partial_json":
                block["pieces"] = block.get("pieces", "") + part
            elif key == "citation":
                block["citations"] = [*(block.get("citations") or []), part]
            elif key != "type":
                block[key] = (block.get(key) or "") + part
    for block in came.values():
        if pieces := block.pop("pieces", ""):
            block["input"] = json.loads(valid_args(pieces))  # what is no JSON goes back as the nearest that is
        if not block.get("citations"):
            block.pop("citations", None)
    said = [block for block in came.values() if block.get("text", "x").strip()]
    assistant = [one for one in history(request(conversation(response.reply()), stream.api)) if one["role"] != "user"]
    written = [block for message in assistant for block in message["content"]]
    assert written == said


@pytest.mark.parametrize(
    "stream", [stream for stream in _STREAMS if stream.api == "gemini-generate"], ids=lambda stream: stream.name
)
def test_parts_go_back_as_they_came_and_none_that_is_signed_is_joined(stream: Stream) -> None:
    came: list[dict[str, Any]] = []
    for chunk in data_of(stream):
        for part in objects(chunk["candidates"][0]["content"].get("parts")):
            if part == {"text": ""}:
                continue
            if came and came[-1].keys() == part.keys() and part.keys() - {"thought"} == {"text"}:
                came[-1] = {**part, "text": came[-1]["text"] + part["text"]}
            else:
                came.append(part)
    reply = read([stream.body], stream.api).reply()
    contents = request(conversation(reply), stream.api)["contents"]
    assert [part for content in contents if content["role"] == "model" for part in content["parts"]] == came
