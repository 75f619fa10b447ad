"""Any terms, any order in which calls are sealed and end: the plan keeps to its limits, and everything starts."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from millstream.events import Call
from millstream.routing.plan import Plan, Terms

NAMES = ("read", "write", "deploy")
TERMS = st.builds(
    Terms,
    start=st.sampled_from(("eager", "safe", "end")),
    needs_approval=st.booleans(),
    limit=st.sampled_from((None, 1, 2)),
    exclusive=st.sampled_from((None, None, "db", "door", True)),
    priority=st.sampled_from((0, 0, 1, -1)),
)


@dataclass(frozen=True)
class Scene:
    """Calls with their tools, and numbers that say what happens next, each of what can happen."""

    tools: tuple[Terms, ...]
    calls: tuple[int, ...]
    concurrent: int
    choices: tuple[int, ...]
    interleaved: bool


SCENES = st.builds(
    Scene,
    st.tuples(TERMS, TERMS, TERMS),
    st.lists(st.integers(0, 2), min_size=1, max_size=8).map(tuple),
    st.integers(1, 4),
    st.lists(st.integers(0, 1000), max_size=60).map(tuple),
    st.booleans(),
)


@dataclass
class Played:
    """What happened to a plan until nothing more could."""

    scene: Scene
    plan: Plan
    calls: list[Call]
    at_work: list[Call] = field(default_factory=list[Call])
    started: list[Call] = field(default_factory=list[Call])

    def terms(self, call: Call) -> Terms:
        return self.scene.tools[NAMES.index(call.name)]

    def play(self) -> None:
        """Open, seal, approve, end and release, in an order that the scene's numbers say, then all that is left."""
        choices = iter(self.scene.choices)
        while events := self._possible():
            kind, call = events[next(choices, 0) % len(events)]
            self._do(kind, call)
            for started, _ in self.plan.admit():
                self._start(started)
            assert not self.plan.admit(), "all that may start has started"

    def _possible(self) -> list[tuple[str, Call | None]]:
        found: list[tuple[str, Call | None]] = []
        if self._opened < len(self.calls) and (self.scene.interleaved or self._sealed_all()):
            found.append(("open", self.calls[self._opened]))
        opened = self.calls[: self._opened]
        found += [("seal", call) for call in opened if call not in self._sealed]
        found += [("approve", call) for call in self._sealed if call not in self._approved]
        if self._opened == len(self.calls) and self._sealed_all() and not self._over:
            found.append(("end", None))
        found += [("release", call) for call in self.at_work]
        return found

    def __post_init__(self) -> None:
        self._opened = 0
        self._sealed: list[Call] = []
        self._approved: list[Call] = []
        self._over = False

    def _sealed_all(self) -> bool:
        return len(self._sealed) == self._opened

    def _do(self, kind: str, call: Call | None) -> None:
        if call is None:
            self._over = True
            self.plan.end()
        elif kind == "open":
            self._opened += 1
            self.plan.open(call, alone=self.terms(call).alone)
            self.plan.move_on(call.index)
        elif kind == "seal":
            self._sealed.append(call)
            self.plan.seal(call, self.terms(call), call.index)
        elif kind == "approve":
            self._approved.append(call)
            self.plan.approve(call.id)
        else:
            self.at_work.remove(call)
            self.plan.release(call.id)

    def _start(self, call: Call) -> None:
        terms = self.terms(call)
        assert call in self._sealed
        assert not terms.needs_approval or call in self._approved
        assert terms.start != "end" or self._over
        if terms.alone:
            assert not self.at_work, "nothing is at work beside a call that runs alone"
            assert all(other in self.started for other in self.calls[: call.index]), "it overtakes nobody"
        for other in self.calls[: call.index]:
            alone = self.terms(other).alone
            assert not alone or (other in self.started and other not in self.at_work), "nobody overtakes it"
        self.at_work.append(call)
        self.started.append(call)
        assert len(self.at_work) <= self.scene.concurrent
        assert terms.limit is None or sum(one.name == call.name for one in self.at_work) <= terms.limit
        groups = [self.terms(one).exclusive for one in self.at_work if self.terms(one).exclusive]
        assert len(set(groups)) == len(groups), "one of a group"


def played(scene: Scene) -> Played:
    calls = [Call(f"call-1-{at}", 1, at, NAMES[tool], f"id{at}") for at, tool in enumerate(scene.calls)]
    made = Played(scene, Plan(scene.concurrent), calls)
    made.play()
    return made


@given(scene=SCENES)
def test_10_the_plan_keeps_to_its_terms_and_everything_starts(scene: Scene) -> None:
    made = played(scene)
    assert sorted(call.index for call in made.started) == list(range(len(scene.calls)))
    assert made.plan.waiting() == []


@given(scene=SCENES)
def test_10_the_order_of_starts_is_the_same_each_time(scene: Scene) -> None:
    assert played(scene).started == played(scene).started
