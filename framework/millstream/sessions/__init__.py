"""Conversations that last: what was said in earlier runs, kept in a file, in memory or wherever you like.

chat = Session("user-42", SqliteSessions("chats.db"))
await agent.run("Hello, I am Ada.", history=chat)
await agent.run("Who am I?", history=chat)
"""

from __future__ import annotations

from millstream.sessions.session import Session, SessionChanged, SessionStore
from millstream.sessions.sqlite import SqliteSessions
from millstream.sessions.trimming import Trim, last_chars, last_prompts

__all__ = ("Session", "SessionChanged", "SessionStore", "SqliteSessions", "Trim", "last_chars", "last_prompts")
