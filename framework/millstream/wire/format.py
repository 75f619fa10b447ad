"""The seam of a wire format: how a request is written, how its response is cut into messages, and who reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from millstream.events.values import CallKind, JsonObject
from millstream.settings import Settings
from millstream.transcript import Transcript
from millstream.wire.compat import ALL, Dialect, Leniency
from millstream.wire.framing import Framing
from millstream.wire.reading import Reader, StreamDecoder
from millstream.wire.text_calls import TextCallReader, TextCallStyle


@dataclass(frozen=True, slots=True)
class ToolSchema:
    """A tool as a model is told of it.

    `parameters` is the JSON Schema of its arguments, an object schema; a "custom" tool takes free text instead, which
    `grammar` may bind, in the words of OpenAI: `{"syntax": "lark", "definition": …}`.
    """

    name: str
    description: str
    parameters: JsonObject
    kind: CallKind = "function"
    grammar: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """One request for a response, in no provider's form.

    With `text_calls` the model writes its calls as text: a wire without tools of its own tells of them in words.
    With `must_call` every response must call a tool, because the answer itself is a call.
    """

    model: str
    transcript: Transcript
    instructions: str = ""
    tools: tuple[ToolSchema, ...] = ()
    settings: Settings = field(default_factory=Settings)
    dialect: Dialect = field(default_factory=Dialect)
    """What the server makes of the wire, where it is one of OpenAI's."""
    text_calls: TextCallStyle | None = None
    """How the model writes its calls, where it writes them as text."""
    must_call: bool = False


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a reader may need to know.

    `tool_names` help where a format does not say when a name is complete; `leniencies` are the deviations to put up
    with on a wire that others imitate. Where `text_calls` is a style, calls of these tools that are written as text are
    read as calls.
    """

    tool_names: frozenset[str] = frozenset()
    leniencies: frozenset[Leniency] = ALL
    text_calls: TextCallStyle | None = None


class Decoding(Protocol):
    """How the responses of one provider format are read: stateless, shared by all of them."""

    @property
    def name(self) -> str:
        """Its name in the table of providers, on the command line and in `Reply.wire`."""
        ...

    def reader(self, options: ReadOptions) -> Reader:
        """A reader of one response."""
        ...

    def framing(self, max_message_bytes: int) -> Framing:
        """What cuts the body of one response into messages."""
        ...


class Format(Decoding, Protocol):
    """One provider format, both ways."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers every request of this format has, the key left out."""
        ...

    def path(self, model: str) -> str:
        """What is appended to the base URL, a query included."""
        ...

    def request(self, ask: Ask) -> dict[str, Any]:
        """The JSON body of a streaming request.

        Raises:
            ModelError: the settings ask for something this format has no words for.
        """
        ...

    def tool(self, schema: ToolSchema) -> dict[str, Any]:
        """A tool definition as this format writes it."""
        ...

    def entries(self, transcript: Transcript) -> list[dict[str, Any]]:
        """A transcript as this format writes it: the items of `input`, or the messages."""
        ...


def decoder(decoding: Decoding, options: ReadOptions, *, max_message_bytes: int) -> StreamDecoder:
    """The decoder of one response."""
    reader = decoding.reader(options)
    if options.text_calls is not None and options.tool_names:
        reader = TextCallReader(reader, options.text_calls, options.tool_names)
    return StreamDecoder(reader, decoding.framing(max_message_bytes))
