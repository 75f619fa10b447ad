"""The rules of the legacy Completions: a body that is right, and the smallest change that makes it wrong."""

from typing import Any

import pytest

from millstream.testing.provider.rules import check_completions
from tests.unit.testing.provider.rules.breaking import GONE, with_change

BODY: dict[str, Any] = {
    "model": "m",
    "prompt": "Hi",
    "stream": True,
    "stream_options": {"include_usage": True},
    "max_tokens": 9,
    "stop": ["x"],
}
WRONG: list[tuple[tuple[str | int, ...], Any, str]] = [
    (("model",), GONE, "you must provide a model parameter"),
    (("prompt",), GONE, "Missing required parameter: 'prompt'."),
    (("prompt",), {}, "Invalid type for 'prompt'"),
    (("prompt",), [{}], "Invalid type for 'prompt[0]'"),
    (("stream",), False, "'stream_options' parameter is only allowed when 'stream' is enabled"),
    (("stream",), "yes", "Invalid type for 'stream'"),
    (("max_tokens",), "9", "Invalid type for 'max_tokens'"),
    (("stop",), ["a", "b", "c", "d", "e"], "Invalid 'stop': array too long"),
    (("stop",), [1], "Invalid type for 'stop[0]'"),
    (("tools",), [], "Unrecognized request argument supplied: tools"),
    (("messages",), [], "Unrecognized request argument supplied: messages"),
]


def test_the_body_is_right() -> None:
    assert check_completions(BODY) is None
    assert check_completions(with_change(BODY, ("prompt",), [1, 2])) is None


@pytest.mark.parametrize(("path", "value", "says"), WRONG, ids=[says[:60] for _, _, says in WRONG])
def test_the_smallest_change_is_refused(path: tuple[str | int, ...], value: Any, says: str) -> None:
    refusal = check_completions(with_change(BODY, path, value))
    assert refusal is not None
    assert says in refusal.message
