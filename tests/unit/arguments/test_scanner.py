from __future__ import annotations

import json
from collections.abc import Iterable

import pytest

from millstream.arguments.outcomes import Settled
from millstream.arguments.scanner import Scanner
from millstream.events.values import Path
from millstream.failures import Problem
from millstream.limits import Limits
from tests.pieces import cuttings


def scanner(pieces: Iterable[str], *, every_path: bool = True) -> Scanner:
    made = Scanner(Limits(), every_path=every_path)
    for piece in pieces:
        made.feed(piece)
    return made


def seen(made: Scanner) -> tuple[list[tuple[Path, str]], Problem | None, str, Path, bool]:
    """Everything a scanner shows, values as JSON text."""
    settled = [(event.path, json.dumps(event.value)) for event in made.events if isinstance(event, Settled)]
    return settled, made.problem, json.dumps(made.partial), made.path, made.done


DOCUMENTS = [
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-0.0",
    "12",
    "-1.5",
    "1e3",
    "1E-3",
    "0.1e+2",
    "123456789012345678901234567890",
    "5e-324",
    "1e-400",
    '""',
    '"plain"',
    '"caf\u00e9 \u4e2d \U0001f600"',
    '"\x7f\u0085\u2028\ufeff"',
    r'"\"\\\/\b\f\n\r\t"',
    r'"a\nb\nc\\\\d"',
    r'"\u0041\u00e9\u4e2d\uD83D\uDE00\ud83d\ude00\uffff\u0000"',
    r'"x\u0041\ny\uD83D\uDE00z"',
    "{}",
    "[]",
    " [ ] ",
    '\t{\n"a"\r:\t1\n}\r\n',
    "[1,2,3]",
    "[[],[[]],{}]",
    '{"":0,"a":{"":[{}]}}',
    r'{"\u0061\n\"\uD83D\uDE00":true}',
    '[{"a":1},{"a":1}]',
    '{"city":"Paris","days":3,"tags":["a","b"],"deep":{"er":[null,false]}}',
]


@pytest.mark.parametrize("text", DOCUMENTS)
def test_a_document_is_what_json_makes_of_it_however_it_is_cut(text: str) -> None:
    for pieces in cuttings(text):
        made = scanner(pieces)
        made.finish()
        assert made.problem is None
        assert made.done
        assert json.dumps(made.partial) == json.dumps(json.loads(text))
        assert made.at == len(text)


SETTLED: list[tuple[str, list[tuple[Path, object]], list[tuple[Path, object]]]] = [
    ("[]", [], [((), [])]),
    ('"a"', [], [((), "a")]),
    ("true", [], [((), True)]),
    ("7 ", [], [((), 7)]),
    ('{"a":1,"b":"x"}', [(("a",), 1), (("b",), "x")], [((), {"a": 1, "b": "x"})]),
    ("[1,[2]]", [((0,), 1), ((1,), [2])], [((1, 0), 2), ((), [1, [2]])]),
    (
        '{"a":{"b":[null,{"c":2.5}]}}',
        [(("a",), {"b": [None, {"c": 2.5}]})],
        [
            (("a", "b", 0), None),
            (("a", "b", 1, "c"), 2.5),
            (("a", "b", 1), {"c": 2.5}),
            (("a", "b"), [None, {"c": 2.5}]),
            ((), {"a": {"b": [None, {"c": 2.5}]}}),
        ],
    ),
]


@pytest.mark.parametrize(("text", "top", "nested"), SETTLED)
def test_settled_are_the_members_of_the_root_and_on_request_every_value(
    text: str, top: list[tuple[Path, object]], nested: list[tuple[Path, object]]
) -> None:
    for pieces in cuttings(text):
        assert scanner(pieces, every_path=False).events == [Settled(path, value) for path, value in top]
        every = [(event.path, event.value) for event in scanner(pieces).events if isinstance(event, Settled)]
        assert sorted(every, key=repr) == sorted(top + nested, key=repr)
        for place, (path, _) in enumerate(every):  # a value settles after everything in it
            assert not any(later[: len(path)] == path for later, _ in every[place + 1 :])


