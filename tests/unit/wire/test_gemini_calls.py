"""Gemini's calls: whole in one part, or streamed by Vertex; which is complete when, and what goes back of it."""

from __future__ import annotations

from typing import Any

import pytest

from millstream.events import ArgsDelta, ArgsReplaced, CallFailed, CallSealed, Truncated
from millstream.wire_events import ArgsPiece, ArgsWhole, CallBegan, CallClosed, Echo, Passed
from tests.response import Response, check_end
from tests.unit.wire.gemini_wire import STOP, Part, call, chunk, pieces, read, response


def found(of: Response) -> list[tuple[str, str, Any]]:
    """Name, argument text and arguments of each call, None where it was not sealed."""
    check_end(of)
    calls = of.router.calls.values()
    return [(one.call.name, one.args_text, one.sealed.value if one.sealed is not None else None) for one in calls]


def failures(of: Response) -> list[object]:
    return [event.failure for event in of.events if isinstance(event, CallFailed)]


# --- whole ---


def test_a_call_is_one_part_and_is_closed_with_it() -> None:
    part = call("weather", {"city": "Paris"}, id="a", signature="s")
    assert read(chunk(part)) == [
        CallBegan(0, "weather", "a"),
        Echo(0, {"functionCall": {"name": "weather", "id": "a"}, "thoughtSignature": "s"}),
        ArgsWhole(0, '{"city":"Paris"}'),
        CallClosed(0),
    ]


def test_parallel_calls_in_one_chunk_or_in_several() -> None:
    # trap 37: finishReason is STOP, ids are optional, only the first call is signed
    first, second = call("f", {"n": 1}, signature="s"), call("f", {"n": 2})
    for chunks in ([chunk(first, second)], [chunk(first), chunk(second)]):
        of = response(*chunks, STOP)
        assert found(of) == [("f", '{"n":1}', {"n": 1}), ("f", '{"n":2}', {"n": 2})]
        assert [one.provider_id for one in of.reply().calls] == ["call_1_0", "call_1_1"]
        assert of.router.finished is not None
        assert (of.router.finished.reason, of.router.finished.good) == ("STOP", True)


@pytest.mark.parametrize("part", [call("f"), call("f", {}), {"functionCall": {"name": "f", "args": None}}])
def test_a_call_without_arguments(part: Part) -> None:
    assert found(response(chunk(part), STOP))[0][::2] == ("f", {})
    assert [args for _, _, args in found(response(chunk(part, call("g", {}))))] == [{}, {}]


@pytest.mark.parametrize(
    ("args", "text"),
    [
        ({"b": 1, "a": [1.0, {"c": None}]}, '{"b":1,"a":[1.0,{"c":null}]}'),
        ({"n": 12345678901234567890123}, '{"n":12345678901234567890123}'),
        ({"é": "\u2028😀"}, '{"é":"\u2028😀"}'),
    ],
)
def test_the_text_is_compact_exact_and_in_the_order_of_the_keys(args: Any, text: str) -> None:
    assert found(response(chunk(call("f", args)), STOP)) == [("f", text, args)]


@pytest.mark.parametrize(("args", "text"), [([1], "[1]"), ("{}", '"{}"'), (7, "7"), (0, "0"), (False, "false")])
def test_arguments_that_are_no_object_are_for_the_schema_to_refuse(args: Any, text: str) -> None:
    assert [one[1] for one in found(response(chunk(call("f", args)), STOP))] == [text]


@pytest.mark.parametrize("args", [{"n": float("nan")}, {"n": float("inf")}])
def test_arguments_that_are_no_json_are_rejected(args: Any) -> None:
    of = response(chunk(call("f", args)), STOP)
    (failure,) = failures(of)
    assert type(failure).__name__ == "Rejected"
    assert of.sealed == {}


@pytest.mark.parametrize(
    "reason", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "MAX_TOKENS", "SAFETY", "TOO_MANY_TOOL_CALLS", "NEW"]
)
def test_after_another_reason_no_call_is_taken(reason: str) -> None:
    late = call("f", {})
    of = response(chunk(finish=reason), chunk(late))
    assert found(of) == []
    assert Passed("functionCall", late) in of.wire_events


def test_a_call_behind_a_good_reason_is_taken() -> None:
    assert found(response(STOP, chunk(call("f", {"n": 1})))) == [("f", '{"n":1}', {"n": 1})]


# --- streamed (trap 38) ---

_BEGIN = call("cook", more=True, signature="s")


def test_arguments_are_streamed_as_they_come() -> None:
    of = response(
        chunk(_BEGIN),
        chunk(pieces(("$.r.i[0].n", "fl…"))),
        chunk(pieces(("$.r.i[0].n", "our"))),
        chunk(call(more=True)),
        chunk(pieces(("$.r.i[1].n", 2), ("$.r.m", "x"))),
        chunk({"functionCall": {}}, finish="STOP"),
    )
    text = '{"r":{"i":[{"n":"flour"},{"n":2}],"m":"x"}}'
    assert found(of) == [("cook", text, {"r": {"i": [{"n": "flour"}, {"n": 2}], "m": "x"}})]
    deltas = [event.text for event in of.events if isinstance(event, ArgsDelta)]
    assert deltas == ['{"r":{"i":[{"n":"fl', 'our"', '},{"n":2', '}],"m":"x"', "}}"]
    assert not any(isinstance(event, ArgsReplaced) for event in of.events)


