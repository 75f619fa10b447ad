"""What a request asks of a model beside the conversation, in no provider's words: `Model(…, settings=Settings(…))`.

Each wire writes what it can; what it has no words for raises a `ModelError` that says so, never silence.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, Final, Literal, TypeAlias, cast

from millstream.errors import UsageError
from millstream.events.values import JsonObject

MODERATION: Final[JsonObject] = {"model": "omni-moderation-latest"}
"""What `Policy(moderation="block")` asks for where the settings say nothing, in the words of OpenAI."""


@dataclass(frozen=True, slots=True)
class UseTool:
    """A tool choice: the model must call the tool of this name."""

    name: str


ToolChoice: TypeAlias = Literal["auto", "none", "required"] | UseTool
"""Whether the model may, must not, or must call a tool, or which one it must call."""

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]
"""How much a model should reason; providers know some of these words each."""


OutputMode: TypeAlias = Literal["auto", "native", "tool", "prompt"]
"""How a structured output is asked for, see `Settings.output_mode`."""


@dataclass(frozen=True, slots=True)
class OutputSchema:
    """The JSON Schema that the text of the answer must have; `strict` asks the provider to enforce it, where it can.

    OpenAI can where each optional property may be null; the schema is sent all the same, strict or not.
    """

    schema: JsonObject
    name: str = "output"
    description: str = ""
    strict: bool = True


@dataclass(frozen=True, slots=True)
class Settings:
    """How a model is asked. The defaults leave everything to the provider.

    Args:
        tool_choice: a choice that forces a call holds until a tool has answered, so that the model can also end.
        parallel_calls: False asks for at most one call in a response; None leaves it to the provider.
        effort: how much to reason.
        max_output_tokens: the longest answer, reasoning included.
        strict_tools: ask the provider to enforce the tools' schemas while the model writes, of those tools whose schema
            has the same meaning in the provider's strict form (on OpenAI's wires an optional parameter must be one that
            may be null: `days: int | None = None`). Arguments are checked here in any case.
        output: the JSON Schema of the answer's text, which stays text; `Agent(output_type=…)` gives values instead.
        output_mode: how `Agent(output_type=…)` is asked for. "native" as the schema of the answer's text, "tool" as the
            arguments of a tool that gives the answer, "prompt" in words within the instructions; "auto" takes the first
            that is known to work on the wire, and beside tools.
        hosted_tools: tools the provider runs, in its own words: `({"type": "web_search"},)`.
        moderation: the provider's moderation of input and output, in its own words; the scores are in `TurnEnded`, and
            `Policy.moderation` is what comes of them.
        body: fields of the request body, in the provider's own words, over everything else: `{"temperature": 0}`. Where
            both have an object its fields are merged, so that one of them leaves the others.
        cache: have the provider keep the beginning of the conversation, so that it is cheaper and faster next time.
            True marks what is worth keeping where a provider wants it marked (Anthropic, Bedrock); others keep it by
            themselves. A text is a key as well, which those who ask with the same beginning share, where the provider
            knows one (OpenAI, Azure). `Usage.cached_input_tokens` tells what came of it.
    """

    tool_choice: ToolChoice = "auto"
    parallel_calls: bool | None = None
    effort: Effort | None = None
    max_output_tokens: int | None = None
    strict_tools: bool = False
    output: OutputSchema | None = None
    output_mode: OutputMode = "auto"
    hosted_tools: tuple[JsonObject, ...] = ()
    moderation: JsonObject | None = None
    body: Mapping[str, Any] = field(default_factory=dict[str, Any])
    cache: bool | str = False


def as_settings(given: Settings | Mapping[str, Any] | None) -> Settings:
    """Settings as they are; a plain mapping is fields of the body.

    Raises:
        UsageError: they are neither.
    """
    if isinstance(given, Settings):
        return given
    body: Any = given
    if not isinstance(body, Mapping) and body is not None:
        raise UsageError(f"settings={body!r} are none: write Settings(…), or fields of the body as a mapping")
    return Settings(body=dict(cast("Mapping[str, Any]", body or {})))


def over(settings: Settings, own: Settings) -> Settings:
    """`settings` with what `own` says over it: each field of it that is not at its default, and its fields of the body.

    What `settings` asks for can be changed in this way, and not be taken back.
    """
    default = Settings()
    names = (one.name for one in fields(own))
    said = {name: getattr(own, name) for name in names if getattr(own, name) != getattr(default, name)}
    return replace(settings, **(said | {"body": {**settings.body, **own.body}}))