REFUSED = [
    ("]", 0, "", 'expected a value, found "]"'),
    ("x", 0, "", 'expected a value, found "x"'),
    ("\ufeff1", 0, "", 'expected a value, found "\\ufeff"'),
    ("\xa01", 0, "", 'expected a value, found "\\u00a0"'),
    ("\x0b1", 0, "", 'expected a value, found "\\u000b"'),
    ("'a'", 0, "", 'expected a value, found "\'"'),
    ("NaN", 0, "", 'expected a value, found "N"'),
    ("Infinity", 0, "", 'expected a value, found "I"'),
    ("-Infinity", 1, "", '"I" can not follow - in a number'),
    ("+1", 0, "", 'expected a value, found "+"'),
    (".5", 0, "", 'expected a value, found "."'),
    ("01", 1, "", '"1" can not follow 0 in a number'),
    ("[-01]", 3, "/0", '"1" can not follow -0 in a number'),
    ("0x1", 1, "", '"x" can not follow 0 in a number'),
    ("1.e1", 2, "", '"e" can not follow 1. in a number'),
    ('{"a":1e+}', 8, "/a", '"}" can not follow 1e+ in a number'),
    ("1e1.5", 3, "", '"." can not follow 1e1 in a number'),
    ("1_000", 1, "", '"_" can not follow 1 in a number'),
    ("\u0661", 0, "", 'expected a value, found "\u0661"'),
    ("1\u0661", 1, "", '"\u0661" can not follow 1 in a number'),
    ("True", 0, "", 'expected a value, found "T"'),
    ("nulL", 3, "", 'expected null, found "nulL"'),
    ("[true,fals\ud800", 10, "/1", 'expected false, found "fals\\ud800"'),
    ("{,", 1, "", 'expected a key in double quotes or }, found ","'),
    ("{a", 1, "", 'expected a key in double quotes or }, found "a"'),
    ("{]", 1, "", 'expected a key in double quotes or }, found "]"'),
    ('{"a" "', 5, "/a", 'expected a colon, found "\\""'),
    ('{"a":,', 5, "/a", 'expected a value, found ","'),
    ('{"a":1 "b"', 7, "", 'expected a comma or }, found "\\""'),
    ('{"a":1,}', 7, "", 'expected a key in double quotes, found "}"'),
    ('{"o":{"b":1]', 11, "/o", 'expected a comma or }, found "]"'),
    ("[,", 1, "/0", 'expected a value or ], found ","'),
    ("[1 2", 3, "", 'expected a comma or ], found "2"'),
    ("[1}", 2, "", 'expected a comma or ], found "}"'),
    ("[1,]", 3, "/1", 'expected a value, found "]"'),
    ("1 2", 2, "", 'found "2" after the end of the arguments: send one JSON document only'),
    ("{} {", 3, "", 'found "{" after the end of the arguments: send one JSON document only'),
    ('"a" "', 4, "", 'found "\\"" after the end of the arguments: send one JSON document only'),
    ('{"a":"x\ny"', 7, "/a", '"\\n" must be written as an escape in a string'),
    ('"\x00', 1, "", '"\\u0000" must be written as an escape in a string'),
    ('"\x1f', 1, "", '"\\u001f" must be written as an escape in a string'),
    ('{"a\tb', 3, "", '"\\t" must be written as an escape in a string'),
    ('"\ud83d\ude00"', 1, "", '"\\ud83d" is half of a character'),
    (r'"C:\x', 4, "", r'"x" can not follow a backslash: write \\ for a backslash'),
    ('"\\\ud800', 2, "", r'"\ud800" can not follow a backslash: write \\ for a backslash'),
    (r'"\u00g', 5, "", '"g" is not a hexadecimal digit'),
    (r'"\ud83d"', 7, "", "a lone high surrogate: half of a character"),
    (r'"\ud83d\u0041', 9, "", "a lone high surrogate: half of a character"),
    (r'"\udc00"', 4, "", "a lone low surrogate: half of a character"),
    (r'"\udC0x"', 4, "", "a lone low surrogate: half of a character"),
    (r'{"\udc00', 5, "", "a lone low surrogate: half of a character"),
    ('{"a":1,"a"', 9, "", 'the key "a" is there twice in one object'),
    (r'{"a":1,"\u0061"', 14, "", 'the key "a" is there twice in one object'),
    ('{"x":[{"k":1,"k"', 15, "/x/0", 'the key "k" is there twice in one object'),
    ('{"":1,""', 7, "", 'the key "" is there twice in one object'),
    ('{"a/b":{"~":[1,x', 15, "/a~1b/~0/1", 'expected a value, found "x"'),
    ("[1e999]", 6, "/0", "the number 1e999 is too large for a double"),
    ("-1e999 ", 6, "", "the number -1e999 is too large for a double"),
]


