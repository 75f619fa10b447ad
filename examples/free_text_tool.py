"""A tool that takes free text bound by a grammar: no JSON, no escapes, and the same tool on every provider.

python examples/free_text_tool.py        offline: a script plays the model, on a wire with such tools and on one without
"""

import anyio

from millstream import Agent, Grammar, tool
from millstream.testing import CallTool, ScriptedModel, call

QUERY = Grammar("lark", 'start: "SELECT " COLUMN " FROM " TABLE\nCOLUMN: /[a-z]+/\nTABLE: /[a-z]+/')


@tool(read_only=True, free_text=QUERY)
async def query(sql: str) -> str:
    """Ask the database."""
    return f"42 rows for: {sql}"


async def main() -> None:
    text = "SELECT name FROM parts"
    openai = ScriptedModel([[CallTool("query", raw=text, kind="custom")], "42 parts."])
    anthropic = ScriptedModel([[call("query", input=text)], "42 parts."], api="anthropic-messages")
    for model in (openai, anthropic):
        result = await Agent(model, tools=[query]).run("How many parts are there?")
        (ran,) = result.calls.values()
        print(f"{model.format.name}: {ran.result} -> {result.output}")


if __name__ == "__main__":
    anyio.run(main)
