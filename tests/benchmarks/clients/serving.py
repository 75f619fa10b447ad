"""How the benchmark talks to a process: one line of JSON in, one line of JSON out, until standard input ends.

Standard library only: it runs in the environments of the peers.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

READY = "ready"


def serve(answer: Callable[[Any], object]) -> None:
    """Answer each order; what `answer` raises ends the process with its traceback on standard error."""
    answers, sys.stdout = sys.stdout, sys.stderr  # a framework may print
    print(READY, file=answers, flush=True)
    for line in sys.stdin:
        print(json.dumps(answer(json.loads(line))), file=answers, flush=True)