@pytest.mark.parametrize(("text", "at", "path", "message"), REFUSED)
def test_what_is_not_json_is_refused_at_the_deciding_character(text: str, at: int, path: str, message: str) -> None:
    assert scanner([text[:at]]).problem is None
    assert scanner([text[: at + 1]]).problem == Problem(path, message, "json", at)
    whole = seen(scanner([text]))
    for pieces in cuttings(text + " and more"):
        made = scanner(pieces)
        assert seen(made) == whole
        made.feed("more")
        made.finish()
        assert seen(made) == whole
    message.encode()  # the message can be sent and stored, whatever the model wrote


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("", "", "a value"),
        (" \n", "", "a value"),
        ("{", "", "a key in double quotes or }"),
        ('{"a', "", "the end of the key"),
        ('{"a"', "/a", "a colon"),
        ('{"a":', "/a", "a value"),
        ('{"a":1', "/a", "a comma or }"),
        ('{"a":-', "/a", "a digit"),
        ('{"a":[]', "", "a comma or }"),
        ('{"a":1,', "", "a key in double quotes"),
        ("[", "", "a value or ]"),
        ("[1.5", "/0", "a comma or ]"),
        ("[1,", "", "a value"),
        ('"ab', "", "the end of the string"),
        ('"ab\\', "", "the end of the string"),
        (r'"\ud83d\ude0', "", "the end of the string"),
        ("tru", "", "true, false or null"),
        ("-", "", "a digit"),
        ("1.", "", "a digit"),
        ("1e+", "", "a digit"),
        ('{"a":{"b":["c', "/a/b/0", "the end of the string"),
    ],
)
def test_a_text_that_ends_too_soon_is_refused_at_its_end(text: str, path: str, expected: str) -> None:
    for pieces in cuttings(text):
        made = scanner(pieces)
        assert made.problem is None
        made.finish()
        problem = Problem(path, f"the text ends where {expected} was expected", "json", len(text))
        assert made.problem == problem


def test_a_number_at_the_root_ends_with_the_text() -> None:
    made = scanner(["1", "2"])
    assert (made.done, made.partial) == (False, None)
    made.finish()
    assert (made.done, made.partial) == (True, 12)
    made = scanner(["1e", "999"])
    made.finish()
    assert made.problem == Problem("", "the number 1e999 is too large for a double", "json", 5)


@pytest.mark.parametrize(
    ("text", "partial", "path"),
    [
        ("", None, ()),
        ("{", {}, ()),
        ('{"na', {}, ()),
        ('{"name"', {}, ("name",)),
        ('{"name":', {}, ("name",)),
        ('{"name":"', {"name": ""}, ("name",)),
        ('{"name":"An', {"name": "An"}, ("name",)),
        ('{"name":"An\\', {"name": "An"}, ("name",)),
        ('{"name":"An\\u00e', {"name": "An"}, ("name",)),
        ('{"name":"An\\u00e9', {"name": "An\u00e9"}, ("name",)),
        ('{"name":"\\ud83d', {"name": ""}, ("name",)),
        ('{"name":"\\ud83d\\ude00', {"name": "\U0001f600"}, ("name",)),
        ('{"name":"Ann"', {"name": "Ann"}, ()),
        ('{"name":"Ann",', {"name": "Ann"}, ()),
        ('{"age":4', {}, ("age",)),
        ('{"age":42', {}, ("age",)),
        ('{"age":42,', {"age": 42}, ()),
        ('{"on":tru', {}, ("on",)),
        ('{"on":true', {"on": True}, ()),
        ('{"a":[', {"a": []}, ("a",)),
        ('{"a":[{"b":[1,"x', {"a": [{"b": [1, "x"]}]}, ("a", 0, "b", 1)),
        ('{"a":[1,', {"a": [1]}, ("a",)),
        ('{"a":[1]', {"a": [1]}, ()),
        ('{"a":1}', {"a": 1}, ()),
    ],
)
def test_partial_shows_what_is_certain_and_path_where_it_grows(text: str, partial: object, path: Path) -> None:
    for pieces in cuttings(text):
        made = scanner(pieces)
        assert json.dumps(made.partial) == json.dumps(partial)
        assert made.path == path


def test_partial_grows_in_place() -> None:
    made = scanner(['{"a":{"b":['])
    root = made.partial
    inner = root["a"]["b"]
    made.feed('1,2],"c":"x')
    assert made.partial is root
    assert root == {"a": {"b": [1, 2], "c": "x"}}
    assert root["a"]["b"] is inner


def test_a_text_that_is_too_long_is_refused_at_the_first_character_too_many() -> None:
    text = '{"a":"\\u0041bcdefgh'
    for pieces in cuttings(text + "ijk"):
        made = Scanner(Limits(max_args_chars=len(text)))
        told = [made.feed(piece) for piece in pieces]
        assert made.problem == Problem("/a", f"longer than {len(text)} characters", "limit", len(text))
        assert told.count(True) == 1
        assert made.partial == {"a": "Abcdefgh"}


def test_what_is_wrong_before_the_text_is_too_long_is_told_first() -> None:
    made = Scanner(Limits(max_args_chars=4))
    made.feed("[x" + " " * 10)
    assert made.problem == Problem("/0", 'expected a value or ], found "x"', "json", 1)
