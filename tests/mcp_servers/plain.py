"""An MCP server over standard input and output, protocol 2025-06-18, in plain Python: what a test tells it to be.

Words of the command line: "pages" gives the tools one by one, "mute" never answers, "loud" writes to standard error,
"broken" ends at once with a traceback, "strange" has tools that no model can be told of.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

OBJECT: dict[str, Any] = {"type": "object", "properties": {}}
TEXT: dict[str, Any] = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
TOOLS: dict[str, dict[str, Any]] = {
    "echo": {"inputSchema": TEXT, "description": "Say it again.", "annotations": {"readOnlyHint": True}},
    "pid": {"inputSchema": OBJECT, "annotations": {"idempotentHint": True, "destructiveHint": True}},
    "fail": {"inputSchema": OBJECT},
    "refuse": {"inputSchema": OBJECT},
    "steps": {"inputSchema": OBJECT},
    "wait": {"inputSchema": OBJECT},
    "cancelled": {"inputSchema": OBJECT},
    "media": {"inputSchema": OBJECT},
    "rows": {"inputSchema": OBJECT, "outputSchema": {"type": "object", "required": ["rows"]}},
    "lie": {"inputSchema": OBJECT, "outputSchema": {"type": "object", "required": ["rows"]}},
    "ask": {"inputSchema": OBJECT},
    "grow": {"inputSchema": OBJECT},
    "die": {"inputSchema": OBJECT},
    "environment": {"inputSchema": OBJECT},
}
STRANGE: dict[str, dict[str, Any]] = {
    "files/read.v2": {"inputSchema": OBJECT},
    "files.read.v2": {"inputSchema": OBJECT},
    "n" * 90: {"inputSchema": OBJECT},
    "remote_ref": {"inputSchema": {"type": "object", "properties": {"x": {"$ref": "https://example.com/x.json"}}}},
    "no_schema": {"inputSchema": {"type": "object", "properties": {"x": {"type": "whatever"}}}},
    "wordy": {"inputSchema": OBJECT, "description": "word " * 10_000},
}
cancelled: list[Any] = []
asked: list[Any] = []


def send(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
    sys.stdout.flush()


def texts(*given: str, **more: Any) -> dict[str, Any]:
    return {"content": [{"type": "text", "text": text} for text in given], **more}


def result(name: str, request: Any, params: dict[str, Any]) -> dict[str, Any] | None:
    """The result of a call; None where it is not to be answered (yet)."""
    match name:
        case "echo":
            return texts(params["arguments"]["text"])
        case "pid":
            return texts(str(os.getpid()))
        case "fail":
            return texts("the disk is full", isError=True)
        case "steps":
            token = params["_meta"]["progressToken"]
            for done in (1, 2):
                progress = {"progressToken": token, "progress": done, "total": 2, "message": f"step {done}"}
                send({"method": "notifications/progress", "params": progress})
                send({"method": "notifications/message", "params": {"level": "info", "data": f"line {done}"}})
            return texts("one", "two")
        case "wait":
            progress = {"progressToken": params["_meta"]["progressToken"], "progress": 0}
            send({"method": "notifications/progress", "params": progress})
            return None
        case "cancelled":
            return texts(json.dumps(cancelled))
        case "media":
            image = {"type": "image", "data": "YWJj", "mimeType": "image/png"}
            blob = {"uri": "file:///tmp/a.pdf", "mimeType": "application/pdf", "blob": "YWJj"}
            link = {"type": "resource_link", "uri": "file:///tmp/b.txt", "name": "b"}
            words = {"type": "resource", "resource": {"uri": "file:///tmp/c.txt", "text": "in c"}}
            return {"content": [*texts("seen")["content"], image, {"type": "resource", "resource": blob}, link, words]}
        case "rows":
            return texts("2 rows", structuredContent={"rows": [1, 2]})
        case "lie":
            return texts("2 rows", structuredContent={"lines": 2})
        case "ask":
            asked.append(request)
            wanted: dict[str, Any] = {"message": "Who are you?", "requestedSchema": OBJECT}
            send({"id": "ask-1", "method": "elicitation/create", "params": wanted})
            return None
        case "grow":
            del TOOLS["fail"]
            TOOLS["grown"] = {"inputSchema": OBJECT}
            send({"method": "notifications/tools/list_changed"})
            return texts("grown")
        case "grown":
            return texts("taller")
        case "die":
            sys.stderr.write("out of memory\n")
            sys.stderr.flush()
            os._exit(3)
        case "environment":
            return texts(json.dumps(dict(os.environ)))
        case _:
            return texts("called " + name)


def answer(request: dict[str, Any]) -> None:
    params = request.get("params", {})
    match request.get("method"):
        case "initialize":
            capabilities = {"tools": {"listChanged": True}, "logging": {}}
            info = {"name": "plain", "version": "1"}
            told = {"protocolVersion": "2025-06-18", "capabilities": capabilities, "serverInfo": info}
            send({"id": request["id"], "result": told})
        case "tools/list":
            send({"id": request["id"], "result": listing(params.get("cursor"))})
        case "tools/call" if params["name"] == "refuse":
            send({"id": request["id"], "error": {"code": -32602, "message": "not today"}})
        case "tools/call":
            made = result(params["name"], request["id"], params)
            if made is not None:
                send({"id": request["id"], "result": made})
        case "notifications/cancelled":
            cancelled.append(params.get("reason"))
        case None if request.get("id") == "ask-1":
            send({"id": asked.pop(), "result": texts(request["error"]["message"])})
        case method if "id" in request:
            send({"id": request["id"], "error": {"code": -32601, "message": f"no {method}"}})
        case _:
            pass


def listing(cursor: str | None) -> dict[str, Any]:
    described = [{"name": name, **rest} for name, rest in (TOOLS | (STRANGE if "strange" in sys.argv else {})).items()]
    if "pages" not in sys.argv:
        return {"tools": described}
    at = int(cursor or 0)
    more = {"nextCursor": str(at + 1)} if at + 1 < len(described) else {}
    return {"tools": described[at : at + 1], **more}


def main() -> None:
    if "broken" in sys.argv:
        raise SystemExit(f"no database at {os.environ.get('DATABASE')}")
    if "loud" in sys.argv:
        sys.stderr.write("I am here\n" * 10_000)
        sys.stderr.flush()
    for line in sys.stdin:
        if "mute" not in sys.argv:
            answer(json.loads(line))


if __name__ == "__main__":
    main()
