"""The binary frames of Amazon's event streams: a length, headers, a payload, and a checksum over each half.

Pure. Written from the format's description: a prelude of two lengths and its CRC-32, headers of text, the payload, and
the CRC-32 of everything before. It must not know what the payloads say.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping

TEXT_HEADER = 7
"""The number of the header type for text, the only one these streams use."""
PRELUDE_BYTES = 12
CHECKSUM_BYTES = 4


def encode_frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    """One frame with these headers and this payload."""
    head = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    total = PRELUDE_BYTES + len(head) + len(payload) + CHECKSUM_BYTES
    lengths = struct.pack(">II", total, len(head))
    message = lengths + struct.pack(">I", zlib.crc32(lengths)) + head + payload
    return message + struct.pack(">I", zlib.crc32(message))


def _header(name: bytes, value: bytes) -> bytes:
    return struct.pack(">B", len(name)) + name + struct.pack(">BH", TEXT_HEADER, len(value)) + value
