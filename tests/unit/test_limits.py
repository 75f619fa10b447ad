from __future__ import annotations

import ast
import inspect
from dataclasses import FrozenInstanceError, fields

import pytest

from millstream import limits
from millstream.limits import Limits


def test_every_limit_is_a_positive_number_with_its_reason_beside_it() -> None:
    tree = ast.parse(inspect.getsource(limits))
    (record,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
    body = record.body[1:]
    for place, field in enumerate(fields(Limits)):
        named, reason = body[2 * place : 2 * place + 2]
        assert isinstance(named, ast.AnnAssign)
        assert isinstance(reason, ast.Expr)
        assert isinstance(reason.value, ast.Constant)
        assert len(str(reason.value.value)) > 20
        assert getattr(Limits(), field.name) > 0
        assert field.name.startswith("max_") or field.name.endswith(("_s", "_attempts"))


def test_the_deadlines_leave_room_for_each_other() -> None:
    default = Limits()
    assert default.connect_timeout_s < default.first_byte_timeout_s
    assert default.idle_timeout_s <= default.progress_timeout_s
    assert default.cancel_grace_s < default.tool_timeout_s
    assert default.max_result_chars < default.max_args_chars < default.max_message_bytes


def test_limits_are_a_value() -> None:
    assert Limits(max_turns=8) != Limits() == Limits()
    with pytest.raises(FrozenInstanceError):
        Limits().max_turns = 8  # type: ignore[misc]
