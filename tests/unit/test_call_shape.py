"""Whether a function can be called with what it will be given."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from millstream import UsageError
from millstream.call_shape import check_takes


class _Callable:
    def __call__(self, text: str, run: object) -> None:
        """Take two."""

    def method(self, text: str, *more: object) -> None:
        """Take two, or more."""


def two(text: str, run: object, extra: int = 0) -> None:
    """Take two, or three."""


def one(text: str) -> None:
    """Take one."""


def three(text: str, run: object, extra: int) -> None:
    """Take three."""


GOOD: list[Any] = [two, _Callable(), _Callable().method, partial(two, extra=1), partial(three, extra=1), print]
BAD: list[Any] = [one, three, partial(two, run=1), ord]


@pytest.mark.parametrize("function", GOOD)
def test_what_can_be_called(function: Any) -> None:
    check_takes("a guard on text", function, "text", "run")


@pytest.mark.parametrize("function", BAD)
def test_what_can_not(function: Any) -> None:
    with pytest.raises(UsageError, match=r"^a guard on text is called with \(text, run\): .* can not be$"):
        check_takes("a guard on text", function, "text", "run")


def test_what_is_no_function() -> None:
    with pytest.raises(UsageError, match=r"a guard on text is a function of \(text, run\), not 3"):
        check_takes("a guard on text", 3, "text", "run")
