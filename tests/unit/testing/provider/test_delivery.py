"""The dress of a body: each of its changes, and that nothing else changes."""

import zlib
from collections.abc import Iterator

import pytest

from millstream.testing import Delivery
from millstream.testing.provider.delivery import deliver
from millstream.testing.provider.frames import Frame

PLAIN = [
    Frame(0.0, b"data: 1\n\n", "one", event=True),
    Frame(0.5, mark="between"),
    Frame(1.0, b"raw\n"),
    Frame(2.0, b"data: 2\n\n", event=True),
    Frame(3.0),
]


def delivered(delivery: Delivery, frames: list[Frame] | None = None) -> list[Frame]:
    return list(deliver(iter(PLAIN if frames is None else frames), delivery))


def body(delivery: Delivery, frames: list[Frame] | None = None) -> bytes:
    return b"".join(frame.data for frame in delivered(delivery, frames))


def test_plain_delivery_changes_nothing() -> None:
    assert delivered(Delivery()) == PLAIN


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_line_ends_of_events_change_and_those_of_verbatim_bytes_do_not(newline: str) -> None:
    end = newline.encode()
    expected = b"data: 1" + end + end + b"raw\n" + b"data: 2" + end + end
    assert body(Delivery(newline)) == expected  # type: ignore[arg-type]


def test_a_byte_order_mark_comes_before_the_first_byte() -> None:
    assert body(Delivery(bom=True)) == b"\xef\xbb\xbf" + body(Delivery())
    assert body(Delivery(bom=True), [Frame(0.0), *PLAIN]).startswith(b"\xef\xbb\xbfdata: 1")


def test_events_are_doubled_but_marked_once() -> None:
    got = delivered(Delivery(doubled=True))
    assert [frame.data for frame in got if frame.event] == [b"data: 1\n\n"] * 2 + [b"data: 2\n\n"] * 2
    assert [frame.mark for frame in got if frame.mark] == ["one", "between"]


def test_the_last_blank_line_is_left_out_at_its_time() -> None:
    got = delivered(Delivery(final_blank_line=False))
    assert b"".join(frame.data for frame in got) == b"data: 1\n\nraw\ndata: 2\n"
    assert [frame.at_s for frame in got] == [frame.at_s for frame in PLAIN]


def test_a_body_is_cut_into_pieces_with_mark_and_cut_at_the_last() -> None:
    got = delivered(Delivery(piece_bytes=2), [Frame(1.0, b"12345", "m", event=True, cut="eof"), Frame(2.0, b"6", "n")])
    assert got == [
        Frame(1.0, b"12"),
        Frame(1.0, b"34"),
        Frame(1.0, b"5", "m", cut="eof"),
        Frame(2.0, b"6", "n"),
    ]


def test_a_compressed_body_can_be_read_event_by_event() -> None:
    got = delivered(Delivery(gzip=True))
    reader = zlib.decompressobj(wbits=31)
    assert [reader.decompress(frame.data) for frame in got if frame.data] == [
        b"data: 1\n\n",
        b"raw\n",
        b"data: 2\n\n",
        b"",
    ]
    assert reader.eof


def test_a_cut_leaves_a_compressed_body_without_its_end() -> None:
    got = delivered(Delivery(gzip=True), [Frame(0.0, b"data: 1\n\n", event=True), Frame(0.0, cut="eof")])
    reader = zlib.decompressobj(wbits=31)
    assert reader.decompress(b"".join(frame.data for frame in got)) == b"data: 1\n\n"
    assert not reader.eof
    assert got[-1].cut == "eof"


def test_all_at_once() -> None:
    got = body(Delivery("\r\n", bom=True, doubled=True, final_blank_line=False, piece_bytes=1, gzip=True))
    assert zlib.decompress(got, wbits=31) == (
        b"\xef\xbb\xbfdata: 1\r\n\r\ndata: 1\r\n\r\nraw\ndata: 2\r\n\r\ndata: 2\r\n"
    )


def test_an_endless_body_is_delivered_as_it_is_made() -> None:
    def endless() -> Iterator[Frame]:
        while True:
            yield Frame(0.0, b"data: x\n\n", event=True)

    everything = Delivery("\r\n", bom=True, doubled=True, final_blank_line=False, piece_bytes=3, gzip=True)
    frames = deliver(endless(), everything)
    assert all(next(frames) for _ in range(1000))
