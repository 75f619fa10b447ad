"""`calculate`: exact arithmetic. The expression is parsed, never run: what is not listed here does not exist.

Numbers are fractions, so 0.1 + 0.2 is 0.3. Python's own parser gives the tree; each number is read again from its text,
because the tree holds it as a rounded float. Every step is bounded, so a call ends within milliseconds.
"""

from __future__ import annotations

import ast
import re
from fractions import Fraction
from typing import Any, Final

from millstream import ToolError, tool
from millstream_tools.number_text import written
from millstream_tools.rational import FUNCTIONS, bits, operate

MAX_CHARS: Final = 1000
"""Of an expression: a longer one is data, not arithmetic."""
MAX_DEPTH: Final = 50
"""Of nesting: far above any formula, far below what recursion survives."""
MAX_BITS: Final = 10_000
"""Of a numerator or denominator, some 3,000 digits: a step takes microseconds, and the result can be written out."""
MAX_PLACES: Final = 50
"""To round to."""

_FOREIGN: Final = re.compile(r"[^0-9A-Za-z_+\-*/%()., \t\r\n]")
_GLUED: Final = re.compile(r"[0-9](?![eE][+-]?[0-9])[A-Za-z]")  # 2x, 0xff, 2j
_NUMBER: Final = re.compile(r"(?:[0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9]{1,4})?")


@tool(read_only=True, executor="inline")
def calculate(expression: str) -> dict[str, Any]:
    """Calculate an arithmetic expression exactly: 0.1 + 0.2 is 0.3.

    Gives the value as text and whether it is exact; one that is not is rounded to 30 digits, with its exact fraction
    beside it where there is one.

    Args:
        expression: numbers, + - * / // % **, parentheses, and the functions round(x, places) (half to even),
            min(a, b, ...), max(a, b, ...), sum(a, b, ...), abs(x), sqrt(x). No variables, no units, no percent sign:
            write 12 / 340 * 100.
    """
    if len(expression) > MAX_CHARS:
        raise ToolError(f"the expression has {len(expression)} characters, at most {MAX_CHARS} are allowed: split it")
    sheet = _Sheet(expression)
    value = sheet.value()
    return written(value, rounded=sheet.rounded)


class _Sheet:
    """One expression, and whether a root in it had to be rounded."""

    def __init__(self, expression: str) -> None:
        self._text = expression.strip()
        self._start = len(expression) - len(expression.lstrip())
        self.rounded = False

    def value(self) -> Fraction:
        foreign = _FOREIGN.search(self._text) or _GLUED.search(self._text)
        if foreign:
            hint = "powers are written **, products *"
            raise self._wrong(foreign.end() - 1, f'"{foreign[0][-1]}" can not be read there; {hint}')
        try:
            # Lines would begin to count columns anew.
            tree = ast.parse(re.sub(r"\s", " ", self._text), mode="eval")
        except SyntaxError as error:
            raise self._wrong((error.offset or 1) - 1, error.msg) from None
        except (MemoryError, RecursionError, ValueError):
            raise self._wrong(0, "it is nested too deeply") from None
        return self._of(tree.body, 0)

    def _of(self, node: ast.expr, depth: int) -> Fraction:
        """The value of a part of the tree."""
        at = node.col_offset
        if depth > MAX_DEPTH:
            raise self._wrong(at, f"it is nested more than {MAX_DEPTH} deep")
        match node:
            case ast.Constant(end_col_offset=end):
                return self._number(at, self._text[at:end])
            case ast.BinOp():
                return self._chain(node, depth)
            case ast.UnaryOp(op=ast.USub(), operand=inner):
                return -self._of(inner, depth + 1)
            case ast.UnaryOp(op=ast.UAdd(), operand=inner):
                return self._of(inner, depth + 1)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in FUNCTIONS:
                return self._call(at, name, [self._of(arg, depth + 1) for arg in args])
            case _:
                raise self._wrong(at, f"only numbers, + - * / // % ** and {', '.join(FUNCTIONS)} are known")

    def _number(self, at: int, text: str) -> Fraction:
        if not _NUMBER.fullmatch(text):
            raise self._wrong(at, f'"{text}" is no number')
        return self._bounded(at, Fraction(text))

    def _chain(self, node: ast.BinOp, depth: int) -> Fraction:
        """1 + 2 + 3 is a tree that leans to the left: it is walked, so that a long sum is not deep."""
        chain = [node]
        while isinstance(chain[-1].left, ast.BinOp):
            chain.append(chain[-1].left)
        value = self._of(chain[-1].left, depth + 1)
        for one in reversed(chain):
            value = self._joined(one, value, self._of(one.right, depth + 1))
        return value

    def _joined(self, node: ast.BinOp, left: Fraction, right: Fraction) -> Fraction:
        at = node.right.col_offset
        if isinstance(node.op, ast.Pow):
            if right.denominator != 1:
                raise self._wrong(at, "an exponent must be a whole number; for a square root write sqrt(x)")
            if (bits(left) - 1) * abs(right.numerator) > MAX_BITS:
                raise self._wrong(at, "the power is too large")
        try:
            value = operate(node.op, left, right)
        except ZeroDivisionError:
            raise self._wrong(at, "division by zero") from None
        assert value is not None, "the characters that are allowed write no other operator"
        return self._bounded(at, value)

    def _call(self, at: int, name: str, args: list[Fraction]) -> Fraction:
        function, least, most = FUNCTIONS[name]
        if not least <= len(args) <= most:
            raise self._wrong(at, f"{name}() takes {least} to {most} numbers, not {len(args)}")
        if name == "sqrt" and args[0] < 0:
            raise self._wrong(at, "the square root of a negative number is no real number")
        if name == "round" and len(args) > 1 and (args[1].denominator != 1 or abs(args[1]) > MAX_PLACES):
            raise self._wrong(at, f"the places of round() are a whole number, at most {MAX_PLACES}")
        value = function(*args)
        self.rounded |= name == "sqrt" and value * value != args[0]
        return self._bounded(at, value)

    def _bounded(self, at: int, value: Fraction) -> Fraction:
        if bits(value) > MAX_BITS:
            raise self._wrong(at, "the number is too large")
        return value

    def _wrong(self, at: int, what: str) -> ToolError:
        """What is wrong at a place of the stripped text, told as a place of the given one, counted from 1."""
        return ToolError(f"character {self._start + at + 1} of the expression: {what}")
