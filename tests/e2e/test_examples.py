"""Every example runs as a reader would run it: in a process of its own, offline, from the repository's root."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAYS = {
    "smallest_agent.py": ["started while the model is still writing", "21 °C and clear in Paris", "light jacket"],
    "any_provider.py": ["openai:gpt-5.1", "gemini:gemini-2.5-pro", "▶ weather  Clear. (2 requests)", "cohere:command"],
    "calls_in_text.py": ["I will look it up.", "✓ 21 °C and clear in Paris", "Clear, at 21 °C."],
    "free_text_tool.py": ["openai-responses: 42 rows for: SELECT", "anthropic-messages: 42 rows for: SELECT"],
    "websocket_turns.py": ["http       All was well", "websocket  All was well"],
    "arguments_alone.py": [
        "title grows by",
        "final: priority = high",
        "rejected at character 52 of",
        "/lines/0/count: expected",
    ],
    "progress_in_terminal.py": ["attempt 3", "20 % notes/part-1.txt", "3 notes about mills", "saved", "finished in"],
    "write_file_while_written.py": [
        "bytes are in poem.txt.part",
        "the call is complete\n  the tool returned\n  That was it.\n  the folder holds ['poem.txt']",
        "the call failed\n  That was it.\n  the folder holds []",
    ],
    "your_own_loop.py": ["▶ stock started", "{'bolts': 120}", "enough bolts and nuts", "two requests"],
}


def test_every_example_is_listed_here() -> None:
    assert sorted(SAYS) == sorted(path.name for path in (ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("name", sorted(SAYS))
def test_an_example_says_what_it_promises(name: str) -> None:
    script = ROOT / "examples" / name
    environment = {**os.environ, "MILLSTREAM_OFFLINE": "1", "PYTHONIOENCODING": "utf-8", "PYTHONWARNINGS": "error"}
    done = subprocess.run(
        [sys.executable, script], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for words in SAYS[name]:
        assert words in done.stdout
    assert len(script.read_text(encoding="utf-8").splitlines()) < 80
