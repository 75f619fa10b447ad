"""A function's docstring -> what a model is told: the summary, and a description for each parameter.

Google ("Args:"), NumPy ("Parameters" underlined) and Sphinx (":param x:") forms are read; anything else is summary.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import Final

_GOOGLE: Final = re.compile(r"^(Args|Arguments|Parameters|Params|Keyword Arg(ument)?s|Other Parameters):\s*$")
_GOOGLE_PARAM: Final = re.compile(r"^(\s+)\*{0,2}(\w+)\s*(?:\(.*?\))?\s*:\s*(.*)$")
_NUMPY: Final = re.compile(r"^(Other )?Parameters\s*$")
_NUMPY_PARAMS: Final = re.compile(r"^((?:\*{0,2}\w+\s*,\s*)*\*{0,2}\w+)\s*(?::.*)?$")
_SPHINX_PARAM: Final = re.compile(
    r"^\s*:(?:param|parameter|arg|argument|key|keyword)\s+(?:[^:]*\s)?\*{0,2}(\w+)\s*:\s*(.*)$"
)
_SECTION: Final = re.compile(
    r"^(Returns?|Yields?|Raises|Examples?|Notes?|Warnings?|See Also|References|Attributes):?\s*$"
)
_FIELD: Final = re.compile(r"^\s*:\w+[^:]*:")


@dataclass(frozen=True, slots=True)
class Docstring:
    """What a docstring says: everything before its sections, and the parameters' descriptions."""

    summary: str
    parameters: dict[str, str]


def parse_docstring(text: str | None) -> Docstring:
    """Read a docstring; an absent one says nothing."""
    joined = "\n".join((text or "").splitlines())  # Python 3.13 leaves the indents of lines that end with CR LF
    lines = inspect.cleandoc(joined).splitlines()
    if lines and _GOOGLE.match(lines[0]) and not any(line.startswith((" ", "\t")) for line in lines[1:2]):
        lines[1:] = [
            f" {line}" for line in lines[1:]
        ]  # nothing but that section: its indentation was taken for the text's
    end = next((i for i in range(len(lines)) if _begins_section(lines, i)), len(lines))
    parameters: dict[str, str] = {}
    for i, line in enumerate(lines):
        if _GOOGLE.match(line) and not _underlined(lines, i):
            _read_google(lines[i + 1 :], parameters)
        elif _NUMPY.match(line) and _underlined(lines, i):
            _read_numpy(lines[i + 2 :], parameters)
        elif match := _SPHINX_PARAM.match(line):
            parameters[match[1]] = _sphinx_words(match[2], lines[i + 1 :])
    return Docstring("\n".join(lines[:end]).strip(), parameters)


def _underlined(lines: list[str], i: int) -> bool:
    return i + 1 < len(lines) and bool(re.match(r"^-{3,}\s*$", lines[i + 1]))


def _begins_section(lines: list[str], i: int) -> bool:
    line = lines[i]
    if _GOOGLE.match(line) or _FIELD.match(line):
        return True
    if _underlined(lines, i):
        return bool(_SECTION.match(line) or _NUMPY.match(line))
    return bool(_SECTION.match(line)) and ":" in line


def _read_google(lines: list[str], into: dict[str, str]) -> None:
    indent: str | None = None
    name = ""
    for line in lines:
        if line.strip() and not line[0].isspace():
            return
        match = _GOOGLE_PARAM.match(line)
        if match and (indent is None or match[1] == indent):
            indent, name = match[1], match[2]
            into[name] = match[3].strip()
        elif name and line.strip():
            into[name] = f"{into[name]} {line.strip()}".strip()


def _read_numpy(lines: list[str], into: dict[str, str]) -> None:
    names: list[str] = []
    for i, line in enumerate(lines):
        if _underlined(lines, i):
            return
        match = _NUMPY_PARAMS.match(line)
        if match:
            names = [name.strip(" *") for name in match[1].split(",")]
            into.update(dict.fromkeys(names, ""))
        elif line.strip():
            into.update({name: f"{into[name]} {line.strip()}".strip() for name in names})


def _sphinx_words(first: str, lines: list[str]) -> str:
    words = [first.strip()]
    for line in lines:
        if _FIELD.match(line) or not line.strip():
            break
        words.append(line.strip())
    return " ".join(word for word in words if word)
