from __future__ import annotations

from typing import Any

import pytest

from millstream import Limits, Model, ModelError
from millstream.models import PROVIDERS, as_model
from millstream.transcript import TextPart, Transcript, UserMessage
from millstream.wire.format import Ask, ToolSchema

ASK = Ask("gpt", Transcript((UserMessage((TextPart("Hi"),)),)))


def headers(model: Model) -> dict[str, str]:
    return dict(model.request(ASK, Limits()).headers)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OPENAI_API_KEY", "CO_API_KEY"):
        monkeypatch.setenv(name, "sk-from-the-environment")


@pytest.mark.parametrize(
    ("name", "url", "wire"),
    [
        ("openai:gpt", "https://api.openai.com/v1/responses", "openai-responses"),
        ("openai-chat:gpt", "https://api.openai.com/v1/chat/completions", "openai-chat"),
        ("openai-completions:gpt", "https://api.openai.com/v1/completions", "openai-completions"),
        ("cohere:gpt", "https://api.cohere.com/v2/chat", "cohere-v2"),
    ],
)
def test_a_model_by_name(name: str, url: str, wire: str) -> None:
    model = Model(name)
    request = model.request(ASK, Limits(connect_timeout_s=7))
    assert request.url == url
    assert request.body["model"] == "gpt"
    assert request.body["stream"] is True
    assert request.connect_timeout_s == 7
    assert request.headers == {"authorization": "Bearer sk-from-the-environment"}
    assert model.format.name == wire


def test_ollama_on_this_machine_needs_no_key() -> None:
    request = Model("ollama:qwen3:8b").request(ASK, Limits())
    assert (request.url, request.headers) == ("http://localhost:11434/api/chat", {})


def test_calls_written_as_text_are_asked_for_by_their_style() -> None:
    model = Model("openai-completions:m", text_calls="hermes")
    asked = Ask("m", ASK.transcript, tools=(ToolSchema("f", "does f", {"type": "object"}),))
    assert "<tool_call>" in model.request(asked, Limits()).body["prompt"]
    with pytest.raises(ModelError, match="there are: hermes, llama"):
        Model("openai-chat:m", text_calls="xml")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_model_s_own_name_may_hold_colons() -> None:
    assert Model("openai:ft:gpt:acme::7").model == "ft:gpt:acme::7"


@pytest.mark.parametrize("name", ["", "gpt", "nobody:gpt", "openai:", ":gpt", "OpenAI:gpt"])
def test_a_name_of_no_model(name: str) -> None:
    with pytest.raises(ModelError) as caught:
        Model(name)
    assert all(f"{prefix}:MODEL" in str(caught.value) for prefix in PROVIDERS)


@pytest.mark.parametrize(
    "base_url",
    [
        "localhost:8000",
        "ftp://host/v1",
        "http://",
        "https://host:port/v1",
        "http://ho st/v1",
        "http://host/v1\n",
        "/v1",
    ],
)
def test_a_base_url_that_is_none(base_url: str) -> None:
    with pytest.raises(ModelError, match="write it as https://host/v1"):
        Model("openai:gpt", base_url=base_url)


@pytest.mark.parametrize("base_url", ["http://host:8000/v1", "http://host:8000/v1/", "https://[::1]/v1"])
def test_a_compatible_server(base_url: str) -> None:
    model = Model("openai-chat:llama", base_url=base_url)
    assert model.request(ASK, Limits()).url == base_url.rstrip("/") + "/chat/completions"


def test_the_key_of_the_environment_goes_to_its_own_provider_only() -> None:
    assert headers(Model("openai:gpt", base_url="http://elsewhere/v1")) == {}
    assert headers(Model("openai:gpt", base_url="http://elsewhere/v1", api_key="mine")) == {
        "authorization": "Bearer mine"
    }
    assert headers(Model("openai:gpt", base_url="https://api.openai.com/v1/"))["authorization"]


def test_a_key_in_hand_comes_before_the_environment() -> None:
    assert headers(Model("openai:gpt", api_key="mine")) == {"authorization": "Bearer mine"}


def test_headers_of_the_user_come_last() -> None:
    given = {"authorization": "Basic x", "x-team": "seven"}
    assert headers(Model("openai:gpt", headers=given)) == given


def test_settings_are_fields_of_the_request() -> None:
    given: dict[str, Any] = {"temperature": 0, "reasoning": {"effort": "low"}}
    ask = Ask("gpt", ASK.transcript, settings=Model("openai:gpt", settings=given).settings)
    body = Model("openai:gpt").request(ask, Limits()).body
    assert {name: body[name] for name in given} == given


def test_nothing_that_can_be_printed_shows_the_key() -> None:
    model = Model("openai:gpt", api_key="sk-secret", headers={"x-token": "sk-other"})
    for shown in (repr(model), str(model), repr(model.request(ASK, Limits()))):
        assert "sk-" not in shown


def test_as_model() -> None:
    model = Model("openai:gpt")
    assert as_model(model) is model
    assert as_model("openai:gpt").name == "openai:gpt"
