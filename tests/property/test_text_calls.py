"""Random prose and random calls written as text, in every style, cut at random: what was written is found."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from millstream.wire.text_calls.cursor import Args, Began, Closed, Found, Prose
from millstream.wire.text_calls.forms import CALL_BEGIN, CALLS_BEGIN
from millstream.wire.text_calls.styles import STYLES, TextCallStyle
from tests.pieces import cut_at
from tests.property.documents import VALUES, write
from tests.unit.wire.splitting import merged, split_pieces

pytestmark = pytest.mark.timeout(1800)  # with --hypothesis-profile=long it takes minutes

EXAMPLES = settings(max_examples=settings().max_examples // 5)
_NAMES = frozenset({"f", "get_weather", "a-b.c"})
_STYLES = st.sampled_from(sorted(STYLES))
_PLACES = st.lists(st.integers(0, 10_000), max_size=30)
_KEYS = st.sampled_from(["a", "b", "city", "arguments", "name", "é"])
_ARGS = st.dictionaries(_KEYS, VALUES, max_size=3)
_MARKS = [*"abc é\n<>[]{}()\"'\\`|:;,=", "<tool_", "[TOOL", CALL_BEGIN[:9], "\U0001f600"]
_PROSE = st.lists(st.sampled_from(_MARKS), max_size=20).map("".join)
_ANYTHING = [
    *'{}[]",:\\ \nf()=`<>|',
    "name",
    "arguments",
    "tool_call",
    "[TOOL_CALLS]",
    "[ARGS]",
    '{"name":"f","arguments":',
]
_SEP = "<｜tool▁sep｜>"  # noqa: RUF001  as above
_END = "<｜tool▁call▁end｜>"  # noqa: RUF001  as above
_AT_LINE_START = ("llama", "pythonic", "json")


def written(style: TextCallStyle, name: str, args: str, choose: random.Random) -> str:
    """A call as a model of that style may write it."""
    n, space = json.dumps(name), choose.choice(["", " ", "\n"])
    key = "parameters" if style == "llama" else "arguments"
    members = [f'"name":{space}{n}', f'{space}"{key}": {args}']
    choose.shuffle(members)
    object_ = f"{{{space}{members[0]},{members[1]}{space}}}"
    match style:
        case "hermes" | "auto":
            return f"<tool_call>{space}{object_}{space}</tool_call>"
        case "llama":
            return object_
        case "mistral":
            forms = [f"[TOOL_CALLS]{space}[{object_}]", f"[TOOL_CALLS]{name}[ARGS]{args}"]
            return forms[choose.randrange(1 + args.startswith("{"))]
        case "deepseek":
            begin = choose.choice([CALLS_BEGIN, ""]) + CALL_BEGIN
            inner = choose.choice([f"{name}{_SEP}{args}", f"function{_SEP}{name}\n```json\n{args}\n```"])
            return f"{begin}{inner}{_END}"
        case "pythonic":
            value = json.loads(args)
            return f"[{name}({', '.join(f'{key}={one!r}' for key, one in value.items())})]"
        case "json":
            return choose.choice([object_, f"```json\n{object_}\n```", f"[{object_}]"])


@st.composite
def said(draw: st.DrawFn, style: TextCallStyle) -> tuple[str, list[Found]]:
    """A text of prose and calls, and what is to be found in it."""
    choose = random.Random(draw(st.integers(0, 2**32)))
    text, found = "", list[Found]()
    for _ in range(draw(st.integers(0, 3))):
        prose = draw(_PROSE)
        assume(not prose.rstrip().endswith(("[", "`")))  # which would open a list or a fence around the call
        if style in _AT_LINE_START and prose.strip(" \n;," if found else " \n"):
            prose += "\n"
        name, value = draw(st.sampled_from(sorted(_NAMES))), draw(_ARGS)
        args = write(value, choose).strip()
        text += prose + written(style, name, args, choose)
        between = not prose.strip(" \n;,") and bool(found)
        found += [*([] if between else [Prose(prose)] if prose else []), Began(name), Args(args), Closed()]
    last = draw(_PROSE)
    found += [Prose(last)] if last.strip() or (last and not found) else []
    return text + last, found


@pytest.mark.parametrize("style", STYLES)
@EXAMPLES
@given(data=st.data(), places=_PLACES)
def test_prose_and_calls_are_found_as_they_were_written(
    style: TextCallStyle, data: st.DataObject, places: list[int]
) -> None:
    text, expected = data.draw(said(style))
    found = split_pieces([text], style, _NAMES)
    assert shown(found, style) == shown(merged(expected), style)
    assert split_pieces(cut_at(text, places), style, _NAMES) == found
    assert split_pieces(list(text), style, _NAMES) == found


def shown(found: list[Found], style: TextCallStyle) -> list[Any]:
    """With arguments by their text; those of Python calls by their value, and none as none."""
    if style != "pythonic":
        return list(found)
    return [json.loads(one.text) if isinstance(one, Args) else one for one in found]


@EXAMPLES
@given(style=_STYLES, data=st.data(), places=_PLACES)
def test_nothing_is_lost_where_there_is_no_such_tool(
    style: TextCallStyle, data: st.DataObject, places: list[int]
) -> None:
    text, _ = data.draw(said(style))
    expected = [Prose(text)] if text else []
    assert split_pieces(cut_at(text, places), style, frozenset({"other"})) == expected


@EXAMPLES
@given(style=_STYLES, data=st.data(), place=st.integers(0, 10_000))
def test_a_torn_text_closes_no_other_call(style: TextCallStyle, data: st.DataObject, place: int) -> None:
    text, _ = data.draw(said(style))
    whole = closed(split_pieces([text], style, _NAMES))
    torn = closed(split_pieces([text[: place % (len(text) + 1)]], style, _NAMES))
    assert torn == whole[: len(torn)]


def closed(found: list[Found]) -> list[tuple[str, str]]:
    """The calls that were closed as complete: names and argument texts."""
    calls: list[tuple[str, str]] = []
    name, args = "", ""
    for one in found:
        match one:
            case Began(name=name):
                args = ""
            case Args(text=text):
                args += text
            case Closed(complete=True):
                calls.append((name, args))
            case _:
                pass
    return calls


@EXAMPLES
@given(st.lists(st.sampled_from(_ANYTHING)).map("".join), _PLACES)
def test_any_text_at_all_is_cut_alike(text: str, places: list[int]) -> None:
    for style in STYLES:
        assert split_pieces(cut_at(text, places), style, frozenset("f")) == split_pieces([text], style, frozenset("f"))
