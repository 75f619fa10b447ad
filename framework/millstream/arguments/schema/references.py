"""Where the references of a schema lead: to a schema within it, or within a resource given beside it; never further.

Every reference is followed once, when the schema is compiled, so that nothing is ever fetched. This does not know what
a schema means; `verdict` says whether one is valid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from millstream.errors import ToolDefinitionError
from millstream.events.values import is_object

if TYPE_CHECKING:
    from referencing import Registry, Resource
    from referencing._core import Resolved, Resolver  # the types of what its public functions return

    _Part: TypeAlias = tuple[Resource[Any], Resolver[Any]]

Schema: TypeAlias = Mapping[str, Any] | bool
_REFERENCES: Final = ("$ref", "$dynamicRef")


def registry_of(resources: Mapping[str, Schema], dialect: str) -> Registry[Any]:
    """The documents a schema may refer to by URI: `resources`, read in `dialect` where they name none that is known.

    Raises:
        ToolDefinitionError: one of them is no schema; the message names it.
    """
    from jsonschema_specifications import REGISTRY  # pyright: ignore[reportMissingTypeStubs]
    from referencing import Resource
    from referencing.jsonschema import UnknownDialect, specification_with

    specification = specification_with(dialect)
    found: list[tuple[str, Resource[Any]]] = []
    for uri, contents in resources.items():
        if not isinstance(contents, dict | bool):
            raise ToolDefinitionError(f'the resource "{uri}" is no schema: a dict or a bool')
        if is_object(contents) and not isinstance(contents.get("$schema", ""), str):
            raise ToolDefinitionError(f'the "$schema" of the resource "{uri}" must be a string, the URI of a dialect')
        try:
            resource = Resource.from_contents(contents, default_specification=specification)
        except UnknownDialect:
            resource = specification.create_resource(contents)
        found.append((uri, resource))
    registry: Registry[Any] = REGISTRY  # the specifications' own schemas
    return registry.with_resources(found)


class Scope:
    """What the references of one part of a schema are relative to."""

    def __init__(self, resolver: Resolver[Any]) -> None:
        self._resolver = resolver

    @property
    def base(self) -> str:
        """The URI that references are relative to."""
        return self._resolver._base_uri  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  nothing else tells it

    def target(self, reference: str) -> tuple[Any, Scope]:
        """The schema a reference leads to, and what its own references are relative to."""
        resolved = self._resolver.lookup(reference)
        return resolved.contents, Scope(resolved.resolver)


def root_scope(schema: Schema, dialect: str, registry: Registry[Any]) -> Scope:
    """The scope of the schema itself."""
    from referencing.jsonschema import specification_with

    return Scope(registry.resolver_with_root(specification_with(dialect).create_resource(schema)))


def check_references(
    schema: Schema, dialect: str, check: Callable[[object, str], None], registry: Registry[Any]
) -> None:
    """Follow every reference of `schema`, which is read in `dialect`.

    Args:
        schema: a schema that is valid itself.
        dialect: the URI of a dialect that jsonschema knows.
        check: called with a schema that no keyword leads to and the reference that does; raises if it is not valid.
        registry: the documents there are besides.

    Raises:
        ToolDefinitionError: a reference leads out of the schema, or to nothing; or whatever `check` raises.
    """
    from referencing import Resource
    from referencing.jsonschema import specification_with

    specification = specification_with(dialect)
    root = specification.create_resource(schema)
    waiting = _parts(root, registry.resolver_with_root(root))
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
        hint = "define its target under $defs" + ("" if ref.startswith("#") else ", or give it in resources=")
        raise ToolDefinitionError(f'the schema\'s reference "{ref}" {what}: {hint}') from error
