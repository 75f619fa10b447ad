"""An oracle of invariant 10: from what the model did and how much of it had arrived, whether a call may have started.

It reads the acts of the scripted model, not wires, events or logs, and knows only the table "When may a tool start?" of
the design. What it can not know it allows: it says when a start would have been wrong.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from millstream.policy import Start
from millstream.testing.provider.play import Act, Argued, Ended, Finished, Opened, Sealed, Wrote
from tests.property.scripts import GOOD_ENDS, Api, CallPlan


def may_start(api: Api, state: Start, acts: Sequence[Act], n: int, *, over: bool = False) -> bool:
    """Whether call `n` of a response may start by the time `acts` have arrived, and, if `over`, the end of the body.

    What was right at one moment stays so: a task or a thread that was started then may begin a little later.
    """
    moments = range(len(acts) + 1)
    return any(_may_start_now(api, state, acts[:end], n, over=over and end == len(acts)) for end in moments)


def _may_start_now(api: Api, state: Start, acts: Sequence[Act], n: int, *, over: bool) -> bool:
    if not is_sealed(api, acts, n):
        return False
    match state:
        case "eager":
            return True
        case "safe":
            return has_moved_on(acts, n) or ended_well(api, acts)
        case "end":
            last = api == "openai-responses" or over or any(isinstance(act, Ended) for act in acts)
            return ended_well(api, acts) and last


def is_sealed(api: Api, acts: Sequence[Act], n: int) -> bool:
    """Whether the provider closed call `n` as complete, with JSON in it."""
    if not _is_json(args_text(acts, n)):
        return False
    if ended_well(api, acts):
        return True
    if api == "openai-responses":
        return any(isinstance(act, Sealed) and act.n == n for act in acts)
    at = max((at for at, act in enumerate(acts) if isinstance(act, Argued) and act.n == n), default=len(acts))
    return any(isinstance(act, Opened | Argued) and act.n != n for act in acts[at:])


def has_moved_on(acts: Sequence[Act], n: int) -> bool:
    """Whether another item opened behind call `n`: a later call, or text that came after."""
    opened = next(at for at, act in enumerate(acts) if isinstance(act, Opened) and act.n == n)
    return any(isinstance(act, Wrote) or (isinstance(act, Opened) and act.n > n) for act in acts[opened:])


def ended_well(api: Api, acts: Sequence[Act]) -> bool:
    """Whether the model stopped for a reason that is in the wire's table of good ends."""
    return any(isinstance(act, Finished) and act.reason in GOOD_ENDS[api] for act in acts)


def args_text(acts: Sequence[Act], n: int) -> str:
    """The argument text of call `n` that has arrived."""
    return "".join(act.text for act in acts if isinstance(act, Argued) and act.n == n)


def is_right(plan: CallPlan, acts: Sequence[Act], n: int) -> bool:
    """Whether a call has valid arguments, and nothing came behind them."""
    return plan.key is not None and args_text(acts, n).strip() == plan.text.strip()


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
