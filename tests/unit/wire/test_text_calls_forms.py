"""The forms in which models write calls as text, each however it is cut, and what only looks like one."""

from __future__ import annotations

import json

import pytest

from millstream.wire.text_calls import splitter
from millstream.wire.text_calls.cursor import MAX_HELD, Args, Began, Cursor, Prose, Steps
from millstream.wire.text_calls.styles import STYLES, TextCallStyle
from tests.unit.wire.splitting import call, fed, split, split_pieces

_F = call("f", '{"a": 1}')
_G = call("g", "{}")
_BEGIN, _END = "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>"  # noqa: RUF001  DeepSeek's own characters
_ONE, _SEP, _ONE_END = "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>"  # noqa: RUF001  as above

_HERMES = '<tool_call>\n{"name": "%s", "arguments": %s}\n</tool_call>'
_V3 = f"{_ONE}function{_SEP}%s\n```json\n%s\n```{_ONE_END}"

_FORMS: list[tuple[TextCallStyle, str]] = [
    (
        "hermes",
        _HERMES % ("f", '{"a": 1}') + "\n" + _HERMES % ("g", "{}"),
    ),
    ("hermes", '<tool_call>{"name": "f", "arguments": {"a": 1}}\n{"name": "g", "arguments": {}}</tool_call>'),
    ("hermes", '<tool_call>{"name": "f", "arguments": {"a": 1}}<tool_call>{"name": "g", "arguments": {}}'),
    ("llama", '<|python_tag|>{"name": "f", "parameters": {"a": 1}}; {"name": "g", "parameters": {}}'),
    ("llama", '{"name": "f", "parameters": {"a": 1}}\n{"type": "function", "name": "g", "parameters": {}}'),
    ("mistral", '[TOOL_CALLS] [{"name": "f", "arguments": {"a": 1}}, {"name": "g", "arguments": {}, "id": "x"}]'),
    ("mistral", '[TOOL_CALLS]f[ARGS]{"a": 1}[TOOL_CALLS]g[CALL_ID]abc123DEF[ARGS]{}'),
    ("mistral", '[TOOL_CALLS]f{"a": 1} [TOOL_CALLS] g {}'),
    ("deepseek", f'{_BEGIN}{_ONE}f{_SEP}{{"a": 1}}{_ONE_END}{_ONE}g{_SEP}{{}}{_ONE_END}{_END}'),
    (
        "deepseek",
        _BEGIN + _V3 % ("f", '{"a": 1}') + "\n" + _V3 % ("g", "{}") + _END,
    ),
    ("deepseek", f'{_ONE}f{_SEP}{{"a": 1}}{_ONE_END} {_ONE}g{_SEP}{{}}{_ONE_END}'),
    ("pythonic", "[f(a=1), g()]"),
    ("pythonic", "<|python_start|>[ f ( a = 1 , ) , g( ), ]<|python_end|>"),
    ("json", '```json\n{"name": "f", "arguments": {"a": 1}}\n{"name": "g", "arguments": {}}\n```'),
    ("json", '```\n[{"name": "f", "arguments": {"a": 1}}, {"name": "g", "arguments": {}}]\n```'),
    ("json", '[{"name": "f", "arguments": {"a": 1}},\n {"name": "g", "arguments": {}}]'),
    ("json", '{"name": "f", "arguments": {"a": 1}}, {"arguments": {}, "name": "g"}'),
]


@pytest.mark.parametrize(("style", "text"), _FORMS)
@pytest.mark.parametrize("auto", [False, True])
def test_two_calls_with_prose_around(style: TextCallStyle, text: str, auto: bool) -> None:
    chosen: TextCallStyle = "auto" if auto else style
    assert split(text, chosen) == [*_F, *_G]
    before, after = "Well, <b>[see]</b>:\n", "\nThat {is} it."
    assert split(before + text + after, chosen) == [Prose(before), *_F, *_G, Prose(after)]


def test_every_style_was_tried() -> None:
    assert {style for style, _ in _FORMS} | {"auto"} == set(STYLES)


@pytest.mark.parametrize(("style", "text"), _FORMS)
def test_a_call_of_no_tool_stays_text(style: TextCallStyle, text: str) -> None:
    for chosen in (style, "auto"):
        assert split(text, chosen, frozenset({"other"})) == [Prose(text)]
        assert split(text, chosen, frozenset()) == [Prose(text)]


