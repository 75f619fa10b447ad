"""What is known of a stream, in facts named alike for all wires; what only one wire says is in its own file here.

A file named as the wire holds `GOOD_ENDS`, `facts(known)` and `OTHERWISE`: (stream, fact) -> what is found instead of
what the file beside the stream has, each with its reason.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from millstream.events.values import is_array
from millstream.wire.formats import DECODINGS
from tests.conformance.streams import Stream


def _of(api: str) -> Any:
    return import_module(f"tests.conformance.known.{api.replace('-', '_')}")


OTHERWISE: dict[tuple[str, str], Any] = {key: value for api in DECODINGS for key, value in _of(api).OTHERWISE.items()}


def good_ends(api: str) -> frozenset[str]:
    """The reasons after which calls may run."""
    ends: frozenset[str] = _of(api).GOOD_ENDS
    return ends


def known(stream: Stream) -> dict[str, Any]:
    """What is known of a stream, fact by fact; only what its file speaks of."""
    known, facts = stream.expected, dict[str, Any]()
    lanes = [call for lane in known.get("lanes", {}).values() for call in lane]
    calls = [
        call for call in known.get("calls", lanes) if not call["kind"].startswith(("server:", "client_or_server:"))
    ]
    facts["calls"] = len(calls)
    for i, call in enumerate(calls):
        facts[f"name {i}"] = call["name"]
        if call["id"] is not None and not known.get("accept_synthetic_id"):
            facts[f"id {i}"] = call["id"]
        facts[f"arguments {i}"] = {} if call.get("arguments_error") == "empty" else call["arguments"]
        if call.get("arguments_raw"):
            facts[f"text {i}"] = call["arguments_raw"]
    if "text" in known:
        facts["text"] = known["text"] or ""
    usage: Any = known.get("usage", [])
    if not is_array(usage) or any(usage):  # a session's list without a count in it says nothing
        facts["usage"] = usage
    if "refusal" in known:
        facts["refusal"] = known["refusal"] or None
    error: dict[str, Any] = known.get("error") or {}
    facts["failed"] = bool(error)
    facts |= {key: error[key] for key in ("type", "code") if error.get(key)}
    of_this_wire: dict[str, Any] = _of(stream.api).facts(known)
    return facts | of_this_wire
