"""The final word on a whole value: jsonschema's. This is the only home of jsonschema.

It is asked only about documents that touched a place the incremental checker could not decide. No schema is ever
fetched: references resolve within the schema itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

from millstream.arguments.pointer import pointer
from millstream.errors import ToolDefinitionError
from millstream.events.values import JsonValue, is_object
from millstream.failures import Problem

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

_MAX_PROBLEMS: Final = 8
_MAX_MESSAGE: Final = 300


class Verdict:
    """The final validator of one schema.

    Raises:
        ToolDefinitionError: the schema is not valid in its own dialect.
    """

    def __init__(self, schema: Mapping[str, Any] | bool) -> None:
        from jsonschema.exceptions import SchemaError
        from jsonschema.validators import Draft202012Validator, validator_for

        self._schema = schema
        try:
            validator_for(schema, Draft202012Validator).check_schema(cast("dict[str, Any]", schema))
        except SchemaError as error:
            place = "#" + pointer(tuple(error.absolute_path))
            message = f"the schema is not valid at {place}: {error.message[:_MAX_MESSAGE]}"
            raise ToolDefinitionError(message) from error

    def check_references(self) -> None:
        """Check that every reference leads to a place within the schema.

        Raises:
            ToolDefinitionError: one leads elsewhere.
        """
        from referencing import Registry
        from referencing.exceptions import Unresolvable
        from referencing.jsonschema import DRAFT202012, specification_with

        if not is_object(self._schema):
            return
        dialect = self._schema.get("$schema")
        specification = specification_with(dialect, default=DRAFT202012) if isinstance(dialect, str) else DRAFT202012
        resource = specification.create_resource(self._schema)
        base = resource.id() or ""
        waiting = [(resource, Registry[Any]().with_resource(base, resource).resolver(base_uri=base))]
        while waiting:
            part, resolver = waiting.pop()
            contents: Any = part.contents
            if is_object(contents) and isinstance(contents.get("$ref"), str):
                try:
                    resolver.lookup(contents["$ref"])
                except Unresolvable as error:
                    message = f'the schema\'s $ref "{contents["$ref"]}" leads out of it: nothing is fetched, use $defs'
                    raise ToolDefinitionError(message) from error
            waiting.extend((inner, resolver.in_subresource(inner)) for inner in part.subresources())

    @cached_property
    def _validator(self) -> Validator:
        from jsonschema.validators import Draft202012Validator, validator_for
        from referencing import Registry

        made: Validator = validator_for(self._schema, Draft202012Validator)(self._schema, registry=Registry())
        return made

    def problems(self, value: JsonValue, at: int) -> tuple[Problem, ...]:
        """What is wrong with a complete value, at most 8 problems; () where nothing is. `at` is the text's length."""
        found: list[Problem] = []
        for error in self._validator.iter_errors(value):
            message = error.message if len(error.message) <= _MAX_MESSAGE else error.message[:_MAX_MESSAGE] + "…"
            found.append(Problem(pointer(tuple(error.absolute_path)), message, str(error.validator), at))
            if len(found) == _MAX_PROBLEMS:
                break
        return tuple(found)
