"""The table of wire formats, by name: a new provider format is one new file and one line here."""

from __future__ import annotations

from typing import Final

from millstream.errors import UsageError
from millstream.wire.format import Format
from millstream.wire.openai_chat import OpenAIChat
from millstream.wire.openai_responses import OpenAIResponses

FORMATS: Final[dict[str, Format]] = {format_.name: format_ for format_ in (OpenAIResponses(), OpenAIChat())}


def format_named(name: str) -> Format:
    """The format of that name.

    Raises:
        UsageError: there is none; the message lists those there are.
    """
    try:
        return FORMATS[name]
    except KeyError:
        message = f'there is no wire format "{name}"; there are: {", ".join(FORMATS)}'
        raise UsageError(message) from None
