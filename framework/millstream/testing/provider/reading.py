"""A scenario from JSON: which key stands for which step, and a message with the place for whatever is wrong.

Pure. One key of a step names it (`{"call": "weather", "args": {…}, "at_s": 0.1}`), the others are the fields of the
step's record; tables below hold them all. It must not know the wires or the server.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from millstream.errors import UsageError
from millstream.events import JsonValue, Usage
from millstream.testing.provider.rules.shapes import is_array, is_object
from millstream.testing.provider.scenario import Answer, Body, Delivery, Hangup, Response, Scenario
from millstream.testing.provider.steps import (
    CallTool,
    Cut,
    Done,
    ErrorEvent,
    Finish,
    Flood,
    LongLine,
    MoreArgs,
    Pause,
    Ping,
    Raw,
    Refuse,
    Say,
    Step,
    Think,
    Together,
)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class _Kind:
    """What a value must be, in words, and the test for it."""

    words: str
    test: Callable[[Any], bool]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_texts(value: Any) -> bool:
    return is_object(value) and all(isinstance(text, str) for text in value.values())


def _one_of(*values: Any) -> _Kind:
    return _Kind("one of " + ", ".join(repr(value) for value in values), lambda value: value in values)


_ANY = _Kind("any JSON value", lambda _: True)
_TEXT = _Kind("text", lambda value: isinstance(value, str))
_TEXT_OR_NULL = _Kind("text or null", lambda value: value is None or isinstance(value, str))
_CODE = _Kind("text, a number or null", lambda value: value is None or isinstance(value, str | int))
_TIME = _Kind("a number of seconds, 0 or more", _is_number)
_NUMBER = _Kind("a number, 0 or more", _is_number)
_COUNT = _Kind("a whole number, 0 or more", _is_count)
_FLAG = _Kind("true or false", lambda value: isinstance(value, bool))
_TRUE = _Kind("true", lambda value: value is True)
_HOW = _one_of("eof", "close", "reset")
_LIST = _Kind("a list", is_array)
_OBJECT = _Kind("an object", is_object)
_HEADERS = _Kind("an object of texts", _is_texts)

_WRITTEN = {"chunk_chars": _COUNT, "at_s": _TIME, "until_s": _TIME}


@dataclass(frozen=True, slots=True)
class _Form:
    """The keys of one kind of step or answer, and what it is made with: its head key's value under `head_field`."""

    make: Callable[..., Any]
    head_field: str
    head: _Kind
    fields: Mapping[str, _Kind]


def _call(name: str, **given: Any) -> CallTool:
    if "input" in given:
        return CallTool(name, raw=given.pop("input"), kind="custom", **given)
    return CallTool(name, **given)


def _done(done: Any, **given: Any) -> Done:
    del done  # the key alone says it
    return Done(**given)


def _raw(data: str, **given: Any) -> Raw:
    try:
        return Raw(base64.b64decode(data, validate=True), **given)
    except binascii.Error as error:
        raise UsageError(f"raw_base64: not base64: {error}") from error


_STEPS: dict[str, _Form] = {
    "call": _Form(
        _call,
        "name",
        _TEXT,
        {"args": _ANY, "raw": _TEXT, "input": _TEXT, "id": _TEXT, "index": _COUNT, "seal": _FLAG, **_WRITTEN},
    ),
    "say": _Form(Say, "text", _TEXT, {"phase": _TEXT, **_WRITTEN}),
    "think": _Form(Think, "text", _TEXT, _WRITTEN),
    "refuse": _Form(Refuse, "text", _TEXT, _WRITTEN),
    "together": _Form(Together, "calls", _LIST, {"at_s": _TIME}),
    "more_args": _Form(MoreArgs, "text", _TEXT, {"of": _COUNT, "seal": _FLAG, "at_s": _TIME}),
    "pause_s": _Form(Pause, "s", _TIME, {}),
    "ping_every_s": _Form(Ping, "every_s", _TIME, {"for_s": _TIME, "kind": _one_of("comment", "keepalive")}),
    "finish": _Form(Finish, "reason", _TEXT_OR_NULL, {"at_s": _TIME}),
    "done": _Form(_done, "done", _TRUE, {"at_s": _TIME}),
    "error": _Form(
        ErrorEvent,
        "message",
        _TEXT,
        {
            "code": _CODE,
            "type": _TEXT,
            "shape": _one_of("flat", "nested", "data", "event", "bare"),
            "at_s": _TIME,
        },
    ),
    "cut": _Form(Cut, "how", _HOW, {"at_s": _TIME}),
    "flood": _Form(Flood, "text", _TEXT, {"chars": _COUNT, "at_s": _TIME}),
    "line_bytes": _Form(LongLine, "size_bytes", _COUNT, {"at_s": _TIME}),
    "raw": _Form(Raw, "data", _TEXT, {"at_s": _TIME}),
    "raw_base64": _Form(_raw, "data", _TEXT, {"at_s": _TIME}),
}

_ANSWERS: dict[str, _Form] = {
    "steps": _Form(
        Response,
        "steps",
        _LIST,
        {
            "tokens_per_s": _NUMBER,
            "chunk_chars": _COUNT,
            "usage": _OBJECT,
            "first_byte_s": _TIME,
            "delivery": _OBJECT,
        },
    ),
    "body": _Form(
        Body,
        "content",
        _ANY,
        {"status": _COUNT, "content_type": _TEXT, "headers": _HEADERS, "first_byte_s": _TIME},
    ),
    "hangup": _Form(Hangup, "how", _HOW, {"first_byte_s": _TIME}),
}