@pytest.mark.parametrize(
    ("style", "text"),
    [
        ("hermes", "<tool_call> is how it is written, <tool_call></tool_call>, <tool_<tool_call>x"),
        ("hermes", '{"name": "f", "arguments": {}}'),
        ("hermes", '<tool_call>{"name": f}</tool_call>'),
        ("hermes", '<tool_call>{"name": "f", "why": 1, "arguments": {}}</tool_call>'),
        ("hermes", '<tool_call>{}</tool_call><tool_call>{"name"'),
        ("llama", 'Use {"name": "f", "parameters": {}} to call it.'),
        ("llama", '{"name": "f"}'),
        ("llama", '{"name": "f", "age": 3}'),
        ("llama", "<|python_tag|>print(1)"),
        ("mistral", "[TOOL_CALLS] none, [TOOL_CALLS]f and [TOOL_CALLS]f[ARGS][1]"),
        ("deepseek", f"{_BEGIN}nothing{_END} {_BEGIN}{_ONE}f{_SEP}x"),
        ("pythonic", "[link](https://x.org) and [f](x)\n[f, g]\n [1, 2]\nthen [f(a=1)]"),
        ("json", '```python\nf(a=1)\n```\n```json\n{"a": 1}\n```\n{\n}\n[\n]\n[1]'),
        ("json", '{"name": "f", "arguments"'),
        ("json", '{"na\\qme": "f", "arguments": {}}'),
        ("json", '{"name": "' + "f" * 300 + '", "arguments": {}}'),
        ("auto", "a < b, c[0] = {`d`}, <, [, {, `, "),
    ],
)
def test_what_only_looks_like_a_call_stays_text(style: TextCallStyle, text: str) -> None:
    assert split(text, style) == [Prose(text)]


def test_a_call_behind_what_only_looks_like_one() -> None:
    text = '<tool_call> <<tool_call><tool_call>{"name": "f", "arguments": {"a": 1}}</tool_call>'
    assert split(text, "hermes") == [Prose("<tool_call> <<tool_call>"), *_F]


# --- when it is told ---


def test_prose_flows_at_once_and_what_may_be_a_call_is_held() -> None:
    assert fed(["Hello, wor"], "hermes") == [Prose("Hello, wor")]
    assert fed(["a <tool_cal"], "hermes") == [Prose("a ")]
    assert fed(["a <tool_cat"], "hermes") == [Prose("a <tool_cat")]
    assert fed(['a\n{"name": "f", "argu'], "json") == [Prose("a\n")]
    assert fed(['a\n{"name": "get_w'], "json") == [Prose("a\n")]
    assert fed(['a\n{"name": "get_x'], "json") == [Prose('a\n{"name": "get_x')]
    assert fed(['a\n{"x'], "json") == [Prose('a\n{"x')]


def test_arguments_are_told_as_they_come() -> None:
    text = '<tool_call>{"name": "f", "arguments": {"city": "Par'
    assert fed([text], "hermes") == [Began("f"), Args('{"city": "Par')]
    assert fed([text, "is"], "hermes") == [Began("f"), Args('{"city": "Paris')]
    assert fed(["[f(city='Par"], "pythonic") == [Began("f"), Args('{"city": "Par')]
    assert fed(['[TOOL_CALLS]f[ARGS]{"a'], "mistral") == [Began("f"), Args('{"a')]


def test_a_call_is_closed_with_its_own_brace() -> None:
    assert fed(['<tool_call>{"name": "f", "arguments": {"a": 1}}'], "hermes") == _F
    assert fed(['[TOOL_CALLS] [{"name": "f", "arguments": {"a": 1}}'], "mistral") == _F
    assert fed(["[f(a=1)"], "pythonic") == _F


def test_white_space_behind_a_call_waits_for_what_follows() -> None:
    text = '<tool_call>{"name": "f", "arguments": {"a": 1}}</tool_call>'
    assert split(text + " \n", "hermes") == _F
    assert split(text + "\n\n" + text, "hermes") == [*_F, *_F]
    assert split(text + "\n\nSo.", "hermes") == [*_F, Prose("\n\nSo.")]
    assert split(text + ", ", "hermes") == [*_F, Prose(", ")]
    assert split(text + " <b>", "hermes") == [*_F, Prose(" <b>")]
    assert split(text + " " * 100 + text, "hermes") == [*_F, Prose(" " * 100), *_F]


# --- arguments ---


@pytest.mark.parametrize(
    "args",
    [
        '{"a": "} ] \\" \\\\", "b": [{"c": []}, "[{"]}',
        '{\n  "a" : 1e5 ,\t"é": "\U0001f600\\ud83d"}',
        "{}",
        "[1, 2]",
        '"text"',
        "-1.5e3",
        "true",
        "{]",
    ],
)
def test_argument_text_is_what_stands_there(args: str) -> None:
    for text in (f'{{"name": "f", "arguments": {args}}}', f'{{"arguments": {args}, "name": "f"}}'):
        assert split(f"<tool_call>{text}</tool_call>", "hermes") == call("f", args)


