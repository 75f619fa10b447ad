"""Frames and refusals become messages of a WebSocket. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from millstream.testing.provider.frames import Frame
from millstream.testing.provider.rules import Refusal
from millstream.testing.provider.rules.shapes import is_object
from millstream.testing.provider.scenario import Body


def event_of(frame: Frame) -> dict[str, Any] | None:
    """The event that a frame holds; None for verbatim bytes and for what is no event on a WebSocket."""
    lines = frame.data.split(b"\n") if frame.event else []
    data = b"".join(line.removeprefix(b"data: ") for line in lines if line.startswith(b"data: "))
    return json.loads(data) if data else None


def written(event: Mapping[str, Any], lane: str | None) -> str:
    """An event of a lane, as it is sent."""
    return json.dumps({**event} | ({} if lane is None else {"stream_id": lane}))


def refused(refusal: Refusal, lane: str | None) -> str:
    """The error that answers a request."""
    return written({"type": "error", "status": refusal.status, **refusal.body}, lane)


def refused_with(body: Body, lane: str | None) -> str:
    """The error that a scenario's HTTP answer is on a WebSocket, its headers within."""
    content = body.content
    error: Any = content.get("error") if is_object(content) else None
    facts: dict[str, Any] = error if is_object(error) else {"type": "server_error", "message": str(content)}
    headers = {"headers": dict(body.headers)} if body.headers else {}
    return written({"type": "error", "status": body.status, "error": {**facts, **headers}}, lane)
