"""The state of a suspended run as text: it comes back as it was, and only if nobody touched it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from millstream import Approve, RunState, UsageError
from millstream.limits import Limits
from millstream.runtime import state as state_module
from tests.suspending import ASK, KEY, LOOK, WIPE, A, World, state_of

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MILLSTREAM_STATE_KEY", raising=False)


@pytest.fixture
def state() -> RunState:
    result = World().agent([WIPE, LOOK, ASK]).run_sync("Gehe los, Ümläut 😀.")
    assert result.state is not None
    return result.state


def test_it_comes_back_as_it_was(state: RunState) -> None:
    text = state.dump(KEY)
    assert RunState.load(text, KEY) == state
    assert RunState.load(text, KEY.encode()) == state
    assert RunState.load(json.dumps(json.loads(text), indent=4, sort_keys=True), KEY) == state, "as JSON, not as bytes"
    assert json.loads(text)["content"]["run_id"] == state.run_id
    assert text.isascii()


def test_the_key_may_be_in_the_environment(state: RunState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLSTREAM_STATE_KEY", KEY)
    assert RunState.load(state.dump()) == state
    assert World().agent("Done.").run_sync(resume=state.dump(), answers={A: Approve()}).pending
    with pytest.raises(UsageError, match="another key"):
        RunState.load(state.dump(), "another key of enough bytes")


@pytest.mark.parametrize("key", [None, "", b""])
def test_without_a_key_it_says_what_to_set(state: RunState, key: str | bytes | None) -> None:
    for act in (lambda: state.dump(key), lambda: RunState.load("{}", key)):
        with pytest.raises(UsageError, match="set MILLSTREAM_STATE_KEY, or pass key=; make one with: python -c"):
            act()


def test_a_short_key_is_refused(state: RunState) -> None:
    with pytest.raises(UsageError, match="has 6 bytes and needs 16 at least"):
        state.dump("secret")


def changed(data: Any, *path: str | int, to: Any) -> str:
    """The text with one value changed."""
    *way, last = path
    inner = data
    for step in way:
        inner = inner[step]
    assert inner[last] != to
    inner[last] = to
    return json.dumps(data)


@pytest.mark.parametrize(
    ("path", "to"),
    [
        (("content", "calls", 0, "args"), {"disk": "sdz"}),
        (("content", "calls", 0, "call", "name"), "look"),
        (("content", "calls", 0, "waits_for"), "answer"),
        (("content", "run_id"), "other"),
        (("content", "next_seq"), 1),
        (("content", "transcript", 0, "parts", 0, "text"), "Wipe it all."),
        (("content", "new"), 1),
        (("content",), {}),
        (("content",), [1]),
        (("hmac_sha256",), "0" * 64),
        (("hmac_sha256",), "ü"),
        (("hmac_sha256",), None),
    ],
)
def test_whatever_is_changed_in_it_is_noticed(state: RunState, path: tuple[str | int, ...], to: Any) -> None:
    data = json.loads(state.dump(KEY))
    *way, last = path
    if last == "new":
        data["content"]["new"] = to
        text = json.dumps(data)
    else:
        text = changed(data, *way, last, to=to)
    with pytest.raises(UsageError, match="this state was changed, or written with another key"):
        RunState.load(text, KEY)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "not the state of a run, nor any JSON"),
        ("{", "not the state of a run, nor any JSON"),
        ("[" * 100_000, "not the state of a run, nor any JSON"),
        ("[]", "this JSON is not the state of a run"),
        ('{"format":"other"}', "this JSON is not the state of a run"),
        ('{"format":"millstream run state","version":1}', "was changed"),
        ('{"format":"millstream run state","version":1,"content":{"a":NaN},"hmac_sha256":"0"}', "was changed"),
        ('{"format":"millstream run state"}', "of version None"),
        (b"{}", "the text that state.dump\\(\\) gave, not bytes"),
    ],
)
def test_what_is_no_state_is_told_apart(text: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        RunState.load(text, KEY)


def test_a_newer_one_is_left_to_a_newer_release(state: RunState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(state_module, "_VERSION", 2)
    text = state.dump(KEY)
    monkeypatch.undo()
    with pytest.raises(UsageError, match="of version 2 and this release of millstream reads 1"):
        RunState.load(text, KEY)
    relabelled = changed(json.loads(text), "version", to=1)
    with pytest.raises(UsageError, match="was changed"):
        RunState.load(relabelled, KEY)


def test_its_size_is_bounded_both_ways(state: RunState, monkeypatch: pytest.MonkeyPatch) -> None:
    text = state.dump(KEY)
    monkeypatch.setattr(state_module, "Limits", lambda: Limits(max_state_chars=len(text) - 1))
    with pytest.raises(UsageError, match=f"has {len(text):,} characters, and no more"):
        state.dump(KEY)
    with pytest.raises(UsageError, match=f"has {len(text):,} characters, no more"):
        RunState.load(text, KEY)
    monkeypatch.setattr(state_module, "Limits", lambda: Limits(max_state_chars=len(text)))
    assert RunState.load(text, KEY) == state


def test_what_fits_no_json_is_told(state: RunState) -> None:
    calls = {A: replace(state.calls[A], args={"disk": float("nan")})}
    with pytest.raises(UsageError, match="can not be written down"):
        replace(state, calls=calls).dump(KEY)


def test_a_state_whose_parts_do_not_fit_is_refused_also_with_the_key(state: RunState) -> None:
    """Written by us, and yet wrong: a call that no reply made, or that has its result."""
    forged = replace(state.calls[A], call=replace(state.calls[A].call, id="call-1-7"))
    for calls in ({}, {"call-1-7": forged}, {A: state.calls[A], "call-1-7": forged}):
        with pytest.raises(UsageError, match="the calls that wait are not those without a result"):
            RunState.load(replace(state, calls=calls).dump(KEY), KEY)
    odd: Any = {**state.calls, A: replace(state.calls[A], waits_for="mercy")}  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="nobody knows what call-1-0 waits for"):
        RunState.load(replace(state, calls=odd).dump(KEY), KEY)


def test_the_key_is_not_in_it(state: RunState) -> None:
    assert KEY not in state.dump(KEY)
    assert KEY not in repr(state)


def test_another_process_goes_on(state: RunState, tmp_path: Path) -> None:
    (tmp_path / "state.json").write_text(state.dump(KEY), encoding="utf-8")
    code = (
        "import sys; from pathlib import Path; from millstream import Approve, Answer\n"
        "from tests.suspending import World\n"
        "world = World(); text = Path(sys.argv[1]).read_text(encoding='utf-8')\n"
        "answers = {'call-1-0': Approve(), 'call-1-2': Answer('so')}\n"
        "result = world.agent('Done.').run_sync(resume=text, answers=answers)\n"
        "print(result.run_id, world.did, result.output, result.records[0].seq, len(result.transcript))"
    )
    environment = {**os.environ, "MILLSTREAM_STATE_KEY": KEY, "PYTHONPATH": os.pathsep.join(map(str, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "state.json")],
        cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout.split("\n")[0] == f"{state.run_id} ['wiped sda'] Done. {state.next_seq} 6"


def test_text_and_state_are_the_same_to_resume(state: RunState, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLSTREAM_STATE_KEY", KEY)
    by_state = World().agent().run_sync(resume=state)
    by_text = World().agent().run_sync(resume=state.dump())
    assert by_state.state == by_text.state
    assert state_of(by_text) == by_text.state
