from __future__ import annotations

import copy
import inspect
import pickle
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from typing import Any, get_args

import pytest

from millstream import events
from millstream.events import (
    Call,
    CallEnded,
    CallFailed,
    CallReturned,
    Denied,
    Event,
    Usage,
    call,
    run,
    turn,
    values,
)
from tests.samples import CALL, EVENTS

KINDS: list[type[Any]] = [one for group in get_args(Event) for one in (get_args(group) or (group,))]


def defined() -> list[type[Any]]:
    """Every dataclass that a module of events defines with a `type` of its own."""
    return [
        kind
        for module in (call, run, turn)
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if kind.__module__ == module.__name__ and is_dataclass(kind) and "type" in {one.name for one in fields(kind)}
    ]


def test_every_event_there_is_belongs_to_the_union() -> None:
    assert set(KINDS) == set(defined())
    assert len(KINDS) == len(set(KINDS)) == 35


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_event_names_its_type_and_its_call_first(kind: type[Any]) -> None:
    sample = next(event for event in EVENTS if type(event) is kind)
    assert sample.type == kind.__name__
    names = [field.name for field in fields(kind)]
    assert names[-1] == "type"
    assert ("call" in names) == (names[0] == "call")
    named = next(field for field in fields(kind) if field.name == "type")
    assert (named.init, named.repr, named.default) == (False, False, kind.__name__)
    assert kind.__name__ in events.__all__
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")  # which is what dataclass makes up


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_an_event_is_a_value(event: Event) -> None:
    with pytest.raises(FrozenInstanceError):
        event.type = "Other"  # type: ignore[misc, assignment]
    assert not hasattr(event, "__dict__")
    assert copy.deepcopy(event) == event
    assert pickle.loads(pickle.dumps(event)) == event
    assert replace(event) == event


def test_everything_public_is_there() -> None:
    assert all(hasattr(events, name) for name in events.__all__)
    assert len(set(events.__all__)) == len(events.__all__)


def test_a_call_ends_well_or_not() -> None:
    returned, failed = CallReturned(CALL, 1), CallFailed(CALL, Denied(""))
    assert isinstance(returned, CallEnded)
    assert isinstance(failed, CallEnded)
    assert (returned.ok, failed.ok) == (True, False)
    assert {kind for kind in KINDS if issubclass(kind, CallEnded)} == {CallReturned, CallFailed}


def test_usage_adds_up_without_the_providers_own() -> None:
    total = Usage(1, 2, 3, 4, {"a": 1}) + Usage(10, 20, 30, 40, {"b": 2})
    assert total == Usage(11, 22, 33, 44, None)
    assert total.total_tokens == 33
    assert sum([Usage(1), Usage(2)], Usage()) == Usage(3)


def test_a_call_is_the_same_wherever_it_is_named() -> None:
    assert Call("a", 1, 0, "n", "p") == Call("a", 1, 0, "n", "p", "function")
    assert len({CALL, replace(CALL), replace(CALL, id="other")}) == 2


@pytest.mark.parametrize(
    ("value", "an_object", "an_array"),
    [({}, True, False), ([], False, True), ((), False, False), ("", False, False), (None, False, False)],
)
def test_objects_and_arrays_are_told(value: object, an_object: bool, an_array: bool) -> None:
    assert (values.is_object(value), values.is_array(value)) == (an_object, an_array)
