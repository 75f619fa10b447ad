"""A compiled schema following the scanner: refuses at the token that makes a document certainly wrong.

Sound: it refuses only what the final validator would refuse whatever came next. At the end of the document `undecided`
tells whether the final validator must be asked. Where coercion is allowed the schema is read leniently (`place`), and
the verdict is left to the binding.

Most values have one evaluation and no alternatives: these take the short paths below, marked `sole` and `only`.
"""

from __future__ import annotations

from typing import Any, Final

from millstream.arguments.schema.compile import CompiledSchema
from millstream.arguments.schema.evaluation import FAILED, UNKNOWN, Evaluation, Failing, Group, Position
from millstream.arguments.schema.frame import NOWHERE, Frame, too_many_items
from millstream.arguments.schema.groups import Clock, open_group
from millstream.arguments.schema.node import ARRAY, OBJECT, STRING
from millstream.arguments.schema.place import Place
from millstream.arguments.schema.watch import Watch, Watches, one_watch
from millstream.arguments.seam import Notice, Veto
from millstream.events.values import JsonValue, is_object

_CONTAINERS: Final = OBJECT | ARRAY
_NOTHING: Final[Position] = {}


class SchemaChecker:
    """Follows one document; make a new one for each."""

    __slots__ = ("_clock", "_enclosing", "_frame", "_next", "_sole", "undecided")

    def __init__(self, schema: CompiledSchema, *, coerce: bool = False) -> None:
        self.undecided = False
        """Whether the final validator must be asked, told when the document is over."""
        self._clock = Clock()
        self._frame = NOWHERE  # the innermost open container
        self._enclosing: list[Frame] = []
        # Of the value that comes next or is open: its only evaluation; where that is None, all of them.
        self._sole: Evaluation | None = Evaluation(schema.places(lenient=coerce).root, self)
        self._next: Position = _NOTHING

    def member_failed(self, member: Evaluation) -> Failing | None:
        """The document can not be right any more."""
        raise member.problem

    def member_ended(self, member: Evaluation) -> None:
        """The document is over."""
        self.undecided = member.state == UNKNOWN

    def begin(self, kind: int) -> Notice | None:
        """A value of `kind` begins: veto it where another kind is wanted. Returns what is to see a string grow."""
        sole = self._sole
        if sole is not None:
            place = sole.place
            if not place.branching and place.kinds & kind:
                if kind == STRING:
                    return one_watch([make(sole) for make in place.watches]) if place.watches else None
                if kind & _CONTAINERS:
                    self._enclosing.append(self._frame)
                    self._frame = Frame({place: sole}, kind)
                return None
            self._next = {place: sole}
            self._sole = None
        position = self._next
        self._clock.now += 1
        watch = self._enter(position, kind) if position else None
        if kind & _CONTAINERS:
            self._enclosing.append(self._frame)
            self._frame = Frame(position, kind) if position else NOWHERE
        return watch

    def _enter(self, position: Position, kind: int) -> Watch | Watches | None:
        """Ask every evaluation of a value, those besides that its applicators ask, whether one of `kind` may be."""
        waiting = list(position.values())
        watches: list[Watch] = []
        for evaluation in waiting:  # which grows meanwhile
            if evaluation.state:
                continue
            place = evaluation.place
            if not place.kinds & kind:
                evaluation.fail(Veto(*place.wrong_kind(kind)))
            elif place.content & kind:
                evaluation.settle()
            else:
                if place.branching:
                    self._expand(evaluation, kind, position, waiting)
                if kind == STRING:
                    watches.extend(make(evaluation) for make in place.watches)
        return one_watch(watches)

    def _expand(self, owner: Evaluation, kind: int, position: Position, waiting: list[Evaluation]) -> None:
        def join(place: Place, group: Group) -> Evaluation:
            known = position.get(place)
            if known is None:
                known = position[place] = Evaluation(place, group)
                waiting.append(known)
                return known
            known.listeners += (group,)
            if known.state == FAILED:  # it was asked earlier, as is the next
                failed = group.member_failed(known)
                if failed is not None:
                    failed[0].fail(failed[1])
            elif known.state:
                group.member_ended(known)
            return known

        owner.groups = groups = list[Group]()
        for opening in owner.place.openings:
            if opening.applicator.kinds & kind:
                groups.append(open_group(opening, owner, join, self._clock))

    def begin_key(self) -> Notice | None:
        """A key begins: veto it where there are enough. Returns what is to see it grow."""
        frame = self._frame
        if not frame.guarded:
            return None
        only = frame.only
        if only is not None and only.place.guards_words_only:
            return None if only.state else only.place.guards[0](only)
        self._clock.now += 1
        return frame.key_watches(self._enter)

    def key(self, key: str) -> None:
        """A key is complete: veto it where the object may not have it."""
        frame = self._frame
        only = frame.only
        if only is not None and frame.keys is None and not frame.names and not only.state:
            place = only.place.at_key(key)
            if place.never:
                only.fail(Veto(*only.place.unknown_key(key)))
            self._expect(place, only)
            return
        self._clock.now += 1
        if frame.names:
            self._leave(frame.names, key)
        self._sole = None
        self._next = frame.at_key(key)

    def more(self, size: int) -> None:
        """A comma after `size` members of the current object: veto it where there may be no more."""
        self._frame.more_keys(size)

    def item(self, index: int) -> None:
        """Item `index` of the current array must follow: veto it where the array is full."""
        frame = self._frame
        only = frame.only
        if only is not None and not only.state and index < only.place.max_items:
            place = only.place.at_index(index)
            if place.never:
                only.fail(too_many_items(index, "items"))
            self._expect(place, only)
            return
        self._clock.now += 1
        self._sole = None
        self._next = frame.at_item(index)

    def _expect(self, place: Place, owner: Evaluation) -> None:
        """The value that comes next has one evaluation, or none."""
        if place.empty:
            self._sole = None
            self._next = _NOTHING
        else:
            self._sole = Evaluation(place, owner)

    def scalar(self, value: JsonValue) -> None:
        """A string, number, boolean or null is complete."""
        sole = self._sole
        if sole is not None:
            if not sole.state:
                _test(sole, value)
                if sole.undecided or sole.groups is not None:
                    sole.end()
        elif self._next:
            self._clock.now += 1
            self._leave(self._next, value)
        if self._frame.watchful:
            self._frame.member_over(value, self._next if sole is None else {sole.place: sole})

    def _leave(self, position: Position, value: Any) -> None:
        """A value is over: test it as a whole, and end its evaluations."""
        waited_for = False
        for one in position.values():
            if not one.state:
                _test(one, value)
                if one.undecided or one.groups is not None:
                    waited_for = True
        if waited_for:
            for one in position.values():
                one.end()

    def close(self, container: JsonValue) -> None:
        """An object or array is complete."""
        self._clock.now += 1
        position = self._frame.position
        if position:
            if is_object(container):
                for one in position.values():
                    place = one.place
                    if place.required and not one.state and not container.keys() >= place.required_set:
                        missing = [key for key in place.required if key not in container]
                        one.fail(Veto(f"missing: {', '.join(missing)}", "required"))
            self._leave(position, container)
        self._frame = self._enclosing.pop()
        if self._frame.watchful:
            self._frame.member_over(container, position)


def _test(one: Evaluation, value: Any) -> None:
    """Ask the assertions of a whole value."""
    for keyword, test in one.place.tests[type(value)]:
        try:
            problem = test(value)
        except ArithmeticError:  # a number too large for Python's arithmetic, as for the final validator's
            one.undecided = True
        else:
            if problem is not None:
                one.fail(Veto(problem, keyword))
                return