_DELIVERY = {
    "newline": _one_of("\n", "\r\n", "\r"),
    "bom": _FLAG,
    "doubled": _FLAG,
    "final_blank_line": _FLAG,
    "piece_bytes": _COUNT,
    "gzip": _FLAG,
    "headers": _HEADERS,
}
_USAGE = {
    "input_tokens": _COUNT,
    "output_tokens": _COUNT,
    "cached_input_tokens": _COUNT,
    "reasoning_tokens": _COUNT,
}
_SCENARIO = {"responses": _LIST, "pick": _one_of("order", "history")}


def load_scenario(path: str | Path) -> Scenario:
    """The scenario in a JSON file; `scenario_from_json` says what it holds.

    Raises:
        UsageError: the file can not be read or holds no scenario; the message names the place.
    """
    try:
        data: JsonValue = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: no scenario could be read: {error.strerror}") from error
    except ValueError as error:
        raise UsageError(f"{path}: not a JSON file: {error}") from error
    return scenario_from_json(data)


def scenario_from_json(data: JsonValue) -> Scenario:
    """The scenario written as a JSON value: a list of answers, or `{"pick": "history", "responses": [...]}`.

    An answer is text, a list of steps, or an object: `{"steps": [...]}` with the other fields of `Response` beside it,
    `{"body": ...}` with those of `Body`, `{"hangup": "reset"}`. A step is text, or an object that one of these keys
    names, with the other fields of the step beside it: `call` (`input` instead of `args` for a custom tool), `say`,
    `think`, `refuse`, `together`, `more_args`, `pause_s`, `ping_every_s`, `finish`, `done`, `error`, `cut`, `flood`,
    `line_bytes`, `raw`, `raw_base64`.

    Raises:
        UsageError: an unknown or missing key, or a value of a wrong type; the message names the place.
    """
    given = _checked({"responses": data} if is_array(data) else data, "scenario", _SCENARIO)
    if "responses" not in given:
        raise UsageError('scenario: "responses" is missing, the list of its answers')
    answers: list[JsonValue] = given.pop("responses")
    read = tuple(_read_answer(answer, f"responses[{at}]") for at, answer in enumerate(answers))
    return Scenario(read, **given)


def _read_answer(data: JsonValue, place: str) -> Answer:
    short: JsonValue = {"steps": [data] if isinstance(data, str) else data}
    form, given = _matched(short if isinstance(data, str | list) else data, place, _ANSWERS, "answer")
    if "steps" in given:
        given["steps"] = tuple(_read_step(step, f"{place}.steps[{at}]") for at, step in enumerate(given["steps"]))
    if "usage" in given:
        given["usage"] = _made(Usage, _checked(given["usage"], f"{place}.usage", _USAGE), place)
    if "delivery" in given:
        given["delivery"] = _made(Delivery, _checked(given["delivery"], f"{place}.delivery", _DELIVERY), place)
    return cast("Answer", _made(form.make, given, place))


def _read_step(data: JsonValue, place: str) -> Step:
    if isinstance(data, str):
        return Say(data)
    form, given = _matched(data, place, _STEPS, "step")
    if "calls" in given:
        calls = [_read_step(call, f"{place}.together[{at}]") for at, call in enumerate(given["calls"])]
        if not all(isinstance(call, CallTool) for call in calls):
            raise UsageError(f'{place}.together: only calls can be written together, each with a "call" key')
        given["calls"] = tuple(calls)
    return cast("Step", _made(form.make, given, place))


def _matched(data: JsonValue, place: str, forms: Mapping[str, _Form], what: str) -> tuple[_Form, dict[str, Any]]:
    """The form that the object's keys name, and its fields."""
    if not is_object(data):
        raise UsageError(f"{place}: an object or text was expected for {_a(what)}, not {data!r}")
    head = next((key for key in forms if key in data), None)
    if head is None:
        raise UsageError(f"{place}: no known key names {_a(what)}; use one of {', '.join(forms)}")
    form = forms[head]
    given = _checked(data, place, {head: form.head, **form.fields}, f'a "{head}" {what}')
    given[form.head_field] = given.pop(head)
    return form, given


def _checked(data: JsonValue, place: str, kinds: Mapping[str, _Kind], what: str = "it") -> dict[str, Any]:
    """The object's fields, once each is known and of its kind."""
    if not is_object(data):
        raise UsageError(f"{place}: an object was expected, not {data!r}")
    for key, value in data.items():
        if key not in kinds:
            raise UsageError(f"{place}: unknown key {key!r}; {what} can have {', '.join(kinds)}")
        if not kinds[key].test(value):
            raise UsageError(f"{place}.{key}: {kinds[key].words} was expected, not {value!r}")
    return dict(data)


def _made(make: Callable[..., _T], given: Mapping[str, Any], place: str) -> _T:
    """What `make` makes; what it finds wrong is told with the place."""
    try:
        return make(**given)
    except (UsageError, TypeError) as error:
        raise UsageError(f"{place}: {error}") from error


def _a(what: str) -> str:
    return f"an {what}" if what[0] in "aeiou" else f"a {what}"
