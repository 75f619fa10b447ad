"""Deferred tools: their function is only a signature, what they do is done elsewhere. Which options can not go with it.

It does not know how a result comes in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from millstream.errors import UsageError

if TYPE_CHECKING:
    from millstream.toolbox.tool import ToolOptions

_ABOUT_THE_BODY: Final = ("timeout_s", "retry", "limit", "exclusive", "executor")


def check_deferred(name: str, options: ToolOptions) -> None:
    """Check that a deferred tool has no option that is about running its body.

    Raises:
        UsageError: it has one.
    """
    wrong = next((option for option in _ABOUT_THE_BODY if getattr(options, option) is not None), None)
    if options.deferred and wrong is not None:
        raise UsageError(f"{name}: {wrong}= is about running a tool, and a deferred one is not run here: leave it out")
