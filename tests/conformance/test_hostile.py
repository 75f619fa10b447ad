"""What a broken or hostile stream must never do: run a call that was cut, garbled or refused, or pass for a success.

Each row is a fault that was measured on other libraries, on both wires; here it is decided what the calls become and
how the response ends.
"""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from millstream.arguments.assembler import Assembler
from millstream.arguments.schema.compile import compile_schema
from millstream.events import CallFailed, CallKind, Problem, Rejected, Truncated
from millstream.limits import Limits
from millstream.routing.routed_call import Arguments
from millstream.wire_events import Broke
from tests.cuts import bytewise
from tests.property.bodies import Message, Said, chat, frame, responses, sse
from tests.response import Response, check_end, read

_SCHEMA: Final = compile_schema(
    {
        "type": "object",
        "properties": {"path": {"type": "string"}, "n": {"type": "integer"}},
        "required": ["path"],
        "additionalProperties": False,
    }
)
_GOOD: Final = '{"path": "é😀\u2028", "n": 7}'
_VALUE: Final = {"path": "é😀\u2028", "n": 7}
_CHAT, _RESPONSES = "openai-chat", "openai-responses"

both = pytest.mark.parametrize("api", [_CHAT, _RESPONSES])


def open_save(name: str, kind: CallKind) -> Arguments | Problem:
    """The arguments of `save`, the only tool there is."""
    del kind
    return Assembler(_SCHEMA) if name == "save" else Problem("", f"there is no tool {name!r}, only 'save'", "tool", 0)


def response_of(body: bytes | list[bytes], api: str) -> Response:
    response = Response(api, open_arguments=open_save)
    for chunk in body if isinstance(body, list) else [body]:
        response.feed(chunk)
    response.end()
    check_end(response)
    return response


def written(*texts: str, api: str, name: str = "save", finish: str = "tool_calls") -> list[Message]:
    """The messages of a response with these calls."""
    said = [Said("call", (text[:3], text[3:7], text[7:]), name) for text in texts]
    return chat(said, finish) if api == _CHAT else responses(said)


def failures(response: Response) -> list[object]:
    return [event.failure for event in response.events if isinstance(event, CallFailed)]


def broke(response: Response) -> tuple[str, bool]:
    assert isinstance(response.last, Broke)
    return response.last.error.kind, response.last.error.retryable


# --- arguments that must not run ---


@both
@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"path": "x", "n": NaN}', id="nan"),
        pytest.param('{"path": "x", "n": 1e999}', id="inf"),
        pytest.param('{"path": "x", "n": -Infinity}', id="-inf"),
        pytest.param('{"path": "x", "path": "y"}', id="dup_keys"),
        pytest.param('{"path": "x", "n": ' + "9" * 5000 + "}", id="huge_int"),
        pytest.param('{"path": "\\ud800"}', id="surrogate"),
        pytest.param('{"path": "x"}{"path": "x"}', id="trailing"),
        pytest.param('{"path": "x"}}', id="trailing brace"),
        pytest.param('{"path": "x", "mode": 1}', id="extra_key"),
        pytest.param('{"path": "x", "n": "7"}', id="coerce, without leave to"),
        pytest.param('["x"]', id="array_args"),
        pytest.param("null", id="null_args"),
        pytest.param("", id="empty_args"),
        pytest.param("{}", id="a required argument missing"),
        pytest.param("[" * 100_000, id="deep"),
        pytest.param('{"path": "x', id="unfinished"),
        pytest.param("save it", id="prose"),
    ],
)
def test_garbled_arguments_are_rejected_and_the_response_goes_on(api: str, text: str) -> None:
    response = response_of(sse(written(text, _GOOD, api=api)), api)
    assert response.sealed == {1: _VALUE}
    (rejected,) = failures(response)
    assert isinstance(rejected, Rejected)
    assert response.router.broke is None


