"""One connection with one server, alive in a task of its own: whatever happens to it ends that task and nothing else.

The package's client runs in there; calls come from the tasks of tools. Nothing here knows runs or toolboxes.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

import anyio
from anyio.abc import TaskGroup, TaskStatus

from millstream.errors import ToolError
from millstream.events import JsonObject
from millstream.limits import Limits
from millstream.runtime.groups import only_leaf
from millstream.runtime.mcp.stderr import Stderr
from millstream.runtime.mcp.transports import Http, WatchedPipe
from millstream.toolbox.context import CURRENT, ToolContext
from millstream.toolbox.mcp import MCPServer
from millstream.toolbox.mcp_result import read_result

if TYPE_CHECKING:
    from mcp.client.client import Client
    from mcp_types import LoggingMessageNotificationParams, ServerNotification

_LOGGER: Final = logging.getLogger("millstream.mcp")
_MAX_PAGES: Final = 64
"""Pages of one list of tools: a server that always has another page must not hold up a turn."""
_MAX_TOOLS: Final = 1_000
"""Tools of one server: no model takes more."""
_HIDDEN: Final = "***"


class CannotConnect(Exception):
    """The server could not be started or reached, or did not tell its tools; the text says which, and why."""


class Connection:
    """A connection, made by `open` and over once `over`: then its calls fail, and another must be made."""

    def __init__(self, server: MCPServer, limits: Limits) -> None:
        self.described: list[JsonObject] = []
        """The server's list of its tools, in the protocol's form."""
        self.changed = False
        """Whether the server has said that its list is another."""
        self.over = False
        """Whether the connection is lost."""
        self._server = server
        self._limits = limits
        self._client: Client | None = None
        self._scope = anyio.CancelScope()
        self._stderr = Stderr(server.label)
        self._calling: list[ToolContext[Any]] = []  # of all the runs that share it

    async def open(self, tasks: TaskGroup) -> None:
        """Connect, and read the list of tools; the connection lives in `tasks` from then on.

        Raises:
            CannotConnect: it failed, or took longer than the server has.
        """
        server = self._server
        failure: BaseException | None = None
        wait = anyio.move_on_after(server.connect_timeout_s)
        try:
            with wait:
                await tasks.start(self._live, name=f"MCP server {server.label}")
                return
        except Exception as error:  # noqa: BLE001  whatever the package or the system raises; told below
            failure = only_leaf(error)
        if wait.cancelled_caught:
            raise CannotConnect(self._told(f"it said nothing for {server.connect_timeout_s:g} s"))
        assert failure is not None
        raise CannotConnect(self._told(_reason(failure))) from failure

    def close(self) -> None:
        """End the connection; its task closes what there is and ends then."""
        self._scope.cancel()

    async def refresh(self) -> None:
        """Read the list of tools again.

        Raises:
            CannotConnect: the server did not tell it.
        """
        assert self._client is not None, "the connection was opened"
        self.changed = False
        try:
            with anyio.fail_after(self._server.connect_timeout_s):
                self.described = await _list(self._client)
        except Exception as error:
            self.changed = True
            raise CannotConnect(self._told(_reason(only_leaf(error)))) from error

    async def call(self, name: str, args: Mapping[str, Any], context: ToolContext[Any]) -> Any:
        """Call a tool by the server's name for it; cancelled, it tells the server so and leaves at once.

        Raises:
            ToolError: the server says that it failed, or can not be asked; with words for the model.
        """
        from mcp.shared.exceptions import MCPError
        from mcp_types import CONNECTION_CLOSED

        label = self._server.label
        if self._client is None or self.over:
            raise ToolError(f"{label} is not there any more: the call was not made")

        async def progressed(progress: float, total: float | None, message: str | None) -> None:
            context.progress(_plain(progress), None if total is None else _plain(total), message or "")

        self._calling.append(context)
        try:
            answer = await self._client.call_tool(name, dict(args), progress_callback=progressed)
        except MCPError as error:
            if error.code == CONNECTION_CLOSED or error.message == _SESSION_LOST:
                self.over = True
                self.close()
                message = f"the connection with {label} was lost during the call: it may have had part of its effect"
                raise ToolError(message) from error
            raise ToolError(f"{label}: {error.message}") from error
        except (ValueError, RuntimeError) as error:  # as the package judges it, by the tool's own output schema too
            raise ToolError(f"{label} answered with what is no result of {name}: {_first_line(error)}") from error
        finally:
            self._calling.remove(context)
        return read_result(answer.model_dump(by_alias=True, mode="json", exclude_none=True), label)

    async def _live(self, *, task_status: TaskStatus[None]) -> None:
        """The task of the connection, from its first byte to its last."""
        ready = False
        try:
            with self._scope, self._stderr:
                async with anyio.create_task_group() as tasks:
                    self._stderr.start(tasks)
                    pipe = None if self._server.is_remote else WatchedPipe(self._server, self._stderr.file)
                    transport = pipe or Http(self._server, self._limits)
                    async with self._made(transport) as client:
                        self.described = await _list(client)
                        self._client, ready = client, True
                        task_status.started()
                        await self._wait(client, pipe)
                    tasks.cancel_scope.cancel()
        except Exception as error:
            if not ready:
                raise
            _LOGGER.info("%s: the connection is lost: %s", self._server.label, self._told(_reason(only_leaf(error))))
        finally:
            self.over = True

    def _made(self, transport: WatchedPipe | Http) -> Client:
        from mcp.client.client import Client
        from mcp_types import Implementation

        return Client(
            transport,
            client_info=Implementation(name="millstream", version="0"),
            logging_callback=self._on_log,
            log_level="info",
            message_handler=self._on_message,
            cache=None,
        )

    async def _wait(self, client: Client, pipe: WatchedPipe | None) -> None:
        """Until the server is gone; meanwhile hear whether its list of tools changes."""
        async with anyio.create_task_group() as tasks:
            tools = client.server_capabilities.tools
            if tools is not None and tools.list_changed:
                tasks.start_soon(self._listen, client)
            await (pipe.ended.wait() if pipe is not None else anyio.sleep_forever())
            tasks.cancel_scope.cancel()

    async def _listen(self, client: Client) -> None:
        """Since protocol 2026-07-28 changes are told to who listens; before that, they come by themselves."""
        from mcp.client.subscriptions import ListenNotSupportedError, SubscriptionLost
        from mcp.shared.exceptions import MCPError

        try:
            async with client.listen(tools_list_changed=True) as changes:
                self.changed = self.changed or await _list(client) != self.described  # before anybody listened
                async for _ in changes:
                    self.changed = True
        except ListenNotSupportedError:
            return
        except (MCPError, SubscriptionLost) as error:
            _LOGGER.info("%s: changes of its tools are not heard any more: %s", self._server.label, error)

    async def _on_message(self, message: ServerNotification | Exception) -> None:
        from mcp_types import ToolListChangedNotification

        if isinstance(message, ToolListChangedNotification):
            self.changed = True

    async def _on_log(self, params: LoggingMessageNotificationParams) -> None:
        """A line of the log: of the call it belongs to, where that can be told. The protocol does not say it.

        Over HTTP it comes in the answer to the call, and so in its context; over a pipe it is told where one call runs.
        """
        text = params.data if isinstance(params.data, str) else str(params.data)
        context = self._calling[0] if len(self._calling) == 1 else self._current()
        if context is not None:
            context.log(text)
        else:
            _LOGGER.info("%s: %s", self._server.label, text)

    def _current(self) -> ToolContext[Any] | None:
        context = CURRENT.get(None)
        return context if context in self._calling else None

    def _told(self, why: str) -> str:
        """The reason of a failure with the server's last words, and nothing in it that is secret."""
        last = self._stderr.last_words.strip()
        text = f"{why}; its last words: {last}" if last else why
        for secret in sorted(self._server.secrets, key=len, reverse=True):
            text = text.replace(secret, _HIDDEN)
        return text


_CLOSED: Final = "Connection closed"
_SESSION_LOST: Final = "Session terminated"
"""What the package says where a server is gone, and where it has forgotten the session: there is no code for that."""


async def _list(client: Client) -> list[JsonObject]:
    """All pages of the list of tools."""
    described: list[JsonObject] = []
    cursor: str | None = None
    for _ in range(_MAX_PAGES):
        page = await client.list_tools(cursor=cursor)
        described += [tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in page.tools]
        cursor = page.next_cursor
        if cursor is None or len(described) >= _MAX_TOOLS:
            break
    return described[:_MAX_TOOLS]


def _plain(number: float) -> float:
    """3 rather than 3.0: the package makes every number of progress a float."""
    return int(number) if number.is_integer() else number


def _reason(error: BaseException) -> str:
    if isinstance(error, FileNotFoundError):
        return f"there is no program {error.filename!r}"
    if str(error) == _CLOSED:
        return "it closed the connection"
    return f"{type(error).__name__}: {_first_line(error)}".rstrip(": ")


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0]
