"""Every event type of the Responses wire has a meaning here, is silence, or passes through, each on purpose."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from millstream.wire.openai_responses.reader import ResponsesReader
from millstream.wire.openai_responses.server_tools import server_tool_of
from millstream.wire_events import ItemOpened, Passed, ServerToolMoved
from tests.unit.wire.responses_wire import names

_RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "status": "completed",
    "output": [],
    "usage": {"input_tokens": 1, "output_tokens": 2},
}
_ITEM = {"type": "function_call", "id": "fc_0", "call_id": "call_0", "name": "f", "arguments": "{}"}

_TOLD: dict[str, tuple[dict[str, Any], list[str]]] = {
    "error": ({"code": "c", "message": "m"}, ["Broke"]),
    "response.completed": ({"response": _RESPONSE}, ["Finished", "Ended"]),
    "response.incomplete": ({"response": _RESPONSE}, ["Finished", "Ended"]),
    "response.failed": ({"response": {"error": {"code": "server_error", "message": "m"}}}, ["Broke"]),
    "response.output_item.added": ({"item": _ITEM}, ["CallBegan"]),
    "response.output_item.done": ({"item": _ITEM}, ["CallBegan", "ArgsWhole", "Echo", "CallClosed"]),
    "response.output_text.delta": ({"content_index": 0, "delta": "a"}, ["ItemOpened", "TextPiece"]),
    "response.text.delta": ({"delta": "a"}, ["ItemOpened", "TextPiece"]),
    "response.output_text.done": ({"content_index": 0, "text": "a"}, ["ItemOpened", "TextPiece"]),
    "response.output_text.annotation.added": (
        {"annotation": {"type": "url_citation"}},
        ["ItemOpened", "AnnotationPiece"],
    ),
    "response.refusal.delta": ({"content_index": 0, "delta": "a"}, ["ItemOpened", "RefusalPiece"]),
    "response.refusal.done": ({"content_index": 0, "refusal": "a"}, ["ItemOpened", "RefusalPiece"]),
    "response.reasoning_text.delta": ({"content_index": 0, "delta": "a"}, ["ItemOpened", "ReasoningPiece"]),
    "response.reasoning.delta": ({"delta": "a"}, ["ItemOpened", "ReasoningPiece"]),
    "response.reasoning_text.done": ({"content_index": 0, "text": "a"}, ["ItemOpened", "ReasoningPiece"]),
    "response.reasoning_summary_part.added": ({"summary_index": 0, "part": {}}, ["ItemOpened"]),
    "response.reasoning_summary_text.delta": ({"summary_index": 0, "delta": "a"}, ["ItemOpened", "ReasoningPiece"]),
    "response.reasoning_summary_text.done": ({"summary_index": 0, "text": "a"}, ["ItemOpened", "ReasoningPiece"]),
    "response.function_call_arguments.delta": ({"delta": "{", "name": "f"}, ["CallBegan", "ArgsPiece"]),
    "response.function_call_arguments.done": ({"arguments": "{}", "name": "f"}, ["CallBegan", "ArgsWhole"]),
    "response.custom_tool_call_input.delta": ({"delta": "x", "name": "f"}, ["CallBegan", "ArgsPiece"]),
    "response.custom_tool_call_input.done": ({"input": "x", "name": "f"}, ["CallBegan", "ArgsWhole"]),
}
"""Events that say something, the fields they need for it, and what is made of them when they come first."""

_SILENT = [
    "response.created",
    "response.queued",
    "response.in_progress",
    "response.content_part.added",
    "response.content_part.done",
    "response.reasoning_summary_part.done",
    "response.reasoning_part.added",
    "response.reasoning_part.done",
    "response.keep_alive",
    "keepalive",
]
"""Events that frame others, or keep the connection."""

_SERVER_TOOLS = {
    "response.code_interpreter_call.completed": ("code_interpreter_call", "completed"),
    "response.code_interpreter_call.in_progress": ("code_interpreter_call", "in_progress"),
    "response.code_interpreter_call.interpreting": ("code_interpreter_call", "interpreting"),
    "response.code_interpreter_call_code.delta": ("code_interpreter_call", "code.delta"),
    "response.code_interpreter_call_code.done": ("code_interpreter_call", "code.done"),
    "response.compaction.compacting": ("compaction", "compacting"),
    "response.file_search_call.completed": ("file_search_call", "completed"),
    "response.file_search_call.in_progress": ("file_search_call", "in_progress"),
    "response.file_search_call.searching": ("file_search_call", "searching"),
    "response.image_generation_call.completed": ("image_generation_call", "completed"),
    "response.image_generation_call.generating": ("image_generation_call", "generating"),
    "response.image_generation_call.in_progress": ("image_generation_call", "in_progress"),
    "response.image_generation_call.partial_image": ("image_generation_call", "partial_image"),
    "response.mcp_call.completed": ("mcp_call", "completed"),
    "response.mcp_call.failed": ("mcp_call", "failed"),
    "response.mcp_call.in_progress": ("mcp_call", "in_progress"),
    "response.mcp_call_arguments.delta": ("mcp_call", "arguments.delta"),
    "response.mcp_call_arguments.done": ("mcp_call", "arguments.done"),
    "response.mcp_list_tools.completed": ("mcp_list_tools", "completed"),
    "response.mcp_list_tools.failed": ("mcp_list_tools", "failed"),
    "response.mcp_list_tools.in_progress": ("mcp_list_tools", "in_progress"),
    "response.shell_call_command.added": ("shell_call", "command.added"),
    "response.shell_call_command.delta": ("shell_call", "command.delta"),
    "response.shell_call_command.done": ("shell_call", "command.done"),
    "response.shell_call_output_content.delta": ("shell_call_output", "content.delta"),
    "response.shell_call_output_content.done": ("shell_call_output", "content.done"),
    "response.web_search_call.completed": ("web_search_call", "completed"),
    "response.web_search_call.in_progress": ("web_search_call", "in_progress"),
    "response.web_search_call.searching": ("web_search_call", "searching"),
    # recorded, and in no SDK
    "response.apply_patch_call_operation_diff.delta": ("apply_patch_call", "operation_diff.delta"),
    "response.apply_patch_call_operation_diff.done": ("apply_patch_call", "operation_diff.done"),
}
"""Events about tools the provider runs, and what is shown of them."""

_PASSED = [
    "response.audio.delta",  # sound is not text, and its events name no item
    "response.audio.done",
    "response.audio.transcript.delta",
    "response.audio.transcript.done",
    "response.something.new",
    "codex.rate_limits",
    "",
]
"""Events without a meaning here."""


def test_no_event_of_the_official_client_is_forgotten() -> None:
    from openai.types.responses import ResponseStreamEvent

    union = get_args(get_args(ResponseStreamEvent)[0])
    official = {get_args(member.model_fields["type"].annotation)[0] for member in union}
    assert len(official) >= 59
    assert official <= {*_TOLD, *_SILENT, *_SERVER_TOOLS, *_PASSED}


@pytest.mark.parametrize("name", _TOLD)
@pytest.mark.parametrize("place", [{"output_index": 0, "item_id": "x"}, {"item_id": "x"}, {"output_index": 0}, {}])
def test_an_event_says_the_same_wherever_it_stands(name: str, place: dict[str, Any]) -> None:
    fields, expected = _TOLD[name]
    assert names(ResponsesReader().accept({"type": name, "sequence_number": 7} | place | fields)) == expected


@pytest.mark.parametrize("name", _TOLD)
def test_the_type_may_stand_in_the_transport_s_own_field(name: str) -> None:
    fields, expected = _TOLD[name]
    assert names(ResponsesReader().accept({"output_index": 0} | fields, name)) == expected


@pytest.mark.parametrize("name", _SILENT)
def test_an_event_that_frames_others_says_nothing(name: str) -> None:
    assert ResponsesReader().accept({"type": name, "sequence_number": 466, "output_index": 0, "part": {}}) == []


@pytest.mark.parametrize("name", _SERVER_TOOLS)
def test_a_tool_the_provider_runs_is_shown(name: str) -> None:
    assert server_tool_of(name) == _SERVER_TOOLS[name]
    reader, (tool, status) = ResponsesReader(), _SERVER_TOOLS[name]
    first = {"type": name, "output_index": 3, "item_id": "x", "delta": "a"}
    assert reader.accept(first) == [ItemOpened(0), ServerToolMoved(0, tool, status, first)]
    second = first | {"delta": "b"}
    assert reader.accept(second) == [ServerToolMoved(0, tool, status, second)]


@pytest.mark.parametrize("name", _PASSED)
def test_an_unknown_event_passes_through(name: str) -> None:
    event = {"type": name, "delta": "a", "stream_id": "lane"}
    assert ResponsesReader().accept(event) == [Passed(name, event)]
    assert server_tool_of(name) is None


@pytest.mark.parametrize("type_", [None, 3, ["response.completed"], {"a": 1}, True])
def test_a_type_that_is_no_text_is_unknown(type_: object) -> None:
    event = {"type": type_}
    assert ResponsesReader().accept(event) == [Passed("", event)]
