"""The dress of a response body: line ends, doubled events, compression, pieces of a given size.

Pure and lazy: frames in, frames out, each with its time. What the events say is decided elsewhere.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace

from millstream.testing.provider.frames import Frame
from millstream.testing.provider.scenario import Delivery

GZIP_WINDOW = 31
"""zlib's number for the gzip container with the largest window."""
BOM = b"\xef\xbb\xbf"


def deliver(frames: Iterator[Frame], delivery: Delivery, newline: str | None = "\n") -> Iterator[Frame]:
    """The frames as they are delivered; verbatim bytes keep their line ends, and are neither doubled nor shortened.

    `newline` is what ends a line where the delivery does not say; None for a wire that has no lines, whose bytes are
    neither given other line ends nor shortened.
    """
    if delivery.doubled:
        frames = _doubled(frames)
    if newline is not None:
        frames = _with_lines(frames, delivery, delivery.newline or newline)
    if delivery.gzip:
        frames = _gzipped(frames)
    if delivery.piece_bytes is not None:
        frames = _in_pieces(frames, delivery.piece_bytes)
    return frames


def _with_lines(frames: Iterator[Frame], delivery: Delivery, newline: str) -> Iterator[Frame]:
    if not delivery.final_blank_line:
        frames = _without_final_blank_line(frames)
    if newline != "\n":
        frames = _with_newlines(frames, newline.encode())
    return _with_bom(frames) if delivery.bom else frames


def _doubled(frames: Iterator[Frame]) -> Iterator[Frame]:
    for frame in frames:
        yield frame
        if frame.event:
            yield replace(frame, mark="")


def _without_final_blank_line(frames: Iterator[Frame]) -> Iterator[Frame]:
    """An event is held back, with waits behind it, until more bytes show that it is not the last."""
    held: list[Frame] = []
    for frame in frames:
        if frame.data:
            yield from held
            held = []
        if frame.event or held:
            held.append(frame)
        else:
            yield frame
    if held:
        yield replace(held[0], data=held[0].data.removesuffix(b"\n"))
        yield from held[1:]


def _with_newlines(frames: Iterator[Frame], newline: bytes) -> Iterator[Frame]:
    for frame in frames:
        yield replace(frame, data=frame.data.replace(b"\n", newline)) if frame.event else frame


def _with_bom(frames: Iterator[Frame]) -> Iterator[Frame]:
    first = True
    for frame in frames:
        yield replace(frame, data=BOM + frame.data) if first and frame.data else frame
        first = first and not frame.data


def _gzipped(frames: Iterator[Frame]) -> Iterator[Frame]:
    """Each frame is flushed, so that it arrives when it is due; a cut leaves the compressed stream without its end."""
    packer = zlib.compressobj(wbits=GZIP_WINDOW)
    at_s = 0.0
    for frame in frames:
        at_s = frame.at_s
        packed = packer.compress(frame.data) + packer.flush(zlib.Z_SYNC_FLUSH) if frame.data else b""
        yield replace(frame, data=packed, event=False)
        if frame.cut is not None:
            return
    yield Frame(at_s, packer.flush())


def _in_pieces(frames: Iterator[Frame], piece_bytes: int) -> Iterator[Frame]:
    for frame in frames:
        if len(frame.data) <= piece_bytes:
            yield frame
            continue
        starts = range(0, len(frame.data), piece_bytes)
        for start in starts:
            last = start == starts[-1]
            piece = frame.data[start : start + piece_bytes]
            yield replace(
                frame, data=piece, mark=frame.mark if last else "", cut=frame.cut if last else None, event=False
            )
