"""How early a wrong value is refused: at the first character after which nothing can make it right.

Values are made wrong in one place, so that this character is known by construction (`mutations`); jsonschema agrees
that each is wrong. A refusal before that character would be unsound, and is never allowed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable

from millstream.arguments import Assembler, Rejected, compile_schema
from tests.oracle import valid
from tests.property.mutations import Wrong, applied, conjunctive


def _figures(cases: Iterable[Wrong]) -> tuple[Counter[str], Counter[str]]:
    """How many cases there are of each keyword, and how many of them are refused exactly where they become wrong."""
    total: Counter[str] = Counter()
    exact: Counter[str] = Counter()
    for case in cases:
        assert not valid(case.schema, json.loads(case.text)), case
        assembler = Assembler(compile_schema(case.schema))
        found = [event for event in assembler.feed(case.text) if isinstance(event, Rejected)]
        rejected = found[0] if found else assembler.close()
        assert isinstance(rejected, Rejected), case
        assert rejected.at >= case.at, (case, rejected)
        total[case.keyword] += 1
        exact[case.keyword] += rejected.at == case.at
    return total, exact


def _print(title: str, total: Counter[str], exact: Counter[str]) -> None:
    print(f"{title}: {exact.total()} of {total.total()} at the first deciding character")
    for keyword in sorted(total):
        print(f"  {keyword}: {exact[keyword]} of {total[keyword]}")


def test_keywords_that_hold_together_are_refused_at_the_deciding_character() -> None:
    total, exact = _figures(conjunctive(1, 1100))
    _print("conjunctive keywords", total, exact)
    assert len(total) > 20
    assert exact.total() >= 0.95 * total.total()
    assert min(exact[keyword] / total[keyword] for keyword in total) >= 0.9


def test_applicators_are_refused_at_the_latest_when_their_value_is_over() -> None:
    total, exact = _figures(applied(2, 1100))
    _print("applicators", total, exact)
    assert all(exact[keyword] >= 0.95 * total[keyword] for keyword in ("anyOf", "oneOf", "if", "tagged"))
