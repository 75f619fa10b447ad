"""What is played in tests of whole runs: tools, the answers of a model, and how each answer travels.

Data only, the same for both wires. A call's `key` is unique in its conversation and comes back in all that its tool
says: it shows whose result went where. Nothing here knows the runtime.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias, get_args

from millstream import Limits, Policy
from millstream.guards import Guards
from millstream.policy import Start
from millstream.testing.provider.chat import ChatWire
from millstream.testing.provider.frames import Asked
from millstream.testing.provider.play import Act, play
from millstream.testing.provider.responses import ResponsesWire
from millstream.testing.provider.scenario import Response

Api: TypeAlias = Literal["openai-responses", "openai-chat"]
APIS: Final[tuple[Api, ...]] = get_args(Api)
Kind: TypeAlias = Literal["async", "async generator", "thread", "inline", "generator", "stuck", "nested", "reading"]
KINDS: Final[tuple[Kind, ...]] = tuple(kind for kind in get_args(Kind) if kind != "reading")
"""All that start by the table of the design; "reading" is for scenes: it reads its key while that is written."""
How: TypeAlias = Literal[
    "return", "say", "once", "tool_error", "model_retry", "raise", "exit", "no json", "big", "deny", "edit"
]
HOWS: Final[tuple[How, ...]] = get_args(How)
GOOD_ENDS: Final[Mapping[Api, frozenset[str | None]]] = {
    # what the writers of the wires make of a reason: Responses has one word for every good end
    "openai-responses": frozenset({None, "stop", "tool_calls", "function_call", "completed"}),
    "openai-chat": frozenset({None, "stop", "tool_calls", "function_call"}),
}


@dataclass(frozen=True, slots=True)
class ToolPlan:
    """One tool: what its body is, and on which terms it runs. A "stuck" one never ends by itself."""

    name: str
    kind: Kind = "async"
    read_only: bool = False
    start: Start | None = None
    limit: int | None = None
    exclusive: str | None = None
    attempts: int = 1
    pause_s: float = 0.0
    approval: bool = False

    @property
    def free(self) -> bool:
        """Whether it waits for nothing but the model."""
        return self.limit is None and self.exclusive is None and not self.approval

    def starts(self, policy: Policy) -> Start:
        """When its calls may start, by the table of the design."""
        if policy.start is not None:
            return policy.start
        return self.start if self.start is not None else "eager" if self.read_only else "safe"


@dataclass(frozen=True, slots=True)
class CallPlan:
    """One call as the model means it: `key` is that of its arguments, None where they are not valid."""

    tool: str
    text: str
    key: str | None


@dataclass(frozen=True, slots=True)
class Answer:
    """One response.

    Args:
        response: what the model does.
        calls: its calls, in the order in which they open.
        cut: so many bytes of the body arrive, modulo its length; None for all.
        tidy: whether the body of a torn response just ends, rather than the connection.
        places: where the body is cut into pieces, modulo its length; None cuts it behind each event.
        rest: turns of the event loop between two pieces.
        silence: turns of the event loop before the head of the answer.
    """

    response: Response = field(default_factory=Response)
    calls: tuple[CallPlan, ...] = ()
    cut: int | None = None
    tidy: bool = True
    places: tuple[int, ...] | None = None
    rest: int = 0
    silence: int = 0


@dataclass(frozen=True, slots=True)
class Refused:
    """A request that is not answered: 0 is no connection, any other number an HTTP status."""

    status: int


@dataclass(frozen=True, slots=True)
class Play:
    """A whole conversation. When the answers are used up the model says a last word."""

    api: Api
    tools: tuple[ToolPlan, ...]
    answers: tuple[Answer | Refused, ...]
    policy: Policy = field(default_factory=Policy)
    limits: Limits = field(default_factory=Limits)
    consumer_rest: int = 0
    """Turns of the event loop that the consumer takes for each event, and the approver for each question."""
    guards: Guards | None = None
    journal_rest: int | None = None
    """Turns of the event loop that the journal takes to keep records; None for one that does not wait."""

    def tool(self, name: str) -> ToolPlan | None:
        """The tool of a name, None if there is none."""
        return next((tool for tool in self.tools if tool.name == name), None)


def written(api: Api, response: Response, request: Mapping[str, Any], seed: str) -> list[tuple[bytes, Act | None]]:
    """The body of a response in parts, each with the act that it is the whole of."""
    asked = Asked(request, seed, 1_700_000_000)
    wire: ChatWire | ResponsesWire = (
        ChatWire(asked, lone_call=response.call_count == 1) if api == "openai-chat" else ResponsesWire(asked)
    )
    parts: list[tuple[bytes, Act | None]] = [(b"".join(frame.data for frame in wire.start()), None)]
    parts += [(b"".join(frame.data for frame in wire.feed(act)), act) for act in play(response)]
    return parts
