"""Bytes of a body -> text or JSON: whatever a server says of them, it ends in a value, and soon."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millstream_tools.http_body import ContentType, decode


@pytest.mark.parametrize(
    ("header", "media_type", "charset"),
    [
        ("text/html; charset=ISO-8859-1", "text/html", "iso8859-1"),
        ('application/json; charset="UTF-8"', "application/json", "utf-8"),
        ("text/plain;charset=cp1252", "text/plain", "cp1252"),
        ("text/plain; charset=punycode", "text/plain", "utf-8"),
        ("text/plain; charset=idna", "text/plain", "utf-8"),
        ("text/plain; charset=zlib", "text/plain", "utf-8"),
        ("text/plain; charset=unicode_escape", "text/plain", "utf-8"),
        ("text/plain; charset=../../x", "text/plain", "utf-8"),
        ("text/plain; charset*=utf-8''%00", "text/plain", "utf-8"),
        ("", "", "utf-8"),
    ],
)
def test_the_header_says_type_and_charset(header: str, media_type: str, charset: str) -> None:
    type_ = ContentType(header)
    assert (type_.media_type, type_.charset) == (media_type, charset)


@pytest.mark.parametrize(
    ("header", "is_text"),
    [
        ("text/plain", True),
        ("application/json", True),
        ("application/problem+json", True),
        ("application/atom+xml", True),
        ("", True),
        ("application/octet-stream", False),
        ("image/png", False),
    ],
)
def test_only_text_can_be_read(header: str, is_text: bool) -> None:
    assert ContentType(header).is_text is is_text


def test_text_is_decoded_by_its_charset() -> None:
    assert decode("größe".encode("cp1252"), ContentType("text/plain; charset=windows-1252"), whole=True) == "größe"
    assert decode(b"\xff", ContentType("text/plain"), whole=True) == "\ufffd"


def test_json_is_parsed_where_it_is_whole() -> None:
    json = ContentType("application/vnd.api+json")
    assert decode(b'{"a": [1, 2.5, null]}', json, whole=True) == {"a": [1, 2.5, None]}
    assert decode(b"[1]", json, whole=False) == "[1]"


@pytest.mark.parametrize("body", [b"{", b"NaN", b"[Infinity]", b"1e999", b"[" * 100_000, b"9" * 5000, b"\xff", b""])
def test_what_is_no_json_stays_text(body: bytes) -> None:
    assert decode(body, ContentType("application/json"), whole=True) == body.decode(errors="replace")


@given(st.text(), st.binary())
def test_any_header_and_body_end_in_a_value(header: str, body: bytes) -> None:
    one_line = "".join(header.splitlines())  # the client lets no other through
    decode(body, ContentType(one_line), whole=True)


def test_no_charset_is_slow() -> None:
    began = time.perf_counter()
    for charset in ("punycode", "idna", "utf-7", "utf-16", "gb18030"):
        decode(b"a-" * 500_000, ContentType(f"text/plain; charset={charset}"), whole=True)
    assert time.perf_counter() - began < 5
