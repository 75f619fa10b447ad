"""The final word on a whole value: jsonschema's. This is the only home of jsonschema.

It is asked only about documents that touched a place the incremental checker could not decide. No schema is ever
fetched: references resolve within the schema itself and the resources given with it (`references` sees to it).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, cast

from millstream.arguments.pointer import pointer
from millstream.arguments.schema.equality import repeated
from millstream.arguments.schema.references import registry_of
from millstream.errors import ToolDefinitionError
from millstream.events.values import JsonValue, is_array, is_object
from millstream.failures import Problem

if TYPE_CHECKING:
    from jsonschema.exceptions import SchemaError, ValidationError
    from jsonschema.protocols import Validator
    from referencing import Registry

_MAX_PROBLEMS: Final = 8
_MAX_MESSAGE: Final = 300


def _unique_items(_: object, unique: bool, value: JsonValue, __: object) -> Iterator[ValidationError]:
    """In place of jsonschema's own, which compares every item with every other: minutes for 50 KB of small objects."""
    from jsonschema.exceptions import ValidationError

    if unique and is_array(value) and repeated(value) is not None:
        yield ValidationError(f"{value!r} has non-unique elements")


def _pattern_fault(error: SchemaError) -> str | None:
    """Why a pattern is none, in words that name what `re` does not know; None where something else is wrong."""
    if error.validator != "format" or error.validator_value != "regex" or not isinstance(error.instance, str):
        return None
    shown = error.instance[:_MAX_MESSAGE]
    named = re.search(r"(?<!\\)(?:\\\\)*(\\[pP](?:\{[^}]*\}|.))", error.instance)
    if named is not None:
        return f'the pattern "{shown}" has {named[1]}, which Python\'s re does not know: list the characters instead'
    try:
        re.compile(error.instance)
    except re.error as fault:
        return f'the pattern "{shown}" is none that Python\'s re knows: {fault}'
    return None


class Verdict:
    """The final validator of one schema.

    `dialect` is the URI of the dialect it is read in: its `$schema` where that is a known one, else draft 2020-12;
    `keywords` are those the dialect knows; `registry` holds `resources`, the documents it may refer to by URI.

    Raises:
        ToolDefinitionError: the schema, or a resource, is not valid in its own dialect.
    """

    def __init__(
        self,
        schema: Mapping[str, Any] | bool,
        resources: Mapping[str, Mapping[str, Any] | bool] | None = None,
        *,
        assert_formats: bool = False,
    ) -> None:
        from jsonschema.validators import Draft202012Validator, validator_for

        if not isinstance(schema, dict | bool):
            raise ToolDefinitionError(f"a JSON Schema is a dict or a bool, this is a {type(schema).__name__}")
        if is_object(schema) and not isinstance(schema.get("$schema", ""), str):
            raise ToolDefinitionError('the schema\'s "$schema" must be a string, the URI of a dialect')
        self._schema = schema
        self._kind: type[Validator] = validator_for(schema, Draft202012Validator)
        self.dialect = str(self._kind.META_SCHEMA["$schema"])
        self.keywords = frozenset(self._kind.VALIDATORS)
        self._formats = self._kind.FORMAT_CHECKER if assert_formats else None
        self.registry: Registry[Any] = registry_of(resources or {}, self.dialect)
        self.check(schema, "#")
        for uri, resource in (resources or {}).items():
            self.check(resource, uri)

    def format_test(self, name: str) -> Callable[[JsonValue], bool] | None:
        """Whether a value is of a format; None where formats are not asserted, or this one is not known."""
        formats = self._formats
        if formats is None or name not in formats.checkers:
            return None
        return lambda value: formats.conforms(value, name)

    def check(self, schema: object, place: str) -> None:
        """Check that what is at `place` is a schema of the dialect.

        Raises:
            ToolDefinitionError: it is not; the message names the place and the reason.
        """
        from jsonschema.exceptions import SchemaError
        from jsonschema.validators import validator_for

        try:
            kind = validator_for(schema, self._kind) if is_object(schema) else self._kind
            kind.check_schema(cast("dict[str, Any]", schema))
        except SchemaError as error:
            message = _pattern_fault(error) or error.message[:_MAX_MESSAGE]
            where = f"{place}{pointer(tuple(error.absolute_path))}"
            raise ToolDefinitionError(f"the schema is not valid at {where}: {message}") from error

    @cached_property
    def _validator(self) -> Validator:
        from jsonschema import validators

        kind: Any = cast("Any", validators).extend(self._kind, {"uniqueItems": _unique_items})  # it is not typed
        # Without its $schema, at which jsonschema would go back to the kind that was not extended.
        schema: Any = self._schema
        if is_object(schema) and "$schema" in schema:
            schema = {key: value for key, value in schema.items() if key != "$schema"}
        made: Validator = kind(schema, registry=self.registry, format_checker=self._formats)
        return made

    def problems(self, value: JsonValue, at: int) -> tuple[Problem, ...]:
        """What is wrong with a complete value, at most 8 problems; () where nothing is. `at` is the text's length.

        A value that jsonschema can not judge is a problem too: one nested too deeply for its recursion, a number too
        large for its arithmetic, or one at which it breaks (in 2019-09, `unevaluatedItems` over `"items": true`).
        """
        found: list[Problem] = []
        try:
            for error in islice(self._validator.iter_errors(value), _MAX_PROBLEMS):
                message = error.message if len(error.message) <= _MAX_MESSAGE else error.message[:_MAX_MESSAGE] + "…"
                found.append(Problem(pointer(tuple(error.absolute_path)), message, str(error.validator), at))
        except RecursionError:
            found.append(Problem("", "nested too deeply to be checked: send a flatter value", "limit", at))
        except ArithmeticError:
            found.append(Problem("", "holds a number too large to be checked: send a smaller one", "limit", at))
        except TypeError as error:
            found.append(Problem("", f"can not be checked, the tool's schema is at fault: {error}", "schema", at))
        return tuple(found)
