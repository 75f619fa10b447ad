"""An output that is still being written as what it is going to be: fields, items, or one of several types.

With `toolbox.signature` a home of pydantic.
"""

from __future__ import annotations

from functools import lru_cache
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from millstream.arguments.partial import Partial
from millstream.events.values import is_object
from millstream.toolbox.partial_model import PartialFields, fits, has_fields, plain_type, read_partial, shown

if TYPE_CHECKING:
    from pydantic import TypeAdapter


def read_output(kind: Any, part: Partial) -> PartialFields[Any] | None:
    """What is known of a `kind` so far; None before anything of it can be shown.

    Of a union, the first member that has all the fields so far is shown, and is another once they tell it apart. What
    has no fields, such as a list, is shown with the items so far, the last one perhaps half; it has no `final` names.
    """
    if part.value is None:
        return None
    members = _members(kind)
    for member in members if is_object(part.value) else ():
        if has_fields(member) and (len(members) == 1 or fits(member, part)):
            return read_partial(member, part)
    found = shown(kind, _adapter(kind), part)
    return PartialFields(found[0], frozenset()) if found else None


def _members(kind: Any) -> tuple[Any, ...]:
    kind = plain_type(kind)
    if get_origin(kind) in (Union, UnionType):
        return tuple(plain_type(one) for one in get_args(kind))
    return (kind,)


@lru_cache(maxsize=256)
def _adapter(kind: Any) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
