"""Where a JSONPath leads: RFC 9535, for one place below the root."""

from __future__ import annotations

import pytest

from millstream.wire.gemini.json_path import Steps, steps_of


@pytest.mark.parametrize(
    ("path", "steps"),
    [
        ("$.location", ("location",)),
        ("$.recipe.ingredients[0].amount", ("recipe", "ingredients", 0, "amount")),
        ("$.a[0][12]", ("a", 0, 12)),
        ("$['a.b']", ("a.b",)),
        ('$["a.b"]', ("a.b",)),
        ("$['a']['b'][0]", ("a", "b", 0)),
        ("$[ 'a' ][ 0 ]", ("a", 0)),
        ("$['[0]']", ("[0]",)),
        (r"$['it\'s']", ("it's",)),
        (r"$['say \"x\"']", ('say "x"',)),  # an escape too many, and not to be mistaken
        ("$['say \"x\"']", ('say "x"',)),
        (r'$["say \"x\""]', ('say "x"',)),
        (r"$['\\']", ("\\",)),
        (r"$['\u00e9\n\/']", ("é\n/",)),
        (r"$['\ud83d\ude00']", ("😀",)),
        ("$['']", ("",)),
        ("$['0']", ("0",)),
        ("$.größe_2", ("größe_2",)),
        ("$.max-price", ("max-price",)),  # not of the RFC, and not to be mistaken
    ],
)
def test_a_path_to_one_place(path: str, steps: Steps) -> None:
    assert steps_of(path) == steps


@pytest.mark.parametrize(
    "path",
    [
        None,
        7,
        "",
        "$",
        "location",
        "@.a",
        "$.",
        "$..a",
        "$.*",
        "$[*]",
        "$.a[",
        "$.a[]",
        "$.a[-1]",
        "$.a[01]",
        "$.a[1:2]",
        "$.a[?@.b]",
        "$['a','b']",
        "$['a",
        r"$['\x']",
        "$.a b",
        "$.a[9999999999]",
    ],
)
def test_what_names_no_one_place(path: object) -> None:
    assert steps_of(path) is None
