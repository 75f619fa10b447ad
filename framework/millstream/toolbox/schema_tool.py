"""A tool made of a JSON Schema instead of a function's signature: for tools that are described elsewhere.

Its arguments are checked as those of every tool, character by character; what is called gets them as one dict. It knows
neither MCP nor OpenAPI, which make their tools of this.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias

from millstream.errors import ToolDefinitionError
from millstream.events.values import is_object
from millstream.policy import Retry, Start
from millstream.toolbox.context import ToolContext
from millstream.toolbox.signature import BoundArguments, Signature
from millstream.toolbox.tool import Tool, ToolOptions

Caller: TypeAlias = Callable[[dict[str, Any], ToolContext[Any]], Awaitable[Any]]
"""The arguments as they were sealed, and the context of the call -> its result."""


def schema_tool(  # noqa: PLR0913  the options of @tool
    name: str,
    parameters: Mapping[str, Any],
    call: Caller,
    *,
    description: str = "",
    read_only: bool = False,
    idempotent: bool = False,
    start: Start | None = None,
    needs_approval: bool | Callable[[Mapping[str, Any]], bool] = False,
    timeout_s: float | None = None,
    retry: Retry | None = None,
    limit: int | None = None,
    exclusive: str | None = None,
) -> Tool[..., Any]:
    """Make a tool of a JSON Schema and an async function that takes the arguments as one dict.

        async def forward(args: dict[str, Any], ctx: ToolContext) -> Any: ...

        search = schema_tool("search", {"properties": {"q": {"type": "string"}}, "required": ["q"]}, forward)

    The schema rules: nothing is coerced ("7" is no integer), and nothing beyond it is checked. A `$ref` must lead to a
    place within it.

    Args:
        name: what the model calls it: letters, digits, _ and -, at most 64.
        parameters: the JSON Schema of the arguments, an object, in draft 2020-12 or as its `$schema` says.
        call: called as `await call(args, context)` once the arguments are sealed.
        description: what the model is told.
        read_only: see `tool`, as for all that follow.
        idempotent: repeating it has no further effect.
        start: "eager", "safe" or "end".
        needs_approval: whether a person must agree first, or a predicate over the arguments.
        timeout_s: seconds for one attempt.
        retry: try again when it raises.
        limit: how many calls of it may be at work at once.
        exclusive: the name of a group of which only one call is at work at a time.

    Raises:
        ToolDefinitionError: the name or the schema can not be used; the message names the place.
        UsageError: options that contradict each other.
    """
    options = ToolOptions(
        read_only=read_only,
        idempotent=idempotent,
        start=start,
        needs_approval=needs_approval,
        timeout_s=timeout_s,
        retry=retry,
        limit=limit,
        exclusive=exclusive,
    )
    return made_of_schema(name, parameters, call, description=description, options=options)


def made_of_schema(
    name: str, parameters: Mapping[str, Any], call: Caller, *, description: str, options: ToolOptions
) -> Tool[..., Any]:
    """As `schema_tool`, with the options in one record; the schema is compiled already. Raises as that does."""

    async def function(args: dict[str, Any], *, context: ToolContext[Any]) -> Any:
        return await call(args, context)

    schema = _of_an_object(name, parameters)
    signature = Signature(description, schema, schema, "context", _bind, coerces=False)
    tool: Tool[..., Any] = Tool(function, signature, options, name=name, description=description, body="async")
    tool.prepare()
    return tool


def _of_an_object(name: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The schema with what every provider wants at its root: the type, and the properties though there are none."""
    if not is_object(parameters):
        message = f"{name}: the JSON Schema of the arguments is a dict, this is a {type(parameters).__name__}"
        raise ToolDefinitionError(message)
    plain: dict[str, Any] = {"type": "object", "properties": {}}
    schema = plain | dict(parameters)
    if schema["type"] != "object":
        raise ToolDefinitionError(
            f"{name}: the arguments of a tool are an object, its schema is of the type {schema['type']!r}: "
            'put the value into a property of an "object"'
        )
    return schema


def _bind(text: str) -> BoundArguments:
    return BoundArguments((json.loads(text),), {})
