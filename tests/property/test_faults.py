"""One fault in a response, at every place and of every kind: it ends in a known way and can be written down."""

from __future__ import annotations

import copy
import json

import pytest

from millstream.codec import dumps
from millstream.events import Record
from millstream.wire.format import Ask
from millstream.wire.formats import format_named
from tests.conformance.rules import wrong_in_input, wrong_in_messages
from tests.property.bodies import WIRES, Message, Said, sse
from tests.property.faults import HOSTILE, places
from tests.response import Response, answered, check_end, read

_SAID = [
    Said("reasoning", ("Hm",)),
    Said("call", ('{"city": ', '"Paris"}'), "get_weather"),
    Said("text", ("Hel", "lo")),
    Said("call", ("{}",), "g"),
]
_REFUSAL: Message = {"output_index": 9, "item_id": "msg_9", "content_index": 0}
_SERVER: Message = {"type": "web_search_call", "id": "ws_8", "status": "completed", "action": {"type": "search"}}
_MORE: dict[str, list[Message]] = {
    "openai-responses": [
        {"type": "response.output_item.added", "output_index": 8, "item": _SERVER},
        {"type": "response.web_search_call.searching", "output_index": 8, "item_id": "ws_8"},
        {"type": "response.output_item.done", "output_index": 8, "item": _SERVER},
        {"type": "response.refusal.delta", "delta": "No"} | _REFUSAL,
        {"type": "response.refusal.done", "refusal": "No."} | _REFUSAL,
        {"type": "response.output_text.annotation.added", "annotation": {"type": "url_citation"}} | _REFUSAL,
        {"type": "response.custom_tool_call_input.delta", "output_index": 10, "name": "shell", "delta": "ls"},
        {"type": "error", "error": {"code": "server_error", "message": "m", "type": "t"}},
    ],
    "openai-chat": [
        {
            "choices": [{"index": 0, "delta": {"content": [{"text": "Hi"}, {"thinking": [{"text": "Hm"}]}]}}],
            "x_groq": {"usage": {"prompt_tokens": 1, "prompt_tokens_details": {"cached_tokens": 1}}},
        },
        {
            "choices": [
                {
                    "delta": {
                        "refusal": "No.",
                        "annotations": [{"type": "url_citation"}],
                        "reasoning_details": [{"type": "reasoning.text", "index": 0, "text": "Hm", "signature": "s"}],
                        "executed_tools": [{"type": "search"}],
                        "tool_calls": [
                            {"id": "c", "type": "custom", "custom": {"name": "shell", "input": "ls"}},
                            {"index": 7, "function": {"id": "d", "name": "h", "arguments": {"a": [1]}}},
                            {"extra_content": {"google": {"thought_signature": "s"}}},
                        ],
                    }
                }
            ],
            "moderation": {"input": {"type": "moderation_results"}},
        },
        {"choices": [], "error": {"code": 502, "message": "m", "metadata": {"raw": "m"}}},
    ],
}


def body(api: str) -> list[Message]:
    """A response with something of everything in it."""
    said, (*more, failed) = WIRES[api](_SAID), _MORE[api]
    ends = 2 if api == "openai-chat" else 1  # the messages that end the response
    return [*said[:-ends], *more, *said[-ends:], failed]


def check(messages: list[Message], api: str) -> Response:
    response = read([sse(messages)], api)
    check_end(response)
    for seq, event in enumerate(response.events):
        dumps(Record(seq, 0.0, event)).encode()
    request = format_named(api).request(Ask("m", answered(response.reply())))
    written = json.loads(json.dumps(request, ensure_ascii=False, allow_nan=False).encode())
    wrong = wrong_in_input(written["input"]) if "input" in written else wrong_in_messages(written["messages"])
    assert wrong == []
    return response


@pytest.mark.parametrize("api", WIRES)
def test_the_response_without_a_fault_says_all_of_it(api: str) -> None:
    response = check(body(api)[:-1], api)
    assert [routed.call.name for routed in response.router.calls.values()][:2] == ["get_weather", "g"]
    assert len(response.sealed) == len(response.router.calls) >= 3


@pytest.mark.parametrize("api", WIRES)
def test_any_value_may_be_any_other(api: str) -> None:
    messages = body(api)
    count = 0
    for i in range(len(messages)):
        for at in range(len(places([messages[i]]))):
            for value in HOSTILE:
                root = [copy.deepcopy(messages[i])]
                places(root)[at](copy.deepcopy(value))
                check([*messages[:i], root[0], *messages[i + 1 :]], api)
                count += 1
    assert count > 3000


@pytest.mark.parametrize("api", WIRES)
@pytest.mark.parametrize("numbered", [True, False])
def test_any_event_may_be_missing_said_again_or_out_of_its_place(api: str, *, numbered: bool) -> None:
    messages = [{k: v for k, v in one.items() if numbered or k != "sequence_number"} for one in body(api)]
    whole = check(messages[:-1], api).sealed
    for i in range(len(messages)):
        check([*messages[:i], *messages[i + 1 :]], api)
        for j in range(i, len(messages)):
            again = check([*messages[:j], messages[i], *messages[j:-1]], api)
            if api == "openai-responses":  # whose items say what they are: nothing runs twice
                assert len(again.sealed) <= len(whole)
            swapped = list(messages)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            check(swapped, api)
