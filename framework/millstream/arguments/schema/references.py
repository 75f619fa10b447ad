"""Every reference of a schema must lead to a schema within it: checked once, so that nothing is ever fetched.

It follows the keywords under which schemas lie, and the references themselves to places where only they lead. It does
not know what a schema means; `verdict` says whether one is valid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from millstream.errors import ToolDefinitionError
from millstream.events.values import is_object

if TYPE_CHECKING:
    from referencing import Resource
    from referencing._core import Resolved, Resolver  # the types of what its public functions return

    _Part: TypeAlias = tuple[Resource[Any], Resolver[Any]]

_REFERENCES: Final = ("$ref", "$dynamicRef")


def check_references(schema: Mapping[str, Any] | bool, dialect: str, check: Callable[[object, str], None]) -> None:
    """Follow every reference of `schema`, which is read in `dialect`.

    Args:
        schema: a schema that is valid itself.
        dialect: the URI of a dialect that jsonschema knows.
        check: called with a schema that no keyword leads to and the reference that does; raises if it is not valid.

    Raises:
        ToolDefinitionError: a reference leads out of the schema, or to nothing; or whatever `check` raises.
    """
    from referencing import Registry, Resource
    from referencing.jsonschema import specification_with

    specification = specification_with(dialect)
    root = specification.create_resource(schema)
    base = root.id() or ""
    waiting = _parts(root, Registry[Any]().with_resource(base, root).resolver(base_uri=base))
    seen = {id(part.contents) for part, _ in waiting}
    while waiting:
        part, resolver = waiting.pop()
        for ref in _references(part.contents):
            found = _target(ref, resolver)
            if isinstance(found.contents, bool) or id(found.contents) in seen:
                continue
            check(found.contents, ref)
            more = _parts(Resource.from_contents(found.contents, specification), found.resolver)
            seen.update(id(one.contents) for one, _ in more)
            waiting.extend(more)


def _parts(resource: Resource[Any], resolver: Resolver[Any]) -> list[_Part]:
    """The schema and every schema that its keywords lead to, each with what resolves its references."""
    parts = [(resource, resolver)]
    for part, its_resolver in parts:  # which grows meanwhile
        parts.extend((inner, its_resolver.in_subresource(inner)) for inner in part.subresources())
    return parts


def _references(contents: Any) -> list[str]:
    if not is_object(contents):
        return []
    return [ref for ref in map(contents.get, _REFERENCES) if isinstance(ref, str)]


def _target(ref: str, resolver: Resolver[Any]) -> Resolved[Any]:
    from referencing.exceptions import Unresolvable

    try:
        return resolver.lookup(ref)
    except (Unresolvable, ValueError, TypeError) as error:  # the last two where a step is no key of what is there
        what = "leads nowhere" if ref.startswith("#") else "leads out of it and nothing is fetched"
        raise ToolDefinitionError(f'the schema\'s reference "{ref}" {what}: define its target under $defs') from error
