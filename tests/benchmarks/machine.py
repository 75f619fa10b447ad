"""The head of every result: on what it was measured, how busy that was, and which versions were measured."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from tests.benchmarks.peers import Missing, Peers
from tests.benchmarks.processes import environment

OURS = ("millstream", "httpx2", "aiohttp", "pydantic", "anyio")
THEIRS = {
    "openai": ("openai", "httpx2", "pydantic"),
    "openai-agents": ("openai-agents", "openai", "pydantic"),
    "pydantic-ai": ("pydantic-ai-slim", "openai", "pydantic"),
    "partial-json": (
        "jiter",
        "pydantic_core",
        "partial-json-parser",
        "ijson",
        "jsonriver",
        "json_repair",
        "llguidance",
    ),
}
_VERSIONS = "import importlib.metadata as m, json, sys; print(json.dumps([[n, m.version(n)] for n in sys.argv[1:]]))"


def head(peers: Peers) -> dict[str, str]:
    """Machine, Python and versions, in words; an environment that can not be made says so in its row."""
    facts = {
        "machine": f"{os.cpu_count()} x {_cpu()}, {platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "here": ", ".join(f"{name} {version(name)}" for name in OURS),
    }
    for peer, names in THEIRS.items():
        facts[peer] = _versions(peers, peer, names)
    return facts


def load() -> str:
    """How busy the machine is: processes that want to run, over the last 1, 5 and 15 minutes."""
    if not hasattr(os, "getloadavg"):
        return "unknown"
    return " ".join(f"{value:.1f}" for value in os.getloadavg())


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _versions(peers: Peers, peer: str, names: tuple[str, ...]) -> str:
    try:
        command = [str(peers.python(peer)), "-c", _VERSIONS, *names]
    except Missing as missing:
        return str(missing)
    done = subprocess.run(command, env=environment(ours=False), capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        return "unknown versions"
    return ", ".join(f"{name} {number}" for name, number in json.loads(done.stdout))
