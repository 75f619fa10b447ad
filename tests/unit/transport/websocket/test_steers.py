from __future__ import annotations

from typing import Any

import pytest

from millstream.transport.websocket.steers import Items, Steers, is_answer

ONE: Items = [{"role": "user", "content": "One."}]
TWO: Items = [{"role": "user", "content": "Two."}]


def answer(what: str, steer_id: str = "") -> dict[str, Any]:
    return {"type": f"response.steer.{what}", "steer": {"id": steer_id} if steer_id else {}}


def heard(steers: Steers, *answers: dict[str, Any]) -> Steers:
    for one in answers:
        assert is_answer(one)
        steers.hear(one)
    return steers


def asked(*commands: Items) -> Steers:
    steers = Steers()
    for items in commands:
        steers.ask(items)
    return steers


def test_what_is_accepted_is_known_to_the_response_that_follows() -> None:
    steers = heard(asked(ONE, TWO), answer("accepted", "s1"), answer("accepted", "s2"))
    assert steers.accepted == [*ONE, *TWO]
    assert steers.pending == []


def test_answers_come_in_the_order_of_the_commands() -> None:
    steers = heard(asked(ONE, TWO), answer("failed"), answer("accepted", "s2"))
    assert steers.accepted == TWO


def test_what_was_accepted_may_still_fail_or_wait_by_its_id() -> None:
    steers = heard(asked(ONE, TWO), answer("accepted", "s1"), answer("accepted", "s2"))
    heard(steers, answer("pending", "s2"), answer("failed", "s1"))
    assert (steers.accepted, steers.pending) == ([], TWO)


def test_without_an_answer_at_the_end_nobody_can_tell() -> None:
    steers = heard(asked(ONE, TWO), answer("accepted", "s1"))
    before = steers.doubtful
    steers.close()
    assert (before, steers.doubtful) == (False, True)
    assert steers.accepted == ONE


def test_an_answer_to_nothing_is_passed_over() -> None:
    steers = heard(Steers(), answer("accepted", "s1"), {"type": "response.steer.failed", "steer": None})
    assert (steers.accepted, steers.pending, steers.doubtful) == ([], [], False)


@pytest.mark.parametrize("name", ["response.created", "error", "response.steer", "response.steer.new"])
def test_other_messages_are_no_answers(name: str) -> None:
    assert not is_answer({"type": name})
