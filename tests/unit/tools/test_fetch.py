"""`fetch`: only allowed origins, no redirects, nothing from the environment, bounded, and tried again when it helps."""

import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import anyio
import pytest
from anyio.abc import SocketStream

from millstream import ToolError, UsageError
from millstream.events import CallFailed, CallProgress, CallRetrying, CallReturned, Cancelled, Raised
from millstream_tools.fetch import Fetch, Unavailable
from tests.scripted import calling, saying, scripted
from tests.unit.tools.surroundings import Context

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("_nothing_left_open")]

Reply = Callable[[SocketStream], Awaitable[None]]


class Server:
    """A server on the loopback that answers each connection with the next reply, the last one again and again."""

    def __init__(self, port: int, replies: tuple[bytes | Reply, ...]) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.requests: list[str] = []
        self._replies = list(replies)

    async def handle(self, stream: SocketStream) -> None:
        async with stream:
            try:
                self.requests.append((await stream.receive()).decode())
                reply = self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]
                await (stream.send(reply) if isinstance(reply, bytes) else reply(stream))
            except (anyio.BrokenResourceError, anyio.EndOfStream):
                pass  # the client has left


@asynccontextmanager
async def serving(*replies: bytes | Reply) -> AsyncGenerator[Server]:
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        server = Server(listener.extra(anyio.abc.SocketAttribute.local_port), replies)
        tasks.start_soon(listener.serve, server.handle)
        yield server
        tasks.cancel_scope.cancel()


def answer(body: bytes | str, status: str = "200 OK", **headers: str) -> bytes:
    data = body.encode() if isinstance(body, str) else body
    said = {"content_type": "text/plain", "content_length": str(len(data)), "connection": "close"} | headers
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in said.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + data


async def endless(stream: SocketStream) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
    while True:
        await stream.send(b"x" * 65536)


async def silent(stream: SocketStream) -> None:
    await stream.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nx")
    await anyio.sleep_forever()


class TestAnswers:
    async def test_text_is_given_with_status_and_type(self, ctx: Context) -> None:
        async with serving(answer("grün".encode("latin-1"), content_type="text/plain; charset=latin-1")) as server:
            result = await Fetch([server.url]).fetch(f"{server.url}/a?b=c#d", ctx)
        assert result == {"status": 200, "content_type": "text/plain", "body": "grün", "truncated": False}
        assert server.requests[0].startswith("GET /a?b=c HTTP/1.1\r\n")

    async def test_json_is_parsed(self, ctx: Context) -> None:
        async with serving(answer('{"ok": [true]}', content_type="application/json")) as server:
            assert (await Fetch([server.url]).fetch(server.url, ctx))["body"] == {"ok": [True]}

    async def test_progress_is_told_by_bytes(self, ctx: Context) -> None:
        async with serving(answer("x" * 200_000)) as server:
            await Fetch([server.url]).fetch(server.url, ctx)
        steps = [(event.done, event.total) for event in ctx.said if isinstance(event, CallProgress)]
        assert 2 <= len(steps) <= 13
        assert steps[-1] == (200_000, 200_000)

    async def test_an_empty_answer_is_an_empty_text(self, ctx: Context) -> None:
        async with serving(b"HTTP/1.1 204 No Content\r\n\r\n") as server:
            assert (await Fetch([server.url]).fetch(server.url, ctx))["body"] == ""


