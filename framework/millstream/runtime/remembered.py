"""What a run was told of earlier ones, and what it leaves for later ones."""

from __future__ import annotations

from dataclasses import dataclass

import anyio

from millstream.errors import UsageError
from millstream.sessions.session import Session, SessionChanged
from millstream.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Remembered:
    """The history that a run begins with.

    Args:
        transcript: what it begins with, the new prompt included.
        told: how many entries of that are history.
        session: where it comes from, None where nobody keeps it.
        kept: how many entries the session holds.
    """

    transcript: Transcript
    told: int = 0
    session: Session | None = None
    kept: int = 0

    async def keep(self, transcript: Transcript) -> None:
        """Have the session keep what was said and done since.

        Raises:
            SessionChanged: another run was faster.
        """
        if self.session is not None:
            with anyio.CancelScope(shield=True):
                new = transcript.entries[self.told :]
                await self.session.add(new, after=self.kept, transcript=transcript)


async def remembered(session: Session | None, new: Transcript, *, resumed: bool = False) -> Remembered:
    """What a run begins with: the history of a session, and what is new; one that is resumed has both in `new`.

    Raises:
        UsageError: there is nothing at all, or the history holds a call without an answer.
        SessionChanged: a run that is resumed began with another history than the session has now.
    """
    if resumed:
        return await _remembered_again(session, new)
    if session is None:
        check_history(new)
        return Remembered(new)
    history, kept = await session.begin()
    check_history(history + new)
    return Remembered(history + new, len(history), session, kept)


async def _remembered_again(session: Session | None, transcript: Transcript) -> Remembered:
    if session is None:
        return Remembered(transcript)
    history, kept = await session.begin()
    if transcript.entries[: len(history)] != history.entries:
        raise SessionChanged(f"session {session.id!r} has another history than the run that is resumed", transcript)
    return Remembered(transcript, len(history), session, kept)


def check_history(transcript: Transcript) -> None:
    """Whether a run can go on from this.

    Raises:
        UsageError: there is nothing, a call without an answer, or a result of a call that no reply made.
    """
    if not transcript:
        raise UsageError("a run needs a prompt, or a history= to go on from")
    if transcript.unanswered:
        names = ", ".join(call.name for call in transcript.unanswered)
        raise UsageError(f"the history holds calls without an answer ({names}): pass run.transcript as it is")
    if transcript.unasked:
        names = ", ".join(call.name for call in transcript.unasked)
        raise UsageError(f"the history holds results of calls that no reply in it made ({names}): leave them out")
