"""What jsonschema says of a value, without anything of millstream's between, and without ever fetching a schema."""

from __future__ import annotations

from typing import Any

from jsonschema.validators import Draft202012Validator, validator_for
from referencing import Registry


def _validator(schema: Any) -> Any:
    return validator_for(schema, Draft202012Validator)(schema, registry=Registry())


def valid(schema: Any, value: Any) -> bool:
    return bool(_validator(schema).is_valid(value))


def failing(schema: Any, value: Any) -> set[str]:
    """The keywords that `value` fails."""
    return {str(error.validator) for error in _validator(schema).iter_errors(value)}