@pytest.mark.parametrize(
    "object_", ['{"name": "f"}', '{"name": "f", "arguments": null}', '{"arguments":null,"name":"f"}']
)
def test_no_arguments(object_: str) -> None:
    assert split(f"<tool_call>{object_}</tool_call>", "hermes") == call("f")


def test_other_members_behind_the_arguments_are_passed_over() -> None:
    text = '{"id": 1, "name": "f", "arguments": {"a": 1}, "why": {"x": "}"}, "name": "g"}'
    assert split(text, "json") == _F


@pytest.mark.parametrize(
    ("text", "args"),
    [
        ("a='it\\'s', b=\"a 'b' \\\"c\\\"\"", '{"a": "it\'s", "b": "a \'b\' \\"c\\""}'),
        ("a='\\n\\t\\\\ \\x41\\u00e9\\U0001F600\\q\\\n'", '{"a": "\\n\\t\\\\ Aé\U0001f600\\\\q"}'),
        ("a='two\nlines'", '{"a": "two\\nlines"}'),
        ("a=True, b=False, c=None", '{"a": true, "b": false, "c": null}'),
        (
            "a=-1.5e3, b=[1, 'x', ], c=(1,), d={'k': {}, \"l\": []}",
            '{"a": -1.5e3, "b": [1, "x"], "c": [1], "d": {"k": {}, "l": []}}',
        ),
        ("a='\\x4', b='\\", '{"a": "\\\\x4", "b": "\\\\'),
        ("a=x", '{"a": x'),
    ],
)
def test_python_values_are_written_as_json(text: str, args: str) -> None:
    tail = ")]" if args.endswith("}") else ""
    found = split(f"[f({text}{tail}", "pythonic")
    assert found[:2] == [Began("f"), Args(args)]
    if tail:
        assert found == call("f", args)
        json.loads(args)


@pytest.mark.parametrize(
    "text", ["[f(1)]", "[f('x')]", "[f(a=1 b=2)]", "[f(a=)]", "[f(a={1})]", "[f(**x)]", "[f(a=" + "[" * 200]
)
def test_a_python_call_that_can_not_be_read_is_not_complete(text: str) -> None:
    found = split(text + "\n", "pythonic")
    assert found[0] == Began("f")
    assert found[-2:] != call("f")[-2:]
    assert call("f", complete=False)[-1] in found


# --- what is broken, and what is too much ---


def test_an_object_broken_behind_its_arguments_is_not_complete() -> None:
    assert split('{"name": "f", "arguments": {"a": 1} oops', "json") == [
        *call("f", '{"a": 1}', complete=False),
        Prose(" oops"),
    ]


@pytest.mark.parametrize(("style", "text"), _FORMS)
def test_torn_anywhere_no_other_call_is_closed(style: TextCallStyle, text: str) -> None:
    closed = [*_F, *_G]
    for place in range(len(text)):
        found = [one for one in split_pieces([text[:place]], style) if not isinstance(one, Prose)]
        whole = [one for one in found if not isinstance(one, Args)]
        assert whole == [one for one in closed if not isinstance(one, Args)][: len(whole)]
        last = [one.text for one in found if isinstance(one, Args)][-1:]
        assert all('{"a": 1}'.startswith(one) or one == "{}" for one in last)


def test_arguments_before_a_name_are_held_up_to_a_bound() -> None:
    fits = '{"arguments": {"a": "' + "x" * (MAX_HELD - 100) + '"}, "name": "f"}'
    assert [type(one) for one in split(fits, "json")] == [type(one) for one in _F]
    too_long = '{"arguments": {"a": "' + "x" * MAX_HELD + '"}, "name": "f"}'
    assert split(too_long, "json") == [Prose(too_long)]
    assert fed([too_long[: MAX_HELD + 10]], "json") != []


def test_arguments_behind_a_name_have_no_bound_here() -> None:
    args = '{"a": "' + "x" * (2 * MAX_HELD) + '"}'
    assert split(f'{{"name": "f", "arguments": {args}}}', "json") == call("f", args)


class _Counting(Cursor):
    """Counts how often a character is looked at."""

    looks = 0

    def peek(self) -> Steps[str]:
        self.looks += 1
        return super().peek()


@pytest.mark.parametrize("unit", ["<", "[", "{\n", "[\n", "```\n", '{"arguments":\n', "[f(a=[", '<tool_call>{"name":'])
def test_work_is_linear_where_all_of_the_text_begins_calls(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[_Counting] = []

    def make(names: frozenset[str]) -> _Counting:
        made.append(_Counting(names))
        return made[-1]

    monkeypatch.setattr(splitter, "Cursor", make)
    for count in (1_000, 4_000):
        text = unit * count
        split_pieces([text[i : i + 50] for i in range(0, len(text), 50)], "auto")
    few, many = (cursor.looks for cursor in made)
    assert many <= 5 * few
    assert many <= 8 * 4_000 * len(unit)
