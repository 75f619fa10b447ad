"""The forms in which models write calls: each a parser from its opening mark, or from its first character, to its end.

Sources: the chat templates of Qwen, Hermes, Llama, Mistral and DeepSeek models, and the parsers that vLLM has for them.
Where a call is followed by another within the same marks, both are read.
"""

from __future__ import annotations

from typing import Final

from millstream.wire.text_calls.cursor import Cursor, NotACall, Steps
from millstream.wire.text_calls.json_call import arguments, call_list, call_object
from millstream.wire.text_calls.python_call import python_calls

TOOL_CALL: Final = "<tool_call>"
PYTHON_TAG: Final = "<|python_tag|>"
PYTHON_START: Final = "<|python_start|>"
TOOL_CALLS: Final = "[TOOL_CALLS]"
CALLS_BEGIN: Final = "<｜tool▁calls▁begin｜>"  # noqa: RUF001  DeepSeek's own characters
CALL_BEGIN: Final = "<｜tool▁call▁begin｜>"  # noqa: RUF001  as above
_SEPARATOR: Final = "<｜tool▁sep｜>"  # noqa: RUF001  as above
_CALL_END: Final = "<｜tool▁call▁end｜>"  # noqa: RUF001  as above
_CALLS_END: Final = "<｜tool▁calls▁end｜>"  # noqa: RUF001  as above
_FENCE: Final = "```"
_FENCED: Final = frozenset({"", "json", "tool_call", "tool_calls"})


def hermes(c: Cursor) -> Steps[None]:
    """Behind `<tool_call>`: an object, or several, and `</tool_call>`."""
    yield from c.blanks()
    yield from call_object(c, marked=True)
    while (yield from c.blanks()) == "{":
        yield from call_object(c, marked=True)
    yield from c.literal("</tool_call>")


def llama(c: Cursor) -> Steps[None]:
    """Behind `<|python_tag|>`: an object."""
    yield from c.blanks()
    yield from call_object(c, marked=True)


def mistral(c: Cursor) -> Steps[None]:
    """Behind `[TOOL_CALLS]`: an array of objects, or `name[ARGS]{…}`, with `[CALL_ID]…` between in some versions."""
    if (yield from c.blanks()) == "[":
        yield from call_list(c, marked=True)
        return
    name = yield from c.tool()
    if (yield from c.peek()) == "[" and (yield from c.choose(("[ARGS]", "[CALL_ID]"))) == "[CALL_ID]":
        yield from c.word()
        yield from c.literal("[ARGS]")
    yield from _arguments(c, name)


def deepseek(c: Cursor) -> Steps[None]:
    """Behind `<｜tool▁calls▁begin｜>`: calls, each within marks of its own."""  # noqa: RUF002  DeepSeek's characters
    yield from c.blanks()
    yield from c.literal(CALL_BEGIN)
    yield from deepseek_call(c)


def deepseek_call(c: Cursor) -> Steps[None]:
    """Behind `<｜tool▁call▁begin｜>`: `name<｜tool▁sep｜>{…}`, or in V3 `function<｜tool▁sep｜>name` and a fence."""  # noqa: RUF002  as above
    mark = CALL_BEGIN
    while mark == CALL_BEGIN:
        name = yield from c.word()
        yield from c.literal(_SEPARATOR)
        fenced = (yield from c.blanks()) != "{"
        if fenced:
            name = yield from c.word()
            yield from c.blanks()
            yield from c.literal(_FENCE + "json")
        if name not in c.names:
            raise NotACall
        yield from c.blanks()
        yield from _arguments(c, name)
        if (yield from c.blanks()) == "`":
            yield from c.literal(_FENCE)
            yield from c.blanks()
        yield from c.literal(_CALL_END)
        c.commit()
        yield from c.blanks()
        mark = yield from c.choose((CALL_BEGIN, _CALLS_END))


def python_marked(c: Cursor) -> Steps[None]:
    """Behind `<|python_start|>`: a list of Python calls, and `<|python_end|>`."""
    yield from c.blanks()
    yield from python_calls(c)
    c.commit()
    yield from c.blanks()
    yield from c.literal("<|python_end|>")


def bare(c: Cursor) -> Steps[None]:
    """An object, at its brace."""
    yield from call_object(c, marked=False)


def bare_list(c: Cursor) -> Steps[None]:
    """An array of objects, at its bracket."""
    yield from call_list(c, marked=False)


def fenced(c: Cursor) -> Steps[None]:
    """Objects, or an array of them, in a Markdown fence, at its first backtick."""
    yield from c.literal(_FENCE)
    if (yield from c.word("_")) not in _FENCED:
        raise NotACall
    if (yield from c.blanks()) == "[":
        yield from call_list(c, marked=False)
    else:
        yield from call_object(c, marked=False)
        while (yield from c.blanks()) == "{":
            yield from call_object(c, marked=False)
    yield from c.blanks()
    yield from c.literal(_FENCE)


def _arguments(c: Cursor, name: str) -> Steps[None]:
    """The arguments alone are the call."""
    if (yield from c.blanks()) != "{":
        raise NotACall
    c.begin(name)
    yield from arguments(c)
    if c.ended and c.at >= len(c.text):  # whether the value is whole, its assembler knows
        return
    c.close()
