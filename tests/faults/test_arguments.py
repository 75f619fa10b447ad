"""Arguments that are not what they should be: rejected at the right place for the right reason; the run goes on."""

from __future__ import annotations

import time
from typing import Any

import pytest

from millstream import Limits, Policy, tool
from millstream.events import ArgsDelta, CallFailed, CallReturned, CallSealed, CallStarted, Problem, Rejected, TurnTorn
from millstream.testing import CallTool, Delivery, Pause, Say
from tests.faults.playing import API, ARGS, TEXT, Ran, Story, follow, play, playing, response

pytestmark = pytest.mark.anyio


async def rejected(api: API, text: str, **options: Any) -> tuple[Problem, Story]:
    """The model writes `text` as arguments: the tool is not run, the model is told, and the run goes on."""
    ran = Ran()
    story = await play(api, [[CallTool("save", raw=text)], "I see."], [ran.save], **options)
    assert story.finished
    assert ran.calls == []
    assert story.started == []
    (failure,) = story.failures
    assert isinstance(failure, Rejected)
    assert failure.at == failure.problems[0].at
    (told,) = story.told()
    assert told.startswith("save was not run, its arguments were not accepted:")
    assert failure.problems[0].message in told
    return failure.problems[0], story


async def test_nan(api: API) -> None:
    text = '{"path": "/a.txt", "n": NaN, "content": ""}'
    problem, story = await rejected(api, text)
    assert (problem.path, problem.keyword, problem.at) == ("/n", "json", text.index("NaN"))
    written = "".join(event.text for event in story.all(ArgsDelta))
    assert text.startswith(written)
    assert len(written) <= text.index("NaN") + 4, "nothing is read of a call that is rejected"


async def test_inf(api: API) -> None:
    problem, _ = await rejected(api, '{"path": "/a.txt", "n": 1e999, "content": ""}')
    assert problem.path == "/n"


async def test_dup_keys(api: API) -> None:
    problem, _ = await rejected(api, '{"path": "/safe", "n": 1, "content": "", "path": "/etc/passwd"}')
    assert "path" in problem.message


async def test_huge_int(api: API) -> None:
    problem, _ = await rejected(api, '{"path": "/a.txt", "n": ' + "9" * 5000 + ', "content": ""}')
    assert (problem.path, problem.keyword) == ("/n", "limit")


async def test_surrogate(api: API) -> None:
    problem, _ = await rejected(api, '{"path": "/a\\ud800.txt", "n": 7, "content": ""}')
    assert problem.path == "/path"


async def test_trailing(api: API) -> None:
    problem, _ = await rejected(api, TEXT + TEXT)
    assert problem.at == len(TEXT)


async def test_extra_key(api: API) -> None:
    text = '{"path": "/a.txt", "n": 7, "mode": "wild", "content": ""}'
    problem, _ = await rejected(api, text)
    assert (problem.keyword, problem.at) == ("additionalProperties", text.index("mode"))
    assert problem.message == 'no known key begins with "m"; known are: content, n, path'


async def test_coerce(api: API) -> None:
    ran = Ran()
    text = '{"path": "/a.txt", "n": "7", "content": ""}'
    story = await play(api, [[CallTool("save", raw=text)], "Done."], [ran.save])
    assert story.finished
    assert ran.calls == [("/a.txt", 7, "")]


async def test_coerce_not_where_the_policy_is_strict(api: API) -> None:
    text = '{"path": "/a.txt", "n": "7", "content": ""}'
    problem, _ = await rejected(api, text, policy=Policy(coerce=False))
    assert (problem.path, problem.keyword, problem.at) == ("/n", "type", text.index('"7"'))


@pytest.mark.parametrize("text", ["[1, 2]", '"/a.txt"', "12"])
async def test_array_args(api: API, text: str) -> None:
    problem, _ = await rejected(api, text)
    assert (problem.path, problem.at) == ("", 0)


async def test_null_args(api: API) -> None:
    problem, _ = await rejected(api, "null")
    assert problem.path == ""


async def test_empty_args(api: API) -> None:
    problem, _ = await rejected(api, "")
    assert problem.keyword == "required"


async def test_empty_args_are_no_arguments_where_none_is_needed(api: API) -> None:
    ran = Ran()
    story = await play(api, [[CallTool("look", raw="")], "Nothing."], [ran.look])
    assert story.finished
    assert ran.calls == [()]
    assert story.one(CallSealed).args == {}


async def test_deep(api: API) -> None:
    limits = Limits()
    text = '{"path": ' + "[" * 100_000
    ran = Ran()
    call = CallTool("save", raw=text, chunk_chars=1000)
    story = await play(api, [[call], "I see."], [ran.save], limits=limits, policy=Policy(coerce=False))
    assert story.finished
    (failure,) = story.failures
    assert isinstance(failure, Rejected)
    assert failure.at <= len('{"path": ') + limits.max_depth + 1


