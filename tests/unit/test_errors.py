from __future__ import annotations

import inspect
import pickle
import re
from typing import Any

import pytest

from millstream import errors
from millstream.errors import (
    ArgsAborted,
    MillstreamError,
    ModelRetry,
    RunError,
    ToolError,
    TurnLimit,
    UsageError,
    WireError,
)
from millstream.transcript import Transcript, user
from millstream.transport.seam import Request

CLASSES: list[type[Any]] = [
    kind
    for _, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, Exception) and kind.__module__ == errors.__name__
]


def drawn() -> dict[str, str]:
    """The tree of the module's docstring: each exception with the one it stands under."""
    parents: dict[str, str] = {}
    branch: list[tuple[int, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"( +[│├└─ ]*)([A-Z]\w+)(?:  |$)", line)
        if found:
            depth = len(found[1])
            branch = [one for one in branch if one[0] < depth]
            parents[found[2]] = branch[-1][1] if branch else ""
            branch.append((depth, found[2]))
    return parents


def test_the_tree_in_the_docstring_is_the_tree() -> None:
    tree = {kind.__name__: kind.__mro__[1].__name__ for kind in CLASSES if issubclass(kind, MillstreamError)}
    assert drawn() == tree | {"MillstreamError": ""}


def test_what_a_tool_raises_is_no_error_of_millstreams() -> None:
    outside = {kind for kind in CLASSES if not issubclass(kind, MillstreamError)}
    assert outside == {ToolError, ModelRetry}
    assert issubclass(ArgsAborted, MillstreamError)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (WireError("the stream was cut"), "the stream was cut"),
        (WireError("overloaded", status=529), "overloaded (HTTP 529)"),
        (WireError("no", status=0, code=0), "no (HTTP 0, code 0)"),
        (WireError("no", code=""), "no"),
        (WireError("cut", bytes_seen=17, hint="Ask again."), "cut (after 17 bytes). Ask again."),
        (WireError("slow down", retry_after_s=1.5), "slow down (retry after 1.5 s)"),
        (WireError("slow down", retry_after_s=0.0), "slow down (retry after 0 s)"),
        (
            WireError(
                "rate limit reached",
                phase="request",
                status=429,
                code="rate_limit_exceeded",
                kind="tokens",
                retryable=True,
                retry_after_s=20,
                bytes_seen=3,
                hint="Wait a little.",
            ),
            "rate limit reached (HTTP 429, code rate_limit_exceeded, after 3 bytes, retry after 20 s). Wait a little.",
        ),
    ],
)
def test_a_wire_error_says_what_is_known_and_what_to_do(error: WireError, text: str) -> None:
    assert str(error) == text


def test_a_wire_error_knows_nothing_it_was_not_told() -> None:
    error = WireError("broken")
    assert (error.message, error.phase, error.status, error.code, error.kind) == ("broken", "stream", None, None, "")
    assert (error.retryable, error.retry_after_s, error.bytes_seen, error.hint) == (False, None, 0, "")
    assert error.transcript is None


def test_a_run_error_carries_what_was_said() -> None:
    said = Transcript((user("hello"),))
    assert TurnLimit("32 turns were used up", said).transcript is said
    assert RunError("broken").transcript is None
    assert str(TurnLimit("32 turns were used up", said)) == "32 turns were used up"


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_passes_between_processes(kind: type[Exception]) -> None:
    error = kind("what happened")
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is kind
    assert (str(again), vars(again)) == (str(error), vars(error))


def test_a_wire_error_passes_between_processes_whole() -> None:
    error = WireError("no", phase="connect", status=503, retryable=True, retry_after_s=2, hint="Wait.")
    error.transcript = Transcript((user("hello"),))
    again = pickle.loads(pickle.dumps(error))
    assert vars(again) == vars(error)


def test_what_the_caller_did_wrong_is_one_family() -> None:
    yours = {kind.__name__ for kind in CLASSES if issubclass(kind, UsageError)}
    assert yours == {"UsageError", "ToolDefinitionError", "ModelError", "RunClosed"}


def test_a_secret_is_hidden_wherever_an_error_tells_it() -> None:
    secrets = Request("https://x.test", {}, {"authorization": "Bearer sk-1234567", "x-short": "true"}).secrets
    error = WireError(
        "no Bearer sk-1234567, it is true", code="sk-1234567", kind="of sk-1234567", hint="See ?key=sk-1234567."
    )
    error.hide(secrets)
    assert str(error) == "no ***, it is true (code ***). See ?key=***."
    assert "1234567" not in repr(error) + error.kind


def test_a_secret_is_known_in_the_forms_in_which_servers_write_it() -> None:
    secrets = Request("https://x.test", {}, {"x-token": 'p@ss"word'}).secrets
    assert secrets == {'p@ss"word', "p%40ss%22word", 'p@ss\\"word'}