class TestRefusedUrls:
    @pytest.mark.parametrize(
        "url",
        [
            "http://evil.com/",
            "http://127.0.0.1/",
            "http://127.0.0.1:9999/",
            "https://127.0.0.1:{port}/",
            "http://localhost:{port}/",
            "http://127.1:{port}/",
            "http://2130706433:{port}/",
            "http://0x7f000001:{port}/",
            "http://0177.0.0.1:{port}/",
            "http://127.0.0.1.:{port}/",
            "http://[::ffff:127.0.0.1]:{port}/",
            "http://①②⑦.⓪.⓪.①:{port}/",
            "http://127.0.0.1:{port}@evil.com/",
            "http://127.0.0.1:{port}\\@evil.com/",
            "http://127.0.0.1:{port}%2f@evil.com/",
            "http://evil.com#@127.0.0.1:{port}/",
            "http://evil.com/http://127.0.0.1:{port}/",
            "http://user@127.0.0.1:{port}/",
            "http://user:secret@127.0.0.1:{port}/",
            "http://127.0.0.1:{port}.evil.com/",
            "http://127.0.0.1:{port}/a\r\nX-Injected: yes",
            "http://127.0.0.1:{port}/a b\n",
            "//127.0.0.1:{port}/",
            "127.0.0.1:{port}",
            "file:///etc/passwd",
            "gopher://127.0.0.1:{port}/",
            "data:text/plain,hello",
            "/etc/passwd",
            "",
            "http://",
            "http://127.0.0.1:{port}/" + "x" * 2000,
        ],
    )
    async def test_a_url_of_another_origin_or_none_asks_nobody(self, ctx: Context, url: str) -> None:
        async with serving(answer("secret")) as server:
            with pytest.raises(ToolError) as raised:
                await Fetch([server.url]).fetch(url.replace("{port}", server.url.rpartition(":")[2]), ctx)
        assert not isinstance(raised.value, Unavailable)
        assert not server.requests

    async def test_what_is_allowed_is_told(self, ctx: Context) -> None:
        tools = Fetch(["https://api.example.com", "http://127.0.0.1:8080/"])
        told = "https://api.example.com/ or http://127.0.0.1:8080/"
        assert told in tools["fetch"].description
        with pytest.raises(ToolError, match=told):
            await tools.fetch("http://evil.com/", ctx)

    async def test_a_default_port_may_be_written_or_not(self, ctx: Context) -> None:
        for origin, url in (("http://127.0.0.1:80", "http://127.0.0.1/"), ("HTTP://127.0.0.1", "http://127.0.0.1:80/")):
            with pytest.raises(Unavailable, match=r"127\.0\.0\.1 could not be reached"):  # nobody listens there
                await Fetch([origin]).fetch(url, ctx)

    @pytest.mark.parametrize(
        "origin",
        [
            "evil.com",
            "ftp://evil.com",
            "http://",
            "http://a.com/path",
            "http://u@a.com",
            "http://a.com?q",
            "http://a\n",
        ],
    )
    def test_an_origin_that_is_none_is_told_at_once(self, origin: str) -> None:
        with pytest.raises(UsageError, match="is no origin"):
            Fetch([origin])