@both
@pytest.mark.parametrize("name", ["", "delete", "save\ud800"])
def test_an_unknown_tool_and_an_empty_name_are_rejected(api: str, name: str) -> None:
    response = response_of(sse(written(_GOOD, api=api, name=name)), api)
    (rejected,) = failures(response)
    assert isinstance(rejected, Rejected)
    assert "there is no tool" in rejected.problems[0].message
    assert response.router.broke is None


@both
def test_a_wrong_argument_is_rejected_while_the_rest_is_still_to_come(api: str) -> None:
    response, before = Response(api, open_arguments=open_save), 0
    for message in written('{"n": "' + "x" * 1000 + '"}', api=api):
        response.feed(frame(json.dumps(message).encode()))
        before += not failures(response)
    assert before < 5


# --- streams that were cut ---


@both
@pytest.mark.parametrize("keep", [3, 4, 5, 6])
def test_a_tidy_end_before_the_model_s_end_is_torn_and_nothing_is_sealed(api: str, keep: int) -> None:
    # clean_trunc, and clean_trunc_valid where all argument text has come
    messages = written(_GOOD, api=api)[: min(keep, 5 if api == _CHAT else 6)]
    for body in (sse(messages), sse(messages) + b"data: [DONE]\n\n"):
        response = response_of(body, api)
        assert response.sealed == {}
        assert failures(response) in ([], [Truncated("stream cut")])
        assert broke(response) == ("torn", True)


@both
def test_text_that_was_cut_is_torn(api: str) -> None:
    said = [Said("text", ("Hel", "lo"))]
    messages = chat(said)[:-2] if api == _CHAT else responses(said)[:-1]
    assert broke(response_of(sse(messages), api)) == ("torn", True)


@pytest.mark.parametrize("finish", ["length", "content_filter", "error_of_some_kind", "end_turn"])
def test_a_chat_response_that_ended_otherwise_runs_nothing_even_if_its_arguments_are_whole(finish: str) -> None:
    for text in (_GOOD, _GOOD[:9]):
        response = response_of(sse(written(text, api=_CHAT, finish=finish)), _CHAT)
        assert response.sealed == {}
        assert failures(response) == [Truncated(finish)]


