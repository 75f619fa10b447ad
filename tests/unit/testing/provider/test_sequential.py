"""Calls that are written at the same time, for a wire that writes one after the other."""

from millstream.testing.provider.play import Act, Argued, Finished, Opened, Sealed, Sent, Torn
from millstream.testing.provider.sequential import OneAtATime
from millstream.testing.provider.steps import CallTool


def short(*acts: Act) -> list[str]:
    order = OneAtATime()
    given = [written for act in acts for written in order.feed(act)]
    return [f"{type(act).__name__}{getattr(act, 'n', '')}@{act.at_s:g}" for act in given]


A, B = CallTool("a"), CallTool("b")


def test_a_later_call_waits_and_keeps_no_time_before_the_end_of_the_first() -> None:
    acts = Opened(1, 0, A), Opened(1, 1, B), Argued(2, 0, "{"), Argued(2, 1, "{"), Sealed(3, 0), Argued(4, 1, "}")
    assert short(*acts, Sealed(4, 1)) == [
        *("Opened0@1", "Argued0@2", "Sealed0@3"),
        *("Opened1@3", "Argued1@3", "Argued1@4", "Sealed1@4"),
    ]


def test_the_end_of_the_response_lets_everything_go() -> None:
    acts = Opened(0, 0, A), Opened(0, 1, B), Argued(0, 1, "{}"), Sealed(0, 1)
    assert short(*acts, Finished(5, None)) == ["Opened0@0", "Opened1@5", "Argued1@5", "Sealed1@5", "Finished@5"]


def test_waits_and_cuts_let_nothing_go() -> None:
    assert short(Opened(0, 0, A), Opened(0, 1, B), Sent(1), Torn(1, "eof")) == ["Opened0@0", "Sent@1", "Torn@1"]


def test_several_that_wait_follow_each_other() -> None:
    waiting: list[Act] = [Opened(0, 1, B), Sealed(0, 1), Opened(0, 2, B), Argued(0, 2, "{")]
    assert short(Opened(0, 0, A), *waiting, Sealed(1, 0), Argued(2, 2, "}")) == [
        *("Opened0@0", "Sealed0@1", "Opened1@1", "Sealed1@1", "Opened2@1", "Argued2@1", "Argued2@2"),
    ]
