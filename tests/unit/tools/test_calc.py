"""`calculate`: exact where numbers are, refused where they are not or where they would not end."""

import ast
import operator
import time
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millstream import ToolError
from millstream_tools.calc import MAX_CHARS, MAX_DEPTH, calculate
from tests.scripted import calling, saying, scripted


def value_of(expression: str) -> str:
    result = calculate(expression)
    assert result["exact"], result
    return str(result["value"])


class TestValues:
    @pytest.mark.parametrize(
        ("expression", "value"),
        [
            ("0.1 + 0.2", "0.3"),
            ("1 - 0.9", "0.1"),
            ("  2 * (3 + 4)\n", "14"),
            ("1 +\n2", "3"),
            ("2 ** 10", "1024"),
            ("2 ** -2", "0.25"),
            ("-2 ** 2", "-4"),
            ("2 ** 3 ** 2", "512"),
            ("7 // 2", "3"),
            ("-7 // 2", "-4"),
            ("7.5 % 2", "1.5"),
            ("-7 % 3", "2"),
            ("1e3 + 1.5E-1", "1000.15"),
            ("1_000 * .5", "500"),
            ("5.", "5"),
            ("round(2.345, 2)", "2.34"),
            ("round(0.5) + round(1.5)", "2"),
            ("round(1234.5, -2)", "1200"),
            ("min(3, 1, 2) + max(5)", "6"),
            ("sum(0.1, 0.2, 0.3)", "0.6"),
            ("abs(-3.5)", "3.5"),
            ("sqrt(2.25)", "1.5"),
            ("sqrt(0)", "0"),
            ("0 ** 0", "1"),
            ("--+-1", "-1"),
            ("12345678901234567890 * 98765432109876543210", "1219326311370217952237463801111263526900"),
            ("1 / 1024", "0.0009765625"),
        ],
    )
    def test_what_is_exact_is_given_in_full(self, expression: str, value: str) -> None:
        assert calculate(expression) == {"value": value, "exact": True}

    def test_what_does_not_end_is_rounded_and_the_fraction_kept(self) -> None:
        assert calculate("1 / 3") == {"value": "0.333333333333333333333333333333", "exact": False, "fraction": "1/3"}
        assert calculate("-2 / 3 / 10 ** 20")["value"] == "-6.66666666666666666666666666667E-21"

    def test_a_root_is_rounded_and_stays_so(self) -> None:
        assert calculate("sqrt(2)") == {"value": "1.41421356237309504880168872421", "exact": False}
        assert calculate("sqrt(2) ** 2") == {"value": "2", "exact": False}
        assert calculate("sqrt(2) * 0 + sqrt(4)")["exact"] is False

    def test_a_long_sum_is_not_deep(self) -> None:
        assert value_of("+".join(["1"] * 500)) == "500"

    @given(st.data())
    def test_it_agrees_with_fractions(self, data: st.DataObject) -> None:
        numbers = data.draw(st.lists(st.decimals(-1000, 1000, places=3), min_size=1, max_size=6))
        expression, expected = f"({numbers[0]})", Fraction(numbers[0])
        for number in numbers[1:]:
            sign = data.draw(st.sampled_from("+-*"))
            expression = f"({expression} {sign} ({number}))"
            expected = {"+": operator.add, "-": operator.sub, "*": operator.mul}[sign](expected, Fraction(number))
        assert Fraction(value_of(expression)) == expected


