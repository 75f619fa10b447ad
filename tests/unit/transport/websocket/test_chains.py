from __future__ import annotations

from typing import Any

import pytest

from millstream.transport.websocket.chains import Chains, Known, told
from millstream.wire.continuation import Continuation

ASKED: list[Any] = [{"type": "message", "content": "Go."}]
SAID: list[Any] = [{"type": "message", "content": "Yes."}]
NEW: list[Any] = [{"type": "message", "content": "More."}]
ON = Continuation("resp_1", NEW)


def known(*, stored: bool = False, connection: int = 1) -> Known:
    history = told(ASKED)
    assert history is not None
    return Known(connection, "", stored, history)


def test_a_response_whose_history_is_the_same_is_gone_on_from() -> None:
    chains = Chains()
    chains.remember("resp_1", known())
    assert chains.parent(ON, ASKED + SAID + NEW) == known()


@pytest.mark.parametrize(
    "history",
    [
        [{"type": "message", "content": "Go!"}, *SAID, *NEW],
        NEW,
        [],
        "Go.",
        None,
    ],
)
def test_a_history_that_is_another_is_not(history: Any) -> None:
    chains = Chains()
    chains.remember("resp_1", known())
    if history == NEW:
        history = [*SAID, *NEW]
    assert chains.parent(ON, history) is None


def test_what_is_not_known_is_not() -> None:
    chains = Chains()
    assert chains.parent(ON, ASKED + SAID + NEW) is None
    assert chains.parent(None, ASKED) is None


def test_what_was_forgotten_is_not() -> None:
    chains = Chains()
    chains.remember("resp_1", known())
    chains.forget("resp_1")
    chains.forget("resp_1")
    assert chains.parent(ON, ASKED + SAID + NEW) is None


def test_a_connection_takes_with_it_what_was_not_stored() -> None:
    chains = Chains()
    chains.remember("resp_1", known())
    chains.remember("resp_2", known(stored=True))
    chains.remember("resp_3", known(connection=2))
    chains.lost(1)
    found = [chains.parent(Continuation(id_, NEW), ASKED + SAID + NEW) for id_ in ("resp_1", "resp_2", "resp_3")]
    assert [one is not None for one in found] == [False, True, True]


def test_the_oldest_is_forgotten_in_the_end() -> None:
    chains = Chains()
    for number in range(300):
        chains.remember(f"resp_{number}", known())
    assert chains.parent(ON, ASKED + SAID + NEW) is None
    assert chains.parent(Continuation("resp_299", NEW), ASKED + SAID + NEW) is not None


def test_only_a_list_of_items_is_remembered() -> None:
    assert told("Go.") is None
    assert told(None) is None
    assert told([object()]) is not None
