"""A JSON array that arrives bit by bit, each case whole, byte by byte and cut at every place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millstream.errors import WireError
from millstream.wire.framing import Message
from millstream.wire.json_array import JsonArray
from tests.cuts import every_way

_ROOMY = 1024


def messages(chunks: list[bytes], max_bytes: int = _ROOMY) -> list[str | WireError]:
    """The elements that the chunks hold, as text."""
    array = JsonArray(max_bytes)
    found = [message for chunk in chunks for message in array.feed(chunk)]
    assert array.end() is None
    assert array.feed(b" ") == []
    return [message.data if isinstance(message, Message) else message for message in found]


def read(body: bytes, max_bytes: int = _ROOMY) -> list[str]:
    """The elements of `body`, errors as their text, the same however it is cut."""
    results = [
        [one.message if isinstance(one, WireError) else one for one in messages(chunks, max_bytes)]
        for chunks in every_way(body)
    ]
    for result in results[1:]:
        assert result == results[0]
    return results[0]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(b"[]", [], id="empty"),
        pytest.param(b'[{"a": 1}]', ['{"a": 1}'], id="one"),
        pytest.param(
            b'[{"a": 1}\r\n,\r\n{"b": [1, {}]}\r\n]\r\n', ['{"a": 1}', '{"b": [1, {}]}'], id="as Google writes"
        ),
        pytest.param(b"\xef\xbb\xbf\n [{}]", ["{}"], id="a byte order mark and blanks first"),
        pytest.param(b'[{"a": "]}, {["}]', ['{"a": "]}, {["}'], id="brackets within a string"),
        pytest.param(rb'[{"a": "\"}"}, {"b": "\\"}]', [r'{"a": "\"}"}', r'{"b": "\\"}'], id="escapes"),
        pytest.param(rb'[{"\\\"": "\\\\\""}]', [r'{"\\\"": "\\\\\""}'], id="escapes of escapes"),
        pytest.param('[{"é": "😀\u2028"}]'.encode(), ['{"é": "😀\u2028"}'], id="characters of several bytes"),
        pytest.param(b"[[[]], [1, 2]]", ["[[]]", "[1, 2]"], id="arrays within"),
        pytest.param(b'[1, "a,]" , null,true ]', ["1", '"a,]"', "null", "true"], id="plain values"),
        pytest.param(b"[{]}, {}}, }{}]", ["{]", "}", "{}", "}", "}{}"], id="brackets that fit nothing"),
        pytest.param(b"[{} {}]", ["{}", "{}"], id="a comma left out"),
        pytest.param(b'[{"a": 1}, {"b', ['{"a": 1}'], id="cut within an element"),
        pytest.param(b'[{"a": 1},', ['{"a": 1}'], id="cut behind a comma"),
        pytest.param(b"[{}]\n \r\n", ["{}"], id="blanks at the end"),
        pytest.param(b'{"error": 1}', [], id="no array"),
        pytest.param(b"<html>[{}]", [], id="something else"),
        pytest.param(b"", [], id="nothing"),
    ],
)
def test_the_elements_of(body: bytes, expected: list[str]) -> None:
    stripped = [one.strip() for one in read(body)]
    assert stripped == expected


def test_an_element_comes_with_its_last_byte() -> None:
    array = JsonArray(_ROOMY)
    assert array.feed(b'[{"a": "') == []
    assert array.feed(b'"') == []
    assert array.feed(b"}") == [Message("", '{"a": ""}')]


def test_more_behind_the_array_is_an_error() -> None:
    assert read(b"[{}] {}") == ["{}", "the provider sent more after the end of its JSON array"]


def test_an_element_that_is_too_large_ends_the_reading() -> None:
    too_large = "the provider sent a message of more than 10 bytes"
    assert read(b'[{"a": 123}, {"a": 1}]', 10) == ['{"a": 123}', '{"a": 1}']
    assert read(b'[{}, {"a": 1234}, {}]', 10) == ["{}", too_large]
    assert read(b'[{"a": "' + b"x" * 100, 10) == [too_large]


def test_bytes_that_are_no_text_end_the_reading() -> None:
    assert read(b'[{}, {"a": "\xff"}, {}]') == ["{}", "the provider sent bytes that are not UTF-8"]


@pytest.mark.parametrize(
    ("head", "is_stream"), [(b"[", True), (b' \xef\xbb\xbf[{"a"', True), (b"{", False), (b"<", False), (b"", False)]
)
def test_whether_a_body_began_as_an_array(head: bytes, is_stream: bool) -> None:
    assert JsonArray(_ROOMY).is_stream(head) == is_stream


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40)
@given(st.lists(st.dictionaries(st.text(), _JSON, max_size=3), max_size=4), st.booleans(), st.data())
def test_whatever_the_elements_and_the_cuts(elements: list[Any], ascii_only: bool, data: st.DataObject) -> None:
    body = json.dumps(elements, ensure_ascii=ascii_only, indent=data.draw(st.sampled_from([None, 1]))).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=5)))
    chunks = [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    found = messages(chunks, 100_000)
    assert [json.loads(one) for one in found if isinstance(one, str)] == elements
    assert len(found) == len(elements)
