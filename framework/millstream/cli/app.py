"""The commands and their options. The only home of typer; what a command does is in the file of its name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, NoReturn

import typer

from millstream.errors import MillstreamError

app = typer.Typer(
    name="millstream",
    help="Streaming tool-call orchestration: your tools start while the model is still writing.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Plain = Annotated[bool, typer.Option("--plain", help="Lines instead of a live picture.")]
Json = Annotated[bool, typer.Option("--json", help="One record of the run a line, as JSON.")]


@app.command()
def demo(*, plain: Plain = False, json: Json = False) -> None:
    """Watch tools start in the middle of a streamed answer: offline, over real HTTP."""
    from millstream.cli.demo import run_demo

    _checked(lambda: run_demo(plain=plain, as_json=json))


@app.command()
def chat(
    *,
    model: Annotated[str, typer.Option(help="The model: openai:NAME or openai-chat:NAME.")],
    base_url: Annotated[str | None, typer.Option(help="A compatible server, up to and with /v1.")] = None,
    key_variable: Annotated[str | None, typer.Option(help="The environment variable that holds its key.")] = None,
    tools: Annotated[list[str] | None, typer.Option(help="Tools to use: module:name, again for more.")] = None,
    instructions: Annotated[str, typer.Option(help="What the model is told before everything else.")] = "",
    plain: Plain = False,
) -> None:
    """Talk with a model and your tools."""
    from millstream.cli.chat import ChatOptions, run_chat

    options = ChatOptions(model, base_url, key_variable, tuple(tools or ()), instructions, plain=plain)
    _checked(lambda: run_chat(options))


@app.command()
def mcp(
    tools: Annotated[list[str], typer.Argument(help="Tools to serve: module:name.")],
    *,
    name: Annotated[str, typer.Option(help="What the server is called.")] = "millstream",
) -> None:
    """Serve your tools over MCP, on standard input and output."""
    from millstream.cli.mcp import serve_tools

    _checked(lambda: serve_tools(tools, name))


@app.command()
def inspect(
    file: Annotated[str, typer.Argument(help="A recorded response body, - for standard input.")],
    *,
    api: Annotated[str | None, typer.Option(help="Its wire format; told from the stream where left out.")] = None,
    json: Json = False,
    summary: Annotated[bool, typer.Option("--summary", help="One JSON object: text, calls, reason, usage.")] = False,
) -> None:
    """Read a recorded stream as millstream does: its timeline, its records, or what it comes to."""
    from millstream.cli.inspect import inspect_stream

    if json and summary:
        _leave("--json and --summary are two views of one stream: choose one")
    _checked(lambda: inspect_stream(file, api, "records" if json else "summary" if summary else "timeline"))


def _checked(command: Callable[[], None]) -> None:
    """Run a command; what is wrong with its input is one line, and exit code 2."""
    try:
        command()
    except MillstreamError as error:
        _leave(str(error))
    except BrokenPipeError:
        sys.stderr.close()  # whoever read the output has gone


def _leave(message: str) -> NoReturn:
    typer.echo(f"millstream: {message}", err=True)
    raise typer.Exit(2)
