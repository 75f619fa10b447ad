"""What the requests of a run travel on: one transport a model, opened when the model is first asked.

Some transports hold tasks of their own, so each is entered and left in a task that does nothing else: it can be opened
in the middle of a run and still be there when the tools that were started before it are gone. Knows nothing of what is
asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import anyio
from anyio.abc import TaskGroup

from millstream.models import Model
from millstream.transport.seam import Transport


class Transports:
    """The transports of a run; `async with` it around everything that asks a model.

    Args:
        tasks: where they live: leave it after this.
        kept: those that somebody else keeps open, by their models; they stay open.
    """

    def __init__(self, tasks: TaskGroup, kept: Mapping[Model, Transport] | None = None) -> None:
        self._tasks = tasks
        self._kept = dict(kept or {})
        self._held: dict[Model, _Held] = {}
        self._over = anyio.Event()

    async def of(self, model: Model) -> Transport:
        """The transport of a model, opened now where it was not yet.

        Raises:
            ModelError: it can not be used here. What else entering it raises goes through.
        """
        if model in self._kept:
            return self._kept[model]
        held = self._held.get(model)
        if held is None:
            made = model.transport()
            held = next((one for one in self._held.values() if one.made is made), None)  # two models share it
            if held is None:
                held = _Held(made, self._over)
                self._tasks.start_soon(held.run, name=f"transport of {model.name}")
            self._held[model] = held
        await held.decided.wait()
        if held.error is not None:
            self._held.pop(model, None)  # it may be tried again
            raise held.error
        assert held.transport is not None, "it is open, or failed to"
        return held.transport

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        self._over.set()
        for held in self._held.values():
            await held.closed.wait()


class _Held:
    """One transport and the task in which it is open."""

    def __init__(self, made: Transport, over: anyio.Event) -> None:
        self.made = made
        self.transport: Transport | None = None
        self.error: Exception | None = None
        self.decided = anyio.Event()
        """It is open, or there is an error."""
        self.closed = anyio.Event()
        self._over = over

    async def run(self) -> None:
        """Enter it, hold it until the run is over, leave it. What entering raises is for who asked for it."""
        try:
            async with self.made as self.transport:
                self.decided.set()
                with anyio.CancelScope(shield=True):  # what is cancelled may still have to stop its response
                    await self._over.wait()
        except Exception as error:
            if self.decided.is_set():
                raise
            self.error = error
        finally:
            self.decided.set()
            self.closed.set()
