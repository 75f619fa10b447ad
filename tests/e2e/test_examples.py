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
    "session_and_traces.py": [
        "You asked about Paris.",
        "kept: 6 entries",
        "invoke_agent agent",
        "    execute_tool weather",
    ],
    "steering.py": ["Parisii, who\n  [response 1 ended: steered]", "[response 2 knows: Make it one", "one request"],
    "websocket_turns.py": ["http       All was well", "websocket  All was well"],
    "approval_two_processes.py": [
        "did list_files: ['logs/old.log', 'logs/new.log']",
        "waits for approval: delete_file",
        "waits for answer: ask_user",
        "went on: ['deleted logs/old.log', 'to the attic']",
        "the backup is in the attic",
    ],
    "arguments_alone.py": [
        "title grows by",
        "final: priority = high",
        "rejected at character 52 of",
        "/lines/0/count: expected",
    ],
    "image_result.py": [
        "the log holds image/png bars.png",
        "the highest is 5:",
        "sees: input_image data:image/png;base64,",
    ],
    "progress_from_anywhere.py": [
        "log: 100000 steps to go",
        "in_a_thread: crunching, 100,000 of 100,000; few events",
        "in_a_thread_of_ones_own: crunching, 100,000 of 100,000; few events",
        "in_async_code: page 12, 12 of 12; few events",
    ],
    "own_process.py": ["15000 of 20000, in another process", "call-1-0: 2262", "its process is gone"],
    "mcp_tools.py": [
        "▶ notes_search (eager)",
        "2 of 2: tools.txt",
        "log: 2 of 2",
        'there is no tool named "notes_delete"',
        "✓ notes_search: ['mills.txt', 'tools.txt']",
        "✓ notes_delete: deleted mills.txt",
        "expected string",
        "Done: one note is deleted.",
    ],
    "progress_in_terminal.py": ["attempt 3", "20 % notes/part-1.txt", "3 notes about mills", "saved", "finished in"],
    "structured_output.py": ["✓ Rome in style", "Rome: Walk from the For", "Two days in Rome: 2 days for 320 €"],
    "sub_agents.py": [
        "ask_mills  ▶ search",
        "ask_rivers ✓ search: 3",
        "lead       ✓ ask_mills: There are",
        "each",
    ],
    "handoff.py": ["reception: I put you through.", "✓ transfer_to_billing", "billing: Paid", "billing: Here is"],
    "guards.py": ["this agent only knows files", "✗ call-1-0", "I have read your notes. \nthe guard no_keys blocked"],
    "fallback_model.py": ["openai:scripted → anthropic:scripted", "✓ seat 12A is booked", "stopped after 1 request"],
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