async def test_deep_where_the_schema_allows_anything(api: API) -> None:
    @tool
    async def keep(anything: object) -> str:
        """Keep it."""
        return f"kept {anything}"

    call = CallTool("keep", raw='{"anything": ' + "[" * 100_000, chunk_chars=1000)
    story = await play(api, [[call], "I see."], [keep])
    assert story.finished
    (failure,) = story.failures
    assert isinstance(failure, Rejected)
    assert failure.problems[0].keyword == "limit"
    assert failure.at <= len('{"anything": ') + Limits().max_depth + 1


async def test_big(api: API) -> None:
    content = "x" * 2_000_000
    ran = Ran()
    begun = time.process_time()
    call = CallTool("save", ARGS | {"content": content}, chunk_chars=1000)
    story = await play(api, [[call], "Done."], [ran.save])
    assert story.finished
    assert ran.calls == [("/a.txt", 7, content)]
    assert time.process_time() - begun < 20, "the provider's work is in it; quadratic work would take minutes"


async def test_big_beyond_the_limit(api: API) -> None:
    call = CallTool("save", ARGS | {"content": "x" * 200_000}, chunk_chars=5000)
    ran = Ran()
    story = await play(api, [[call], "I see."], [ran.save], limits=Limits(max_args_chars=100_000))
    assert story.finished
    (failure,) = story.failures
    assert isinstance(failure, Rejected)
    assert (failure.problems[0].keyword, failure.at) == ("limit", 100_000)
    assert ran.calls == []


SLOW_AND_WRONG = CallTool("save", raw='{"n": "not-a-number", "path": "' + "x" * 60 + '"}', chunk_chars=1, until_s=1.0)


async def test_schema_bad(api: API) -> None:
    """Rejected within an event of the deciding character, while the rest is still being written."""
    ran = Ran()
    steps = [SLOW_AND_WRONG, CallTool("look")]
    story = await play(api, [steps, "I see."], [ran.save, ran.look], policy=Policy(coerce=False))
    assert story.finished
    assert ran.calls == [()], "the good call of the same response runs"
    failure = story.failures[0]
    assert isinstance(failure, Rejected)
    assert failure.at == SLOW_AND_WRONG.text.index('"not')
    written = "".join(event.text for event in story.all(ArgsDelta) if event.call.name == "save")
    assert len(written) == failure.at + 1
    told_at, started_at = story.seen(CallFailed).at_s, story.seen(CallStarted).at_s
    assert started_at - told_at > 0.5, "the run knew long before the response was over"


async def test_schema_bad_closes_the_response_at_once_if_told_to(api: API) -> None:
    ran = Ran()
    policy = Policy(coerce=False, on_reject="abort")
    steps = response(SLOW_AND_WRONG, Pause(30))
    async with playing(api, [steps, "I see."], [ran.save], policy=policy) as story:
        await follow(story)
        assert story.finished
        assert "x" * 50 not in str(story.requests[1].body)
        story.provider.wait_for_disconnects(1)
    assert story.one(TurnTorn).kept == ("call-1-0",)
    assert "was not run" in story.told()[0]


async def test_abort_keeps_the_calls_that_were_sealed(api: API) -> None:
    ran = Ran()
    policy = Policy(coerce=False, on_reject="abort")
    steps = response(CallTool("look"), SLOW_AND_WRONG, CallTool("look"))
    story = await play(api, [steps, "I see."], [ran.save, ran.look], policy=policy)
    assert story.finished
    assert ran.calls == [()]
    assert [type(end) for end in story.ends] in ([CallReturned, CallFailed], [CallFailed, CallReturned])
    assert story.told()[0] == "nothing to see"
    assert "was not run" in story.told()[1]


TRICKY = 'a\u2028b\u2029 🦆 \u0000 \\ " \ud83d\ude00 é\r\n\t'


async def test_split_utf8(api: API) -> None:
    ran = Ran()
    content = TRICKY.encode("utf-16", "surrogatepass").decode("utf-16")
    script = [response(Say(content), CallTool("save", ARGS | {"content": content}), delivery=Delivery(piece_bytes=1))]
    story = await play(api, [*script, "Done."], [ran.save])
    assert story.finished
    assert ran.calls == [("/a.txt", 7, content)]
    assert story.run.transcript.entries[1].text == content  # type: ignore[union-attr]


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
async def test_line_ends_and_compression_do_not_matter(api: API, newline: str) -> None:
    ran = Ran()
    dress = Delivery(newline=newline, bom=True, gzip=True, final_blank_line=False)  # type: ignore[arg-type]
    story = await play(api, [response(CallTool("save", ARGS), delivery=dress), "Done."], [ran.save])
    assert story.finished
    assert len(ran.calls) == 1
