"""What a hostile or endless response costs in memory, measured in a process of its own.

The bound that was declared, and 8 MiB beside it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from millstream.testing import FakeProvider, Flood, LongLine, Scenario
from tests.faults.playing import API, PREFIX

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="reads Linux's /proc")

MIB = 1024 * 1024
SPARE = 8 * MIB
CLIENT = """
import sys
import anyio
from millstream import Agent, Limits, Model, WireError

def memory(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith(field))

async def main(name, base_url, max_message_bytes, frozen_s):
    limits = Limits(request_attempts=1, max_message_bytes=max_message_bytes, max_buffered_chars=1024 * 1024)
    agent = Agent(Model(name, base_url=base_url, api_key="any"), limits=limits)
    await agent.run("Hello.")
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = memory("VmRSS")
    try:
        async with agent.stream("Again.") as run:
            await anyio.sleep(frozen_s)
            if not frozen_s:
                async for _ in run:
                    pass
    except WireError as error:
        assert "Limits.max_message_bytes" in str(error), error
    print(memory("VmHWM") - before)

anyio.run(main, sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
"""


def growth(api: API, step: LongLine | Flood, *, max_message_bytes: int = 16 * MIB, frozen_s: float = 0) -> int:
    """By how many bytes the memory of a client grew at most while it read, or did not read, a response."""
    with FakeProvider(Scenario.of("Hello.", [step])) as provider:
        given = [f"{PREFIX[api]}:fake", provider.base_url, str(max_message_bytes), str(frozen_s)]
        command = [sys.executable, "-c", CLIENT, *given]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=100)
        assert done.returncode == 0, done.stderr
        return int(done.stdout)


def test_nolf(api: API) -> None:
    bound = 4 * MIB
    assert growth(api, LongLine(24_000_000), max_message_bytes=bound) < bound + SPARE


@pytest.mark.long
def test_nolf_of_200_mb(api: API) -> None:
    assert growth(api, LongLine(200_000_000)) < 16 * MIB + SPARE


def test_flood_before_a_frozen_consumer(api: API) -> None:
    assert growth(api, Flood("All work and no play. " * 50), frozen_s=1.5) < MIB + SPARE
