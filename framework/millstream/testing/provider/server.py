"""`FakeProvider`: the provider as a real HTTP server on a free port, for as long as a `with` block lasts.

It has a thread and an event loop of its own, so that it serves code on asyncio, on trio and without a loop alike.
starlette and uvicorn are imported when the first provider is made.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Future
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from millstream.errors import UsageError
from millstream.providers import PROVIDERS
from millstream.testing.provider.log import Log, RecordedRequest
from millstream.testing.provider.scenario import Scenario
from millstream.testing.provider.websocket.terms import WebSocketTerms

if TYPE_CHECKING:
    from millstream.testing.provider.serving import Serving

HOST = "127.0.0.1"
BACKLOG = 1024
START_TIMEOUT_S = 10.0
STOP_TIMEOUT_S = 5.0
_TERMS = WebSocketTerms()


class FakeProvider:
    """A provider that plays a scenario, on the wire of whichever path it is asked at.

    ```python
    with FakeProvider(Scenario.of([CallTool("weather", {"city": "Paris"})], "21 degrees.")) as provider:
        model = Model("openai:any", base_url=provider.base_url, api_key="any")
    ```

    It streams over HTTP, and on `ws://…/v1/responses` over WebSocket, as the real providers do, and refuses what the
    real ones refuse, in their own words: an unanswered call, a changed signature, a wrong key, an unknown model.
    OpenAI's responses in the background can be read on and stopped. `GET /v1/models` lists the models, `GET /requests`
    the recorded requests as JSON.

    What a client takes as its base URL: `base_url` for OpenAI (`/responses`, `/chat/completions`, `/completions`),
    `gemini_url` for Gemini (`/models/MODEL:streamGenerateContent`, `/interactions`), and `root_url` for Anthropic
    (`/v1/messages`), Ollama (`/api/chat`), Cohere (`/v2/chat`) and Bedrock (`/model/MODEL/converse-stream`).
    `url_for("anthropic")` is what `Model("anthropic:…", base_url=…)` takes.

    Args:
        scenario: the answers.
        keys: the keys that are let in; None lets in any, but a key there must be.
        models: the models there are; None is any.
        check: whether request bodies are checked by the provider's own rules.
        port: the port to listen on; 0 is a free one.
        websocket: the terms of `ws://…/v1/responses`; None serves no WebSockets, and so does a missing package.

    Raises:
        UsageError: starlette or uvicorn is not installed.
    """

    def __init__(
        self,
        scenario: Scenario,
        *,
        keys: Collection[str] | None = None,
        models: Collection[str] | None = None,
        check: bool = True,
        port: int = 0,
        websocket: WebSocketTerms | None = _TERMS,
    ) -> None:
        try:
            from millstream.testing.provider.app import App
            from millstream.testing.provider.connections import Connections
            from millstream.testing.provider.serving import Serving
        except ModuleNotFoundError as error:
            package = (error.name or "starlette").partition(".")[0]
            message = f"FakeProvider needs {package}: pip install 'millstream[fake]'"
            raise UsageError(message) from error
        self._log = Log()
        self._port = port
        connections = Connections()
        app = App(scenario, self._log, connections, keys, models, check, websocket=websocket or _TERMS)
        self._serving: Serving = Serving(app.asgi(), connections, with_websockets=websocket is not None)
        self._address: tuple[str, int] | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Start to serve; the port accepts connections when this returns."""
        if self._thread is not None:
            raise UsageError("FakeProvider: a provider serves one `with` block, make a new one for the next")
        listener = socket.create_server((HOST, self._port), backlog=BACKLOG)
        self._address = HOST, listener.getsockname()[1]
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(listener, started), name="fake-provider", daemon=True)
        self._thread.start()
        started.result(START_TIMEOUT_S)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop to serve: open answers are cut, the thread and the port are given back.

        Raises:
            RuntimeError: the server had a fault of its own, or did not stop in time.
        """
        thread = self._thread
        if thread is None:
            return
        self._serving.stop()
        thread.join(STOP_TIMEOUT_S)
        if error is not None:
            return  # what failed in the block is what matters
        if thread.is_alive():
            raise RuntimeError(f"the fake provider did not stop within {STOP_TIMEOUT_S:g} s")
        if self._serving.fault is not None:
            raise RuntimeError("the fake provider itself failed, this is a bug of millstream") from self._serving.fault

    @property
    def base_url(self) -> str:
        """What a client of OpenAI takes as its base URL: `http://127.0.0.1:PORT/v1`.

        Raises:
            UsageError: the provider was not entered with `with`.
        """
        return f"{self.root_url}/v1"

    @property
    def root_url(self) -> str:
        """Where the paths of all providers begin: `http://127.0.0.1:PORT`, the base URL of the Anthropic SDK.

        Raises:
            UsageError: the provider was not entered with `with`.
        """
        if self._address is None:
            raise UsageError("FakeProvider: enter it with `with` first, before that it has no port")
        host, port = self._address
        return f"http://{host}:{port}"

    @property
    def gemini_url(self) -> str:
        """What a client of Gemini takes as its base URL: `http://127.0.0.1:PORT/v1beta`.

        Raises:
            UsageError: the provider was not entered with `with`.
        """
        return f"{self.root_url}/v1beta"

    def url_for(self, prefix: str) -> str:
        """What `Model("prefix:…", base_url=…)` takes to ask this provider instead of the real one.

        The fake has the paths of the real providers, so it is the path of that provider's own base URL.

        Raises:
            UsageError: the provider was not entered with `with`, or no model string has this prefix.
        """
        if prefix not in PROVIDERS:
            raise UsageError(f'FakeProvider: no model string begins with "{prefix}:", there are {", ".join(PROVIDERS)}')
        return self.root_url + urlsplit(PROVIDERS[prefix].base_url).path.rstrip("/")

    @property
    def requests(self) -> tuple[RecordedRequest, ...]:
        """The requests for an answer so far, refused ones included, oldest first."""
        return self._log.requests()

    @property
    def disconnects(self) -> tuple[RecordedRequest, ...]:
        """The requests whose client left before the end of the answer."""
        return tuple(record for record in self.requests if record.disconnected_at_s is not None)

    def wait_for_requests(self, count: int, timeout_s: float = 5.0) -> tuple[RecordedRequest, ...]:
        """Block until so many requests have come; from async code call it in a thread.

        Raises:
            TimeoutError: they have not, within the time.
        """
        return self.wait_until(lambda records: len(records) >= count, f"{count} requests", timeout_s)

    def wait_for_disconnects(self, count: int, timeout_s: float = 5.0) -> tuple[RecordedRequest, ...]:
        """Block until so many clients have been found to have left early.

        Raises:
            TimeoutError: they have not, within the time.
        """

        def left(records: Sequence[RecordedRequest]) -> bool:
            return sum(record.disconnected_at_s is not None for record in records) >= count

        return self.wait_until(left, f"{count} disconnects", timeout_s)

    def wait_until(
        self, reached: Callable[[Sequence[RecordedRequest]], bool], what: str, timeout_s: float = 5.0
    ) -> tuple[RecordedRequest, ...]:
        """Block until the records are as wanted; `what` names it in the error.

        Raises:
            TimeoutError: they are not, within the time.
        """
        if not self._log.wait_until(reached, timeout_s):
            seen = "; ".join(f"{record.path} {[mark.label for mark in record.marks]}" for record in self.requests)
            raise TimeoutError(f"no {what} within {timeout_s:g} s; the provider has seen: {seen or 'no request'}")
        return self.requests

    def _run(self, listener: socket.socket, started: Future[None]) -> None:
        asyncio.run(self._serving.serve(listener, started))
