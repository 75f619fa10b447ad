"""The provider as a process: it prints its URL, serves, and stops when it is told to."""

import json
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

KEY = {"authorization": "Bearer k"}
BODY = {"model": "m", "input": "hi", "stream": True}
COMMAND = [sys.executable, "-m", "millstream.testing.provider"]


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    file = tmp_path / "scenario.json"
    file.write_text(json.dumps({"pick": "history", "responses": ["Hello"]}), encoding="utf-8")
    return file


@contextmanager
def running(*arguments: str, stdin: int = subprocess.PIPE) -> Generator[tuple[subprocess.Popen[str], str]]:
    """The process and the URL it printed; it is gone when the block ends."""
    with subprocess.Popen(
        [*COMMAND, *arguments], stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


def test_it_serves_until_its_input_is_closed(scenario: Path) -> None:
    with running(str(scenario)) as (process, url):
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/v1")
        assert httpx2.post(f"{url}/responses", json=BODY, headers=KEY).status_code == 200
        (request,) = httpx2.get(url.removesuffix("/v1") + "/requests").json()
        assert [label for _, label in request["marks"]] == ["response-start", "first-text", "finish", "response-end"]
        out, err = process.communicate(timeout=10)  # closes its input
        assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize("signum", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_at_a_signal_and_ignores_an_input_that_is_nothing(scenario: Path, signum: signal.Signals) -> None:
    with running(str(scenario), stdin=subprocess.DEVNULL) as (process, url):
        assert httpx2.post(f"{url}/responses", json=BODY, headers=KEY).status_code == 200
        process.send_signal(signum)
        assert process.communicate(timeout=10) == ("", "")
        assert process.returncode == 0


def test_its_options(scenario: Path) -> None:
    with running(str(scenario), "--key", "a", "--key", "b", "--model", "m", "--no-check") as (_, url):
        statuses = [
            httpx2.post(
                f"{url}/responses",
                json={"model": model, "stream": True},
                headers={"authorization": f"Bearer {key}"},
            ).status_code
            for key, model in (("a", "m"), ("b", "m"), ("c", "m"), ("a", "n"))
        ]
    assert statuses == [200, 200, 401, 400]


def test_what_is_wrong_is_told_in_a_line(tmp_path: Path) -> None:
    file = tmp_path / "scenario.json"
    file.write_text('[[{"sya": "x"}]]', encoding="utf-8")
    done = subprocess.run([*COMMAND, str(file)], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("responses[0].steps[0]: no known key names a step")
    assert done.stderr.count("\n") == 1
