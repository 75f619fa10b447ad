"""Tools made of a JSON Schema, in runs and alone."""

from __future__ import annotations

from typing import Any

import pytest

from millstream import Agent, ToolContext, ToolDefinitionError, UsageError, schema_tool
from millstream.events import CallReturned, CallStarted, Rejected
from millstream.testing import ScriptedModel, assert_records, call

ORDER: dict[str, Any] = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "properties": {"item": {"$ref": "#/definitions/item"}, "count": {"type": "integer", "minimum": 1}},
    "required": ["item"],
    "additionalProperties": False,
    "definitions": {"item": {"enum": ["bolt", "nut"]}},
}


async def order(args: dict[str, Any], ctx: ToolContext) -> dict[str, Any]:
    ctx.progress(1, 1, "ordered")
    return {"ordered": args, "for": ctx.deps}


@pytest.mark.anyio
async def test_in_a_run() -> None:
    tool = schema_tool("order", ORDER, order, description="Order an item.", read_only=True)
    model = ScriptedModel([[call("order", item="nut", count=2), call("order", item="wheel")], "Done."])
    result = await Agent(model, [tool]).run("Go.", deps="me")
    good, wrong = result.calls.values()
    assert good.result == {"ordered": {"item": "nut", "count": 2}, "for": "me"}
    assert isinstance(wrong.failure, Rejected)
    assert wrong.failure.problems[0].path == "/item"
    assert model.requests[0]["tools"][0]["description"] == "Order an item."
    states = [record.event.state for record in result.records if isinstance(record.event, CallStarted)]
    assert states == ["eager"]
    assert_records(result.records)


@pytest.mark.anyio
async def test_the_schema_rules_whatever_the_policy() -> None:
    tool = schema_tool("order", {"properties": {"count": {"type": "integer"}}}, order)
    result = await Agent(ScriptedModel([[call("order", count="7")], [call("order")], "Done."]), [tool]).run("Go.")
    text, none = result.calls.values()
    assert isinstance(text.failure, Rejected)
    assert none.result == {"ordered": {}, "for": None}
    assert [type(record.event) for record in result.records].count(CallReturned) == 1
    assert_records(result.records)


def test_what_a_provider_is_told_has_a_type_and_properties() -> None:
    assert schema_tool("ping", {}, order).parameters == {"type": "object", "properties": {}}


@pytest.mark.parametrize(
    ("name", "schema", "words"),
    [
        ("no name", {}, "'no name' can not be the name of a tool"),
        ("x", {"type": "array"}, "x: the arguments of a tool are an object, its schema is of the type 'array'"),
        ("x", {"properties": {"y": {"type": "text"}}}, "x: the schema is not valid at #/properties/y/type"),
        ("x", {"properties": {"y": {"$ref": "#/$defs/z"}}}, 'x: the schema\'s reference "#/$defs/z" leads nowhere'),
        ("x", True, "x: the JSON Schema of the arguments is a dict, this is a bool"),
    ],
)
def test_what_no_tool_can_be_made_of(name: str, schema: Any, words: str) -> None:
    with pytest.raises(ToolDefinitionError) as caught:
        schema_tool(name, schema, order)
    assert words in str(caught.value)


def test_options_are_those_of_every_tool() -> None:
    with pytest.raises(UsageError, match="limit=0 lets no call run"):
        schema_tool("x", {}, order, limit=0)