class TestHostileServers:
    @pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
    async def test_redirects_are_told_and_not_followed(self, ctx: Context, status: str) -> None:
        async with serving(answer("secret")) as inner, serving(answer("", status, location=inner.url)) as server:
            with pytest.raises(ToolError, match=f"redirects to {inner.url}; redirects are not followed"):
                await Fetch([server.url, inner.url]).fetch(server.url, ctx)
        assert not inner.requests

    async def test_an_endless_body_is_cut(self, ctx: Context) -> None:
        async with serving(endless) as server:
            result = await Fetch([server.url], max_bytes=100_000).fetch(server.url, ctx)
        assert (len(result["body"]), result["truncated"]) == (100_000, True)
        steps = [event for event in ctx.said if isinstance(event, CallProgress)]
        assert all(step.total is None and step.done is not None and step.done <= 100_000 for step in steps)

    async def test_an_endless_refusal_is_cut(self, ctx: Context) -> None:
        async def refuse(stream: SocketStream) -> None:
            await stream.send(b"HTTP/1.1 404 Not Found\r\ncontent-type: text/plain\r\n\r\n")
            while True:
                await stream.send(b"no" * 1000)

        async with serving(refuse) as server:
            with pytest.raises(ToolError) as raised:
                await Fetch([server.url]).fetch(server.url, ctx)
        assert str(raised.value) == "the server answered 404: " + "no" * 250

    async def test_a_silent_server_is_unavailable(self, ctx: Context) -> None:
        async with serving(silent) as server:
            with pytest.raises(Unavailable, match="ReadTimeout"):
                await Fetch([server.url], timeout_s=0.2).fetch(server.url, ctx)

    @pytest.mark.parametrize("reply", [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nshort"])
    async def test_a_server_that_breaks_off_or_speaks_nonsense_is_unavailable(self, ctx: Context, reply: bytes) -> None:
        async with serving(reply) as server:
            with pytest.raises(Unavailable, match="could not be reached or broke off"):
                await Fetch([server.url]).fetch(server.url, ctx)

    async def test_a_compressed_or_binary_body_is_refused(self, ctx: Context) -> None:
        for headers in ({"content_encoding": "gzip"}, {"content_encoding": "x"}, {"content_type": "image/png"}):
            async with serving(answer("x" * 100, **headers)) as server:
                with pytest.raises(ToolError, match="it can not be read"):
                    await Fetch([server.url]).fetch(server.url, ctx)
        assert "accept-encoding: identity" in server.requests[0].lower()

    async def test_the_environment_and_earlier_answers_add_nothing(
        self, ctx: Context, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
    ) -> None:
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login ada password hunter2")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there
        async with serving(answer("x", set_cookie="session=1; Path=/")) as server:
            tools = Fetch([server.url])
            await tools.fetch(server.url, ctx)
            await tools.fetch(server.url, ctx)
        for request in server.requests:
            assert "cookie" not in request.lower()
            assert "authorization" not in request.lower()


class TestRefusals:
    async def test_a_refusal_is_told_with_its_head(self, ctx: Context) -> None:
        async with serving(answer("no such page" * 100, "404 Not Found")) as server:
            with pytest.raises(ToolError) as raised:
                await Fetch([server.url]).fetch(server.url, ctx)
        assert not isinstance(raised.value, Unavailable)
        assert str(raised.value) == f"the server answered 404: {('no such page' * 100)[:500]}"

    async def test_a_binary_refusal_is_its_status(self, ctx: Context) -> None:
        async with serving(answer(b"\0\1", "403 Forbidden", content_type="image/png")) as server:
            with pytest.raises(ToolError, match="^the server answered 403$"):  # noqa: RUF043  the whole text
                await Fetch([server.url]).fetch(server.url, ctx)

    async def test_only_a_server_error_may_be_tried_again(self, ctx: Context) -> None:
        async with serving(answer("later", "503 Service Unavailable")) as server:
            with pytest.raises(Unavailable, match="the server answered 503: later"):
                await Fetch([server.url]).fetch(server.url, ctx)


class TestInAnAgent:
    async def test_a_server_that_recovers_is_tried_again(self) -> None:
        replies = (
            answer("later", "503 Busy"),
            answer("later", "500 Oops"),
            answer('{"ok": 1}', content_type="text/json"),
        )
        async with serving(*replies) as server:
            agent, transport = scripted(
                [Fetch([server.url], first_wait_s=0.01)], calling(("fetch", {"url": server.url})), saying("It is fine.")
            )
            result = await agent.run("is it fine?")
        events = [record.event for record in result.records]
        assert [event.attempt for event in events if isinstance(event, CallRetrying)] == [1, 2]
        assert [event.ok for event in events if isinstance(event, CallReturned)] == [True]
        assert json.loads(transport.tool_results[0])["status"] == 200

    async def test_one_that_does_not_is_given_up_with_its_words(self) -> None:
        async with serving(answer("never", "503 Busy")) as server:
            agent, transport = scripted(
                [Fetch([server.url], attempts=2, first_wait_s=0.01)],
                calling(("fetch", {"url": server.url})),
                saying("It is down."),
            )
            result = await agent.run("is it fine?")
        assert len(server.requests) == 2
        [failed] = [record.event for record in result.records if isinstance(record.event, CallFailed)]
        assert isinstance(failed.failure, Raised)
        assert failed.failure.error == "Unavailable"
        assert transport.tool_results == ["the server answered 503: never"]

    async def test_a_refusal_is_not_tried_again(self) -> None:
        async with serving(answer("no", "404 Not Found")) as server:
            agent, _ = scripted([Fetch([server.url])], calling(("fetch", {"url": server.url})), saying("Not there."))
            await agent.run("is it there?")
        assert len(server.requests) == 1

    async def test_a_slow_drip_ends_at_the_deadline_of_the_call(self) -> None:
        async def drip(stream: SocketStream) -> None:
            await stream.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
            while True:
                await stream.send(b"x")
                await anyio.sleep(0.05)  # each wait is short, all together have no end

        async with serving(drip) as server:
            agent, transport = scripted(
                [Fetch([server.url], timeout_s=0.5)], calling(("fetch", {"url": server.url})), saying("Slow.")
            )
            await agent.run("read it")
        assert "did not finish within 0.5 s" in transport.tool_results[0]

    async def test_a_cancelled_call_closes_its_connection(self) -> None:
        closed = anyio.Event()

        async def watch(stream: SocketStream) -> None:
            await stream.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 99999\r\n\r\n")
            await stream.send(b"x" * 20_000)
            try:
                await stream.receive()
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                closed.set()

        async with serving(watch) as server:
            agent, _ = scripted([Fetch([server.url])], calling(("fetch", {"url": server.url})), saying("Stopped."))
            async with agent.stream("read it") as run:
                async for event in run:
                    if isinstance(event, CallProgress):
                        run.cancel(event.call.id)
                    if isinstance(event, CallFailed):
                        assert isinstance(event.failure, Cancelled)
            with anyio.fail_after(5):
                await closed.wait()