class TestRefusals:
    @pytest.mark.parametrize(
        ("expression", "said"),
        [
            ("1 / 0", "character 5 of the expression: division by zero"),
            ("  5 % (1 - 1)", "character 8 of the expression: division by zero"),
            ("1 // 0", "division by zero"),
            ("0 ** -1", "division by zero"),
            ("2 +", "character"),
            ("", "character 1"),
            ("(1", "character 1"),
            ("1 2", "character"),
            ("3 ^ 2", 'character 3 of the expression: "^" can not be read'),
            ("2x", 'character 2 of the expression: "x" can not be read'),
            ("0xff", '"x" can not be read'),
            ("2j", '"j" can not be read'),
            ("1or 2", '"o" can not be read'),
            ("5 € ", '"€" can not be read'),
            ("\u0661 + 1", "can not be read"),
            ("price * 2", "character 1 of the expression: only numbers"),
            ("sqrt(-1)", "negative"),
            ("sqrt(1, 2)", "takes 1 to 1 numbers, not 2"),
            ("min()", "takes 1 to 100 numbers, not 0"),
            ("round(1, 0.5)", "whole number"),
            ("round(1, 51)", "at most 50"),
            ("2 ** 0.5", "write sqrt"),
            ("1 < 2", "can not be read"),
            ("1 if 1 else 2", "only numbers"),
            ("True", '"True" is no number'),
            ("...", "is no number"),
            ("1 and 2", "only numbers"),
            ("5 // (2, 3)", "only numbers"),
            ("lambda: 1", "can not be read"),
            ("round(1, ndigits=2)", "can not be read"),
            ("max(*1)", "only numbers"),
            ("pow(2, 3)", "only numbers"),
            ("(1).real", "only numbers"),
            ("__import__", "only numbers"),
            ("abs", "only numbers"),
            ("007", "character"),
            ("1__0", "character"),
            ("1e99999", "is no number"),
        ],
    )
    def test_what_is_wrong_is_told_with_its_place(self, expression: str, said: str) -> None:
        with pytest.raises(ToolError) as raised:
            calculate(expression)
        assert said in str(raised.value)
        assert str(raised.value).startswith("character ")

    @pytest.mark.parametrize(
        "expression",
        [
            "9**9**9",
            "9**9**9**9",
            "10**10000*10**10000",
            "2**10001",
            "(1/3)**9999",
            "1e9999",
            "1e-9999",
            "(" * 300 + "1" + ")" * 300,
            "-" * 900 + "1",
            "abs(" * 100 + "1" + ")" * 100,
            "2**(" * 60 + "1" + ")" * 60,
            "9" * (MAX_CHARS + 1),
            "*".join(["2**9999"] * 100),
            "+".join(f"1/{10**40 + i}" for i in range(1, 20)) + "+" + "*".join(["9**3000"] * 20),
            "1_" * 499,
            "(1)(" * 240,
            "1" + "()" * 400,
        ],
    )
    def test_bombs_are_refused_at_once(self, expression: str) -> None:
        began = time.perf_counter()
        with pytest.raises(ToolError):
            calculate(expression)
        assert time.perf_counter() - began < 0.5

    def test_the_most_expensive_expressions_that_are_allowed_are_quick(self) -> None:
        began = time.perf_counter()
        calculate("+".join(f"1/(3**60+{i})" for i in range(60)))
        calculate("*".join(["(2**99/3**62)"] * 70))
        calculate("sqrt(3**6000+1)" + "+sqrt(7**3000+2)" * 50)
        assert time.perf_counter() - began < 2

    @pytest.mark.parametrize("error", [MemoryError, RecursionError])
    def test_where_pythons_parser_gives_up_it_is_told(
        self, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
    ) -> None:
        def parse(*_args: Any, **_options: Any) -> None:
            raise error

        monkeypatch.setattr("ast.parse", parse)
        with pytest.raises(ToolError, match="nested too deeply"):
            calculate("1")

    def test_one_at_the_limit_of_depth_is_calculated(self) -> None:
        assert value_of("-" * MAX_DEPTH + "1") == "1"
        with pytest.raises(ToolError, match=f"more than {MAX_DEPTH} deep"):
            calculate("-" * (MAX_DEPTH + 1) + "1")

    @given(st.text(alphabet="0123456789.eE_+-*/%(), \nroundmiaxsqt", max_size=40))
    def test_any_text_ends_in_a_value_or_in_words(self, expression: str) -> None:
        try:
            result = calculate(expression)
        except ToolError as error:
            assert str(error).startswith("character ")  # noqa: PT017  either end is right
        else:
            assert result.keys() <= {"value", "exact", "fraction"}

    @given(st.text(st.characters(max_codepoint=1000), max_size=30))
    def test_so_does_any_text_at_all(self, expression: str) -> None:
        try:
            calculate(expression)
        except ToolError as error:
            assert str(error).startswith("character ")  # noqa: PT017  as above

    def test_nothing_is_ever_compiled_or_run(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def forbidden(*_args: Any, **_options: Any) -> None:
            raise AssertionError("it must not be called")

        tree = ast.parse("1 + 2", mode="eval")

        def parsed(*_args: Any, **_options: Any) -> ast.Expression:
            return tree

        monkeypatch.setattr("builtins.eval", forbidden)
        monkeypatch.setattr("builtins.exec", forbidden)
        monkeypatch.setattr("builtins.compile", forbidden)  # ast.parse() calls it, to parse only
        monkeypatch.setattr("ast.parse", parsed)
        assert value_of("1 + 2") == "3"


@pytest.mark.anyio
async def test_in_an_agent_the_model_reads_the_value_or_what_is_wrong() -> None:
    agent, transport = scripted(
        [calculate],
        calling(("calculate", {"expression": "0.1 + 0.2"}), ("calculate", {"expression": "9**9**9"})),
        saying("0.3"),
    )
    assert (await agent.run("what is 0.1 + 0.2?")).text == "0.3"
    first, second = transport.tool_results
    assert first == '{"exact":true,"value":"0.3"}'
    assert second == "character 4 of the expression: the power is too large"
