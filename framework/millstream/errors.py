"""Every exception millstream raises. Whose fault it was decides the class:

    MillstreamError            never raised itself
    ├── UsageError             yours: raised at the line that is wrong
    │   ├── ToolDefinitionError    a tool can not be made from that function or schema
    │   ├── ModelError             a model string, base URL or key that can not be used
    │   └── RunClosed              a run that was not entered, or is over, was asked for something
    ├── WireError              the provider's, or the network's: phase, status, code, bytes_seen, retryable, hint
    ├── RunError               the run can not go on: carries the transcript so far
    │   ├── TurnLimit              it reached `Limits.max_turns`
    │   ├── OutputInvalid          the model gave no output of the `output_type`, or refused to
    │   ├── ModerationBlocked      its last response did not pass, and `Policy.moderation` asks that it does
    │   └── GuardBlocked           a guard did not let the prompt or the answer pass
    └── ArgsAborted            raised inside a tool whose argument stream was torn, so that it can roll back

The model's mistakes and a tool's failures are not exceptions but values (`millstream.failures`). Two exceptions are
for tools to raise: `ToolError` (the model may read its text) and `ModelRetry` (the model should call again, changed).
Anything else that escapes millstream is a bug.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from millstream.failures import Problem
    from millstream.transcript import Transcript

Phase: TypeAlias = Literal["connect", "request", "stream"]
"""No connection; an answer that refuses the request; a response that broke or is not what it should be."""

_HIDDEN: Final = "***"


class MillstreamError(Exception):
    """The root of everything millstream raises."""


class UsageError(MillstreamError):
    """The calling code is wrong; the message says what to write instead."""


class ToolDefinitionError(UsageError):
    """No tool can be made of this function or schema; the message names the parameter or the place."""


class ModelError(UsageError):
    """The model, its base URL or its key can not be used as given."""


class RunClosed(UsageError):
    """The run was not entered with `async with`, or is over."""


class WireError(MillstreamError):
    """The provider or the network failed.

    Args:
        message: what happened, with what the provider said about it.
        phase: how far the request had come.
        status: the HTTP status, None where there was none.
        code: the provider's own code or error type, as it sent it.
        kind: "protocol" where the answer was not of the wire's form, else the provider's error type, "" if unknown.
        retryable: whether the same request may succeed later.
        retry_after_s: how long the provider asked to wait, in seconds.
        bytes_seen: bytes of the response body that had arrived.
        hint: what to do about it, in a sentence; "" where there is nothing to say.
    """

    def __init__(  # noqa: PLR0913  the fields of one record
        self,
        message: str,
        *,
        phase: Phase = "stream",
        status: int | None = None,
        code: str | int | None = None,
        kind: str = "",
        retryable: bool = False,
        retry_after_s: float | None = None,
        bytes_seen: int = 0,
        hint: str = "",
    ) -> None:
        super().__init__(message)
        self.message: str = message
        self.phase: Phase = phase
        self.status = status
        self.code = code
        self.kind: str = kind
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.bytes_seen = bytes_seen
        self.hint: str = hint
        self.transcript: Transcript | None = None
        """What had been said and done when the run ended, set by the run."""

    def hide(self, secrets: Iterable[str]) -> None:
        """Write *** wherever a secret stands in what the error says: a server may say back what it was sent."""
        for secret in sorted(secrets, key=len, reverse=True):
            self.message = self.message.replace(secret, _HIDDEN)
            self.hint = self.hint.replace(secret, _HIDDEN)
            self.kind = self.kind.replace(secret, _HIDDEN)
            if isinstance(self.code, str):
                self.code = self.code.replace(secret, _HIDDEN)
        self.args = (self.message,)

    def __str__(self) -> str:
        """The message, the facts that are known, and the hint."""
        facts = [
            f"HTTP {self.status}" if self.status is not None else "",
            f"code {self.code}" if self.code not in (None, "") else "",
            f"after {self.bytes_seen} bytes" if self.bytes_seen else "",
            f"retry after {self.retry_after_s:g} s" if self.retry_after_s is not None else "",
        ]
        known = ", ".join(fact for fact in facts if fact)
        said = f"{self.message} ({known})" if known else self.message
        if not self.hint:
            return said
        return f"{said} {self.hint}" if said.endswith((".", "!", "?")) else f"{said}. {self.hint}"


class RunError(MillstreamError):
    """The run can not go on. `transcript` holds what was said and done, to go on from with `history=`."""

    def __init__(self, message: str, transcript: Transcript | None = None) -> None:
        super().__init__(message)
        self.transcript = transcript


class TurnLimit(RunError):
    """The model still called tools when `Limits.max_turns` responses were used up."""


class OutputInvalid(RunError):
    """The model gave no output of the type it was asked for, however often it was told why, or it could not finish one.

    Args:
        message: what is wrong, and what to do.
        transcript: what was said and done.
        problems: what is wrong with the last output, with the places in it; empty where it was refused or cut off.
        refusal: the model's own words, where it refused.
    """

    def __init__(
        self,
        message: str,
        transcript: Transcript | None = None,
        *,
        problems: tuple[Problem, ...] = (),
        refusal: str = "",
    ) -> None:
        super().__init__(message, transcript)
        self.problems = problems
        self.refusal = refusal


class ModerationBlocked(RunError):
    """A response did not pass the moderation that `Policy(moderation="block")` asks for, and is in no transcript."""


class GuardBlocked(RunError):
    """A guard did not let something pass, or could not say; what it blocked is in no record and no transcript.

    Args:
        message: what happened, in a sentence.
        guard: the name of the guard's function.
        reason: why, in the guard's words; that it failed, where it did.
        what: "input" for what the user said, "text" for what the model wrote.
    """

    def __init__(
        self, message: str, *, guard: str = "", reason: str = "", what: Literal["input", "text"] = "text"
    ) -> None:
        super().__init__(message)
        self.guard = guard
        self.reason = reason
        self.what: Literal["input", "text"] = what


class ArgsAborted(MillstreamError):
    """The argument a tool was reading will never be complete: undo what was begun and let this pass."""


class ToolError(Exception):
    """Raised by a tool: it failed, and the model may read this text. Its text must hold no secret."""


class ModelRetry(Exception):
    """Raised by a tool: the model should call it again, changed as this text says."""
