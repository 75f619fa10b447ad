"""Docstrings in the three forms people write, and the ones that are none of them."""

from __future__ import annotations

import pytest

from millstream.toolbox.docstring import parse_docstring

GOOGLE = """Say what the weather will be.

    It looks at several models.

    Args:
        city (str): where
            to look: a name
        days (Callable[[int], tuple(int, int)], optional): how many
        *more: further ones
        unit:
            Celsius or Fahrenheit

        after: a blank line

    Returns:
        city: not this one

    Raises:
        days: nor this one
    """
NUMPY = """Say what the weather will be.

    It looks at several models.

    Parameters
    ----------
    city : str
        Where
        to look.
    days, hours : int, optional
        How long.
    *more
        Further ones.

    Other Parameters
    ----------------
    unit : {"C", "F"}
        Which scale.

    Returns
    -------
    city
        Not this one.
    """
SPHINX = """Say what the weather will be.

    It looks at several models.

    :param city: where
        to look: a name
    :type city: str
    :param int days: how :class:`many`
    :param dict[str, int] more: further ones
    :arg unit: which scale
    :returns: city
    :raises ValueError: never
    """
SUMMARY = "Say what the weather will be.\n\nIt looks at several models."


def test_google() -> None:
    docs = parse_docstring(GOOGLE)
    assert docs.summary == SUMMARY
    assert docs.parameters == {
        "city": "where to look: a name",
        "days": "how many",
        "more": "further ones",
        "unit": "Celsius or Fahrenheit",
        "after": "a blank line",
    }


def test_numpy() -> None:
    docs = parse_docstring(NUMPY)
    assert docs.summary == SUMMARY
    assert docs.parameters == {
        "city": "Where to look.",
        "days": "How long.",
        "hours": "How long.",
        "more": "Further ones.",
        "unit": "Which scale.",
    }


def test_sphinx() -> None:
    docs = parse_docstring(SPHINX)
    assert docs.summary == SUMMARY
    assert docs.parameters == {
        "city": "where to look: a name",
        "days": "how :class:`many`",
        "more": "further ones",
        "unit": "which scale",
    }


@pytest.mark.parametrize(
    ("text", "summary", "parameters"),
    [
        (None, "", {}),
        ("", "", {}),
        ("One line.", "One line.", {}),
        ("One.\n\n    Two.\n    Three.", "One.\n\nTwo.\nThree.", {}),
        ("Args:\n        city: where\n    ", "", {"city": "where"}),
        ("Sum.\r\n\r\n    Args:\r\n        city: where\r\n", "Sum.", {"city": "where"}),
        ("Sum.\n\nArgs:\n\tcity: where\n\tdays: how many", "Sum.", {"city": "where", "days": "how many"}),
        ("Sum.\n\nKeyword Args:\n    city: where\n", "Sum.", {"city": "where"}),
        (
            "Sum.\n\nArgs:\n    a: a list:\n        * one: x\n        * two: y",
            "Sum.",
            {"a": "a list: * one: x * two: y"},
        ),
        ("Sum.\n\nNote:\n    Careful.\n\nArgs:\n    city: where", "Sum.", {"city": "where"}),
        ("Parameters: the city.", "Parameters: the city.", {}),
        ("Returns the city.", "Returns the city.", {}),
        ("Sum.\n\nArgs:\nnot indented", "Sum.", {}),
    ],
)
def test_other_forms(text: str | None, summary: str, parameters: dict[str, str]) -> None:
    docs = parse_docstring(text)
    assert docs.summary == summary
    assert docs.parameters == parameters
