from __future__ import annotations

from typing import Any

import pytest

from millstream.testing.provider.websocket.steering import Steering

MESSAGE = {"type": "message", "role": "user", "content": "Faster."}
CALL = {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"}


def command(given: Any = "Faster.", **fields: Any) -> dict[str, Any]:
    return {"type": "response.steer", "previous_response_id": "resp_1", "input": given, **fields}


def at_work(lane: str | None = None) -> Steering:
    steering = Steering(takes=True)
    steering.begin("resp_1", lane)
    return steering


def code(answer: tuple[dict[str, Any], str | None]) -> Any:
    return answer[0]["error"]["code"] if "error" in answer[0] else answer[0]["type"]


def test_what_is_said_goes_to_the_successor() -> None:
    steering = at_work("lane-1")
    event, lane = steering.take(command())
    assert (event["type"], event["steer"]["id"], lane) == ("response.steer.accepted", "steer_1", "lane-1")
    assert code(steering.take(command([MESSAGE]))) == "response.steer.accepted"
    assert steering.end("resp_1", [{"type": "message"}]) == ([MESSAGE, MESSAGE], [])
    assert code(steering.take(command())) == "response_already_completed"


def test_with_calls_outstanding_it_waits_and_goes_before_their_results() -> None:
    steering = at_work()
    steering.take(command())
    told, (pending,) = steering.end("resp_1", [CALL])
    assert told == []
    assert pending["required_input"] == [{"type": "function_call_output", "call_id": "call_1"}]
    result = {"type": "function_call_output", "call_id": "call_1", "output": "21"}
    request = {"previous_response_id": "resp_1", "input": [result]}
    assert steering.with_queued(request)["input"] == [MESSAGE, result]
    assert steering.with_queued(request) == request


def test_nothing_said_begins_nothing() -> None:
    assert at_work().end("resp_1", [CALL]) == ([], [])
    steering = at_work()
    steering.take(command())
    steering.drop("resp_1")
    assert steering.end("resp_1", []) == ([], [])


@pytest.mark.parametrize(
    "given",
    [
        "",
        [],
        7,
        ["Faster."],
        [{"role": "assistant", "content": "No."}],
        [{"role": "user", "content": 7}],
        [{"role": "user", "content": [{"type": "output_text", "text": "No."}]}],
        [{"role": "user", "content": "Yes.", "id": "msg_1"}],
    ],
)
def test_what_is_no_message_of_the_user_is_refused(given: Any) -> None:
    assert code(at_work().take(command(given))) == "invalid_input"


def test_other_refusals() -> None:
    assert code(at_work().take(command(stream_id="lane-1"))) == "invalid_input"
    assert code(Steering(takes=True).take(command())) == "response_not_found"
    refused = Steering(takes=False)
    refused.begin("resp_1", None)
    assert code(refused.take(command())) == "steering_not_supported"
