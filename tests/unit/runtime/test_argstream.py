"""Tools that read an argument while it is written: when they start, what they read, how they are told of a bad end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Annotated, Any

import anyio
import pytest
from anyio.lowlevel import checkpoint
from pydantic import AfterValidator, BaseModel, Field

from millstream import (
    Agent,
    ArgsAborted,
    ArgStream,
    Limits,
    Policy,
    Run,
    Tool,
    ToolContext,
    ToolError,
    ToolRunner,
    UsageError,
    WireError,
    tool,
)
from millstream.events import (
    ArgSettled,
    CallEnded,
    CallFailed,
    CallQueued,
    CallReturned,
    CallSealed,
    CallStarted,
    CallYielded,
    Cancelled,
    Failure,
    Raised,
    Rejected,
    TimedOut,
    Truncated,
    TurnRestarted,
    TurnTorn,
)
from millstream.runtime.job import digest
from millstream.testing import check_records
from tests.alive import no_task_left
from tests.talking_model import Step, TalkingModel, began, calling, closed, ended, said, torn, whole, wrote

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(20)]

HEAD = '{"path":"a.txt","content":"'
TEXT = HEAD + "one two three" + '"}'
QUICK = Limits(cancel_grace_s=0.05, request_attempts=2, max_retry_wait_s=0)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    backend: str = request.param
    return backend


@dataclass
class File:
    """What a tool did, and a way to wait for it."""

    path: str | None = None
    pieces: list[str] = field(default_factory=list[str])
    aborted: str | None = None
    committed: bool = False
    undone: bool = False
    changed: anyio.Event = field(default_factory=anyio.Event)
    after_abort: Callable[[], Awaitable[object]] = checkpoint

    @property
    def text(self) -> str:
        return "".join(self.pieces)

    def change(self) -> None:
        self.changed.set()
        self.changed = anyio.Event()

    def until(self, what: Callable[[File], bool]) -> Callable[[], Awaitable[None]]:
        """A step that waits until something holds of it."""

        async def wait() -> None:
            with anyio.fail_after(5):
                while not what(self):
                    await self.changed.wait()

        return wait

    def tool(self, **options: Any) -> Tool[..., Any]:
        @tool(**options)
        async def write(path: str, content: ArgStream[str]) -> str:
            """Write a file."""
            self.path = path
            self.change()
            try:
                async for piece in content:
                    self.pieces.append(piece)
                    self.change()
            except ArgsAborted as error:
                self.aborted = str(error)
                self.change()
                await self.after_abort()
                self.undone = True
                self.change()
                raise
            self.committed = True
            return f"wrote {len(self.text)}"

        return write


async def played(
    model: TalkingModel, *tools: Tool[..., Any], policy: Policy | None = None, limits: Limits = QUICK
) -> Run:
    """A run to its end; a failure of it is left out."""
    async with no_task_left(), Agent(model, tools, policy=policy, limits=limits).stream("Go.") as run:
        with suppress(WireError):
            async for _ in run:
                pass
    assert check_records(run.records) == []
    return run


def all_of(run: Run, *kinds: type[Any]) -> list[Any]:
    return [record.event for record in run.records if isinstance(record.event, kinds)]


def kinds_of(run: Run, *kinds: type[Any]) -> list[type[object]]:
    """The kinds of its events that are of these."""
    return [type(record.event) for record in run.records if isinstance(record.event, kinds)]


def failure_of(run: Run) -> Failure:
    """How the one call failed."""
    (end,) = all_of(run, CallEnded)
    assert isinstance(end, CallFailed)
    return end.failure


def answer_of(model: TalkingModel) -> str:
    """What the model was told of its call."""
    (output,) = [item["output"] for item in model.asked[-1] if item["type"] == "function_call_output"]
    return str(output)


async def test_the_body_reads_while_the_model_writes() -> None:
    file = File()
    model = TalkingModel(
        [
            began("write"),
            wrote('{"path":"a.t'),
            wrote('xt",'),
            file.until(lambda file: file.path == "a.txt"),
            wrote('"content":"one '),
            file.until(lambda file: file.text == "one "),
            wrote("two\\n"),
            file.until(lambda file: file.text == "one two\n"),
            wrote('\\ud83d\\ude00"}'),
            file.until(lambda file: file.text == "one two\n😀"),
            closed("write", '{"path":"a.txt","content":"one two\\n\\ud83d\\ude00"}'),
            ended(),
        ]
    )
    run = await played(model, file.tool())
    assert file.committed
    assert file.pieces == ["one ", "two\n", "😀"]
    (end,) = all_of(run, CallReturned)
    assert end.result == "wrote 9"
    (started,) = all_of(run, CallStarted)
    assert (started.state, started.attempt, started.digest) == ("streaming", 1, digest({"path": "a.txt"}))
    kinds = kinds_of(run, CallStarted, CallSealed, ArgSettled, CallReturned)
    assert kinds == [ArgSettled, CallStarted, ArgSettled, CallSealed, CallReturned]


async def test_one_character_at_a_time() -> None:
    file = File()
    await played(TalkingModel([*calling("write", TEXT), ended()]), file.tool())
    assert (file.text, file.committed) == ("one two three", True)


async def test_a_streamed_argument_that_comes_first_waits_for_the_others() -> None:
    file = File()
    text = '{"content":"one two three","path":"a.txt"}'
    run = await played(TalkingModel([*calling("write", text), ended()]), file.tool())
    assert file.pieces == ["one two three"]
    kinds = kinds_of(run, CallStarted, ArgSettled)
    assert kinds == [ArgSettled, ArgSettled, CallStarted]


async def test_a_defaulted_argument_that_was_not_seen_delays_the_start() -> None:
    seen: list[tuple[str, str]] = []

    @tool
    async def write(content: ArgStream[str], mode: str = "w") -> None:
        seen.append((mode, "".join([piece async for piece in content])))

    for text, settled_before in (('{"content":"x"}', 1), ('{"mode":"a","content":"x"}', 1)):
        run = await played(TalkingModel([*calling("write", text), ended()]), write)
        kinds = kinds_of(run, CallStarted, ArgSettled)
        assert kinds.index(CallStarted) == settled_before
        assert all_of(run, CallStarted)[0].state == "streaming"
    assert seen == [("w", "x"), ("a", "x")]


class Row(BaseModel):
    name: str
    count: int = Field(ge=0)


async def test_items_come_one_by_one_each_checked() -> None:
    rows: list[Row] = []
    heard = File()

    @tool
    async def add(rows_: ArgStream[list[Row]], table: str) -> str:
        async for row in rows_:
            rows.append(row)
            heard.change()
        return f"{len(rows)} rows into {table}"

    text = '{"table":"t","rows_":[{"name":"a","count":"1"},{"name":"b","count":2}]}'
    half = text.index(',{"name":"b"')
    steps: list[Step] = [began("add"), wrote(text[:half]), heard.until(lambda _: len(rows) == 1), wrote(text[half:])]
    run = await played(TalkingModel([*steps, closed("add", text), ended()]), add)
    assert rows == [Row(name="a", count=1), Row(name="b", count=2)]
    assert all_of(run, CallReturned)[0].result == "2 rows into t"


async def test_an_item_that_only_pydantic_refuses_rejects_the_call_at_its_last_character() -> None:
    def even(number: int) -> int:
        if number % 2:
            raise ValueError("must be even")
        return number

    seen: list[int] = []
    aborted: list[str] = []

    @tool
    async def add(numbers: ArgStream[list[Annotated[int, AfterValidator(even)]]]) -> None:
        try:
            async for number in numbers:
                seen.append(number)  # noqa: PERF401  what came before the abort counts
        except ArgsAborted as error:
            aborted.append(str(error))
            raise

    text = '{"numbers":[2, 4, 5, 6]}'
    for size in (1, 100):
        model = TalkingModel([began("add"), *calling("add", text, size=size)[1:], ended()])
        failure = failure_of(await played(model, add))
        assert isinstance(failure, Rejected)
        assert (failure.problems[0].path, failure.problems[0].message) == ("/numbers/2", "must be even")
        assert failure.at == text.index("5") + 1
    assert seen == [2, 4]  # in one piece it is rejected before it can start
    assert aborted == [
        "the argument will not be complete: they were rejected, /numbers/2 must be even; undo what was begun"
    ]


def broken_off(file: File) -> list[Step]:
    """A call that was begun and read of."""
    return [began("write"), wrote(HEAD + "one "), file.until(lambda file: file.text == "one ")]


async def test_a_response_that_is_too_long_aborts() -> None:
    file = File()
    model = TalkingModel([*broken_off(file), ended(length=True)])
    run = await played(model, file.tool())
    assert failure_of(run) == Truncated("max_output_tokens")
    assert (file.text, file.undone, file.committed) == ("one ", True, False)
    assert "undo" in (file.aborted or "")
    assert "It had begun while they were written, and was told to undo it" in answer_of(model)
    assert run.calls["call-1-0"].exception is None


@pytest.mark.parametrize("repeatable", [False, True])
async def test_a_torn_response_aborts_and_the_model_is_told(repeatable: bool) -> None:
    file = File()
    model = TalkingModel([*broken_off(file), torn()])
    run = await played(model, file.tool(idempotent=repeatable))
    assert isinstance(failure_of(run), Truncated)
    assert file.undone
    assert all_of(run, TurnTorn)[0].kept == ("call-1-0",)
    assert "was not run" in answer_of(model)


@pytest.mark.parametrize("repeatable", [False, True])
async def test_a_torn_response_is_asked_again_only_if_its_tool_may_be_repeated(repeatable: bool) -> None:
    file = File()
    model = TalkingModel([*broken_off(file), torn()], said("Never mind."))
    run = await played(model, file.tool(idempotent=repeatable), policy=Policy(on_torn="retry"))
    assert file.undone
    assert len(all_of(run, TurnRestarted)) == repeatable
    assert len(model.asked) == 1 + repeatable


async def test_arguments_that_are_rejected_abort() -> None:
    file = File()
    model = TalkingModel([*broken_off(file), wrote('two","more":'), file.until(lambda file: file.undone), ended()])
    failure = failure_of(await played(model, file.tool()))
    assert isinstance(failure, Rejected)
    assert "they were rejected, no known key" in (file.aborted or "")


async def test_a_rejection_that_closes_the_response_aborts_the_others_too() -> None:
    file = File()
    steps: list[Step] = [*broken_off(file), began("nobody", 1), wrote("{}", 1), ended()]
    run = await played(TalkingModel(steps), file.tool(), policy=Policy(on_reject="abort"))
    assert sorted(end.failure.type for end in all_of(run, CallFailed)) == ["Rejected", "Truncated"]
    assert file.undone


async def test_the_next_request_waits_until_all_is_undone() -> None:
    file = File()
    file.after_abort = lambda: anyio.sleep(0.02)

    async def check() -> None:
        assert file.undone

    model = TalkingModel([*broken_off(file), ended(length=True)], [check, *said("Done.")])
    await played(model, file.tool())
    assert file.undone


async def test_who_does_not_undo_in_time_is_cancelled() -> None:
    file = File()
    file.after_abort = anyio.sleep_forever
    run = await played(TalkingModel([*broken_off(file), ended(length=True)]), file.tool())
    assert failure_of(run) == Truncated("max_output_tokens")
    assert (file.undone, file.aborted is not None) == (False, True)


async def test_who_does_not_read_is_cancelled_after_the_grace() -> None:
    begun = File()

    @tool
    async def write(content: ArgStream[str]) -> None:
        del content
        begun.path = ""
        begun.change()
        await anyio.sleep_forever()

    steps: list[Step] = [
        began("write"),
        wrote("{"),
        begun.until(lambda file: file.path is not None),
        ended(length=True),
    ]
    assert failure_of(await played(TalkingModel(steps), write)) == Truncated("max_output_tokens")


async def test_what_a_body_returns_or_raises_after_the_abort_is_ignored() -> None:
    for outcome in ("return", "raise"):

        @tool
        async def write(content: ArgStream[str], outcome: str = outcome) -> str:
            try:
                async for _ in content:
                    pass
            except ArgsAborted:
                if outcome == "raise":
                    raise ValueError(outcome) from None
            return outcome

        begun = [began("write"), wrote(json.dumps({"outcome": outcome, "content": "x"})[:-2])]
        run = await played(TalkingModel([*begun, ended(length=True)]), write)
        assert failure_of(run) == Truncated("max_output_tokens")
        assert isinstance(run.calls["call-1-0"].exception, ValueError) == (outcome == "raise")


@tool
async def read_one(content: ArgStream[str]) -> str:
    """Read one piece, and no more."""
    async for piece in content:
        return piece
    return ""


async def test_who_returns_early_is_heard_once_the_call_is_sealed() -> None:
    run = await played(TalkingModel([*calling("read_one", '{"content":"abc"}'), ended()]), read_one)
    kinds = kinds_of(run, CallStarted, CallSealed, CallReturned)
    assert kinds == [CallStarted, CallSealed, CallReturned]
    assert "abc".startswith(all_of(run, CallReturned)[0].result)


async def test_what_was_returned_early_is_dropped_if_the_call_is_not_sealed() -> None:
    steps: list[Step] = [began("read_one"), wrote('{"content":"abc'), checkpoint, ended(length=True)]
    assert failure_of(await played(TalkingModel(steps), read_one)) == Truncated("max_output_tokens")


async def test_a_body_that_fails_ends_the_call_at_once_and_the_rest_is_drained() -> None:
    model_may = anyio.Event()

    @tool
    async def write(content: ArgStream[str]) -> None:
        async for _ in content:
            raise ToolError("the disk is full")

    steps: list[Step] = [began("write"), wrote('{"content":"a')]
    model = TalkingModel([*steps, model_may.wait, wrote('b"}'), closed("write", '{"content":"ab"}'), ended()])
    async with Agent(model, [write], limits=QUICK).stream("Go.") as run:
        async for event in run:
            if isinstance(event, CallFailed):
                model_may.set()
    assert check_records(run.records) == []
    failure = failure_of(run)
    assert isinstance(failure, Raised)
    assert failure.message == "the disk is full"
    assert not all_of(run, CallSealed)
    (call,) = [item for item in model.asked[-1] if item["type"] == "function_call"]
    assert call["arguments"] == '{"content":"ab"}'
    assert answer_of(model) == "the disk is full"


async def test_a_body_that_failed_in_a_torn_response_stays_in_the_history() -> None:
    @tool
    async def write(content: ArgStream[str]) -> None:
        async for _ in content:
            raise ToolError("the disk is full")

    model_may = anyio.Event()
    model = TalkingModel([began("write"), wrote('{"content":"a'), model_may.wait, torn()])
    async with Agent(model, [write], limits=QUICK).stream("Go.") as run:
        async for event in run:
            if isinstance(event, CallFailed):
                model_may.set()
    assert check_records(run.records) == []
    assert answer_of(model) == "the disk is full"


async def test_the_time_of_a_tool_stands_still_while_it_waits_for_the_model() -> None:
    file = File()
    steps: list[Step] = [
        *broken_off(file),
        lambda: anyio.sleep(0.2),
        wrote('two three"}'),
        closed("write", TEXT),
        ended(),
    ]
    run = await played(TalkingModel(steps), file.tool(timeout_s=0.1))
    assert file.committed
    assert len(all_of(run, CallReturned)) == 1


async def test_a_tool_that_takes_too_long_times_out_while_its_call_is_written() -> None:
    @tool(timeout_s=0.05)
    async def write(content: ArgStream[str]) -> None:
        async for _ in content:
            await anyio.sleep_forever()

    model_may = anyio.Event()
    model = TalkingModel([began("write"), wrote('{"content":"a'), model_may.wait, wrote('b"}'), ended()])
    async with Agent(model, [write], limits=QUICK).stream("Go.") as run:
        async for event in run:
            if isinstance(event, CallFailed):
                model_may.set()
    assert check_records(run.records) == []
    assert failure_of(run) == TimedOut(0.05)


async def test_a_call_that_is_cancelled_is_told_and_the_run_goes_on() -> None:
    file = File()
    model_may = anyio.Event()
    steps: list[Step] = [
        *broken_off(file),
        model_may.wait,
        wrote('two"}'),
        closed("write", HEAD + 'one two"}'),
        ended(),
    ]
    async with Agent(TalkingModel(steps), [file.tool()], limits=QUICK).stream("Go.") as run:
        async for event in run:
            if isinstance(event, CallStarted):
                await file.until(lambda file: file.text == "one ")()
                assert run.calls[event.call.id].state == "streaming"
                assert run.cancel(event.call.id, "enough")
                assert not run.cancel(event.call.id, "enough")
                model_may.set()
    assert check_records(run.records) == []
    assert failure_of(run) == Cancelled("enough")
    assert (file.undone, file.text) == (True, "one ")
    assert run.output == "Done."


@pytest.mark.parametrize("how", ["break", "cancel", "raise"])
async def test_a_run_that_is_left_lets_the_tool_undo(how: str) -> None:
    file = File()
    steps: list[Step] = [*broken_off(file), anyio.sleep_forever]
    run = Agent(TalkingModel(steps), [file.tool()], limits=QUICK).stream("Go.")
    async with no_task_left():
        with suppress(LookupError):
            async with run:
                async for event in run:
                    if not isinstance(event, CallStarted):
                        continue
                    await file.until(lambda file: file.text == "one ")()
                    if how == "break":
                        break
                    if how == "raise":
                        raise LookupError
                    run.cancel()
    assert check_records(run.records) == []
    assert failure_of(run) == Cancelled("the run was left")
    assert file.undone
    assert not run.transcript.unanswered


async def test_once_sealed_a_tool_is_cancelled_like_any_other() -> None:
    at_work = anyio.Event()
    undone: list[str] = []

    @tool
    async def write(content: ArgStream[str]) -> None:
        async for _ in content:
            pass
        at_work.set()
        try:
            await anyio.sleep_forever()
        except anyio.get_cancelled_exc_class():
            undone.append("cancelled")
            raise

    steps = calling("write", '{"content":"a"}')
    async with Agent(TalkingModel([*steps, at_work.wait, ended()]), [write], limits=QUICK).stream("Go.") as run:
        async for event in run:
            if isinstance(event, CallSealed):
                await at_work.wait()
                assert run.cancel(event.call.id)
    assert check_records(run.records) == []
    assert isinstance(failure_of(run), Cancelled)
    assert undone == ["cancelled"]


@pytest.mark.parametrize("start", ["eager", "safe", "end"])
async def test_where_the_policy_says_when_to_start_it_reads_all_at_once(start: Any) -> None:
    file = File()
    run = await played(TalkingModel([*calling("write", TEXT), ended()]), file.tool(), policy=Policy(start=start))
    assert file.pieces == ["one two three"]
    assert file.committed
    kinds = kinds_of(run, CallStarted, CallSealed)
    assert kinds == [CallSealed, CallStarted]
    assert all_of(run, CallStarted)[0].state == start


async def test_where_there_is_no_place_it_waits_and_the_text_with_it() -> None:
    free = anyio.Event()
    at_work: list[str] = []

    @tool(exclusive="disk")
    async def write(path: str, content: ArgStream[str]) -> str:
        at_work.append(path)
        assert len(at_work) == 1
        text = "".join([piece async for piece in content])
        if path == "a":
            await free.wait()
        at_work.remove(path)
        return text

    async def release() -> None:
        free.set()

    second = '{"path":"b","content":"two"}'
    steps: list[Step] = [*calling("write", '{"path":"a","content":"one"}'), *calling("write", second, 1)]
    run = await played(TalkingModel([*steps, release, ended()]), write)
    assert [end.result for end in all_of(run, CallReturned)] == ["one", "two"]
    assert [started.state for started in all_of(run, CallStarted)] == ["streaming", "safe"]
    assert all_of(run, CallQueued)


async def test_a_place_that_gets_free_lets_it_start_while_its_call_is_written() -> None:
    @tool(limit=1)
    async def write(path: str, content: ArgStream[str]) -> str:
        return path + "".join([piece async for piece in content])

    started = anyio.Event()
    second = '{"path":"b","content":"two"}'
    steps: list[Step] = [began("write"), wrote('{"path":"a","content":"'), began("write", 1), wrote(second[:-3], 1)]
    steps += [wrote('"}'), closed("write", '{"path":"a","content":""}'), started.wait, wrote(second[-3:], 1)]
    model = TalkingModel([*steps, closed("write", second, 1), ended()])
    async with Agent(model, [write], limits=QUICK).stream("Go.") as run:
        async for event in run:
            if isinstance(event, CallStarted) and event.call.index == 1:
                started.set()
    assert check_records(run.records) == []
    assert [event.state for event in all_of(run, CallStarted)] == ["streaming", "streaming"]
    assert [end.result for end in all_of(run, CallReturned)] == ["a", "btwo"]


async def test_a_text_that_was_replaced_while_it_waited_for_a_place_is_void() -> None:
    @tool(limit=1)
    async def write(path: str, content: ArgStream[str]) -> str:
        return path + "".join([piece async for piece in content])

    first = '{"path":"a","content":"one"}'
    steps: list[Step] = [began("write"), wrote(first[:-2]), began("write", 1), wrote('{"path":"b",', 1)]
    steps += [whole('{"path":', 1), wrote('"}'), closed("write", first), checkpoint, checkpoint, checkpoint]
    run = await played(TalkingModel([*steps, closed("write", '{"path":', 1), ended()]), write)
    assert [event.call.index for event in all_of(run, CallStarted)] == [0]
    assert isinstance(all_of(run, CallFailed)[0].failure, Rejected)


async def test_a_text_that_is_written_otherwise_but_says_the_same_is_read_on() -> None:
    file = File()
    text = '{"path": "a.txt", "content": "one two"}'
    run = await played(TalkingModel([*broken_off(file), whole(text), closed("write", text), ended()]), file.tool())
    assert (file.text, file.committed) == ("one two", True)
    assert len(all_of(run, CallReturned)) == 1


@pytest.mark.parametrize(
    "text", ['{"path":"b.txt","content":"one two"}', '{"path":"a.txt","content":"two"}', '{"path":']
)
async def test_a_text_that_says_something_else_than_was_read_cancels_the_call(text: str) -> None:
    file = File()
    run = await played(TalkingModel([*broken_off(file), whole(text), closed("write", text), ended()]), file.tool())
    assert isinstance(failure_of(run), Cancelled)
    assert file.undone


async def test_an_async_generator_reads_and_yields() -> None:
    @tool
    async def echo(content: ArgStream[str]) -> AsyncIterator[str]:
        async for piece in content:
            yield piece

    run = await played(TalkingModel([*calling("echo", '{"content":"ab"}'), ended()]), echo)
    assert "".join(event.value for event in all_of(run, CallYielded)) == "ab"
    assert len(all_of(run, CallReturned)) == 1


async def test_two_tasks_can_not_read_at_once() -> None:
    failed: list[str] = []

    @tool
    async def twice(content: ArgStream[str]) -> None:
        async def read() -> None:
            try:
                async for _ in content:
                    pass
            except UsageError as error:
                failed.append(str(error))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            tasks.start_soon(read)

    await played(TalkingModel([*calling("twice", '{"content":"ab"}'), ended()]), twice)
    assert len(failed) == 1
    assert "one reader" in failed[0]


async def test_the_context_and_words_while_it_reads() -> None:
    @tool
    async def write(content: ArgStream[str], context: ToolContext) -> None:
        async for piece in content:
            context.progress(len(piece))
            context.log(piece)

    run = await played(TalkingModel([*calling("write", '{"content":"ab"}'), ended()]), write)
    assert kinds_of(run, CallStarted, CallSealed, CallReturned) == [CallStarted, CallSealed, CallReturned]
    said_words = [record.event.type for record in run.records if record.event.type in {"CallProgress", "CallLogged"}]
    assert said_words[:2] == ["CallProgress", "CallLogged"]


@pytest.mark.parametrize("whole_call", [True, False])
async def test_in_a_loop_of_ones_own(whole_call: bool) -> None:
    file = File()

    async def stream() -> AsyncIterator[dict[str, Any]]:
        for message in (began("write"), wrote(HEAD + "one ")):
            yield message
        await file.until(lambda file: file.text == "one ")()
        rest = [wrote('two"}'), closed("write", HEAD + 'one two"}'), ended()] if whole_call else [ended(length=True)]
        for message in rest:
            yield message

    async with no_task_left(), ToolRunner([file.tool()], limits=QUICK) as runner:
        events = [event async for event in runner.drive(stream())]
    assert [event.state for event in events if isinstance(event, CallStarted)] == ["streaming"]
    (output,) = [item["output"] for item in runner.items() if item["type"] == "function_call_output"]
    assert (file.committed, file.undone) == (whole_call, not whole_call)
    assert output == "wrote 7" if whole_call else "cut off" in output


async def test_the_function_itself_is_called_with_pieces_of_ones_own() -> None:
    file = File()

    async def pieces() -> AsyncIterator[str]:
        yield "a"
        yield "b"

    assert await file.tool()("a.txt", ArgStream(pieces())) == "wrote 2"
