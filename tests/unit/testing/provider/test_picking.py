"""Which answer a request gets by its history, and what is remembered of responses."""

from typing import Any

import pytest

from millstream.testing.provider import picking
from millstream.testing.provider.endpoints import openai_chat, openai_responses
from millstream.testing.provider.picking import Memory

USER = {"role": "user", "content": "x"}
SAID = {"role": "assistant", "content": "x"}
CALLED: dict[str, Any] = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
ANSWERED = {"type": "function_call_output", "call_id": "c", "output": "x"}
THOUGHT: dict[str, Any] = {"type": "reasoning", "summary": []}


@pytest.mark.parametrize(
    ("messages", "turns"),
    [
        ([USER], 0),
        ([USER, SAID], 1),
        ([USER, SAID, SAID, USER], 1),
        ([USER, SAID, {"role": "tool"}, {"role": "tool"}, SAID, USER], 2),
        ("odd", 0),
        (None, 0),
    ],
)
def test_turns_of_a_chat_history(messages: Any, turns: int) -> None:
    assert openai_chat.turns({"messages": messages}, Memory()) == turns


RESPONSES_HISTORIES: list[tuple[Any, int]] = [
    ("hello", 0),
    ([USER], 0),
    ([USER, THOUGHT, CALLED, CALLED, ANSWERED, ANSWERED], 1),
    ([USER, THOUGHT, CALLED, ANSWERED, SAID, USER], 2),
    ([USER, {"type": "message", "role": "assistant", "content": []}, USER], 1),
    ([USER, {"type": "mcp_call"}, {"type": "mcp_approval_response"}], 1),
]


@pytest.mark.parametrize(("items", "turns"), RESPONSES_HISTORIES)
def test_turns_of_a_responses_history(items: Any, turns: int) -> None:
    assert openai_responses.turns({"input": items}, Memory()) == turns


def test_turns_behind_a_previous_response_count() -> None:
    memory = Memory()
    memory.remember("resp_1", [], 1)
    memory.remember("resp_2", [], 2)
    assert openai_responses.turns({"previous_response_id": "resp_2", "input": [ANSWERED]}, memory) == 2
    assert openai_responses.turns({"previous_response_id": "resp_9", "input": []}, memory) == 0


def test_what_the_rules_go_by_is_kept() -> None:
    memory = Memory()
    output = [
        {"type": "reasoning", "id": "rs_1"},
        {"type": "function_call", "id": "fc_1"},
        {"type": "message", "id": "m"},
    ]
    memory.remember("resp_1", output, 1)
    stored = memory.stored
    assert list(stored.responses["resp_1"]) == output
    assert stored.items["fc_1"] == output[1]
    assert stored.reasoning_of == {"fc_1": "rs_1"}


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(picking, "MAX_STORED", 2)
    memory = Memory()
    for number in range(5):
        memory.remember(
            f"resp_{number}", [{"type": "reasoning", "id": f"rs_{number}"}, {"type": "message", "id": f"m_{number}"}], 1
        )
    stored = memory.stored
    assert set(stored.responses) == {"resp_3", "resp_4"}
    assert set(stored.items) == {"rs_3", "m_3", "rs_4", "m_4"}
    assert set(stored.reasoning_of) == {"m_3", "m_4"}
