"""The applicators of one evaluation: anyOf, oneOf, not, if, dependentSchemas, contains and propertyNames.

Each hears how its members end and fails its owner as soon as the owner can not hold any more. What it can not decide
at the end of the value, because a member is unknown, makes its owner undecided. Nothing here knows the document.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from millstream.arguments.schema.evaluation import FAILED, HELD, Evaluation, Failing, Group
from millstream.arguments.schema.place import Opening, Place
from millstream.arguments.seam import Veto

Join: TypeAlias = "Callable[[Place, Group], Evaluation]"
"""The evaluation of a place for the value at hand, which the group then listens to."""
_MAX_REASONS: Final = 4


class _Quiet:
    """What most groups do when they hear of something: nothing."""

    __slots__ = ()

    def key(self, key: str) -> None:
        """The object has a key."""

    def member_failed(self, member: Evaluation) -> Failing | None:
        """A member can not hold any more."""
        del member
        return None

    def member_ended(self, member: Evaluation) -> None:
        """A member is over, and has not failed."""


class Alternatives(_Quiet):
    """`anyOf` and `oneOf`: when the last member fails, the owner does."""

    __slots__ = ("_alone", "_clock", "_held", "_keyword", "_left", "_members", "_owner", "_recent", "_recent_at")

    def __init__(self, opening: Opening, owner: Evaluation, join: Join, clock: Clock) -> None:
        self._owner = owner
        self._keyword = opening.applicator.keyword
        self._alone = self._keyword == "oneOf"
        self._left = len(opening.members)
        self._held = 0
        self._clock = clock
        self._recent: list[Veto] = []
        self._recent_at = -1
        self._members: tuple[Evaluation, ...] = ()
        self._members = tuple(join(place, self) for place in opening.members)

    def member_failed(self, member: Evaluation) -> Failing | None:
        """A member can not hold any more: with the last one goes the owner."""
        if self._recent_at != self._clock.now:  # those that fail at one character are told of together
            self._recent_at = self._clock.now
            self._recent = []
        self._recent.append(member.problem)
        self._left -= 1
        return None if self._left else (self._owner, self._problem(member.problem))

    def _problem(self, last: Veto) -> Veto:
        reasons = list(dict.fromkeys(problem.message for problem in self._recent))
        if len(reasons) == 1:
            return last  # the one alternative that was left, or all for the same reason
        more = f"; and {len(reasons) - _MAX_REASONS} more" if len(reasons) > _MAX_REASONS else ""
        words = f"none of the {len(reasons)} forms that were left fits: {'; or '.join(reasons[:_MAX_REASONS])}{more}"
        return Veto(words, self._keyword, last.index)

    def member_ended(self, member: Evaluation) -> None:
        """A member holds: in `oneOf` not two may."""
        if self._alone and member.state == HELD:
            self._held += 1
            if self._held > 1:
                self._owner.fail(Veto("fits more than one of the forms of which it may fit only one", "oneOf"))

    def end(self) -> None:
        """The value is over."""
        for member in self._members:
            member.end()
        held = any(member.state == HELD for member in self._members)
        unknown = any(member.state not in (HELD, FAILED) for member in self._members)
        if unknown and (self._alone or not held):
            self._owner.undecided = True


class Negation(_Quiet):
    """`not`: the owner fails if the member holds."""

    __slots__ = ("_member", "_owner")

    def __init__(self, opening: Opening, owner: Evaluation, join: Join) -> None:
        self._owner = owner
        self._member = join(opening.members[0], self)

    def member_ended(self, member: Evaluation) -> None:
        """The member holds."""
        if member.state == HELD:
            self._owner.fail(Veto("is of a form that is not allowed here", "not"))

    def end(self) -> None:
        """The value is over."""
        self._member.end()
        if self._member.state not in (HELD, FAILED):
            self._owner.undecided = True


class Conditional(_Quiet):
    """`if`, `then` and `else`: all three are followed, and the owner fails once no condition could save it."""

    __slots__ = ("_else", "_if", "_owner", "_then")

    def __init__(self, opening: Opening, owner: Evaluation, join: Join) -> None:
        self._owner = owner
        self._if, self._then, self._else = (join(place, self) for place in opening.members)
        self._check()

    def _check(self) -> None:
        wrong = self._wrong()
        if wrong is not None:
            self._owner.fail(wrong)

    def member_failed(self, member: Evaluation) -> Failing | None:
        """One of the three can not hold any more."""
        wrong = self._wrong()
        if wrong is None:
            return None
        # What was wrong may have come earlier; what decides is the character at which this member fails.
        return self._owner, Veto(wrong.message, wrong.keyword, member.problem.index)

    def _wrong(self) -> Veto | None:
        """Why the owner fails, whatever the condition comes to; None as long as it may hold."""
        if not hasattr(self, "_else"):
            return None  # they are still being joined
        condition, then, otherwise = self._if.state, self._then, self._else
        if otherwise.state == FAILED and FAILED in (condition, then.state):
            return otherwise.problem
        return then.problem if then.state == FAILED and condition == HELD else None

    def member_ended(self, member: Evaluation) -> None:
        """One of the three is over."""
        if member.state == HELD:
            self._check()

    def end(self) -> None:
        """The value is over."""
        for member in (self._if, self._then, self._else):
            member.end()
        if self._if.state == HELD:
            self._demand(self._then)
        elif self._if.state == FAILED:
            self._demand(self._else)
        elif not (self._then.state == self._else.state == HELD):
            self._owner.undecided = True

    def _demand(self, member: Evaluation) -> None:
        if member.state not in (HELD, FAILED):  # with the condition decided, a failure was told at once
            self._owner.undecided = True


class Dependent(_Quiet):
    """One key of `dependentSchemas`: once it is there, the member must hold."""

    __slots__ = ("_key", "_member", "_owner", "_seen")

    def __init__(self, opening: Opening, owner: Evaluation, join: Join) -> None:
        self._owner = owner
        self._key = opening.applicator.key
        self._seen = False
        self._member = join(opening.members[0], self)

    def key(self, key: str) -> None:
        """The object has a key."""
        if key == self._key:
            self._seen = True
            if self._member.state == FAILED:
                self._owner.fail(self._member.problem)

    def member_failed(self, member: Evaluation) -> Failing | None:
        """The member can not hold any more."""
        return (self._owner, member.problem) if self._seen else None

    def end(self) -> None:
        """The object is over."""
        if self._seen:
            self._member.end()
            if self._member.state not in (HELD, FAILED):
                self._owner.undecided = True


class Containing(_Quiet):
    """`contains` with its bounds: every item is a member, and those that hold are counted."""

    __slots__ = ("_least", "_most", "_owner", "_unknown", "held", "place")

    def __init__(self, opening: Opening, owner: Evaluation) -> None:
        self._owner = owner
        self.place = opening.members[0]
        self._least = opening.applicator.least
        self._most = opening.applicator.most
        self.held = 0
        self._unknown = 0

    def member_ended(self, member: Evaluation) -> None:
        """An item is over, and has not failed."""
        if member.state != HELD:
            self._unknown += 1
            return
        self.held += 1
        if self.held > self._most:
            words = f"expected at most {int(self._most)} items of the form of `contains`, found more"
            self._owner.fail(Veto(words, "maxContains"))

    def end(self) -> None:
        """The array is over."""
        if self.held + self._unknown < self._least:
            what = "item" if self._least == 1 else "items"
            words = f"expected at least {int(self._least)} {what} of the form of `contains`, found {self.held}"
            self._owner.fail(Veto(words, "minContains" if self._least != 1 else "contains"))
        elif self.held < self._least or self.held + self._unknown > self._most:
            self._owner.undecided = True


class KeyName(_Quiet):
    """`propertyNames`: a key that fails makes its object fail."""

    __slots__ = ("_owner",)

    def __init__(self, owner: Evaluation) -> None:
        self._owner = owner

    def member_failed(self, member: Evaluation) -> Failing:
        """The key is not one that may be."""
        problem = member.problem
        return self._owner, Veto(f"as a key: {problem.message}", "propertyNames", problem.index)

    def member_ended(self, member: Evaluation) -> None:
        """The key is over, and has not failed."""
        self._owner.member_ended(member)

    def end(self) -> None:
        """Nothing: each key was decided by itself."""


class Clock:
    """Counts the tokens of a document."""

    __slots__ = ("now",)

    def __init__(self) -> None:
        self.now = 0


def open_group(opening: Opening, owner: Evaluation, join: Join, clock: Clock) -> Group:
    """The group that decides an applicator of `owner`; it may fail its owner at once."""
    match opening.applicator.keyword:
        case "anyOf" | "oneOf":
            return Alternatives(opening, owner, join, clock)
        case "not":
            return Negation(opening, owner, join)
        case "if":
            return Conditional(opening, owner, join)
        case "dependentSchemas":
            return Dependent(opening, owner, join)
        case _:
            return Containing(opening, owner)
