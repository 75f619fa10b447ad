"""What is compared: millstream and its peers, and one process each for a part of the benchmark."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from tests.benchmarks.peers import Missing, Peers
from tests.benchmarks.processes import Client, Failed, client

WIRES = ("responses", "chat")


@dataclass(frozen=True, slots=True)
class Framework:
    """One row of the tables: which client program stands for it, and what its orders say beside the wire.

    `peer` names the environment it runs in, None is ours.
    """

    name: str
    module: str
    peer: str | None = None
    wires: tuple[str, ...] = WIRES
    order: Mapping[str, object] = field(default_factory=dict[str, object])


MILLSTREAM = Framework("millstream", "millstream_client")
MILLSTREAM_SAFE = Framework("millstream, tools with effects", "millstream_client", order={"read_only": False})
OPENAI_AGENTS = Framework("openai-agents", "openai_agents_client", "openai-agents")
PYDANTIC_AI = Framework("pydantic-ai", "pydantic_ai_client", "pydantic-ai")
LANGCHAIN = Framework("langchain (langgraph)", "langchain_client", "langchain")
OPENAI_RUNNER = Framework("openai, its eager tool runner", "openai_runner", "openai", wires=("responses",))
OPENAI_LOOP = Framework("openai, a loop by hand", "openai_loop", "openai")


@dataclass(slots=True)
class Lane:
    """One framework on one wire, in a process of its own; `failed` says why it is out of the race."""

    framework: Framework
    wire: str
    client: Client | None = None
    failed: str = ""

    def wait_ready(self) -> None:
        """Wait until its process has started."""
        try:
            if self.client is not None:
                self.client.wait_ready()
        except Failed as failed:
            self.failed = str(failed)

    def ask(self, order: Mapping[str, object]) -> dict[str, Any] | None:
        """Have an order carried out; None once it has failed."""
        if self.client is None or self.failed:
            return None
        try:
            return self.client.ask({"wire": self.wire, **self.framework.order, **order})
        except Failed as failed:
            self.failed = str(failed)
            return None


@contextmanager
def lanes(folder: Path, peers: Peers, frameworks: Sequence[Framework]) -> Generator[list[Lane]]:
    """A process for each framework and wire: all are started at once, and are there when this returns."""
    with ExitStack() as stack:
        made: list[Lane] = []
        for framework in frameworks:
            for wire in framework.wires:
                lane = Lane(framework, wire)
                made.append(lane)
                try:
                    python = None if framework.peer is None else peers.python(framework.peer)
                    log = folder / f"log-{len(made)}-{framework.module}.txt"
                    lane.client = stack.enter_context(client(python, framework.module, log))
                except Missing as missing:
                    lane.failed = str(missing)
        for lane in made:
            lane.wait_ready()
        yield made


def interleaved(made: Sequence[Lane], rounds: int) -> Iterator[tuple[int, Lane]]:
    """Every lane once a round, each round in another order, so that the machine's moods meet all alike."""
    random = Random(7)
    for number in range(rounds):
        yield from ((number, lane) for lane in random.sample(list(made), len(made)))
