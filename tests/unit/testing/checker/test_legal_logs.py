from __future__ import annotations

from collections.abc import Sequence

import pytest

from millstream.testing import check_records

from .legal_responses import RESPONSES
from .legal_runs import RUNS
from .logs import Line, log

LEGAL = RESPONSES | RUNS
legal = pytest.mark.parametrize("lines", LEGAL.values(), ids=LEGAL.keys())


@legal
def test_a_legal_log_breaks_nothing(lines: Sequence[Line]) -> None:
    assert check_records(log(lines)) == []


@legal
def test_every_prefix_of_a_legal_log_is_legal_while_the_run_goes_on(lines: Sequence[Line]) -> None:
    records = log(lines)
    for length in range(len(records)):
        assert check_records(records[:length], complete=False) == [], records[:length]