@pytest.mark.parametrize(
    "end",
    [
        pytest.param([chunk(pieces(("$.b", 2), more=False)), STOP], id="the last part does not go on"),
        pytest.param([chunk(pieces(("$.b", 2))), chunk({"functionCall": {}}), STOP], id="an empty call"),
        pytest.param([chunk(pieces(("$.b", 2))), STOP], id="a good end, and no end of the call"),
        pytest.param([chunk(pieces(("$.b", 2)), call("g", {})), STOP], id="another name"),
        pytest.param([chunk(pieces(("$.b", 2), more=False), {"functionCall": {}}), STOP], id="two ends"),
    ],
)
def test_every_end_of_a_streamed_call(end: list[dict[str, Any]]) -> None:
    of = response(chunk(_BEGIN), chunk(pieces(("$.a", 1))), *end)
    assert found(of)[0] == ("cook", '{"a":1,"b":2}', {"a": 1, "b": 2})


def test_a_call_is_sealed_where_it_ends_and_not_before() -> None:
    of = response(chunk(_BEGIN), chunk(pieces(("$.a", 1))), chunk({"text": "So."}))
    assert of.sealed == {}
    of = response(chunk(_BEGIN), chunk(pieces(("$.a", 1), more=False)))
    assert [event.args for event in of.events if isinstance(event, CallSealed)] == [{"a": 1}]


def test_the_first_part_may_have_an_id_and_pieces_and_empty_arguments() -> None:
    begin = call("f", {}, more=True, id="x", partialArgs=[{"jsonPath": "$.a", "numberValue": 1}])
    again = call("f", more=True, id="x", partialArgs=[{"jsonPath": "$.b", "numberValue": 2}])
    other = call(more=False, id="y", partialArgs=[{"jsonPath": "$.c", "numberValue": 3}])
    of = response(chunk(begin), chunk(again), chunk(other), STOP)
    assert [one[:2] for one in found(of)] == [("f", '{"a":1,"b":2}'), ("", '{"c":3}')]
    assert [one.provider_id for one in of.reply().calls] == ["x", "y"]


def test_streamed_calls_without_arguments() -> None:
    of = response(chunk(call("f", more=True)), chunk({"functionCall": {}}), chunk(call("g")), STOP)
    assert [(name, args) for name, _, args in found(of)] == [("f", {}), ("g", {})]


def test_places_in_another_order_are_written_at_the_end() -> None:
    of = response(chunk(_BEGIN), chunk(pieces(("$.a.b", 1), ("$.c", 2), ("$.a.d", 3), more=False)), STOP)
    assert found(of) == [("cook", '{"a":{"b":1,"d":3},"c":2}', {"a": {"b": 1, "d": 3}, "c": 2})]
    assert any(isinstance(event, ArgsReplaced) for event in of.events)


def test_text_between_the_pieces_does_not_matter() -> None:
    of = response(
        chunk(_BEGIN), chunk(pieces(("$.a", 1)), {"text": "So."}), chunk(pieces(("$.b", 2), more=False)), STOP
    )
    assert found(of) == [("cook", '{"a":1,"b":2}', {"a": 1, "b": 2})]


@pytest.mark.parametrize(
    "bad",
    [pieces(("$.a", "never ends…")), pieces(("$.x[1]", 1)), pieces(("nowhere", 1)), pieces(("$.a", 1), ("$.a", 2))],
)
def test_a_call_whose_pieces_can_not_be_understood_never_runs(bad: Part) -> None:
    for end in ([chunk({"functionCall": {}}), STOP], [chunk(call("g", {})), STOP], [STOP]):
        of = response(chunk(_BEGIN), chunk(bad), *end)
        assert found(of)[0][2] is None
        assert failures(of) == [Truncated("incomplete")]


def test_a_piece_that_can_not_be_understood_is_passed_on() -> None:
    piece = {"jsonPath": "nowhere", "numberValue": 1}
    assert Passed("functionCall.partialArgs", piece) in read(chunk(_BEGIN), chunk(call(partialArgs=[piece], more=True)))


@pytest.mark.parametrize("reason", ["MAX_TOKENS", "MALFORMED_FUNCTION_CALL"])
def test_a_streamed_call_that_is_cut_is_truncated(reason: str) -> None:
    of = response(chunk(_BEGIN), chunk(pieces(("$.a", 1))), chunk(finish=reason))
    assert found(of) == [("cook", '{"a":1', None)]
    assert failures(of) == [Truncated(reason)]


def test_a_streamed_call_of_a_torn_response_is_truncated() -> None:
    of = response(chunk(_BEGIN), chunk(pieces(("$.a", 1))))
    assert failures(of) == [Truncated("stream cut")]


@pytest.mark.parametrize("part", [{"functionCall": {}}, call(more=True)])
def test_an_end_without_a_call_begins_none(part: Part) -> None:
    assert read(chunk(part)) == []


def test_arguments_without_a_call_are_a_call_without_a_name() -> None:
    assert [name for name, _, _ in found(response(chunk(pieces(("$.a", 1), more=False)), STOP))] == [""]


def test_the_echo_has_what_stands_beside_the_arguments_and_is_told_once() -> None:
    events = read(
        chunk({**_BEGIN, "partMetadata": {"x": 1}}),
        chunk(pieces(("$.a", 1))),
        chunk(call(more=True, id="late", signature="t")),
        chunk({"functionCall": {}}),
    )
    echoes = [event.data for event in events if isinstance(event, Echo)]
    first = {"functionCall": {"name": "cook"}, "thoughtSignature": "s", "partMetadata": {"x": 1}}
    assert echoes == [first, first | {"functionCall": {"name": "cook", "id": "late"}, "thoughtSignature": "t"}]
    assert [event.text for event in events if isinstance(event, ArgsPiece)] == ['{"a":1', "}"]
