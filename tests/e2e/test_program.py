"""The program `millstream` as its users run it: in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from millstream import codec
from millstream.testing import FakeProvider, Response, Say, Scenario, call

CHAT = b"".join(
    b"data: "
    + json.dumps({"id": "c", "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}).encode()
    + b"\n\n"
    for delta, reason in [
        ({"role": "assistant", "content": "Let me "}, None),
        ({"content": "look."}, None),
        (
            {"tool_calls": [{"index": 0, "id": "call_1", "function": {"name": "weather", "arguments": '{"city":'}}]},
            None,
        ),
        ({"tool_calls": [{"index": 0, "function": {"arguments": '"Paris"}'}}]}, None),
        ({}, "tool_calls"),
    ]
)


def millstream(*args: str, given: bytes = b"", env: dict[str, str] | None = None) -> subprocess.CompletedProcess[bytes]:
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", **(env or {})}
    command = [sys.executable, "-m", "millstream.cli", *args]
    return subprocess.run(command, input=given, env=environment, capture_output=True, timeout=60, check=False)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    file = tmp_path / "stream.sse"
    file.write_bytes(CHAT)
    return file


def test_inspect_sums_a_stream_up(recorded: Path) -> None:
    done = millstream("inspect", str(recorded), "--api", "openai-chat", "--summary")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "text": "Let me look.",
        "refusal": None,
        "calls": [
            {
                "id": "call_1",
                "name": "weather",
                "kind": "function",
                "arguments": {"city": "Paris"},
                "arguments_raw": '{"city":"Paris"}',
                "state": "sealed",
            }
        ],
        "server_calls": [],
        "reason": "tool_calls",
        "usage": None,
        "error": None,
    }


def test_inspect_prints_records_that_can_be_read_back(recorded: Path) -> None:
    done = millstream("inspect", str(recorded), "--api", "openai-chat", "--json")
    records = list(codec.read_log(done.stdout.decode().splitlines()))
    assert [record.event.type for record in records][:3] == ["TextDelta", "TextDelta", "CallOpened"]
    assert [record.seq for record in records] == list(range(1, len(records) + 1))


def test_inspect_shows_a_timeline(recorded: Path) -> None:
    done = millstream("inspect", str(recorded), "--api", "openai-chat")
    shown = done.stdout.decode()
    assert "text       Let me look." in shown
    assert '✓ weather sealed  {"city": "Paris"}' in shown
    assert "ended: tool_calls" in shown


def test_inspect_tells_the_wire_format_from_the_stream(recorded: Path) -> None:
    with_it = millstream("inspect", str(recorded), "--api", "openai-chat", "--summary")
    assert millstream("inspect", str(recorded), "--summary").stdout == with_it.stdout


def test_inspect_reads_standard_input_and_says_what_a_torn_stream_is() -> None:
    done = millstream("inspect", "-", "--api", "openai-chat", given=CHAT[:-40])
    assert done.returncode == 0
    assert "✗ the stream ended before the model said why it stopped" in done.stdout.decode()
    assert "✗ weather" in done.stdout.decode()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["inspect", "/nowhere/stream.sse", "--api", "openai-chat"], "/nowhere/stream.sse can not be read"),
        (["inspect", ".", "--api", "openai-chat"], ". can not be read"),
        (["inspect", "-", "--api", "carrier-pigeon"], 'no wire format "carrier-pigeon"'),
        (["inspect", "-"], "pass --api, one of openai-responses, openai-chat"),
        (["inspect", "-", "--api", "openai-chat", "--json", "--summary"], "choose one"),
        (["chat", "--model", "nobody:x"], '"nobody:x" names no provider'),
        (["chat", "--model", "openai:x", "--tools", "nothing"], "write module:name"),
        (["chat", "--model", "openai:x", "--tools", "no_such_module:x"], "no_such_module"),
        (["chat", "--model", "openai:x", "--tools", "json:nothing"], 'json has no "nothing"'),
        (["chat", "--model", "openai:x", "--key-variable", "NO_SUCH_KEY"], "NO_SUCH_KEY: it is not set"),
        (["chat", "--model", "openai:x", "--base-url", "localhost"], 'the base URL "localhost" can not be used'),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(args: list[str], says: str) -> None:
    done = millstream(*args)
    assert done.returncode == 2
    lines = done.stderr.decode().splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("millstream: ")
    assert says in lines[0]


def test_a_conversation_with_tools(tmp_path: Path) -> None:
    (tmp_path / "my_tools.py").write_text(
        'def weather(city: str) -> str:\n    "Look up the weather of a city."\n    return f"21 °C in {city}"\n',
        encoding="utf-8",
    )
    scenario = Scenario.of(
        Response((Say("Let me look. "), call("weather", city="Paris"))), "It is 21 °C in Paris.", "You are welcome."
    )
    with FakeProvider(scenario) as provider:
        environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "MY_KEY": "k", "PYTHONPATH": str(tmp_path)}
        options = ["--base-url", provider.base_url, "--key-variable", "MY_KEY", "--tools", "my_tools:weather"]
        done = subprocess.run(
            [sys.executable, "-m", "millstream.cli", "chat", "--model", "openai:fake", *options],
            input=b"What is the weather?\nThank you!\n/exit\n",
            env=environment,
            capture_output=True,
            timeout=60,
            check=False,
        )
        shown = done.stdout.decode()
        assert done.returncode == 0, done.stderr.decode()
        assert "It is 21 °C in Paris." in shown
        assert "You are welcome." in shown
        last = provider.requests[-1].body
        assert len([item for item in last["input"] if item.get("role") == "user"]) == 2
        assert provider.requests[0].headers["authorization"] != "Bearer k", "the record masks the key"


def test_a_failed_answer_leaves_the_conversation_open() -> None:
    with FakeProvider(Scenario.of("Hello."), keys=["right"]) as provider:
        done = millstream(
            "chat",
            "--model",
            "openai:fake",
            "--base-url",
            provider.base_url,
            given=b"Hi\n",
            env={"OPENAI_API_KEY": "secret"},
        )
    assert done.returncode == 0
    assert "millstream: " in done.stderr.decode()
    assert "401" in done.stderr.decode()
    assert b"secret" not in done.stderr + done.stdout


def test_without_its_libraries_it_says_what_to_install() -> None:
    code = "import sys; sys.modules['typer'] = None; from millstream.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith("millstream: the program needs typer and rich: pip install 'millstream[cli]'")
