"""What `Settings` become on OpenAI's two wires, in bodies that the provider's rules and the SDK's types accept."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params
from pydantic import TypeAdapter

from millstream.errors import ModelError
from millstream.settings import Effort, OutputSchema, Settings, ToolChoice, UseTool
from millstream.testing.provider.rules import check_chat, check_responses
from millstream.transcript import CallItem, MediaPart, TextPart, ToolResult, Transcript, UserMessage, user
from millstream.wire.compat import Dialect
from millstream.wire.format import Ask, Format, ToolSchema
from millstream.wire.openai_chat import OpenAIChat
from millstream.wire.openai_responses import OpenAIResponses
from tests.unit.wire.transcripts import call, reply, result

_CHAT, _RESPONSES = OpenAIChat(), OpenAIResponses()
_BY_SDK: dict[str, TypeAdapter[Any]] = {
    _CHAT.name: TypeAdapter(completion_create_params.CompletionCreateParamsStreaming),
    _RESPONSES.name: TypeAdapter(response_create_params.ResponseCreateParamsStreaming),
}
_CITY: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "minLength": 2}, "unit": {"type": ["string", "null"]}},
    "required": ["city"],
}
_STRICT_CITY: dict[str, Any] = {
    "type": "object",
    "properties": {
        "city": {"type": "string", "description": "Characters, at least: 2."},
        "unit": {"type": ["string", "null"]},
    },
    "required": ["city", "unit"],
    "additionalProperties": False,
}
_DAYS: dict[str, Any] = {"type": "object", "properties": {"days": {"type": "integer"}}}
_WEATHER = ToolSchema("weather", "looks it up", _CITY)
_SHELL = ToolSchema("shell", "runs", {}, kind="custom", grammar={"syntax": "lark", "definition": 'start: "ls"'})

both_wires = pytest.mark.parametrize("wire", [_CHAT, _RESPONSES], ids=lambda wire: wire.name)


def asked(wire: Format, settings: Settings, *tools: ToolSchema, dialect: Dialect | None = None) -> dict[str, Any]:
    """What the settings add to the body of a request."""
    transcript = Transcript((user("Hi"),))
    plain = wire.request(Ask("gpt", transcript))
    body = wire.request(Ask("gpt", transcript, tools=tools, settings=settings, dialect=dialect or Dialect()))
    check(wire, body)
    return {name: value for name, value in body.items() if plain.get(name) != value}


def check(wire: Format, body: dict[str, Any]) -> None:
    assert (check_chat(body) if wire is _CHAT else check_responses(body)) is None
    _BY_SDK[wire.name].validate_python(body)
    assert set(body) <= set(_fields(wire)), "a field that the SDK does not know"


def _fields(wire: Format) -> dict[str, Any]:
    module: Any = completion_create_params if wire is _CHAT else response_create_params
    name = "CompletionCreateParams" if wire is _CHAT else "ResponseCreateParams"
    return {**getattr(module, f"{name}Base").__annotations__, **getattr(module, f"{name}Streaming").__annotations__}


@both_wires
def test_the_defaults_leave_everything_to_the_provider(wire: Format) -> None:
    assert asked(wire, Settings()) == {}
    assert set(asked(wire, Settings(), _WEATHER)) == {"tools"}


# --- which tool is called ---


@both_wires
@pytest.mark.parametrize("choice", ["none", "required"])
def test_a_choice_in_a_word(wire: Format, choice: ToolChoice) -> None:
    assert asked(wire, Settings(tool_choice=choice), _WEATHER)["tool_choice"] == choice


def test_a_tool_to_be_called_is_named_as_each_wire_wants_it() -> None:
    by_name = {name: Settings(tool_choice=UseTool(name)) for name in ("weather", "shell")}
    choices = [
        asked(wire, settings, _WEATHER, _SHELL)["tool_choice"]
        for wire in (_CHAT, _RESPONSES)
        for settings in by_name.values()
    ]
    assert choices == [
        {"type": "function", "function": {"name": "weather"}},
        {"type": "custom", "custom": {"name": "shell"}},
        {"type": "function", "name": "weather"},
        {"type": "custom", "name": "shell"},
    ]


@both_wires
def test_after_an_answer_no_call_is_forced(wire: Format) -> None:
    transcript = Transcript((user("Hi"), reply(CallItem(call(), "{}"), wire=wire.name), result(call())))
    body = wire.request(Ask("gpt", transcript, tools=(_WEATHER,), settings=Settings(tool_choice="required")))
    check(wire, body)
    assert "tool_choice" not in body


@both_wires
def test_without_tools_neither_a_choice_nor_parallel_calls_are_spoken_of(wire: Format) -> None:
    assert asked(wire, Settings(tool_choice="none", parallel_calls=False)) == {}


@both_wires
@pytest.mark.parametrize("parallel", [True, False])
def test_parallel_calls(wire: Format, parallel: bool) -> None:
    assert asked(wire, Settings(parallel_calls=parallel), _WEATHER)["parallel_tool_calls"] is parallel


# --- how much is thought and written ---


@pytest.mark.parametrize("effort", get_args(Effort))
def test_effort(effort: Effort) -> None:
    assert asked(_CHAT, Settings(effort=effort)) == {"reasoning_effort": effort}
    assert asked(_RESPONSES, Settings(effort=effort)) == {"reasoning": {"effort": effort}}


def test_the_longest_answer_in_the_field_that_the_server_knows() -> None:
    settings = Settings(max_output_tokens=7)
    assert asked(_RESPONSES, settings) == {"max_output_tokens": 7}
    assert asked(_CHAT, settings) == {"max_completion_tokens": 7}
    assert asked(_CHAT, settings, dialect=Dialect(max_tokens="max_tokens")) == {"max_tokens": 7}


# --- schemas that the provider enforces ---


def functions(wire: Format, settings: Settings, *tools: ToolSchema) -> list[tuple[Any, Any]]:
    """Of each tool the schema and whether it is strict."""
    written = [one.get("function", one) for one in asked(wire, settings, *tools)["tools"]]
    return [(one["parameters"], one.get("strict", False)) for one in written]


@both_wires
def test_strict_tools_have_the_strict_form_where_it_says_the_same(wire: Format) -> None:
    days = ToolSchema("days", "counts", _DAYS)
    assert functions(wire, Settings(), _WEATHER, days) == [(_CITY, False), (_DAYS, False)]
    assert functions(wire, Settings(strict_tools=True), _WEATHER, days) == [(_STRICT_CITY, True), (_DAYS, False)]


@both_wires
@pytest.mark.parametrize(
    ("output", "schema", "strict"),
    [
        (OutputSchema(_CITY, "place", "Where."), _STRICT_CITY, True),
        (OutputSchema(_CITY, "place", "Where.", strict=False), _CITY, False),
        (OutputSchema(_DAYS, "place", "Where."), _DAYS, False),
    ],
)
def test_output(wire: Format, output: OutputSchema, schema: Any, strict: bool) -> None:
    form = {"name": "place", "description": "Where.", "schema": schema, "strict": strict}
    if wire is _CHAT:
        assert asked(wire, Settings(output=output)) == {"response_format": {"type": "json_schema", "json_schema": form}}
    else:
        assert asked(wire, Settings(output=output)) == {"text": {"format": {"type": "json_schema"} | form}}


# --- what the provider does itself ---


def test_hosted_tools_stand_beside_ours_where_the_server_has_words_for_them() -> None:
    search: dict[str, Any] = {"type": "web_search"}
    assert asked(_RESPONSES, Settings(hosted_tools=(search,))) == {"tools": [search]}
    assert asked(_RESPONSES, Settings(hosted_tools=(search,)), _WEATHER)["tools"] == [_RESPONSES.tool(_WEATHER), search]
    through: dict[str, Any] = {"type": "openrouter:web_search"}
    tools = Settings(hosted_tools=(through,))
    body = _CHAT.request(Ask("m", Transcript((user("Hi"),)), settings=tools, dialect=Dialect(hosted_tools=True)))
    assert body["tools"] == [through]
    assert check_chat(body) is None
    with pytest.raises(
        ModelError, match="hosted_tools can not be asked for on this Chat wire: use a model of the Resp"
    ):
        asked(_CHAT, tools)


@both_wires
def test_moderation(wire: Format) -> None:
    moderation = {"model": "omni-moderation-latest", "policy": {"output": {"mode": "score"}}}
    assert asked(wire, Settings(moderation=moderation)) == {"moderation": moderation}
    with pytest.raises(ModelError, match="this server moderates nothing: leave moderation out"):
        asked(wire, Settings(moderation=moderation), dialect=Dialect(moderation=False))


def test_the_user_s_own_fields_come_last_and_stand_beside_what_a_setting_wrote() -> None:
    settings = Settings(effort="low", max_output_tokens=7, body={"reasoning": {"summary": "auto"}, "store": None})
    assert asked(_RESPONSES, settings) == {
        "reasoning": {"effort": "low", "summary": "auto"},
        "max_output_tokens": 7,
        "store": None,
    }
    assert asked(_CHAT, Settings(effort="low", body={"reasoning_effort": "high"})) == {"reasoning_effort": "high"}


# --- custom tools ---


def test_a_custom_tool_with_a_grammar() -> None:
    grammar = {"syntax": "lark", "definition": 'start: "ls"'}
    head = {"name": "shell", "description": "runs"}
    assert asked(_CHAT, Settings(), _SHELL) == {
        "tools": [{"type": "custom", "custom": head | {"format": {"type": "grammar", "grammar": grammar}}}]
    }
    assert asked(_RESPONSES, Settings(strict_tools=True), _SHELL) == {
        "tools": [{"type": "custom"} | head | {"format": {"type": "grammar"} | grammar}]
    }


# --- images and files ---

_PNG = MediaPart("image/png", base64="eA==", name="i.png")
_PDF = MediaPart("application/pdf", base64="eA==", name="f.pdf")


@both_wires
def test_images_and_files_of_people_and_tools_are_accepted(wire: Format) -> None:
    first, second = call(0), call(1, "g")
    said = reply(CallItem(first, "{}"), CallItem(second, "{}"), wire=wire.name)
    answers = (ToolResult(first, (TextPart("see"), _PNG)), ToolResult(second, (_PDF,)))
    asking = UserMessage((TextPart("What is it?"), _PNG, _PDF, MediaPart("image/png", url="https://x/i")))
    for entries in ((asking, said, *answers), (asking, said, *answers, user("And?"))):
        check(wire, wire.request(Ask("gpt", Transcript(entries))))


def test_on_chat_the_media_of_results_follow_all_answers_in_a_message_that_says_whose_they_are() -> None:
    first, second, third = call(0), call(1, "g"), call(2, "h")
    said = reply(*(CallItem(one, "{}") for one in (first, second, third)), wire=_CHAT.name)
    answers = (ToolResult(first, (TextPart("see"), _PNG, _PNG)), result(second), ToolResult(third, (_PDF,)))
    written = _CHAT.entries(Transcript((said, *answers, user("And?"))))
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,eA=="}}
    assert [message["role"] for message in written] == ["assistant", "tool", "tool", "tool", "user", "user"]
    assert [message["content"] for message in written[1:4]] == [
        "see\n[image/png i.png]\n[image/png i.png]",
        "done",
        "[application/pdf f.pdf]",
    ]
    assert written[4]["content"] == [
        {"type": "text", "text": "From the result of f (call_0):"},
        image,
        image,
        {"type": "text", "text": "From the result of h (call_2):"},
        {"type": "file", "file": {"filename": "f.pdf", "file_data": "data:application/pdf;base64,eA=="}},
    ]
    assert written[5] == {"role": "user", "content": "And?"}


@pytest.mark.parametrize(("media_type", "form"), [("audio/wav", "wav"), ("audio/mpeg", "mp3")])
def test_audio_goes_in_as_audio_on_chat(media_type: str, form: str) -> None:
    transcript = Transcript((UserMessage((MediaPart(media_type, base64="eA=="),)),))
    body = _CHAT.request(Ask("gpt", transcript))
    check(_CHAT, body)
    assert body["messages"][0]["content"] == [{"type": "input_audio", "input_audio": {"data": "eA==", "format": form}}]
