"""Part "decode": from the bytes of a response to events, in process."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable

from millstream.testing.provider.anthropic import AnthropicWire
from millstream.testing.provider.chat import ChatWire
from millstream.testing.provider.frames import Asked, Wire, compose
from millstream.testing.provider.reading import scenario_from_json
from millstream.testing.provider.responses import ResponsesWire
from millstream.testing.provider.scenario import Answer, Response
from tests.benchmarks.clients.harness import MODEL, PROMPT
from tests.benchmarks.conversations import burst
from tests.benchmarks.figures import Spread, ratio
from tests.benchmarks.frameworks import Framework, Lane, interleaved, lanes
from tests.benchmarks.report import Bench, Report
from tests.benchmarks.tables import Table

EVENTS = 20_000
REPETITIONS = 5
WIRES = ("responses", "chat", "messages")
OURS = Framework("millstream, decoder and router", "millstream_stream", wires=WIRES, order={"what": "route"})
ROWS = (
    Framework("json.loads of each event, nothing else", "millstream_stream", wires=WIRES, order={"what": "json"}),
    Framework("millstream, decoder", "millstream_stream", wires=WIRES, order={"what": "decode"}),
    OURS,
    Framework("openai, AsyncStream", "openai_stream", "openai"),
    Framework("anthropic, AsyncStream", "anthropic_stream", "anthropic", wires=("messages",)),
)


def measure(bench: Bench) -> Report:
    """Measure every row on its wires, in turn; the first time does not count."""
    files = {wire: written(bench, wire, EVENTS) for wire in WIRES}
    taken: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    with lanes(bench.folder, bench.peers, ROWS) as made:
        for number, lane in interleaved(made, 1 + REPETITIONS):
            if lane is made[0]:
                bench.say(f"decode: repetition {number} of {REPETITIONS}")
            answer = lane.ask({"file": files[lane.wire]})
            if number and answer is not None:
                taken[lane.framework.name, lane.wire].append(answer["cpu_s"] / EVENTS * 1e6)
    return _report(made, {key: Spread.of(values) for key, values in taken.items()})


def _report(made: list[Lane], spreads: dict[tuple[str, str], Spread]) -> Report:
    table = Table(
        f"{EVENTS:,} events of one response, half text and half arguments, a chunk of bytes each",
        ("", "wire", "CPU an event, us", "beside millstream"),
        notes=(
            f"Medians of {REPETITIONS} (range). The SDK reads from a mock transport, so that no socket is in the way.",
        ),
    )
    figures: dict[str, dict[str, float]] = {}
    for lane in made:
        name, wire = lane.framework.name, lane.wire
        spread = spreads.get((name, wire))
        if spread is None:
            table.miss(f"{name}, {wire}", lane.failed)
            continue
        table.add(name, wire, spread.text(), ratio(spread.median, spreads[OURS.name, wire].median))
        figures[f"{name} / {wire}"] = {"cpu_us": spread.median}
    return Report([table], figures)


def written(bench: Bench, wire: str, events: int) -> str:
    """A file with the events of a response, half text and half arguments of a call."""
    return written_as(bench, wire, f"{events}", scenario_from_json(burst(events // 2)).responses[0])


def written_as(bench: Bench, wire: str, name: str, response: Answer) -> str:
    """A file with the events of a response."""
    assert isinstance(response, Response), "it is a streamed one"
    asked = Asked({"model": MODEL, "input": PROMPT, "tools": [{"name": "write", "eager_input_streaming": True}]})
    wires: dict[str, Callable[[Asked], Wire]] = {
        "chat": ChatWire,
        "responses": ResponsesWire,
        "messages": AnthropicWire,
    }
    plays = wires[wire](asked)
    file = bench.folder / f"stream-{wire}-{name}.json"
    file.write_text(
        json.dumps([frame.data.decode() for frame in compose(response, plays) if frame.data]), encoding="utf-8"
    )
    return str(file)
