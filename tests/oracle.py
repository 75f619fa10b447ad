"""What others say of a value: jsonschema, and jsonschema-rs; without anything of millstream's, and fetching nothing."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonschema_rs
from jsonschema.validators import Draft202012Validator, validator_for
from referencing import Registry
from referencing.jsonschema import specification_with


def _validator(schema: Any, resources: Mapping[str, Any] | None = None, *, formats: bool = False) -> Any:
    kind: Any = validator_for(schema, Draft202012Validator)
    specification = specification_with(kind.META_SCHEMA["$schema"])
    found = [(uri, specification.create_resource(one)) for uri, one in (resources or {}).items()]
    registry = Registry[Any]().with_resources(found)
    return kind(schema, registry=registry, format_checker=kind.FORMAT_CHECKER if formats else None)


def valid(schema: Any, value: Any, resources: Mapping[str, Any] | None = None, *, formats: bool = False) -> bool:
    return bool(_validator(schema, resources, formats=formats).is_valid(value))


def failing(schema: Any, value: Any) -> set[str]:
    """The keywords that `value` fails."""
    return {str(error.validator) for error in _validator(schema).iter_errors(value)}


def valid_in_rust(schema: Any, value: Any) -> bool:
    """As `valid`, by jsonschema-rs, which shares no code with it."""
    return bool(jsonschema_rs.validator_for(schema, validate_formats=False, offline=True).is_valid(value))
