"""Whether one value is right for one place: live while that is open, then failed, held or, for jsonschema, unknown.

An evaluation tells its listeners of its end: the evaluation of the container, which fails with it; or a group, which
may go on without it. Where a value is asked by several rules for the same place, they share one evaluation, so that
alternatives within alternatives cost no more than the schema is long. It does not know the document.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from millstream.arguments.seam import Veto

if TYPE_CHECKING:
    from millstream.arguments.schema.place import Place

LIVE: Final = 0
FAILED: Final = 1
HELD: Final = 2
UNKNOWN: Final = 3


class Listener(Protocol):
    """Who hears how an evaluation ends."""

    def member_failed(self, member: Evaluation) -> Failing | None:
        """The value is not right for `member`; `member.problem` says why. Returns what fails with it."""
        ...

    def member_ended(self, member: Evaluation) -> None:
        """`member` holds for certain, or is unknown and the value is over."""
        ...


class Group(Listener, Protocol):
    """What decides one applicator of an evaluation."""

    def key(self, key: str) -> None:
        """The object has a key."""
        ...

    def end(self) -> None:
        """The value is over: decide, after the members."""
        ...


class Evaluation:
    """Of one place for one value. `groups` is None where nothing waits for its end."""

    __slots__ = ("groups", "listeners", "place", "problem", "state", "undecided")

    def __init__(self, place: Place, listener: Listener) -> None:
        self.place = place
        self.listeners: tuple[Listener, ...] = (listener,)
        self.state = LIVE
        self.undecided = place.undecided
        self.groups: list[Group] | None = None
        self.problem: Veto

    def fail(self, problem: Veto) -> None:
        """The value is not right, whatever comes, and with it all that can not do without it: the first reason counts.

        Not by recursion: documents are deep.
        """
        failing: list[Failing] = [(self, problem)]
        while failing:
            one, why = failing.pop()
            if one.state == LIVE:
                one.state = FAILED
                one.problem = why
                more = [listener.member_failed(one) for listener in one.listeners]
                failing.extend(failed for failed in more if failed is not None)

    def settle(self) -> None:
        """The value is not over, but nothing that may follow in it can make it wrong."""
        if self.state == LIVE and not self.undecided:
            self.state = HELD
            for listener in self.listeners:
                listener.member_ended(self)

    def end(self) -> None:
        """The value is over: held, unless a group now fails it or something is left to the final validator."""
        if self.state != LIVE:
            return
        groups = self.groups
        if groups is _ENDING:
            return  # a schema that is its own condition: it stays live, which is not known
        if groups:
            self.groups = _ENDING
            for group in groups:
                group.end()
            if self.state != LIVE:
                return
        self.state = UNKNOWN if self.undecided else HELD
        for listener in self.listeners:
            listener.member_ended(self)

    def member_failed(self, member: Evaluation) -> Failing:
        """A value within is wrong, and with it this one."""
        return self, member.problem

    def member_ended(self, member: Evaluation) -> None:
        """A value within is over."""
        if member.state == UNKNOWN:
            self.undecided = True


_ENDING: Final[list[Group]] = []

Failing: TypeAlias = tuple[Evaluation, Veto]
"""An evaluation that fails, and why."""

Position: TypeAlias = "dict[Place, Evaluation]"
"""Every evaluation of one value."""
