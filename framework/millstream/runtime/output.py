"""The structured output of a run: how it is asked for, and what is done with what the model gave. Nothing waits here.

An output that is not valid goes back to the model with what is wrong, at most `Limits.max_output_retries` times.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from millstream.arguments.outcomes import Sealed
from millstream.errors import OutputInvalid, UsageError
from millstream.failures import Rejected
from millstream.models import Model
from millstream.routing.output import OutputForm, OutputReader
from millstream.routing.surrogates import printable
from millstream.runtime.attempt import RunContext
from millstream.runtime.response import Response
from millstream.settings import OutputSchema
from millstream.toolbox.output_type import OutputType
from millstream.toolbox.toolbox import Toolbox
from millstream.transcript import Entry, Reply, TextItem, ToolResult, Transcript, user
from millstream.wire.format import Ask
from millstream.wire.output_modes import ChosenMode, asking_for, mode_of

_TOOL_NAME: Final = "final_answer"
_MAX_TOLD: Final = 300
_LENGTH: Final = ("length", "token")
_AGAIN: Final = "Your answer was not accepted:\n{problems}\nGive the whole answer again, corrected."


@dataclass(frozen=True, slots=True)
class OutputPlan:
    """How a run gets its output.

    `name` is that of the schema, and of the tool where the output is the arguments of one.
    """

    kind: OutputType[Any]
    mode: ChosenMode
    wire: str
    name: str

    @property
    def tool_names(self) -> frozenset[str]:
        """The name of the tool that gives the output, where there is one."""
        return frozenset((self.name,) if self.mode == "tool" else ())

    def asked(self, ask: Ask) -> Ask:
        """The request with the output in it."""
        output = OutputSchema(self.kind.schema, self.name, self.kind.description)
        return asking_for(ask, self.mode, output, self.wire)

    def reader(self, shared: RunContext, before: str) -> OutputReader:
        """What reads the output of one response; `before` is what an interrupted one has written of it."""
        opened = partial(self.kind.assembler, shared.limits, coerce=shared.policy.coerce)
        tool = self.name if self.mode == "tool" else None
        return OutputReader(OutputForm(opened, tool, self.kind.key), before)


def plan_output(kind: OutputType[Any], model: Model, toolbox: Toolbox, ask: Ask) -> OutputPlan:
    """How an output of that type is got from that model, for requests like `ask`.

    Raises:
        UsageError: the model's settings name another schema for the same text.
    """
    if model.settings.output is not None:
        raise UsageError("output_type and Settings(output=…) both say what the answer must be: leave one of them out")
    wire = model.format.name
    mode = mode_of(model.settings.output_mode, ask, wire, kind.schema)
    if mode != "tool":
        return OutputPlan(kind, mode, wire, kind.name)
    name = _TOOL_NAME
    while name in toolbox:
        name += "_"
    return OutputPlan(kind, mode, wire, name)


class OutputJudge:
    """Says of each response that should be the last whether it is the output, or what the model is told next.

    Args:
        max_retries: how often the model may try again.
    """

    def __init__(self, max_retries: int) -> None:
        self.accepted: Sealed | None = None
        """The output: its JSON value, and what that was made into."""
        self._retries_left = max_retries
        self._tries = 0

    def judge(self, response: Response, entries: tuple[Entry, ...], transcript: Transcript) -> tuple[Entry, ...]:
        """What the transcript is to go on with; nothing once the output is `accepted`.

        Raises:
            OutputInvalid: the model refused, was cut off, or has used up its tries.
        """
        assert response.output is not None, "asked only where there is an output"
        finished = response.router.finished
        if finished is not None and not response.aborted:
            _check_refusal(entries, transcript)
            if not finished.good:
                raise OutputInvalid(_cut(printable(finished.reason)), transcript)
        outcome = response.output.verdict()
        if isinstance(outcome, Sealed):
            self.accepted = outcome
            return ()
        self._tries += 1
        problems = "\n".join(f"- {problem.path or 'answer'}: {problem.message}" for problem in outcome.problems)
        if self._retries_left <= 0:
            raise OutputInvalid(_used_up(outcome, self._tries), transcript, problems=outcome.problems)
        self._retries_left -= 1
        if any(isinstance(entry, ToolResult) for entry in entries):
            return ()  # which tells of the problems
        return (user(_AGAIN.format(problems=problems)),)


def _check_refusal(entries: tuple[Entry, ...], transcript: Transcript) -> None:
    replies = [entry for entry in entries if isinstance(entry, Reply)]
    texts = [item for reply in replies for item in reply.items if isinstance(item, TextItem)]
    refusal = "".join(item.text for item in texts if item.refusal)
    if refusal and not any(reply.text.strip() for reply in replies):
        message = f"the model refused to give the output: {refusal[:_MAX_TOLD]}"
        raise OutputInvalid(message, transcript, refusal=refusal)


def _cut(reason: str) -> str:
    if any(word in reason.lower() for word in _LENGTH):
        return (
            f'the response was cut off ("{reason}") before the output was complete: raise '
            "Settings(max_output_tokens=…), or ask for a shorter one"
        )
    return f'the model stopped ("{reason}") before the output was complete'


def _used_up(rejected: Rejected, tries: int) -> str:
    told = "; ".join(f"{problem.path} {problem.message}".strip() for problem in rejected.problems)
    times = "once" if tries == 1 else f"{tries} times"
    return (
        f"the model was asked {times} and its output was never valid, in the end because: {told[:_MAX_TOLD]}. "
        "Say in the instructions what is wanted, or raise Limits.max_output_retries"
    )
