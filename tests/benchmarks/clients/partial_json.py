"""The peers that follow a half-written JSON document, each fed as its documentation says, in their own environment.

An order names a contender, a document and a length of pieces; the answer is the CPU time of a delta in microseconds, or
why there is none. What parses the whole text again for each delta is measured at evenly spaced prefixes.
"""

# pyright: basic, reportMissingImports=false
# (it runs in an environment of its own, whose packages the type checkers do not have)

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Generator, Sequence
from time import process_time
from typing import Any

from tests.benchmarks.clients.serving import serve
from tests.benchmarks.documents import SHAPES

MOST_PREFIXES = 40
LEAST_PREFIXES = 4
SAMPLE_S = 0.4
MOST_S = 3.0


class TooSlow(Exception):
    """A document would take more than seconds."""


def _again(
    parse: Callable[[Any], object], prepare: Callable[[str], object] = str
) -> Callable[[Sequence[str], Any], float]:
    """The time of all deltas, from that of evenly spaced ones; making the prefixes is not counted."""

    def spent_s(pieces: Sequence[str], schema: Any) -> float:
        del schema
        text, chunk = "".join(pieces), len(pieces[0])
        once_s = _timed(parse, prepare(text[: len(text) // 2]))
        if once_s * LEAST_PREFIXES > MOST_S:
            raise TooSlow(f"one parse of the half takes {once_s:.1f} s")
        prefixes = max(LEAST_PREFIXES, min(MOST_PREFIXES, len(pieces), int(SAMPLE_S / once_s)))
        ends = [int((k + 0.5) / prefixes * len(pieces)) * chunk + chunk for k in range(prefixes)]
        return sum(_timed(parse, prepare(text[:end])) for end in ends) / prefixes * len(pieces)

    return spent_s


def _timed(parse: Callable[[Any], object], text: object) -> float:
    start_s = process_time()
    parse(text)
    return process_time() - start_s


def _jiter() -> Callable[[Sequence[str], Any], float]:
    import jiter

    return _again(lambda text: jiter.from_json(text, partial_mode="trailing-strings"), str.encode)


def _pydantic_core() -> Callable[[Sequence[str], Any], float]:
    from pydantic_core import from_json

    return _again(lambda text: from_json(text, allow_partial="trailing-strings"))


def _partial_json_parser() -> Callable[[Sequence[str], Any], float]:
    import partial_json_parser

    return _again(partial_json_parser.loads)


def _json_repair() -> Callable[[Sequence[str], Any], float]:
    import json_repair

    return _again(lambda text: json_repair.loads(text, stream_stable=True))


def _ijson() -> Callable[[Sequence[str], Any], float]:
    import ijson

    def spent_s(pieces: Sequence[str], schema: Any) -> float:
        del schema
        builder = ijson.ObjectBuilder()

        def build() -> Generator[None, tuple[str, Any], None]:
            while True:
                event, value = yield
                builder.event(event, value)

        sink = build()
        next(sink)
        parser = ijson.basic_parse_coro(sink, use_float=True)
        encoded = [piece.encode() for piece in pieces]
        start_s = process_time()
        for number, piece in enumerate(encoded):
            parser.send(piece)
            if not number % 1000 and process_time() - start_s > MOST_S:
                raise TooSlow(f"more than {MOST_S:g} s")
        parser.close()
        taken_s = process_time() - start_s
        assert builder.value == json.loads("".join(pieces))
        return taken_s

    return spent_s


def _jsonriver() -> Callable[[Sequence[str], Any], float]:
    import jsonriver

    def spent_s(pieces: Sequence[str], schema: Any) -> float:
        del schema
        start_s = process_time()

        async def feed() -> AsyncIterator[str]:
            for number, piece in enumerate(pieces):
                if not number % 1000 and process_time() - start_s > MOST_S:
                    raise TooSlow(f"more than {MOST_S:g} s")
                yield piece

        async def follow() -> object:
            value: object = None
            async for value in jsonriver.parse(feed()):  # noqa: B007  the last one is the whole
                pass
            return value

        value = asyncio.run(follow())
        taken_s = process_time() - start_s
        assert value == json.loads("".join(pieces))
        return taken_s

    return spent_s


def _llguidance() -> Callable[[Sequence[str], Any], float]:
    from llguidance import LLMatcher, LLTokenizer

    tokenizer = LLTokenizer("byte")

    def spent_s(pieces: Sequence[str], schema: Any) -> float:
        matcher = LLMatcher(tokenizer, LLMatcher.grammar_from_json_schema(json.dumps(schema)))
        tokens = [list(piece.encode()) for piece in pieces]
        start_s = process_time()
        for number, piece in enumerate(tokens):
            assert matcher.consume_tokens(piece), matcher.get_error()
            if not number % 1000 and process_time() - start_s > MOST_S:
                raise TooSlow(f"more than {MOST_S:g} s")
        return process_time() - start_s

    return spent_s


CONTENDERS: dict[str, Callable[[], Callable[[Sequence[str], Any], float]]] = {
    "jiter": _jiter,
    "pydantic_core": _pydantic_core,
    "partial-json-parser": _partial_json_parser,
    "json_repair": _json_repair,
    "jsonriver": _jsonriver,
    "ijson": _ijson,
    "llguidance": _llguidance,
}


def answer(order: dict[str, Any]) -> dict[str, Any]:
    """The CPU time of one delta, in microseconds."""
    make, schema = SHAPES[order["shape"]]
    text, chunk = make(order["chars"]), order["chunk"]
    pieces = [text[at : at + chunk] for at in range(0, len(text), chunk)]
    try:
        spent_s = CONTENDERS[order["contender"]]()(pieces, schema)
    except TooSlow as slow:
        return {"why": str(slow)}
    except ImportError as error:
        return {"why": f"not installed: {error}"}
    return {"us": spent_s / len(pieces) * 1e6}


if __name__ == "__main__":
    serve(answer)
