"""Asks the next model where one can not be reached or refuses to serve, before anything of an answer was shown."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from millstream.errors import ModelError, WireError
from millstream.events import JsonObject
from millstream.models import Model

T = TypeVar("T")

_NOT_SERVED: Final = frozenset((402, 404, 408, 410, 429))
"""No money left, no such model (any more), too late, too much: nothing that another provider would say as well."""
_SERVER_ERROR: Final = 500


def may_fall_back(error: WireError) -> bool:
    """Whether another model may answer where this one failed.

    A request that is wrong in itself (400, 401, 403, 413, 422) is for its author to see, and not asked elsewhere.
    """
    return error.retryable or (error.status or 0) in _NOT_SERVED or (error.status or 0) >= _SERVER_ERROR


class Fallback:
    """Which model is asked for which: once one has stood in, it stays for the rest of the run.

    Args:
        tell: told, as "request.fallback", of each change and its facts.
    """

    def __init__(self, tell: Callable[[str, JsonObject], None]) -> None:
        self._tell = tell
        self._now: dict[Model, int] = {}  # how far in its chain

    async def ask(self, model: Model, attempt: Callable[[Model], Awaitable[T]]) -> T:
        """Have `attempt` ask a model, or the first of its stand-ins that can be asked.

        Args:
            model: the one to ask.
            attempt: asks the model it is given, as often as may help; raises only while nothing was shown.

        Raises:
            WireError: no model answered; of several, each is named with what it said.
            ModelError: the model can not be asked at all.
        """
        chain = model.chain
        failures: list[tuple[Model, WireError | ModelError]] = []
        for place in range(self._now.get(model, 0), len(chain)):
            one = chain[place]
            if failures:
                self._now[model] = place
                before, why = failures[-1]
                self._tell("request.fallback", {"from": before.name, "to": one.name, "error": str(why)})
            try:
                return await attempt(one)
            except WireError as error:
                if not may_fall_back(error):
                    raise
                failures.append((one, error))
            except ModelError as error:
                if not failures:
                    raise
                failures.append((one, error))
        raise _of_all(failures)


def _of_all(failures: list[tuple[Model, WireError | ModelError]]) -> WireError | ModelError:
    """The error of a turn for which no model was left."""
    last = failures[-1][1]
    if len(failures) == 1:
        return last
    listed = "; ".join(f"{model.name}: {error}" for model, error in failures)
    errors = [error for _, error in failures if isinstance(error, WireError)]
    final = errors[-1]
    retryable = any(error.retryable for error in errors)
    raised = WireError(
        f"no model answered: {listed}", phase=final.phase, status=final.status, kind=final.kind, retryable=retryable
    )
    raised.__cause__ = last
    return raised
