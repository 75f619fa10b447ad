"""`millstream chat`: a conversation with any model in the terminal, with tools of yours."""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from typing import Any

import anyio

from millstream.agent import Agent
from millstream.errors import RunError, UsageError, WireError
from millstream.models import Model
from millstream.terminal import show
from millstream.transcript import Transcript

_LEAVE = ("/exit", "/quit", "/q")


@dataclass(frozen=True, slots=True)
class ChatOptions:
    """What the command line said."""

    model: str
    base_url: str | None
    key_variable: str | None
    tools: tuple[str, ...]
    instructions: str
    plain: bool


def run_chat(options: ChatOptions) -> None:
    """Talk until the end of the input, or `/exit`.

    Raises:
        UsageError: the model or a tool can not be used as named.
    """
    model = Model(options.model, base_url=options.base_url, api_key=_key(options))
    agent = Agent(
        model, [tool for name in options.tools for tool in load_tools(name)], instructions=options.instructions
    )
    with_tools = f" with {', '.join(agent.toolbox)}" if agent.toolbox else ""
    print(f"{options.model}{with_tools}. Ctrl-C stops an answer, Ctrl-D or /exit leaves.")
    transcript = Transcript()
    while True:
        try:
            prompt = input("\n> ").strip()
        except EOFError:
            print()
            return
        if prompt in _LEAVE:
            return
        if prompt:
            transcript = _answer(agent, prompt, transcript, plain=options.plain)


def _answer(agent: Agent, prompt: str, transcript: Transcript, *, plain: bool) -> Transcript:
    """One answer, shown as it comes; what was said then, also where it was stopped or failed."""
    run = agent.stream(prompt, history=transcript)

    async def follow() -> None:
        async with run:
            await show(run.follow(), plain=True if plain else None)

    try:
        anyio.run(follow)
    except KeyboardInterrupt:
        print("\nstopped")
    except (WireError, RunError) as error:
        print(f"millstream: {error}", file=sys.stderr)
    return run.transcript


def _key(options: ChatOptions) -> str | None:
    if options.key_variable is None:
        return None
    key = os.environ.get(options.key_variable)
    if not key:
        raise UsageError(f"--key-variable {options.key_variable}: it is not set")
    return key


def load_tools(name: str) -> list[Any]:
    """The tools that "module:name" stands for: a tool, a function, a toolbox, or a list of them.

    Raises:
        UsageError: there is no such module, or no such name in it.
    """
    module_name, colon, attribute = name.partition(":")
    if not colon or not attribute:
        raise UsageError(f'--tools {name}: write module:name, for example "my_tools:weather"')
    sys.path.insert(0, os.getcwd())  # noqa: PTH109  what python -m does too
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise UsageError(f"--tools {name}: {error}") from error
    finally:
        sys.path.pop(0)
    found: Any = getattr(module, attribute, None)
    if found is None:
        raise UsageError(f'--tools {name}: {module_name} has no "{attribute}"')
    return [*found] if isinstance(found, list | tuple) else [found]  # pyright: ignore[reportUnknownVariableType]  a user's
