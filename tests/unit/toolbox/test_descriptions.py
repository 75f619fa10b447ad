"""Where a model's descriptions of parameters come from."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, Field

from millstream.toolbox.signature import read_signature


class Address(BaseModel):
    """Where someone lives."""

    street: str


def told(function: Callable[..., Any]) -> Mapping[str, Any]:
    return read_signature(function).parameters


def google(city: str, days: Annotated[int, Field(description="own")] = 1, unit: str = Field("C")) -> None:
    """Weather.

    Args:
        city: where
        days: not this
        unit: which scale
    """


def numpy(city: str, days: Annotated[int, Field(description="own")] = 1, unit: str = Field("C")) -> None:
    """Weather.

    Parameters
    ----------
    city : str
        where
    days : int
        not this
    unit : str
        which scale
    """


def sphinx(city: str, days: Annotated[int, Field(description="own")] = 1, unit: str = Field("C")) -> None:
    """Weather.

    :param city: where
    :param days: not this
    :param unit: which scale
    """


@pytest.mark.parametrize("function", [google, numpy, sphinx])
def test_descriptions_come_from_the_docstring_unless_the_field_has_its_own(function: Callable[..., Any]) -> None:
    signature = read_signature(function)
    assert signature.summary == "Weather."
    assert {name: one["description"] for name, one in signature.parameters["properties"].items()} == {
        "city": "where",
        "days": "own",
        "unit": "which scale",
    }


def test_the_description_of_a_default_field_is_its_own() -> None:
    def function(city: str = Field("Paris", description="own")) -> None:
        """Weather.

        Args:
            city: not this
        """

    assert told(function)["properties"]["city"]["description"] == "own"


def test_a_described_model_keeps_both_descriptions() -> None:
    def function(address: Address) -> None:
        """Move.

        Args:
            address: where to
        """

    schema = told(function)
    assert schema["properties"]["address"] == {"$ref": "#/$defs/Address", "description": "where to"}
    assert schema["$defs"]["Address"]["description"] == "Where someone lives."
