"""The table of styles: which forms of call are looked for in the text of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from millstream.wire.text_calls import forms
from millstream.wire.text_calls.cursor import Cursor, Parser, Steps
from millstream.wire.text_calls.python_call import python_calls

TextCallStyle: TypeAlias = Literal["hermes", "llama", "mistral", "deepseek", "pythonic", "json", "auto"]
"""How a model writes its calls; "auto" looks for all of them."""


@dataclass(frozen=True, slots=True)
class Style:
    """What begins a call: marks, wherever they stand; characters, only at the start of a line, behind blanks."""

    marks: Mapping[str, Parser] = field(default_factory=dict[str, Parser])
    at_line_start: Mapping[str, tuple[Parser, ...]] = field(default_factory=dict[str, tuple[Parser, ...]])

    @property
    def first(self) -> str:
        """The characters with which any of it begins."""
        return "".join(sorted({mark[0] for mark in self.marks} | set(self.at_line_start)))

    def parsers(self, char: str, *, line_start: bool) -> tuple[Parser, ...]:
        """What a character may begin, to be tried in this order."""
        marks = tuple(mark for mark in self.marks if mark[0] == char)
        others = self.at_line_start.get(char, ()) if line_start else ()
        return (self._marked(marks), *others) if marks else others

    def _marked(self, marks: tuple[str, ...]) -> Parser:
        def parse(c: Cursor) -> Steps[None]:
            mark = yield from c.choose(marks)
            yield from self.marks[mark](c)

        return parse


_HERMES: Final = Style({forms.TOOL_CALL: forms.hermes})
_LLAMA: Final = Style({forms.PYTHON_TAG: forms.llama}, {"{": (forms.bare,)})
_MISTRAL: Final = Style({forms.TOOL_CALLS: forms.mistral})
_DEEPSEEK: Final = Style({forms.CALLS_BEGIN: forms.deepseek, forms.CALL_BEGIN: forms.deepseek_call})
_PYTHONIC: Final = Style({forms.PYTHON_START: forms.python_marked}, {"[": (python_calls,)})
_JSON: Final = Style({}, {"{": (forms.bare,), "[": (forms.bare_list,), "`": (forms.fenced,)})
_AUTO: Final = Style(
    {
        mark: parser
        for style in (_HERMES, _LLAMA, _MISTRAL, _DEEPSEEK, _PYTHONIC)
        for mark, parser in style.marks.items()
    },
    {**_JSON.at_line_start, "[": (python_calls, forms.bare_list)},
)

STYLES: Final[Mapping[TextCallStyle, Style]] = {
    "hermes": _HERMES,
    "llama": _LLAMA,
    "mistral": _MISTRAL,
    "deepseek": _DEEPSEEK,
    "pythonic": _PYTHONIC,
    "json": _JSON,
    "auto": _AUTO,
}
"""A new form of call is a parser in `forms` and a line here."""
