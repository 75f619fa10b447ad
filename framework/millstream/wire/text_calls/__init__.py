"""Tool calls that a model writes as text, because its server does not read them out of it: read, told of, written back.

`TextCallReader` stands around any reader and turns such text into the same wire events as calls of the provider's own.
It is opt-in: `Model(…, text_calls="hermes")`. How text is cut into prose and calls stands in `splitter`; each form of
call is a parser in `forms`; the parsers know neither readers nor wire events.
"""

from __future__ import annotations

from millstream.wire.text_calls.reader import TextCallReader
from millstream.wire.text_calls.styles import STYLES, TextCallStyle

__all__ = ("STYLES", "TextCallReader", "TextCallStyle")