def test_an_item_that_is_incomplete_runs_nothing_even_if_its_arguments_are_whole() -> None:
    for text in (_GOOD, _GOOD[:9]):
        *messages, done, completed = written(text, api=_RESPONSES)
        done["item"]["status"] = "incomplete"
        completed["type"] = "response.incomplete"
        completed["response"] |= {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
        response = response_of(sse([*messages, done, completed]), _RESPONSES)
        assert response.sealed == {}
        assert failures(response) == [Truncated("incomplete")]


# --- events that are wrong ---


def test_each_event_twice_is_each_event_once_where_they_are_numbered() -> None:
    messages = written(_GOOD, api=_RESPONSES)
    twice = [message for message in messages for _ in range(2)]
    assert response_of(sse(twice), _RESPONSES).sealed == {0: _VALUE}


def test_each_delta_twice_is_rejected_where_they_are_not() -> None:
    start, *deltas, finish, usage = written(_GOOD, api=_CHAT)
    twice = [message for message in deltas for _ in range(2)]
    response = response_of(sse([start, *twice, finish, usage]), _CHAT)
    assert response.sealed == {}
    assert [type(failure) for failure in failures(response)] == [Rejected]


@both
def test_what_comes_after_the_end_is_ignored(api: str) -> None:
    messages = written(_GOOD, api=api)
    stray: Message = (
        {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": "}"}}]}}]}
        if api == _CHAT
        else {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": "}"}
    )
    for body in (sse([*messages, stray]), sse(messages) + b"data: [DONE]\n\n" + sse([stray]) + b"\xff\xff"):
        response = response_of(body, api)
        assert response.sealed == {0: _VALUE}
        assert response.router.broke is None


@both
@pytest.mark.parametrize(
    ("bad", "kind", "retryable"),
    [
        pytest.param(b'data: {"a": "\xff"}\n\n', "protocol", True, id="bad_utf8"),
        pytest.param(b'data: {"a": \n\n', "protocol", True, id="bad_event"),
        pytest.param(b"data: 3\n\n", "protocol", False, id="no object"),
        pytest.param(b'data: {"a": ' + b"[" * 900 + b"]" * 900 + b"}\n\n", "protocol", False, id="a deep event"),
        pytest.param(
            b'data: {"error": {"message": "m", "type": "server_error"}}\n\n', "server_error", True, id="error_event"
        ),
        pytest.param(b'event: error\ndata: {"message": "m", "code": 500}\n\n', "", True, id="error_event_named"),
        pytest.param(b"event: error\ndata: out of memory\n\n", "", False, id="an error in words"),
        pytest.param(b'error: {"message": "m", "code": 500}\n\n', "", True, id="an error of llama.cpp"),
    ],
)
def test_a_broken_event_ends_the_response_and_what_was_not_sealed_does_not_run(
    api: str, bad: bytes, kind: str, *, retryable: bool
) -> None:
    ends = 2 if api == _CHAT else 1
    messages = written(_GOOD, api=api)
    body = sse(messages[:4]) + bad + sse(messages[4:])
    response = response_of(body, api)
    assert response.sealed == {}
    assert broke(response) == (kind, retryable)
    late = response_of(sse(messages[:-ends]) + bad + sse(messages[-ends:]), api)
    assert late.sealed == ({} if api == _CHAT else {0: _VALUE})  # its item was closed: it may stand, as its tool allows
    assert broke(late) == (kind, retryable)


@both
def test_a_line_without_an_end_is_given_up_at_the_cap(api: str) -> None:
    response, fed = Response(api, open_arguments=open_save), 0
    chunk = b"x" * (1024 * 1024)
    while not response.wire_events:
        response.feed(chunk)
        fed += len(chunk)
        assert fed <= Limits().max_message_bytes + len(chunk)
    assert broke(response) == ("protocol", False)


@both
def test_bytes_one_by_one_are_the_same_bytes(api: str) -> None:
    body = sse(written(_GOOD, api=api))
    raw = b"".join(frame(json.dumps(message, ensure_ascii=False).encode()) for message in written(_GOOD, api=api))
    for one in (body, raw):
        assert response_of(bytewise(one), api).sealed == {0: _VALUE}


@both
def test_two_calls_of_one_id_are_two_calls_with_an_id_each(api: str) -> None:
    text = sse(written(_GOOD, _GOOD, api=api)).replace(b"call_1", b"call_0")
    response = response_of(text, api)
    ids = [routed.call.provider_id for routed in response.router.calls.values()]
    assert len(ids) == len(set(ids)) == 2
    assert response.sealed == {0: _VALUE, 1: _VALUE}


def test_a_name_repeated_with_every_delta_is_one_name() -> None:
    deltas: list[Any] = [
        {"tool_calls": [{"function": {"name": "save", "arguments": piece}}]} for piece in (_GOOD[:5], _GOOD[5:])
    ]
    chunks: list[Message] = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    assert response_of(sse(chunks), _CHAT).sealed == {0: _VALUE}


@both
def test_what_is_no_stream_is_no_empty_success(api: str) -> None:
    for body in (b"", b": ping\n\n", b"<html></html>", b'{"error": {"message": "m"}}', b'{"choices": []}', b"data\n\n"):
        assert isinstance(read([body], api).last, Broke)


@both
def test_a_long_argument_in_small_pieces_is_read_in_one_pass(api: str) -> None:
    text = '{"path": "' + "x" * 200_000 + '"}'
    said = Said("call", tuple(text[i : i + 10] for i in range(0, len(text), 10)), "save")
    messages = chat([said]) if api == _CHAT else responses([said])
    response = Response(api, open_arguments=open_save)
    visited = Assembler(_SCHEMA)
    visited.feed(text)
    response.feed(sse(messages))
    (routed,) = response.router.calls.values()
    assert isinstance(routed.sealed.value if routed.sealed else None, dict)
    assert isinstance(routed.arguments, Assembler)
    assert routed.arguments.visited <= visited.visited + 2 * len(said.pieces)
