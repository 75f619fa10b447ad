"""Task groups and what they raise: back to the one exception that a person wrote."""

from __future__ import annotations

from types import TracebackType

from anyio.abc import TaskGroup


def only_leaf(error: BaseException) -> BaseException:
    """The one exception within groups of one; a group of several stays what it is."""
    inner: tuple[BaseException, ...] = getattr(error, "exceptions", ())
    return only_leaf(inner[0]) if len(inner) == 1 else error


async def leave(
    tasks: TaskGroup, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
) -> None:
    """Leave a task group early, for an `__aexit__`: cancel its tasks, wait for their ends, raise without the groups.

    Returns where the exception that passes through the block, `error`, is all there is to raise: it goes on by itself.
    """
    tasks.cancel_scope.cancel()
    try:
        await tasks.__aexit__(kind, error, traceback)
    except BaseException as raised:  # noqa: BLE001  raised again
        leaf = only_leaf(raised)
        if leaf is not error:
            raise leaf from leaf.__cause__
