"""Calls written as text: what is written is read again, in every style."""

from __future__ import annotations

import json
from typing import Any

import pytest

from millstream.wire.text_calls.cursor import Args, Began, Closed
from millstream.wire.text_calls.styles import STYLES, TextCallStyle
from millstream.wire.text_calls.writing import told, written
from tests.unit.wire.splitting import split

_ARGS: dict[str, Any] = {"city": "Zürich \"'\\\n</tool_call>", "days": [1, 2.5, None, True], "to": {"k": {}}}


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("args", [{}, {"a": 1}, _ARGS])
def test_what_is_written_is_read_again(style: TextCallStyle, args: dict[str, Any]) -> None:
    found = split(written(style, "get_weather", args), style)
    assert [found[0], found[-1]] == [Began("get_weather"), Closed()]
    assert json.loads("".join(one.text for one in found if isinstance(one, Args))) == args


@pytest.mark.parametrize("style", STYLES)
def test_a_model_is_told_of_its_tools_and_of_how_to_call_them(style: TextCallStyle) -> None:
    tools: list[dict[str, Any]] = [{"name": "f", "description": "does f", "parameters": {"type": "object"}}]
    text = told(style, tools)
    assert '{"name": "f", "description": "does f", "parameters": {"type": "object"}}' in text
    assert written(style, "NAME", {"PARAMETER": "VALUE"}) in text
