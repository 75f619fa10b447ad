"""When a run is over although the model would go on: rules over what happened so far.

A rule is a plain function from `SoFar` to bool; those made here are joined with `|` and `&`, also with functions of
your own. Rules decide and do nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any, TypeAlias

from millstream.call_shape import check_takes
from millstream.errors import UsageError
from millstream.so_far import SoFar

StopRule: TypeAlias = Callable[[SoFar[Any]], bool]
"""Asked after each response that another request would follow, once all its calls are answered; True ends the run."""


class Rule:
    """A stop rule that can be joined with others: `after_turns(8) | after_call("book") | my_rule`.

    Args:
        says: the rule as a plain function.
        words: the rule in words.

    Raises:
        UsageError: `says` is no plain function.
    """

    def __init__(self, says: StopRule, words: str) -> None:
        self._says = checked(says)
        self._words = words

    def __call__(self, run: SoFar[Any]) -> bool:
        """Whether the run is over."""
        return self._says(run)

    def __or__(self, other: StopRule) -> Rule:
        """Over as soon as either says so."""
        return any_of(self, other)

    def __ror__(self, other: StopRule) -> Rule:
        return any_of(other, self)

    def __and__(self, other: StopRule) -> Rule:
        """Over only when both say so of the same moment."""
        return all_of(self, other)

    def __rand__(self, other: StopRule) -> Rule:
        return all_of(other, self)

    def __repr__(self) -> str:
        return self._words


def any_of(*rules: StopRule) -> Rule:
    """Over as soon as one of the rules says so."""
    told = tuple(map(checked, rules))
    return Rule(lambda run: any(rule(run) for rule in told), _joined(" | ", told))


def all_of(*rules: StopRule) -> Rule:
    """Over only when all the rules say so of the same moment; never, where there are none."""
    told = tuple(map(checked, rules))
    return Rule(lambda run: bool(told) and all(rule(run) for rule in told), _joined(" & ", told))


def after_turns(count: int) -> Rule:
    """Over after so many responses of this run, with their calls answered.

    `Limits.max_turns` is the bound of a run that goes wrong and fails it; this is an end as good as any.

    Raises:
        UsageError: the count is less than 1.
    """
    if count < 1:
        raise UsageError(f"after_turns({count}) would stop before the model was asked: write 1 or more")
    return Rule(lambda run: run.turns >= count, f"after_turns({count})")


def after_call(name: str) -> Rule:
    """Over once a call of that tool has returned; one that failed does not count, the model may mend it.

    Raises:
        UsageError: that is no name.
    """
    given: Any = name
    if not isinstance(given, str):
        raise UsageError(f'after_call({given!r}) takes the name of a tool: after_call("book")')
    return Rule(lambda run: any(end.ok and end.call.name == name for end in run.ends), f"after_call({name!r})")


def after_tokens(count: int) -> Rule:
    """Over once the responses of this run have used so many tokens, input and output together.

    A provider that sends no token counts never gets there: join it with `after_turns`.

    Raises:
        UsageError: the count is less than 1.
    """
    if count < 1:
        raise UsageError(f"after_tokens({count}) would stop at once: write how many tokens the run may use")
    return Rule(lambda run: run.usage.total_tokens >= count, f"after_tokens({count})")


def checked(rule: StopRule) -> StopRule:
    """A rule as it is.

    Raises:
        UsageError: it is no function, or an async one.
    """
    given: object = rule
    if not callable(given):
        raise UsageError(f"stop={given!r} is no rule: write a function of the run so far, or after_turns(8)")
    if iscoroutinefunction(given):
        name = getattr(given, "__name__", given)
        raise UsageError(f"the stop rule {name} is async: write a plain function, it decides from what is known")
    check_takes("a stop rule", given, "run")
    return rule


def _joined(sign: str, rules: tuple[StopRule, ...]) -> str:
    return f"({sign.join(str(getattr(rule, '__name__', rule)) for rule in rules)})"
